"""Phase lengths with a largest value: fixed, uniform, one of two."""

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np

from cl_theory.arguments import positive_integer, probability_inside
from cl_theory.phases.length import PhaseLength


@dataclass(frozen=True)
class Fixed(PhaseLength):
    """T = `steps` always."""

    steps: int

    def __post_init__(self) -> None:
        object.__setattr__(self, "steps", positive_integer(self.steps, "steps"))

    @property
    def mean(self) -> Fraction:
        return Fraction(self.steps)

    @property
    def second_moment(self) -> Fraction:
        return Fraction(self.steps) ** 2

    @property
    def third_moment(self) -> Fraction:
        return Fraction(self.steps) ** 3

    @property
    def largest(self) -> int:
        return self.steps

    def pmf(self, n: int) -> Fraction:
        return Fraction(int(n == self.steps))

    def tail(self, n: int) -> Fraction:
        return Fraction(int(n < self.steps))

    def sample(self, rng: np.random.Generator, n: int) -> np.ndarray:
        return np.full(n, self.steps, dtype=np.int64)


@dataclass(frozen=True)
class Uniform(PhaseLength):
    """T uniform on the integers `low` .. `high`; `Uniform(s, 2 * tau - s)` has mean tau and at least s steps."""

    low: int
    high: int

    def __post_init__(self) -> None:
        object.__setattr__(self, "low", positive_integer(self.low, "low"))
        object.__setattr__(self, "high", positive_integer(self.high, "high"))
        if self.high < self.low:
            raise ValueError(f"high must be at least low = {self.low}, got {self.high}")

    def _moment(self, power: int) -> Fraction:
        return Fraction(sum(n**power for n in range(self.low, self.high + 1)), self.high - self.low + 1)

    @property
    def mean(self) -> Fraction:
        return Fraction(self.low + self.high, 2)

    @property
    def second_moment(self) -> Fraction:
        return self._moment(2)

    @property
    def third_moment(self) -> Fraction:
        return self._moment(3)

    @property
    def largest(self) -> int:
        return self.high

    def pmf(self, n: int) -> Fraction:
        return Fraction(int(self.low <= n <= self.high), self.high - self.low + 1)

    def tail(self, n: int) -> Fraction:
        return Fraction(self.high - min(max(n, self.low - 1), self.high), self.high - self.low + 1)

    def sample(self, rng: np.random.Generator, n: int) -> np.ndarray:
        return rng.integers(self.low, self.high, size=n, endpoint=True)


@dataclass(frozen=True)
class TwoPoint(PhaseLength):
    """T = `long` with probability `p_long`, else `short`."""

    short: int
    long: int
    p_long: Any = Fraction(1, 2)

    def __post_init__(self) -> None:
        object.__setattr__(self, "short", positive_integer(self.short, "short"))
        object.__setattr__(self, "long", positive_integer(self.long, "long"))
        if self.long <= self.short:
            raise ValueError(f"long must exceed short = {self.short}, got {self.long}; use Fixed for one length")
        probability_inside(self.p_long, "p_long")

    def _moment(self, power: int) -> Any:
        return (1 - self.p_long) * self.short**power + self.p_long * self.long**power

    @property
    def mean(self) -> Any:
        return self._moment(1)

    @property
    def second_moment(self) -> Any:
        return self._moment(2)

    @property
    def third_moment(self) -> Any:
        return self._moment(3)

    @property
    def largest(self) -> int:
        return self.long

    def pmf(self, n: int) -> Any:
        return (1 - self.p_long) * int(n == self.short) + self.p_long * int(n == self.long)

    def tail(self, n: int) -> Any:
        return (1 - self.p_long) * int(n < self.short) + self.p_long * int(n < self.long)

    def sample(self, rng: np.random.Generator, n: int) -> np.ndarray:
        return np.where(rng.random(n) < float(self.p_long), self.long, self.short).astype(np.int64)
