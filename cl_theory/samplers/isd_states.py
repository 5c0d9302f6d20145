"""ISD draws on an RBM: the coin, the state of the phase that it chose, and the rows that follow from them."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from cl_theory.arguments import positive_integer, probability_inside
from cl_theory.models.rbm import RBM
from cl_theory.samplers.exact_phase import ExactPhaseSampler
from cl_theory.samplers.planted import NOTHING_PLANTED, Planted

CHUNK = 2**13
"""Draws made at a time; part of the stream's meaning, so that a seed gives the same draws everywhere."""


class PhaseStates(NamedTuple):
    """Draws of one ISD experiment: the sign of the phase and its state, positive phases first."""

    is_positive: np.ndarray
    v: np.ndarray
    h: np.ndarray


def isd_states(
    rng: np.random.Generator,
    sampler: ExactPhaseSampler,
    n: int,
    p_positive: float,
    planted: Planted = NOTHING_PLANTED,
) -> PhaseStates:
    """Toss n coins and sample only the phase that each one chose; positive phases are listed first."""
    coin = planted.coin_probability(probability_inside(p_positive))
    n_positive = int(rng.binomial(positive_integer(n, "n"), coin))
    phases = sampler.positive(rng, n_positive), sampler.negative(rng, n - n_positive)
    v, h = (np.concatenate(side) for side in zip(*phases, strict=True))
    return PhaseStates(np.arange(n) < n_positive, v, h)


def isd_rows(rbm: RBM, states: PhaseStates, p_positive: float, planted: Planted = NOTHING_PLANTED) -> np.ndarray:
    """The deterministic map from (B, state) to estimates Z, rows (n, n_parameters); for small n."""
    return _weights(states, p_positive, planted)[:, None] * rbm.gradient(states.v, states.h)


def isd_projections(
    rbm: RBM,
    states: PhaseStates,
    p_positive: float,
    directions: np.ndarray,
    planted: Planted = NOTHING_PLANTED,
) -> tuple[np.ndarray, np.ndarray]:
    """(directions @ Z (n, k), |Z|^2 (n,)) through matrix products, without the rows of Z.

    For 0/1 units h'Uv + a.v + c.h is linear on each side, and |g|^2 = (1 + |v|)(1 + |h|) - 1 with |v| the number
    of units that are on.
    """
    weight = _weights(states, p_positive, planted)
    squares = (1.0 + states.v.sum(axis=1)) * (1.0 + states.h.sum(axis=1)) - 1
    return -weight[:, None] * _bilinear(rbm, states, directions), weight**2 * squares


def chunk_sizes(n: int) -> Iterator[int]:
    """Sizes of the chunks in which n draws are made; never a single draw at the end."""
    whole, rest = divmod(positive_integer(n, "n"), CHUNK)
    if whole and rest:
        yield from [CHUNK] * (whole - 1)
        yield CHUNK + rest if rest == 1 else CHUNK
        if rest > 1:
            yield rest
    else:
        yield from [CHUNK] * whole if whole else [rest]


def _weights(states: PhaseStates, p_positive: float, planted: Planted) -> np.ndarray:
    return np.where(states.is_positive, *planted.signed_weights(p_positive))


def split_directions(rbm: RBM, directions: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Flat directions (k, n_parameters) as (k, n_hidden, n_visible), (k, n_visible), (k, n_hidden)."""
    rows = np.atleast_2d(np.asarray(directions, dtype=np.float64))
    if rows.ndim != 2 or rows.shape[1] != rbm.n_parameters:
        raise ValueError(f"directions must have shape (k, {rbm.n_parameters}), got {np.shape(directions)}")
    weights, visible, hidden = np.split(rows, [rbm.weights.size, rbm.weights.size + rbm.n_visible], axis=1)
    return weights.reshape(len(rows), *rbm.weights.shape), visible, hidden


def _bilinear(rbm: RBM, states: PhaseStates, directions: np.ndarray) -> np.ndarray:
    """h'Uv + a.v + c.h for each direction (U, a, c), shape (n, k)."""
    weights, visible, hidden = split_directions(rbm, directions)
    v, h = states.v.astype(np.float64), states.h.astype(np.float64)
    left = v @ weights.transpose(2, 0, 1).reshape(rbm.n_visible, -1) + hidden.ravel()
    by_hidden = left.reshape(len(v), len(visible), rbm.n_hidden)
    return (by_hidden @ h[:, :, None])[:, :, 0] + v @ visible.T
