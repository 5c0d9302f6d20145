"""Exact mean and covariance of the statistic vector of `isd_statistics`, planted errors included."""

from collections.abc import Mapping

import numpy as np

from cl_theory.arguments import probability_inside
from cl_theory.laws.moments import PhaseMoments
from cl_theory.samplers.exact_phase import ExactPhaseSampler
from cl_theory.samplers.phase_statistics import baseline_vector, phase_raw_moments, phase_statistics
from cl_theory.samplers.planted import NOTHING_PLANTED, PLANTED_ERRORS, Planted


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
