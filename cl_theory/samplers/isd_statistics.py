"""Monte Carlo moments of ISD estimates on an RBM, never holding a row of Z."""

import numpy as np

from cl_theory.checks.moments import DiagonalMoments, Moments
from cl_theory.samplers.exact_phase import ExactPhaseSampler
from cl_theory.samplers.isd_states import PhaseStates, chunk_sizes, isd_projections, isd_states
from cl_theory.samplers.planted import NOTHING_PLANTED, Planted


def statistic_rows(projections: np.ndarray, squared_norm: np.ndarray) -> np.ndarray:
    """The statistic vector [u.Z for each direction, |Z|^2, (u.Z)^2 for each direction], rows (n, 2k+1)."""
    return np.column_stack([projections, squared_norm, projections**2])


def isd_statistics(
    rng: np.random.Generator,
    sampler: ExactPhaseSampler,
    n: int,
    p_positive: float,
    directions: np.ndarray,
    planted: Planted = NOTHING_PLANTED,
) -> Moments:
    r"""Moments of :math:`Y = [u_1\cdot Z, \dots, u_k\cdot Z, |Z|^2, (u_1\cdot Z)^2, \dots, (u_k\cdot Z)^2]`.

    `directions` (k, n_parameters) are the u; n independent draws of the coin and of the phase that it chose.
    The exact mean and covariance of Y are `isd_statistic_target` and `isd_statistic_covariance`.
    """
    parts = []
    for size in chunk_sizes(n):
        states = isd_states(rng, sampler, size, p_positive, planted)
        parts.append(Moments.of(statistic_rows(*isd_projections(sampler.rbm, states, p_positive, directions, planted))))
    return Moments.merged(parts)


def isd_coordinate_statistics(
    rng: np.random.Generator,
    sampler: ExactPhaseSampler,
    n: int,
    p_positive: float,
    planted: Planted = NOTHING_PLANTED,
) -> DiagonalMoments:
    """Mean and variance of every coordinate of Z from n draws, through products h'v of the states.

    A coordinate of g is 0 or -1, so counts of ones in each phase are sufficient. The exact values are the
    mean and the diagonal of `isd_covariance`.
    """
    counts = sum(_phase_counts(isd_states(rng, sampler, size, p_positive, planted)) for size in chunk_sizes(n))
    weights = np.array(planted.signed_weights(p_positive))
    mean, second, third = ((-weights) ** power @ counts / n for power in (1, 2, 3))
    spread = second - mean**2
    centred_third = third - 3 * mean * second + 2 * mean**3
    skewness = np.divide(centred_third, spread**1.5, out=np.zeros_like(mean), where=spread > 0)
    return DiagonalMoments(n, mean, spread * n / (n - 1), skewness)


def isd_count(rng: np.random.Generator, n: int, p_positive: float, planted: Planted = NOTHING_PLANTED) -> int:
    """Number of positive phases among n coins, as the ISD sampler tosses them."""
    return int(rng.binomial(n, planted.coin_probability(p_positive)))


def _phase_counts(states: PhaseStates) -> np.ndarray:
    """How often each coordinate of g is -1, a row for the positive and one for the negative phase."""
    return np.stack([_ones(states.v[chosen], states.h[chosen]) for chosen in (states.is_positive, ~states.is_positive)])


def _ones(v: np.ndarray, h: np.ndarray) -> np.ndarray:
    products = h.T.astype(np.float64) @ v.astype(np.float64)
    return np.concatenate([products.ravel(), v.sum(axis=0), h.sum(axis=0)])
