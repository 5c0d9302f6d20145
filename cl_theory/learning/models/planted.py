"""Errors planted on purpose in draws of ISD, and the moments that they give."""

from collections.abc import Mapping
from dataclasses import astuple, dataclass
from types import MappingProxyType
from typing import Any

import numpy as np

from cl_theory.arguments import positive, probability_inside
from cl_theory.theory.estimators.isd import isd_weights
from cl_theory.theory.estimators.laws import PhaseMoments


@dataclass(frozen=True)
class Planted:
    """Factors by which a sampler departs from the estimator; all 1 is the estimator itself.

    weight_positive
        Factor on the weight 1/b.
    weight_negative
        Factor on the weight 1/(1-b).
    scale
        Factor on the whole estimate.
    coin
        Factor on the coin's probability alone: the weights still believe in b.
    p_positive
        Factor on b in the coin and in the weights, consistently; the mean is still right.
    """

    weight_positive: float = 1.0
    weight_negative: float = 1.0
    scale: float = 1.0
    coin: float = 1.0
    p_positive: float = 1.0

    def __post_init__(self) -> None:
        for name, value in zip(self.__dataclass_fields__, astuple(self), strict=True):
            positive(value, name)

    def coin_probability(self, p_positive: float) -> float:
        """Probability with which the coin really shows B = 1."""
        return float(probability_inside(p_positive * self.p_positive * self.coin, "planted coin probability"))

    def signed_weights(self, p_positive: float) -> tuple[float, float]:
        """Weights of the positive and the negative phase, the second one negative; from `isd_weights`."""
        weights = isd_weights(np.array([True, False]), p_positive=float(p_positive) * self.p_positive)
        positive_weight, negative_weight = weights * self.scale
        return float(positive_weight * self.weight_positive), float(negative_weight * self.weight_negative)


NOTHING_PLANTED = Planted()
"""The estimator as it is."""

PLANTED_ERRORS: Mapping[str, Planted] = MappingProxyType(
    {
        "weight 1/b off by 1 %": Planted(weight_positive=1.01),
        "weight 1/(1-b) off by 1 %": Planted(weight_negative=1.01),
        "scale off by 1 %": Planted(scale=1.01),
        "coin off by 1 %": Planted(coin=1.01),
        "b off by 1 %": Planted(p_positive=1.01),
    }
)
"""The named errors that every Monte Carlo check of an estimator has to catch."""


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


def isd_count(rng: np.random.Generator, n: int, p_positive: float, planted: Planted = NOTHING_PLANTED) -> int:
    """Number of positive phases among n coins."""
    return int(rng.binomial(n, planted.coin_probability(probability_inside(p_positive))))
