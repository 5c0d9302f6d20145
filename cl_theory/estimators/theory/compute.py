"""Equal compute: two ISD phases averaged against one two-term step, which also runs two phases."""

from typing import Any

import numpy as np

from cl_theory.estimators.theory.isd import isd_covariance
from cl_theory.estimators.theory.two_term import two_term_covariance
from cl_theory.laws.arithmetic import square_root
from cl_theory.laws.moments import PhaseMoments


def equal_compute_gap(moments: PhaseMoments, p_positive: Any) -> np.ndarray:
    r"""Two averaged ISD phases less one two-term step: :math:`\tfrac12\operatorname{Cov} Z - \operatorname{Cov} D`."""
    return isd_covariance(moments, p_positive) / 2 - two_term_covariance(moments)


def equal_compute_gap_at_half(moments: PhaseMoments) -> np.ndarray:
    r"""The same at b = 1/2 in closed form, shape (d, d).

    .. math:: \tfrac12\operatorname{Cov} Z - \operatorname{Cov} D
              = \tfrac12(\mu^{+}+\mu^{-})(\mu^{+}+\mu^{-})^{\top} + C + C^{\top}

    Positive semidefinite for independent phases, where C = 0 (claim `isd-equal-compute`).
    """
    total = moments.mean_positive + moments.mean_negative
    cross = moments.cross_covariance
    return np.outer(total, total) / 2 + cross + cross.T


def equal_compute_trace_gap_at_optimum(moments: PhaseMoments) -> Any:
    r"""The trace of the gap at the best b, negative where optimised ISD beats two terms per phase.

    .. math:: \tfrac12\big[\,|\mu^{+}+\mu^{-}|^2 - (\sqrt{m^{+}} - \sqrt{m^{-}})^2\big] + 2\operatorname{tr} C
    """
    total = moments.mean_positive + moments.mean_negative
    root = square_root(moments.m_positive * moments.m_negative)
    difference_squared = moments.m_positive + moments.m_negative - 2 * root
    return (total @ total - difference_squared) / 2 + 2 * np.trace(moments.cross_covariance)
