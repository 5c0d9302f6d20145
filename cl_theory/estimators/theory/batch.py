"""Batches of n phases in a designed order, and batches whose b is estimated (claim `isd-batch-design`)."""

from math import comb
from typing import Any

import numpy as np

from cl_theory.arguments import positive_integer
from cl_theory.estimators.theory.centred import phase_noise_covariance
from cl_theory.estimators.theory.isd import isd_centre, odds_of
from cl_theory.laws.moments import PhaseMoments


def batch_isd_covariance(moments: PhaseMoments, p_positive: Any, n_phases: int, count_variance: Any) -> np.ndarray:
    r"""Covariance of the mean ISD estimate over n phases, shape (d, d).

    .. math:: \operatorname{Cov}\bar Z = \frac1n\Big[\frac{\Sigma^{+}}{b} + \frac{\Sigma^{-}}{1-b}\Big]
              + \operatorname{Var}(N)\,\frac{c^{*}c^{*\top}}{(n b(1-b))^2}

    `count_variance` is Var N of the number of positive phases under the order in use
    (:mod:`cl_theory.phases`). Gradients are independent across phases and of the order, and E N = nb.
    """
    b, a = odds_of(moments, p_positive)
    n = positive_integer(n_phases, "n_phases")
    if not count_variance >= 0:
        raise ValueError(f"count_variance must be at least 0, got {count_variance!r}")
    centre = isd_centre(moments, p_positive)
    noise = phase_noise_covariance(moments, p_positive) / n
    return noise + count_variance * np.outer(centre, centre) / (n * b * a) ** 2


def count_probabilities(p_positive: Any, n_phases: int) -> list[Any]:
    """Law of the number of positive phases under independent coins, P(N = 0), ..., P(N = n)."""
    n = positive_integer(n_phases, "n_phases")
    return [comb(n, k) * p_positive**k * (1 - p_positive) ** (n - k) for k in range(n + 1)]


def undefined_ratio_probability(p_positive: Any, n_phases: int) -> Any:
    r"""Probability :math:`b^n + (1-b)^n` that one sign of phase never comes."""
    return p_positive**n_phases + (1 - p_positive) ** n_phases


def ratio_isd_covariance(moments: PhaseMoments, p_positive: Any, n_phases: int) -> np.ndarray:
    r"""Covariance of the estimate with b estimated, given that both signs came, shape (d, d).

    .. math:: \Sigma^{+} E[1/N \mid 1 \le N \le n-1] + \Sigma^{-} E[1/(n-N) \mid 1 \le N \le n-1]

    Independent coins; the c* term is gone to first order. ValueError for n < 2.
    """
    b, _ = odds_of(moments, p_positive)
    if n_phases < 2:
        raise ValueError(f"n_phases must be at least 2 for both signs to occur, got {n_phases!r}")
    law = count_probabilities(b, n_phases)
    inside = range(1, n_phases)
    total = sum(law[k] for k in inside)
    per_positive = sum(law[k] / k for k in inside) / total
    per_negative = sum(law[k] / (n_phases - k) for k in inside) / total
    return per_positive * moments.covariance_positive + per_negative * moments.covariance_negative


def ratio_isd_mean_with_zero(moments: PhaseMoments, p_positive: Any, n_phases: int) -> np.ndarray:
    r"""Mean when a missing phase mean is set to 0: :math:`(1-(1-b)^n)\mu^{+} - (1-b^n)\mu^{-}`, a bias."""
    b, a = odds_of(moments, p_positive)
    return (1 - a**n_phases) * moments.mean_positive - (1 - b**n_phases) * moments.mean_negative
