"""Exact covariance of one ISD step, its price over two terms, and the best probability (claims `isd-*`).

Each formula is a statement of the book, evaluated; only what a statement does not say is written here.
"""

from fractions import Fraction
from typing import Any

import numpy as np

from cl_theory.arguments import probability_inside
from cl_theory.estimators.best_b_statements import BEST_B, LEAST, SLOPE, TRACE
from cl_theory.estimators.isd_statements import COVARIANCE_BY_SECOND_MOMENTS
from cl_theory.estimators.symbols import c_star, phase_values
from cl_theory.estimators.theory.two_term import two_term_covariance
from cl_theory.laws.arithmetic import number_like
from cl_theory.laws.moments import PhaseMoments
from cl_theory.statements import Statement, System

ANY_B = Fraction(1, 2)
"""For statements in which b does not occur."""


def evaluated(statement: Statement, moments: PhaseMoments, p_positive: Any = ANY_B) -> Any:
    """The right side of `statement` for these moments and this b, in their arithmetic."""
    return statement.right_value(System(statement.name, phase_values(moments, p_positive)))


def odds_of(moments: PhaseMoments, p_positive: Any) -> tuple[Any, Any]:
    """(b, 1 - b) checked, in the arithmetic of the moments."""
    b = number_like(probability_inside(p_positive), moments.mean_positive)
    return b, 1 - b


def isd_covariance(moments: PhaseMoments, p_positive: Any) -> np.ndarray:
    r"""Covariance of one ISD step, shape (d, d); it does not depend on the coupling of the phases.

    Statement `isd-covariance-by-second-moments`; holds for every 0 < b < 1 when B is independent of the gradients
    (claim `isd-covariance`).
    """
    return evaluated(COVARIANCE_BY_SECOND_MOMENTS, moments, p_positive)


def isd_trace(moments: PhaseMoments, p_positive: Any) -> Any:
    """Total variance of one ISD step (statement `isd-variance-in-b`)."""
    return evaluated(TRACE, moments, p_positive)


def isd_centre(moments: PhaseMoments, p_positive: Any) -> np.ndarray:
    r"""The mean of h, and the best baseline: :math:`c^{*} = (1-b)\mu^{+} + b\mu^{-}`, shape (d,)."""
    return phase_values(moments, p_positive)[c_star]()


def isd_excess_trace(moments: PhaseMoments, p_positive: Any) -> Any:
    """What one ISD step costs over one two-term step in total variance; 0 iff h = 0 almost surely.

    Claim `isd-excess-variance`; for any coupling of the two-term phases. One phase against two.
    """
    return isd_trace(moments, p_positive) - np.trace(two_term_covariance(moments))


def isd_trace_derivative(moments: PhaseMoments, p_positive: Any) -> Any:
    """Slope of the total variance in b (statement `isd-slope`)."""
    return evaluated(SLOPE, moments, p_positive)


def optimal_p_positive(moments: PhaseMoments) -> Any:
    r"""The b of least total variance (statement `isd-best-b`), exact whenever both roots are rational.

    So the phase with the larger *second moment* is to be visited more often (claims `isd-optimal-b`,
    `isd-b-direction`). ValueError if m+ or m- is 0: then the infimum is not attained in (0, 1).
    """
    both_above_zero(moments.m_positive, moments.m_negative, ("m_positive", "m_negative"))
    return evaluated(BEST_B, moments)


def isd_trace_minimum(moments: PhaseMoments) -> Any:
    """Total variance at the best b (statement `isd-least-variance`)."""
    return evaluated(LEAST, moments)


def both_above_zero(first: Any, second: Any, names: tuple[str, str]) -> None:
    for value, name in zip((first, second), names, strict=True):
        if not value > 0:
            raise ValueError(f"{name} must be above 0 for a best p_positive inside (0, 1), got {value!r}")
