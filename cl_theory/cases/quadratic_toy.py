r"""Contrastive learning of one parameter in closed form: what the noise of the negative phase does to ISD.

.. math:: g^+ = a + k\theta + \sigma_+\xi, \qquad g^- = a + \sigma_-\xi'

so that the loss is :math:`\frac k2\theta^2`, and the noise of the negative phase can be changed alone. Descent by ISD,
:math:`\theta \leftarrow \theta - \eta Z`, has exact first and second moments after any number of phases.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

import numpy as np

from cl_theory.arguments import positive, positive_integer, probability_inside
from cl_theory.cases.enumerated import enumerated_trace, two_values
from cl_theory.checks import Outcome, equal_exactly
from cl_theory.laws import independent_law


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

    def drawn_rest_errors(
        self, rng: np.random.Generator, rate: float, places: Sequence[float], n_phases: int = 250, n: int = 2000
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """(b, mean, standard error) of the squared error of n learners at each b of `places`."""
        squared = np.array([self.simulate(rng, rate, b, n_phases, n) ** 2 for b in places])
        return np.array(places), squared.mean(axis=1), squared.std(axis=1, ddof=1) / np.sqrt(n)


def least_variance_check() -> tuple[list[Fraction], Outcome, dict[str, Outcome]]:
    """(b*, check, planted errors) of five laws with rational b*: g+ is 3 ± 4, g- is 3 ± s, listed with the coin."""
    roots_by_deviation = {  # s: the root of m-, where that of m+ is 5
        Fraction(0): Fraction(3),
        Fraction(5, 4): Fraction(13, 4),
        Fraction(9, 4): Fraction(15, 4),
        Fraction(4): Fraction(5),
        Fraction(36, 5): Fraction(39, 5),
    }
    laws = [independent_law(*two_values(3, 4), *two_values(3, s)) for s in roots_by_deviation]
    roots = roots_by_deviation.values()
    best = [Fraction(5) / (5 + root) for root in roots]
    scope = "toy: least variance at b* for five negative phases, listed law"

    def check(values: list[Fraction], of: str) -> Outcome:
        return equal_exactly(values, [(5 + root) ** 2 for root in roots], scope=of)

    def traces(places: list[Fraction]) -> list[Fraction]:
        return [Fraction(enumerated_trace(law, b)) for law, b in zip(laws, places, strict=True)]

    mirrored = zip(best, traces([1 - b for b in best]), strict=True)
    exchanged = [Fraction(0) if b == Fraction(1, 2) else trace for b, trace in mirrored]
    planted = {"b exchanged for 1 - b": exchanged, "b* by deviations": traces([Fraction(4, 5)] * len(laws))}
    return best, check(traces(best), scope), {name: check(bad, f"{scope}; {name}") for name, bad in planted.items()}


def best_b_at_rest(toy: QuadraticToy, rate: float, grid: np.ndarray) -> float:
    """The b of `grid` at which descent at this rate rests with the least error."""
    errors = [toy.rest_error(rate, b) if rate * toy.slope < 2 * b else np.inf for b in grid]
    return float(grid[int(np.argmin(errors))])
