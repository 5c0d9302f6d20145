"""ISD around a baseline: covariance, the best baseline, the best b, equal compute (claims `centred-isd-*`)."""

from typing import Any

import numpy as np

from cl_theory.estimators.theory.isd import above_root_minimum, isd_centre, odds_of, root_share, root_sum_squared
from cl_theory.laws.arithmetic import square_root
from cl_theory.laws.moments import PhaseMoments


def phase_noise_covariance(moments: PhaseMoments, p_positive: Any) -> np.ndarray:
    r"""What no baseline can remove: :math:`\Sigma^{+}/b + \Sigma^{-}/(1-b)`, shape (d, d)."""
    b, a = odds_of(moments, p_positive)
    return moments.covariance_positive / b + moments.covariance_negative / a


def centred_isd_covariance(moments: PhaseMoments, p_positive: Any, baseline: Any) -> np.ndarray:
    r"""Covariance of one ISD step around a constant baseline c, shape (d, d).

    .. math:: \operatorname{Cov} Z_c = \frac{\Sigma^{+}}{b} + \frac{\Sigma^{-}}{1-b}
              + \frac{(c^{*}-c)(c^{*}-c)^{\top}}{b(1-b)}, \qquad c^{*} = (1-b)\mu^{+} + b\mu^{-}

    so c* is the unique Loewner-minimiser, and depends on b (claim `centred-isd-covariance`).
    """
    b, a = odds_of(moments, p_positive)
    miss = isd_centre(moments, p_positive) - np.asarray(baseline)
    return phase_noise_covariance(moments, p_positive) + np.outer(miss, miss) / (b * a)


def centred_isd_trace(moments: PhaseMoments, p_positive: Any) -> Any:
    r"""Total variance at the best baseline: :math:`v^{+}/b + v^{-}/(1-b)`."""
    b, a = odds_of(moments, p_positive)
    return moments.v_positive / b + moments.v_negative / a


def neyman_p_positive(moments: PhaseMoments, weight: Any = None) -> Any:
    r"""The best b beside the best baseline: :math:`b = \sigma^{+}/(\sigma^{+} + \sigma^{-})`.

    Here variances decide, as second moments do without a baseline (claim `centred-isd-neyman`). With a
    positive semidefinite `weight` W, (d, d), the variances are :math:`\operatorname{tr} W\Sigma^\pm`.
    ValueError if a variance is 0: then the infimum is not attained in (0, 1).
    """
    if weight is None:
        return root_share(moments.v_positive, moments.v_negative, ("v_positive", "v_negative"))
    metric = np.asarray(weight)
    v_positive, v_negative = (
        np.trace(metric @ sigma) for sigma in (moments.covariance_positive, moments.covariance_negative)
    )
    return root_share(v_positive, v_negative, ("tr W Sigma+", "tr W Sigma-"))


def neyman_trace_minimum(moments: PhaseMoments) -> Any:
    r"""Least total variance over b and c together: :math:`(\sigma^{+} + \sigma^{-})^2`."""
    return root_sum_squared(moments.v_positive, moments.v_negative)


def neyman_trace_above_minimum(moments: PhaseMoments, p_positive: Any) -> Any:
    r"""Price of another b at c*: :math:`((1-b)\sigma^{+} - b\sigma^{-})^2 / (b(1-b))`."""
    return above_root_minimum(moments.v_positive, moments.v_negative, *odds_of(moments, p_positive))


def centred_excess_covariance(moments: PhaseMoments, p_positive: Any) -> np.ndarray:
    r"""Price per update at c* over one two-term step: :math:`\operatorname{Cov}(h)/(b(1-b))`, shape (d, d)."""
    b, a = odds_of(moments, p_positive)
    cross = moments.cross_covariance
    spread = a * a * moments.covariance_positive + b * b * moments.covariance_negative + a * b * (cross + cross.T)
    return spread / (b * a)


def centred_equal_compute_gap(moments: PhaseMoments, p_positive: Any) -> np.ndarray:
    r"""Two averaged centred phases less one *independent* two-term step, shape (d, d).

    .. math:: \tfrac12(\Sigma^{+}/b + \Sigma^{-}/(1-b)) - (\Sigma^{+} + \Sigma^{-})
              = \tfrac12(1-2b)(\Sigma^{+}/b - \Sigma^{-}/(1-b))

    Exactly 0 at b = 1/2 (claim `centred-isd-equal-compute`).
    """
    b, a = odds_of(moments, p_positive)
    return (1 - 2 * b) * (moments.covariance_positive / b - moments.covariance_negative / a) / 2


def neyman_equal_compute_gain(moments: PhaseMoments) -> Any:
    r"""Trace won by two centred phases at the Neyman b over one two-term step of this coupling.

    .. math:: \tfrac12(\sigma^{+} - \sigma^{-})^2 - 2\operatorname{tr} C

    Never negative for independent phases; negative, so a loss, iff
    :math:`4\operatorname{tr} C > (\sigma^{+}-\sigma^{-})^2` (claim `centred-isd-equal-compute`).
    """
    root = square_root(moments.v_positive * moments.v_negative)
    squared = moments.v_positive + moments.v_negative - 2 * root
    return squared / 2 - 2 * np.trace(moments.cross_covariance)
