"""What is known exactly about a few projections of the gradient in each phase of an RBM."""

from typing import NamedTuple

import numpy as np

from cl_theory.arguments import finite
from cl_theory.samplers.affine_forms import Directions, ListedSide, raw_moments, split_directions, statistic_moments
from cl_theory.samplers.exact_phase import ExactPhaseSampler
from cl_theory.samplers.joint_cumulants import JointCumulants


class PhaseStatistics(NamedTuple):
    """E X and E XX' in each phase, of X = [u_1.g, ..., |g|^2, (u_1.g)^2, ...], all about the baseline."""

    first_positive: np.ndarray
    first_negative: np.ndarray
    second_positive: np.ndarray
    second_negative: np.ndarray

    @property
    def cumulants(self) -> tuple[JointCumulants, JointCumulants]:
        """Joint cumulants of the projections u.g in the positive and in the negative phase."""
        k = len(self.first_positive) // 2
        kept = np.delete(np.arange(2 * k + 1), k)
        return (
            JointCumulants.from_moments(self.first_positive[kept], self.second_positive[np.ix_(kept, kept)]),
            JointCumulants.from_moments(self.first_negative[kept], self.second_negative[np.ix_(kept, kept)]),
        )


def phase_statistics(
    sampler: ExactPhaseSampler, directions: np.ndarray, baseline: np.ndarray | None = None
) -> PhaseStatistics:
    """Exact moments in both phases by enumeration, to order four in the gradient; no pilot run.

    `directions` (k, n_parameters); with a `baseline` c (n_parameters,), g - c stands in place of g.
    """
    positive, negative = (statistic_moments(*forms) for forms in _forms_of_phases(sampler, directions, baseline))
    return PhaseStatistics(positive[0], negative[0], positive[1], negative[1])


def phase_raw_moments(
    sampler: ExactPhaseSampler, directions: np.ndarray, baseline: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Exact E L^r, r = 0, ..., 6, in each phase for every u.(g-c) and, last, |g-c|^2: two arrays (7, k+1)."""
    positive, negative = (raw_moments(*forms) for forms in _forms_of_phases(sampler, directions, baseline))
    return positive, negative


def _forms_of_phases(
    sampler: ExactPhaseSampler, directions: np.ndarray, baseline: np.ndarray | None
) -> tuple[tuple[ListedSide, Directions, np.ndarray], ...]:
    """For each phase its listed side, the directions with the baseline last, and their products with it."""
    rbm, data = sampler.rbm, sampler.data
    centre = baseline_vector(baseline, rbm.n_parameters)
    rows = np.vstack([np.atleast_2d(directions), centre])
    hidden_listed = split_directions(rbm, rows)
    data_side = ListedSide(np.full(len(data), 1 / len(data)), data, rbm.mean_h_given_v(data))
    model_directions = hidden_listed.transposed if rbm.n_visible <= rbm.n_hidden else hidden_listed
    constants = rows @ centre
    return (
        (data_side, hidden_listed.transposed, constants),
        (ListedSide(*sampler.table), model_directions, constants),
    )


def baseline_vector(baseline: np.ndarray | None, n_parameters: int) -> np.ndarray:
    """`baseline` as a vector (n_parameters,), zero for None, else ValueError."""
    centre = np.zeros(n_parameters) if baseline is None else finite(np.asarray(baseline, np.float64), "baseline")
    if centre.shape != (n_parameters,):
        raise ValueError(f"baseline must have shape ({n_parameters},), got {centre.shape}")
    return centre
