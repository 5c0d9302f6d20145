"""Monte Carlo moments of ISD estimates on an RBM, never holding a row of Z."""

import numpy as np

from cl_theory.checks.moments import DiagonalMoments, Moments
from cl_theory.samplers.exact_phase import ExactPhaseSampler
from cl_theory.samplers.isd_states import PhaseStates, chunk_sizes, isd_projections, isd_states
from cl_theory.samplers.phase_statistics import baseline_vector
from cl_theory.samplers.planted import NOTHING_PLANTED, Planted


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
