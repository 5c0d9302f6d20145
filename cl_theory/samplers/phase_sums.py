"""Estimates that sum over several phases of an RBM, through inner products: no row of a gradient is ever made."""

import numpy as np

from cl_theory.models.rbm import RBM
from cl_theory.samplers.exact_phase import ExactPhaseSampler
from cl_theory.samplers.isd_states import gradient_projections


def phase_states(
    rng: np.random.Generator, sampler: ExactPhaseSampler, is_positive: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Bool states v (..., n_visible) and h (..., n_hidden) of the phases whose signs `is_positive` (...) are given."""
    n_positive = int(is_positive.sum())
    phases = sampler.positive(rng, n_positive), sampler.negative(rng, is_positive.size - n_positive)
    both = []
    for positive, negative in zip(*phases, strict=True):
        states = np.empty((*is_positive.shape, positive.shape[-1]), dtype=bool)
        states[is_positive], states[~is_positive] = positive, negative
        both.append(states)
    return both[0], both[1]


def inner_products(rbm: RBM, v: np.ndarray, h: np.ndarray, fixed: np.ndarray) -> np.ndarray:
    r"""All inner products of m gradients and f `fixed` vectors, (n, m + f, m + f), gradients first.

    .. math:: \langle g, g'\rangle = (1 + h\cdot h')(1 + v\cdot v') - 1

    for the gradients of 0/1 states v (n, m, n_visible), h (n, m, n_hidden); `fixed` is (f, n_parameters). By these
    every estimate that is linear in its gradients has its norm and projections; see `linear_estimates`.
    """
    rows = np.atleast_2d(fixed)
    n, m = v.shape[:2]
    products = np.empty((n, m + len(rows), m + len(rows)))
    products[:, :m, :m] = (1.0 + _common_units(v)) * (1.0 + _common_units(h)) - 1
    across = projections(rbm, v, h, rows)
    products[:, :m, m:], products[:, m:, :m] = across, across.transpose(0, 2, 1)
    products[:, m:, m:] = rows @ rows.T
    return products


def projections(rbm: RBM, v: np.ndarray, h: np.ndarray, directions: np.ndarray) -> np.ndarray:
    """u.g for each direction u, (..., k), of the gradients of states v (..., n_visible), h (..., n_hidden)."""
    flat = gradient_projections(rbm, v.reshape(-1, rbm.n_visible), h.reshape(-1, rbm.n_hidden), directions)
    return flat.reshape(*v.shape[:-1], -1)


def linear_estimates(
    products: np.ndarray, coefficients: np.ndarray, n_directions: int
) -> tuple[np.ndarray, np.ndarray]:
    """(u.Z (n, e, k), |Z|^2 (n, e)) of e estimates Z = sum of coefficients (n, e, m + f) times vectors.

    `products` are the vectors' inner products, and the directions u are the last `n_directions` of them.
    """
    against = coefficients @ products
    return against[..., against.shape[-1] - n_directions :], (against * coefficients).sum(axis=-1)


def _common_units(states: np.ndarray) -> np.ndarray:
    """s.s' for each pair of 0/1 states (n, m, units) of a row, (n, m, m)."""
    packed = np.packbits(states, axis=-1)
    packed = np.pad(packed, [(0, 0), (0, 0), (0, -packed.shape[-1] % 8)])
    words = np.ascontiguousarray(packed).view(np.uint64)
    return np.bitwise_count(words[:, :, None, :] & words[:, None, :, :]).sum(axis=-1)
