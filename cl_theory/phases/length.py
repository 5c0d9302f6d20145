"""How long a phase lasts: laws of a phase length T on {1, 2, ...}, as values that can be printed.

Moments are exact (`fractions.Fraction`) whenever the parameters are integers or Fractions.
"""

from abc import ABC, abstractmethod
from fractions import Fraction
from typing import Any

import numpy as np


def exact(value: Any) -> Any:
    """Integers as Fraction, so that ratios of moments stay exact; other numbers unchanged."""
    return Fraction(int(value)) if isinstance(value, (int, np.integer)) else value


class PhaseLength(ABC):
    """Law of a phase length T >= 1, independent of the states of the network.

    Subclasses give `mean` (E T, which is tau), `second_moment` (E T^2), `third_moment` (E T^3), `pmf(n)`,
    `tail(n)` = P(T > n), `sample(rng, n)` and `largest`, the largest possible length or None.
    """

    mean: Any

    @property
    @abstractmethod
    def second_moment(self) -> Any:
        """E T^2, in squared time steps."""

    @property
    @abstractmethod
    def third_moment(self) -> Any:
        """E T^3, in cubed time steps."""

    @property
    @abstractmethod
    def largest(self) -> int | None:
        """Largest possible length, None if there is none."""

    @abstractmethod
    def pmf(self, n: int) -> Any:
        """P(T = n), exact where the parameters are."""

    @abstractmethod
    def tail(self, n: int) -> Any:
        """P(T > n), exact where the parameters are; 1 at n = 0, so that sum over n >= 0 is E T."""

    def float_tail(self, n: int) -> float:
        """P(T > n) in float64, quick for large n."""
        return float(self.tail(n))

    @abstractmethod
    def sample(self, rng: np.random.Generator, n: int) -> np.ndarray:
        """`n` independent lengths, int64 of shape (n,)."""

    @property
    def variance(self) -> Any:
        """Var T."""
        return self.second_moment - exact(self.mean) ** 2

    @property
    def relative_variance(self) -> Any:
        """Var T / tau^2: what a random length adds to the noise of a phase, times the squared mean gradient."""
        return self.variance / exact(self.mean) ** 2

    @property
    def pair_ratio(self) -> Any:
        """E[T(T-1)] / tau^2, twice the factor of the eta^2 term of always-on learning (claim `aol-random-length`).

        1 - 1/tau for a fixed length, 2 - 2/tau for a geometric one.
        """
        return (self.second_moment - self.mean) / exact(self.mean) ** 2

    @property
    def cube_ratio(self) -> Any:
        """E T^3 / tau^3, the factor of the remainder of the second-order expansion."""
        return self.third_moment / exact(self.mean) ** 3

    def tails(self, stop: int, start: int = 0) -> np.ndarray:
        """P(T > t) for t = `start` .. `stop`-1, float64 of shape (stop - start,)."""
        return np.array([self.float_tail(t) for t in range(start, stop)])

    def horizon(self, tolerance: float = 1e-16) -> int:
        """Smallest n with P(T > n) <= `tolerance`: where sums over t may be cut. `largest` for bounded laws."""
        if self.largest is not None:
            return self.largest
        high = int(np.ceil(float(self.mean)))
        while self.float_tail(high) > tolerance:
            high *= 2
        low = 0
        while high - low > 1:  # the tail does not increase
            middle = (low + high) // 2
            low, high = (middle, high) if self.float_tail(middle) > tolerance else (low, middle)
        return high
