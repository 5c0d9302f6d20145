"""Exact moments of a sum over phases whose weights may be wrong: where a planted error moves a check."""

from typing import Any

import numpy as np

from cl_theory.laws.moments import PhaseMoments


def weighted_batch_moments(
    moments: PhaseMoments, weights: tuple[Any, Any], n_phases: int, mean_count: Any, count_variance: Any
) -> tuple[np.ndarray, np.ndarray]:
    r"""Mean (d,) and second moment (d, d) of :math:`\frac1n\sum_k w_{B_k} g_k`, with signed `weights` (w+, w-).

    Given N positive phases the mean is :math:`(N w_+\mu_+ + (n-N) w_-\mu_-)/n` and the covariance
    :math:`(N w_+^2\Sigma_+ + (n-N) w_-^2\Sigma_-)/n^2`; then the law of total covariance, with E N = `mean_count`
    and Var N = `count_variance`. Phases are independent of each other and of their order. One phase of ISD is
    n = 1, E N = b, Var N = b(1-b), weights (1/b, -1/(1-b)).
    """
    plus, minus = weights
    left = n_phases - mean_count
    mean = (mean_count * plus * moments.mean_positive + left * minus * moments.mean_negative) / n_phases
    per_count = (plus * moments.mean_positive - minus * moments.mean_negative) / n_phases
    within = mean_count * plus**2 * moments.covariance_positive + left * minus**2 * moments.covariance_negative
    between = np.outer(mean, mean) + count_variance * np.outer(per_count, per_count)
    return mean, within / (n_phases * n_phases) + between
