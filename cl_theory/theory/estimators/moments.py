"""Exact moments of the estimators: statements of the book, evaluated on floats or Fractions."""

from fractions import Fraction
from typing import Any

import numpy as np

from cl_theory.arguments import positive_integer
from cl_theory.theory.estimators.best_b_statements import BEST_B, LEAST, SLOPE, TRACE
from cl_theory.theory.estimators.centred_statements import COUPLED_GAIN, COVARIANCE, LEARNED_TRACE, NEYMAN_B
from cl_theory.theory.estimators.centred_statements import LEAST as LEAST_CENTRED
from cl_theory.theory.estimators.compute_statements import BATCH
from cl_theory.theory.estimators.isd_statements import COVARIANCE_BY_SECOND_MOMENTS
from cl_theory.theory.estimators.laws import PhaseMoments
from cl_theory.theory.estimators.symbols import c, c_star, miss_squared, n, phase_values, var_N
from cl_theory.theory.statement import Statement
from cl_theory.theory.system import System


def two_term_covariance(moments: PhaseMoments) -> np.ndarray:
    r"""Covariance of one two-term step, shape (d, d).

    .. math:: \operatorname{Cov} D = \Sigma^{+} + \Sigma^{-} - C - C^{\top}

    with the cross-covariance :math:`C = \operatorname{Cov}(g^{+}, g^{-})`, zero for independent phases.
    """
    cross = moments.cross_covariance
    return moments.covariance_positive + moments.covariance_negative - cross - cross.T


ANY_B = Fraction(1, 2)
"""For statements in which b does not occur."""


def evaluated(statement: Statement, moments: PhaseMoments, p_positive: Any = ANY_B) -> Any:
    """The right side of `statement` for these moments and this b, in their arithmetic."""
    return statement.right_value(System(statement.name, phase_values(moments, p_positive)))


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


def batch_isd_covariance(moments: PhaseMoments, p_positive: Any, n_phases: int, count_variance: Any) -> np.ndarray:
    r"""Covariance of the mean ISD estimate over n phases, shape (d, d): statement `isd-batch-design`.

    `count_variance` is Var N of the number of positive phases under the order in use
    (`theory.chains.phase_order`). Gradients are independent across phases and of the order, and E N = nb.
    """
    if not count_variance >= 0:
        raise ValueError(f"count_variance must be at least 0, got {count_variance!r}")
    counts = {n: positive_integer(n_phases, "n_phases"), var_N: count_variance}
    return BATCH.right_value(System("a batch", phase_values(moments, p_positive) | counts))


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
