"""Monte Carlo moments of estimates on an RBM, never holding a row of Z, with their exact targets.

Estimates are those of ISD, one phase each; batches of phases in a designed order; and two-term pairs.
"""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple, Protocol

import numpy as np

from cl_theory.arguments import positive_integer, probability_inside
from cl_theory.checks.moments import DiagonalMoments, Moments
from cl_theory.laws.moments import PhaseMoments
from cl_theory.models.rbm import RBM
from cl_theory.samplers.exact_phase import ExactPhaseSampler
from cl_theory.samplers.phase_statistics import (
    JointCumulants,
    baseline_vector,
    phase_raw_moments,
    phase_statistics,
    split_directions,
)
from cl_theory.samplers.planted import NOTHING_PLANTED, PLANTED_ERRORS, Planted

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


def isd_rows(
    rbm: RBM,
    states: PhaseStates,
    p_positive: float,
    planted: Planted = NOTHING_PLANTED,
    baseline: np.ndarray | None = None,
) -> np.ndarray:
    """The deterministic map from (B, state) to estimates Z, rows (n, n_parameters); for small n."""
    gradient = rbm.gradient(states.v, states.h) - baseline_vector(baseline, rbm.n_parameters)
    return state_weights(states, p_positive, planted)[:, None] * gradient


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


def isd_coordinate_statistics(
    rng: np.random.Generator,
    sampler: ExactPhaseSampler,
    n: int,
    p_positive: float,
    planted: Planted = NOTHING_PLANTED,
    baseline: np.ndarray | None = None,
) -> DiagonalMoments:
    """Mean, variance and skewness of every coordinate of Z from n draws, through products h'v of the states.

    A coordinate of g is 0 or -1, so counts of ones in each phase are sufficient. The exact values are the mean
    and the diagonal of `isd_covariance` (`centred_isd_covariance` with a `baseline`).
    """
    counts = np.zeros((2, sampler.rbm.n_parameters + 1))
    for size in chunk_sizes(n):
        counts += _phase_counts(isd_states(rng, sampler, size, p_positive, planted))
    centre = baseline_vector(baseline, sampler.rbm.n_parameters)
    weights = np.array(planted.signed_weights(p_positive))[:, None]
    values = np.stack([weights * -centre, weights * (-1 - centre)])  # (coordinate off or on, phase, coordinate)
    share = np.stack([counts[:, -1:] - counts[:, :-1], counts[:, :-1]]) / n
    mean = (share * values).sum(axis=(0, 1))
    spread, third = ((share * (values - mean) ** power).sum(axis=(0, 1)) for power in (2, 3))
    skewness = np.divide(third, spread**1.5, out=np.zeros_like(mean), where=spread > 0)
    return DiagonalMoments(n, mean, spread * n / (n - 1), skewness)


def _phase_counts(states: PhaseStates) -> np.ndarray:
    """How often each coordinate of g is -1, then how many draws: a row for the positive, one for the negative."""
    return np.stack([_ones(states.v[chosen], states.h[chosen]) for chosen in (states.is_positive, ~states.is_positive)])


def _ones(v: np.ndarray, h: np.ndarray) -> np.ndarray:
    products = h.T.astype(np.float64) @ v.astype(np.float64)
    return np.concatenate([products.ravel(), v.sum(axis=0), h.sum(axis=0), [len(v)]])


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


def isd_statistic_shifts(
    moments: PhaseMoments,
    p_positive: float,
    directions: np.ndarray,
    planted: Mapping[str, Planted] = PLANTED_ERRORS,
    baseline: np.ndarray | None = None,
) -> dict[str, np.ndarray]:
    """By how much each named planted error moves the exact mean of the statistic vector."""
    target = isd_statistic_target(moments, p_positive, directions, baseline=baseline)
    return {
        name: isd_statistic_target(moments, p_positive, directions, error, baseline) - target
        for name, error in planted.items()
    }


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


def isd_statistic_skewness(
    sampler: ExactPhaseSampler,
    p_positive: float,
    directions: np.ndarray,
    planted: Planted = NOTHING_PLANTED,
    baseline: np.ndarray | None = None,
) -> np.ndarray:
    """Exact skewness of each coordinate of the statistic vector, shape (2k+1,); 0 where one is constant."""
    positive, negative = phase_raw_moments(sampler, directions, baseline)
    weight_powers, columns = _powers(positive.shape[1] - 1), _form_of_coordinate(positive.shape[1] - 1)
    raw = []
    for order in (1, 2, 3):
        powers = order * weight_powers
        orders = np.where(columns == positive.shape[1] - 1, order, powers)  # |g-c|^2 is itself of degree two
        moments = positive[orders, columns], negative[orders, columns]
        raw.append(_over_the_coin(*moments, p_positive, planted, powers))
    mean, second, third = raw
    spread, central = second - mean**2, third - 3 * mean * second + 2 * mean**3
    varies = spread > 1e-14 * second
    return np.divide(central, np.abs(spread) ** 1.5, out=np.zeros_like(mean), where=varies)


def _form_of_coordinate(k: int) -> np.ndarray:
    """Which projection (or, as number k, the squared norm) each coordinate of the statistic vector is made of."""
    return np.array([*range(k), k, *range(k)])


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


def two_term_statistics(
    rng: np.random.Generator, sampler: ExactPhaseSampler, n: int, directions: np.ndarray, scale: float = 1.0
) -> Moments:
    r"""Moments of :math:`Y = [u_1\cdot D, \dots, u_k\cdot D, (u_1\cdot D)^2, \dots, (u_k\cdot D)^2]`.

    D = g+ - g- from n independent pairs of phases, times `scale`, which is 1 but for a planted error.
    """
    parts = []
    for size in chunk_sizes(n):
        positive = gradient_projections(sampler.rbm, *sampler.positive(rng, size), directions)
        negative = gradient_projections(sampler.rbm, *sampler.negative(rng, size), directions)
        projected = scale * (positive - negative)
        parts.append(Moments.of(np.column_stack([projected, projected**2])))
    return Moments.merged(parts)


def two_term_statistic_target(moments: PhaseMoments, directions: np.ndarray, scale: float = 1.0) -> np.ndarray:
    """Exact mean of the statistic vector of `two_term_statistics`, shape (2k,)."""
    rows = np.atleast_2d(np.asarray(directions, dtype=np.float64))
    second = moments.second_positive + moments.second_negative - moments.cross - moments.cross.T
    squares = np.einsum("ki,ki->k", rows @ second, rows)
    return np.concatenate([scale * (rows @ moments.mean), scale**2 * squares])


def two_term_statistic_covariance(sampler: ExactPhaseSampler, directions: np.ndarray) -> np.ndarray:
    """Exact covariance of the statistic vector of one pair, shape (2k, 2k)."""
    positive, negative = phase_statistics(sampler, directions).cumulants
    first, second = (positive + negative.scaled(-1)).moments()
    return second - np.outer(first, first)


class Order(Protocol):
    """What is asked of an order of phases (`cl_theory.phases`)."""

    @property
    def p_positive(self) -> Any: ...
    def indicators(self, rng: np.random.Generator, n_phases: int, n_repeats: int) -> np.ndarray: ...
    def count_law(self, n_phases: int) -> list[tuple[int, Any]]: ...


def batch_isd_statistics(
    rng: np.random.Generator,
    sampler: ExactPhaseSampler,
    n: int,
    order: Order,
    n_phases: int,
    directions: np.ndarray,
    planted: Planted = NOTHING_PLANTED,
) -> Moments:
    r"""Moments of :math:`Y = [u_1\cdot\bar Z, \dots, (u_1\cdot\bar Z)^2, \dots]` from n batches of `n_phases` phases.

    Only the weights of `planted` apply; to plant another coin, pass another `order`.
    """
    _weights_only(planted)
    parts = []
    for size in chunk_sizes(n, max(2, CHUNK // n_phases)):
        is_positive = order.indicators(rng, n_phases, size)
        projected = _batch_projections(rng, sampler, is_positive, order, directions, planted)
        parts.append(Moments.of(np.column_stack([projected, projected**2])))
    return Moments.merged(parts)


def batch_isd_statistic_moments(
    sampler: ExactPhaseSampler,
    order: Order,
    n_phases: int,
    directions: np.ndarray,
    planted: Planted = NOTHING_PLANTED,
) -> tuple[np.ndarray, np.ndarray]:
    """Exact mean (2k,) and covariance (2k, 2k) of the statistic vector of one batch.

    Given the number of positive phases the terms are independent, so their cumulants add; then the average over
    the order's law of that number.
    """
    _weights_only(planted)
    terms = list(_given_count(sampler, order, n_phases, directions, planted))
    first = sum(float(probability) * cumulants.moments()[0] for probability, cumulants in terms)
    second = sum(float(probability) * cumulants.moments()[1] for probability, cumulants in terms)
    return np.asarray(first), second - np.outer(first, first)


def _given_count(
    sampler: ExactPhaseSampler, order: Order, n_phases: int, directions: np.ndarray, planted: Planted
) -> Iterator[tuple[Any, JointCumulants]]:
    positive_weight, negative_weight = planted.signed_weights(order.p_positive)
    positive, negative = phase_statistics(sampler, directions).cumulants
    one_positive = positive.scaled(positive_weight / n_phases)
    one_negative = negative.scaled(negative_weight / n_phases)
    for count, probability in order.count_law(n_phases):
        yield probability, one_positive.copies(count) + one_negative.copies(n_phases - count)


def _batch_projections(
    rng: np.random.Generator,
    sampler: ExactPhaseSampler,
    is_positive: np.ndarray,
    order: Order,
    directions: np.ndarray,
    planted: Planted,
) -> np.ndarray:
    """u.Zbar for each batch and direction, (n_batches, k)."""
    projected = np.empty((*is_positive.shape, len(np.atleast_2d(directions))))
    draws = (sampler.positive, sampler.negative)
    for mask, draw, weight in zip(
        (is_positive, ~is_positive), draws, planted.signed_weights(order.p_positive), strict=True
    ):
        states = draw(rng, int(mask.sum()))
        projected[mask] = weight * gradient_projections(sampler.rbm, *states, directions)
    return projected.mean(axis=1)


def _weights_only(planted: Planted) -> None:
    if planted.coin != 1 or planted.p_positive != 1:
        raise ValueError("a batch takes planted weights only; to plant another coin, pass another order")


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
