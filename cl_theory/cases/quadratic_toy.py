r"""Contrastive learning of one parameter in closed form: what the noise of the negative phase does to ISD.

.. math:: g^+ = a + k\theta + \sigma_+\xi, \qquad g^- = a + \sigma_-\xi'

so that the loss is :math:`\frac k2\theta^2`, and the noise of the negative phase can be changed alone. Descent by ISD,
:math:`\theta \leftarrow \theta - \eta Z`, has exact first and second moments after any number of phases.
"""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from cl_theory.arguments import positive, positive_integer, probability_inside


@dataclass(frozen=True)
class QuadraticToy:
    """`slope` k > 0, common `mean` a, and the standard deviations `positive` and `negative` of both phases."""

    slope: Any = 1
    mean: Any = 1
    positive: Any = 1
    negative: Any = 1

    def __post_init__(self) -> None:
        positive(self.slope, "slope")

    def with_negative(self, deviation: Any) -> "QuadraticToy":
        """The same toy with another deviation of the negative phase."""
        return replace(self, negative=deviation)

    @property
    def second_moments(self) -> tuple[Any, Any]:
        """(m+, m-) at theta = 0."""
        return self.mean**2 + self.positive**2, self.mean**2 + self.negative**2

    def variance(self, p_positive: Any) -> Any:
        """Variance of the ISD estimate at theta = 0, where its mean is 0."""
        b = probability_inside(p_positive)
        m_positive, m_negative = self.second_moments
        return m_positive / b + m_negative / (1 - b)

    @property
    def least_variance_b(self) -> float:
        """b* at theta = 0 (claim `isd-optimal-b`)."""
        up, down = (float(m) ** 0.5 for m in self.second_moments)
        return up / (up + down)

    def after_a_phase(self, moments: tuple[Any, Any], rate: Any, p_positive: Any) -> tuple[Any, Any]:
        """(E theta, E theta^2) after one more phase: numbers, Fractions or SymPy."""
        first, second = moments
        b = probability_inside(p_positive)
        along = 2 * self.mean * self.slope * first + self.slope**2 * second
        squared = self.variance(b) + along / b  # E Z^2 given the moments of theta
        return (1 - rate * self.slope) * first, second - 2 * rate * self.slope * second + rate**2 * squared

    def rest_error(self, rate: Any, p_positive: Any) -> Any:
        r"""E theta^2 in the long run, :math:`\frac{\eta\operatorname{Var}Z(b)}{k(2 - \eta k/b)}`.

        ValueError where descent has no rest: rate >= 2b/slope.
        """
        room = 2 - rate * self.slope / p_positive
        if not room > 0:
            raise ValueError(f"rate must be below 2b/slope = {2 * p_positive / self.slope}, got {rate!r}")
        return rate * self.variance(p_positive) / (self.slope * room)

    def simulate(self, rng: np.random.Generator, rate: float, p_positive: float, n_phases: int, n: int) -> np.ndarray:
        """theta (n,) of n learners after `n_phases` from theta = 0, with normal noise."""
        b, theta = float(probability_inside(p_positive)), np.zeros(positive_integer(n, "n"))
        for _ in range(positive_integer(n_phases, "n_phases")):
            coin, noise = rng.random(n) < b, rng.standard_normal(n)
            up = (self.mean + self.slope * theta + self.positive * noise) / b
            theta -= rate * np.where(coin, up, -(self.mean + self.negative * noise) / (1 - b))
        return theta


def best_b_at_rest(toy: QuadraticToy, rate: float, grid: np.ndarray) -> float:
    """The b of `grid` at which descent at this rate rests with the least error."""
    errors = [toy.rest_error(rate, b) if rate * toy.slope < 2 * b else np.inf for b in grid]
    return float(grid[int(np.argmin(errors))])
