"""Monte Carlo moments of estimates on an RBM, never holding a row of Z, with their exact targets.

Estimates are those of ISD, one phase each; batches of phases in a designed order; and two-term pairs."""

from collections.abc import Iterator
from typing import Any, NamedTuple, Protocol

import numpy as np

from cl_theory.arguments import positive_integer, probability_inside
from cl_theory.learning.models.rbm import RBM
from cl_theory.learning.samplers.exact_phase import ExactPhaseSampler
from cl_theory.learning.samplers.moments import Moments
from cl_theory.learning.samplers.phase_statistics import baseline_vector, phase_statistics, split_directions
from cl_theory.learning.samplers.planted import NOTHING_PLANTED, Planted
from cl_theory.theory.estimators.laws import PhaseMoments

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
    n_positive = isd_count(rng, positive_integer(n, "n"), p_positive, planted)
    phases = sampler.positive(rng, n_positive), sampler.negative(rng, n - n_positive)
    v, h = (np.concatenate(side) for side in zip(*phases, strict=True))
    return PhaseStates(np.arange(n) < n_positive, v, h)


def isd_count(rng: np.random.Generator, n: int, p_positive: float, planted: Planted = NOTHING_PLANTED) -> int:
    """Number of positive phases among n coins, as `isd_states` tosses them."""
    return int(rng.binomial(n, planted.coin_probability(probability_inside(p_positive))))


def isd_projections(
    rbm: RBM,
    states: PhaseStates,
    p_positive: float,
    directions: np.ndarray,
    planted: Planted = NOTHING_PLANTED,
    baseline: np.ndarray | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """(directions @ Z (n, k), |Z|^2 (n,)) through matrix products, without the rows of Z.

    For 0/1 units |g|^2 = (1 + |v|)(1 + |h|) - 1 with |v| the number of units that are on.
    """
    weight, centre = state_weights(states, p_positive, planted), baseline_vector(baseline, rbm.n_parameters)
    rows = np.atleast_2d(np.asarray(directions, dtype=np.float64))
    squares = (1.0 + states.v.sum(axis=1)) * (1.0 + states.h.sum(axis=1)) - 1
    if not centre.any():
        return weight[:, None] * gradient_projections(rbm, states.v, states.h, rows), weight**2 * squares
    products = gradient_projections(rbm, states.v, states.h, np.vstack([rows, centre]))
    squares = squares - 2 * products[:, -1] + centre @ centre
    return weight[:, None] * (products[:, :-1] - rows @ centre), weight**2 * squares


def gradient_projections(rbm: RBM, v: np.ndarray, h: np.ndarray, directions: np.ndarray) -> np.ndarray:
    """u.g = -(h'Uv + a.v + c.h) for each direction (U, a, c), shape (n, k), without the rows of g."""
    weights, hidden, visible = split_directions(rbm, directions)
    v_units, h_units = v.astype(np.float64), h.astype(np.float64)
    by_hidden = v_units @ weights.transpose(2, 0, 1).reshape(rbm.n_visible, -1) + hidden.ravel()
    coupled = by_hidden.reshape(len(v), len(hidden), rbm.n_hidden) @ h_units[:, :, None]
    return -(coupled[:, :, 0] + v_units @ visible.T)


def state_weights(states: PhaseStates, p_positive: float, planted: Planted) -> np.ndarray:
    """Signed weight of each draw's phase, (n,)."""
    return np.where(states.is_positive, *planted.signed_weights(p_positive))


def chunk_sizes(n: int, largest: int = CHUNK) -> Iterator[int]:
    """Sizes of the chunks in which n draws are made: `largest` each, a remainder of one joined to the last."""
    whole, rest = divmod(positive_integer(n, "n"), largest)
    sizes = [largest] * whole + [rest] * (rest > 0)
    if rest == 1 and whole:
        sizes[-2:] = [largest + 1]  # a single draw has no covariance
    yield from sizes


def isd_statistics(
    rng: np.random.Generator,
    sampler: ExactPhaseSampler,
    n: int,
    p_positive: float,
    directions: np.ndarray,
    planted: Planted = NOTHING_PLANTED,
    baseline: np.ndarray | None = None,
) -> Moments:
    r"""Moments of :math:`Y = [u_1\cdot Z, \dots, u_k\cdot Z, |Z|^2, (u_1\cdot Z)^2, \dots, (u_k\cdot Z)^2]`.

    `directions` (k, n_parameters) are the u; n independent draws of the coin and of the phase that it chose. With
    a constant `baseline` c (n_parameters,) Z is the centred estimate. The exact mean and covariance of Y are
    `isd_statistic_target` and `isd_statistic_covariance`.
    """
    parts = []
    for size in chunk_sizes(n):
        states = isd_states(rng, sampler, size, p_positive, planted)
        projected, norm = isd_projections(sampler.rbm, states, p_positive, directions, planted, baseline)
        parts.append(Moments.of(np.column_stack([projected, norm, projected**2])))
    return Moments.merged(parts)


def isd_statistic_target(
    moments: PhaseMoments,
    p_positive: float,
    directions: np.ndarray,
    planted: Planted = NOTHING_PLANTED,
    baseline: np.ndarray | None = None,
) -> np.ndarray:
    r"""Exact mean of the statistic vector of `isd_statistics`, shape (2k+1,).

    With the coin's probability p and the signed weights :math:`w_\pm` of `planted`:
    :math:`p\,w_+^r E(g^+-c)^r + (1-p)\,w_-^r E(g^--c)^r`, r = 1 for u.Z and r = 2 for the squares.
    """
    rows = np.atleast_2d(np.asarray(directions, dtype=np.float64))
    centre = baseline_vector(baseline, moments.dimension)
    phases = (
        _first_and_second(rows, moments.mean_positive, moments.second_positive, centre),
        _first_and_second(rows, moments.mean_negative, moments.second_negative, centre),
    )
    return _over_the_coin(*phases, p_positive, planted, _powers(len(rows)))


def isd_statistic_covariance(
    sampler: ExactPhaseSampler,
    p_positive: float,
    directions: np.ndarray,
    planted: Planted = NOTHING_PLANTED,
    baseline: np.ndarray | None = None,
) -> np.ndarray:
    """Exact covariance of the statistic vector of one draw, shape (2k+1, 2k+1).

    Fourth moments are exact as well (`phase_statistics`): no pilot run is involved.
    """
    exact = phase_statistics(sampler, directions, baseline)
    powers = _powers(len(np.atleast_2d(directions)))
    mean = _over_the_coin(exact.first_positive, exact.first_negative, p_positive, planted, powers)
    products = powers[:, None] + powers[None, :]
    second = _over_the_coin(exact.second_positive, exact.second_negative, p_positive, planted, products)
    return second - np.outer(mean, mean)


def _powers(k: int) -> np.ndarray:
    return np.array([1] * k + [2] * (k + 1))


def _over_the_coin(
    positive: np.ndarray, negative: np.ndarray, p_positive: float, planted: Planted, powers: np.ndarray
) -> np.ndarray:
    """Average over the coin of w**power times the phase's moment."""
    coin = planted.coin_probability(probability_inside(p_positive))
    positive_weight, negative_weight = planted.signed_weights(p_positive)
    return coin * positive_weight**powers * positive + (1 - coin) * negative_weight**powers * negative


def _first_and_second(rows: np.ndarray, mean: np.ndarray, second: np.ndarray, centre: np.ndarray) -> np.ndarray:
    """[E u.(g-c), E |g-c|^2, E (u.(g-c))^2] from E g and E gg'."""
    first, shift = rows @ mean, rows @ centre
    squared_norm = np.trace(second) - 2 * centre @ mean + centre @ centre
    squares = np.einsum("ki,ki->k", rows @ second, rows) - 2 * shift * first + shift**2
    return np.concatenate([first - shift, [squared_norm], squares])


class Order(Protocol):
    """What is asked of an order of phases (`cl_theory.theory.chains.phase_order`)."""

    @property
    def p_positive(self) -> Any: ...
    def indicators(self, rng: np.random.Generator, n_phases: int, n_repeats: int) -> np.ndarray: ...
    def count_law(self, n_phases: int) -> list[tuple[int, Any]]: ...


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
