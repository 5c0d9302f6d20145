"""ISD around a baseline: covariance, best b, equal compute; statements of the claims `centred-isd-*`, evaluated."""

from typing import Any

import numpy as np

from cl_theory.estimators.centred_statements import COUPLED_GAIN, COVARIANCE, LEARNED_TRACE, NEYMAN_B
from cl_theory.estimators.centred_statements import LEAST as LEAST_CENTRED
from cl_theory.estimators.symbols import c, miss_squared, phase_values
from cl_theory.estimators.theory.isd import both_above_zero, evaluated, isd_centre
from cl_theory.laws.moments import PhaseMoments
from cl_theory.statements import System


def centred_isd_covariance(moments: PhaseMoments, p_positive: Any, baseline: Any) -> np.ndarray:
    """Covariance of one ISD step around a constant `baseline` (d,), shape (d, d); statement `centred-isd-covariance`.

    The mean of h, `isd_centre`, is its unique Loewner-minimiser, and depends on b.
    """
    values = phase_values(moments, p_positive) | {c: lambda: np.asarray(baseline)}
    return COVARIANCE.right_value(System("around a baseline", values))


def phase_noise_covariance(moments: PhaseMoments, p_positive: Any) -> np.ndarray:
    """What no baseline can remove: the covariance of one ISD step around the best one, shape (d, d)."""
    return centred_isd_covariance(moments, p_positive, isd_centre(moments, p_positive))


def centred_isd_trace(moments: PhaseMoments, p_positive: Any) -> Any:
    """Total variance around the best baseline: statement `centred-isd-running-trace`, with nothing missed."""
    values = phase_values(moments, p_positive) | {miss_squared: 0}
    return LEARNED_TRACE.right_value(System("around the best baseline", values))


def neyman_p_positive(moments: PhaseMoments) -> Any:
    """The best b beside the best baseline (statement `centred-isd-neyman-b`), exact where both roots are rational.

    Here variances decide, as second moments do without a baseline (claim `centred-isd-neyman`). ValueError if a
    variance is 0: then the infimum is not attained in (0, 1).
    """
    both_above_zero(moments.v_positive, moments.v_negative, ("v_positive", "v_negative"))
    return evaluated(NEYMAN_B, moments)


def neyman_trace_minimum(moments: PhaseMoments) -> Any:
    """Least total variance over b and c together (statement `centred-isd-least`)."""
    return evaluated(LEAST_CENTRED, moments)


def neyman_equal_compute_gain(moments: PhaseMoments) -> Any:
    """Trace won by two centred phases at the Neyman b over a two-term step (statement `centred-isd-coupled-gain`).

    Never negative for independent phases; negative, so a loss, where the phases share enough of their luck.
    """
    return evaluated(COUPLED_GAIN, moments)
