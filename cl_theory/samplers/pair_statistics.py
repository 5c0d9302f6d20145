"""Monte Carlo moments of two-term estimates on an RBM, with their exact targets."""

import numpy as np

from cl_theory.checks.moments import Moments
from cl_theory.laws.moments import PhaseMoments
from cl_theory.samplers.exact_phase import ExactPhaseSampler
from cl_theory.samplers.isd_states import chunk_sizes, gradient_projections
from cl_theory.samplers.phase_statistics import phase_statistics


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
