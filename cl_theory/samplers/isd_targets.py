"""Exact mean and covariance of the statistic vector of `isd_statistics`, planted errors included."""

from collections.abc import Mapping

import numpy as np

from cl_theory.arguments import probability_inside
from cl_theory.laws.moments import PhaseMoments
from cl_theory.models.rbm_moments import model_table
from cl_theory.samplers.exact_phase import ExactPhaseSampler
from cl_theory.samplers.isd_states import split_directions
from cl_theory.samplers.linear_forms import side_moments
from cl_theory.samplers.planted import NOTHING_PLANTED, PLANTED_ERRORS, Planted


def isd_statistic_target(
    moments: PhaseMoments, p_positive: float, directions: np.ndarray, planted: Planted = NOTHING_PLANTED
) -> np.ndarray:
    r"""Exact mean of the statistic vector of `isd_statistics`, shape (2k+1,).

    With the coin's probability p and the signed weights :math:`w_\pm` of `planted`:
    :math:`p\,w_+^r E(g^+)^r + (1-p)\,w_-^r E(g^-)^r`, r = 1 for u.Z and r = 2 for the squares.
    """
    rows = np.atleast_2d(np.asarray(directions, dtype=np.float64))
    phases = (
        _first_and_second(rows, moments.mean_positive, moments.second_positive),
        _first_and_second(rows, moments.mean_negative, moments.second_negative),
    )
    return _mixed(phases, p_positive, planted, _powers(len(rows)))


def isd_statistic_shifts(
    moments: PhaseMoments, p_positive: float, directions: np.ndarray, planted: Mapping[str, Planted] = PLANTED_ERRORS
) -> dict[str, np.ndarray]:
    """By how much each named planted error moves the exact mean of the statistic vector."""
    target = isd_statistic_target(moments, p_positive, directions)
    moved = {name: isd_statistic_target(moments, p_positive, directions, error) for name, error in planted.items()}
    return {name: mean - target for name, mean in moved.items()}


def isd_statistic_covariance(
    sampler: ExactPhaseSampler, p_positive: float, directions: np.ndarray, planted: Planted = NOTHING_PLANTED
) -> np.ndarray:
    """Exact covariance of the statistic vector of one draw, shape (2k+1, 2k+1).

    Fourth moments come from the enumerated side exactly: given its state, u.g and |g|^2 are sums of independent
    terms over the other side's units, whose first four cumulants are known. No pilot run is involved.
    """
    k = len(np.atleast_2d(directions))
    first, second = phase_statistic_moments(sampler, directions)
    powers = _powers(k)
    mean = _mixed(first, p_positive, planted, powers)
    return _mixed(second, p_positive, planted, powers[:, None] + powers[None, :]) - np.outer(mean, mean)


def phase_statistic_moments(
    sampler: ExactPhaseSampler, directions: np.ndarray
) -> tuple[tuple[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]:
    """E X and E XX' of X = [u.g, |g|^2, (u.g)^2] in each phase: ((first+, first-), (second+, second-))."""
    rbm, data = sampler.rbm, sampler.data
    weights, visible, hidden = split_directions(rbm, directions)
    uniform = np.full(len(data), 1 / len(data))
    swapped = weights.transpose(0, 2, 1), hidden, visible
    data_side = side_moments(uniform, data, rbm.mean_h_given_v(data), *swapped)
    by_visible = rbm.n_visible <= rbm.n_hidden
    model_side = side_moments(*model_table(rbm), *(swapped if by_visible else (weights, visible, hidden)))
    return (data_side[0], model_side[0]), (data_side[1], model_side[1])


def _powers(k: int) -> np.ndarray:
    return np.array([1] * k + [2] * (k + 1))


def _mixed(
    phases: tuple[np.ndarray, np.ndarray], p_positive: float, planted: Planted, powers: np.ndarray
) -> np.ndarray:
    """Average over the coin of w**power times the phase's moment."""
    coin = planted.coin_probability(probability_inside(p_positive))
    positive_weight, negative_weight = planted.signed_weights(p_positive)
    return coin * positive_weight**powers * phases[0] + (1 - coin) * negative_weight**powers * phases[1]


def _first_and_second(rows: np.ndarray, mean: np.ndarray, second: np.ndarray) -> np.ndarray:
    return np.concatenate([rows @ mean, [np.trace(second)], np.einsum("ki,ij,kj->k", rows, second, rows)])
