"""Exact covariance of one ISD step, its price over two terms, and the best probability (claims `isd-*`)."""

from typing import Any

import numpy as np

from cl_theory.arguments import probability_inside
from cl_theory.laws.arithmetic import number_like, square_root
from cl_theory.laws.moments import PhaseMoments


def odds_of(moments: PhaseMoments, p_positive: Any) -> tuple[Any, Any]:
    """(b, 1 - b) checked, in the arithmetic of the moments."""
    b = number_like(probability_inside(p_positive), moments.mean_positive)
    return b, 1 - b


def isd_covariance(moments: PhaseMoments, p_positive: Any) -> np.ndarray:
    r"""Covariance of one ISD step, shape (d, d); it does not depend on the coupling of the phases.

    .. math:: \operatorname{Cov} Z = \frac{M^{+}}{b} + \frac{M^{-}}{1-b} - \mu\mu^{\top}

    Holds for every 0 < b < 1 when B is independent of the gradients (claim `isd-covariance`).
    """
    b, a = odds_of(moments, p_positive)
    return moments.second_positive / b + moments.second_negative / a - np.outer(moments.mean, moments.mean)


def isd_trace(moments: PhaseMoments, p_positive: Any) -> Any:
    r"""Total variance :math:`\operatorname{tr} \operatorname{Cov} Z = m^{+}/b + m^{-}/(1-b) - |\mu|^2`."""
    b, a = odds_of(moments, p_positive)
    return moments.m_positive / b + moments.m_negative / a - moments.mean @ moments.mean


def isd_centre(moments: PhaseMoments, p_positive: Any) -> np.ndarray:
    r"""The mean of h, and the best baseline: :math:`c^{*} = (1-b)\mu^{+} + b\mu^{-}`, shape (d,)."""
    b, a = odds_of(moments, p_positive)
    return a * moments.mean_positive + b * moments.mean_negative


def isd_excess_covariance(moments: PhaseMoments, p_positive: Any) -> np.ndarray:
    r"""What one ISD step costs over one two-term step, shape (d, d), positive semidefinite.

    .. math:: \operatorname{Cov} Z - \operatorname{Cov} D = \frac{E[h h^{\top}]}{b(1-b)},
              \qquad h = (1-b)\, g^{+} + b\, g^{-}

    for any coupling of the two-term phases (claim `isd-excess-variance`): one phase against two.
    """
    b, a = odds_of(moments, p_positive)
    squares = a * a * moments.second_positive + b * b * moments.second_negative
    return (squares + a * b * (moments.cross + moments.cross.T)) / (b * a)


def isd_excess_trace(moments: PhaseMoments, p_positive: Any) -> Any:
    r"""Trace of the excess, :math:`E\,|(1-b) g^{+} + b g^{-}|^2 / (b(1-b))`; 0 iff h = 0 almost surely."""
    b, a = odds_of(moments, p_positive)
    squares = a * a * moments.m_positive + b * b * moments.m_negative
    return (squares + 2 * a * b * np.trace(moments.cross)) / (b * a)


def isd_excess_trace_minimum(moments: PhaseMoments) -> Any:
    r"""Smallest excess over all b: :math:`2(\sqrt{m^{+} m^{-}} + E\langle g^{+}, g^{-}\rangle) \ge 0`."""
    return 2 * (square_root(moments.m_positive * moments.m_negative) + np.trace(moments.cross))


def isd_trace_derivative(moments: PhaseMoments, p_positive: Any) -> Any:
    r"""Slope of the total variance in b: :math:`m^{-}/(1-b)^2 - m^{+}/b^2`."""
    b, a = odds_of(moments, p_positive)
    return moments.m_negative / (a * a) - moments.m_positive / (b * b)


def isd_trace_second_derivative(moments: PhaseMoments, p_positive: Any) -> Any:
    r"""Curvature of the total variance in b: :math:`2m^{+}/b^3 + 2m^{-}/(1-b)^3` (claim `isd-variance-convex`)."""
    b, a = odds_of(moments, p_positive)
    return 2 * moments.m_positive / b**3 + 2 * moments.m_negative / a**3


def optimal_p_positive(moments: PhaseMoments) -> Any:
    r"""The b of least total variance, exact whenever :math:`m^{+}m^{-}` is the square of a rational.

    .. math:: b^{*} = \frac{\sqrt{m^{+}}}{\sqrt{m^{+}} + \sqrt{m^{-}}}
              = \frac{m^{+}}{m^{+} + \sqrt{m^{+} m^{-}}}

    So the phase with the larger *second moment* is to be visited more often (claims `isd-optimal-b`,
    `isd-b-direction`). ValueError if m+ or m- is 0: then the infimum is not attained in (0, 1).
    """
    m_positive, m_negative = moments.m_positive, moments.m_negative
    return root_share(m_positive, m_negative, ("m_positive", "m_negative"))


def isd_trace_minimum(moments: PhaseMoments) -> Any:
    r"""Total variance at the best b: :math:`(\sqrt{m^{+}} + \sqrt{m^{-}})^2 - |\mu|^2`."""
    return root_sum_squared(moments.m_positive, moments.m_negative) - moments.mean @ moments.mean


def isd_trace_above_minimum(moments: PhaseMoments, p_positive: Any) -> Any:
    r"""Price of another b: :math:`((1-b)\sqrt{m^{+}} - b\sqrt{m^{-}})^2 / (b(1-b))`."""
    return above_root_minimum(moments.m_positive, moments.m_negative, *odds_of(moments, p_positive))


def root_sum_squared(first: Any, second: Any) -> Any:
    r""":math:`(\sqrt{x} + \sqrt{y})^2 = x + y + 2\sqrt{xy}`, exact whenever xy is the square of a rational."""
    return first + second + 2 * square_root(first * second)


def above_root_minimum(first: Any, second: Any, b: Any, a: Any) -> Any:
    return (a * a * first + b * b * second - 2 * a * b * square_root(first * second)) / (b * a)


def root_share(first: Any, second: Any, names: tuple[str, str]) -> Any:
    for value, name in zip((first, second), names, strict=True):
        if not value > 0:
            raise ValueError(f"{name} must be above 0 for a best p_positive inside (0, 1), got {value!r}")
    return first / (first + square_root(first * second))
