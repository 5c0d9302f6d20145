"""How long a phase lasts: laws of a phase length T on {1, 2, ...}, bounded or not, as values that can be printed."""

from abc import ABC, abstractmethod
from bisect import bisect_left
from dataclasses import dataclass
from fractions import Fraction
from math import comb
from typing import Any

import numpy as np
from scipy.special import gammaln as log_gamma
from scipy.special import pdtrc, xlogy

from cl_theory.arguments import positive_integer, probability_inside


def exact(value: Any) -> Any:
    """Integers as Fraction, so that ratios of moments stay exact; other numbers unchanged."""
    return Fraction(int(value)) if isinstance(value, (int, np.integer)) else value


class PhaseLength(ABC):
    """Law of a phase length T >= 1, independent of the states of the network.

    Subclasses give `moment(power)`, `pmf(n)`, `tail(n)` = P(T > n), `sample(rng, n)` and `largest`, the largest
    possible length or None.
    """

    mean: Any

    @abstractmethod
    def moment(self, power: int) -> Any:
        """E T^power for a power of 1, 2 or 3, in time steps to that power; exact where the parameters are."""

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
    def second_moment(self) -> Any:
        """E T^2, in squared time steps."""
        return self.moment(2)

    @property
    def third_moment(self) -> Any:
        """E T^3, in cubed time steps."""
        return self.moment(3)

    @property
    def variance(self) -> Any:
        """Var T."""
        return self.second_moment - exact(self.mean) ** 2

    @property
    def pair_ratio(self) -> Any:
        """E[T(T-1)] / tau^2, twice the factor of the eta^2 term of always-on learning (claim `aol-random-length`).

        1 - 1/tau for a fixed length, 2 - 2/tau for a geometric one.
        """
        return (self.second_moment - self.mean) / exact(self.mean) ** 2

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
        return bisect_left(range(high), True, key=lambda n: self.float_tail(n) <= tolerance)


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

    @property
    def mean(self) -> Fraction:
        return Fraction(self.low + self.high, 2)

    def moment(self, power: int) -> Fraction:
        return Fraction(sum(n**power for n in range(self.low, self.high + 1)), self.high - self.low + 1)

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

    @property
    def mean(self) -> Any:
        return self.moment(1)

    def moment(self, power: int) -> Any:
        return (1 - self.p_long) * self.short**power + self.p_long * self.long**power

    @property
    def largest(self) -> int:
        return self.long

    def pmf(self, n: int) -> Any:
        return (1 - self.p_long) * int(n == self.short) + self.p_long * int(n == self.long)

    def tail(self, n: int) -> Any:
        return (1 - self.p_long) * int(n < self.short) + self.p_long * int(n < self.long)

    def sample(self, rng: np.random.Generator, n: int) -> np.ndarray:
        return np.where(rng.random(n) < float(self.p_long), self.long, self.short).astype(np.int64)


@dataclass(frozen=True)
class Fixed(PhaseLength):
    """T = `steps` always."""

    steps: int

    def __post_init__(self) -> None:
        object.__setattr__(self, "steps", positive_integer(self.steps, "steps"))

    @property
    def mean(self) -> Fraction:
        return Fraction(self.steps)

    def moment(self, power: int) -> Fraction:
        return Fraction(self.steps) ** power

    @property
    def largest(self) -> int:
        return self.steps

    def pmf(self, n: int) -> Fraction:
        return Fraction(int(n == self.steps))

    def tail(self, n: int) -> Fraction:
        return Fraction(int(n < self.steps))

    def sample(self, rng: np.random.Generator, n: int) -> np.ndarray:
        return np.full(n, self.steps, dtype=np.int64)


def _mean_of_at_least(mean: Any, least: Any, reason: str) -> Any:
    if isinstance(mean, bool) or not (mean >= least and np.isfinite(float(mean))):
        raise ValueError(f"mean must be a finite number of at least {least} ({reason}), got {mean!r}")
    return exact(mean)


@dataclass(frozen=True)
class Geometric(PhaseLength):
    """P(T = n) = p (1-p)^(n-1) on {1, 2, ...} with p = 1/`mean`: a phase that may end at every step."""

    mean: Any

    def __post_init__(self) -> None:
        object.__setattr__(self, "mean", _mean_of_at_least(self.mean, 1, "every phase has a step"))

    def moment(self, power: int) -> Any:
        m = self.mean
        return (m, 2 * m**2 - m, 6 * m**3 - 6 * m**2 + m)[power - 1]

    @property
    def largest(self) -> int | None:
        return 1 if self.mean == 1 else None

    def pmf(self, n: int) -> Any:
        return self.tail(n - 1) / self.mean if n >= 1 else 0 * self.mean

    def tail(self, n: int) -> Any:
        return (1 - 1 / self.mean) ** max(n, 0)

    def float_tail(self, n: int) -> float:
        return float(1 - 1 / self.mean) ** max(n, 0)  # the power of a Fraction has thousands of digits

    def sample(self, rng: np.random.Generator, n: int) -> np.ndarray:
        return rng.geometric(float(1 / self.mean), size=n)


@dataclass(frozen=True)
class _Shifted(PhaseLength):
    """T = `shift` + a waiting time whose moments are `_waits(power)`."""

    shift: int
    mean: Any

    @abstractmethod
    def _waits(self, power: int) -> Any: ...

    def moment(self, power: int) -> Any:
        later = (comb(power, k) * self.shift ** (power - k) * self._waits(k) for k in range(1, power + 1))
        return self.shift**power + sum(later)


@dataclass(frozen=True)
class ShiftedGeometric(_Shifted):
    """T = `shift` + a geometric length of mean `mean` - `shift`: at least `shift` + 1 steps."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "shift", positive_integer(self.shift, "shift"))
        object.__setattr__(self, "mean", _mean_of_at_least(self.mean, self.shift + 1, "shift and one step"))

    @property
    def wait(self) -> Geometric:
        """The law of T - `shift`."""
        return Geometric(self.mean - self.shift)

    def _waits(self, power: int) -> Any:
        return self.wait.moment(power)

    @property
    def largest(self) -> int | None:
        return self.shift + 1 if self.wait.largest else None

    def pmf(self, n: int) -> Any:
        return self.wait.pmf(n - self.shift)

    def tail(self, n: int) -> Any:
        return self.wait.tail(n - self.shift)

    def float_tail(self, n: int) -> float:
        return self.wait.float_tail(n - self.shift)

    def sample(self, rng: np.random.Generator, n: int) -> np.ndarray:
        return self.shift + self.wait.sample(rng, n)


@dataclass(frozen=True)
class ShiftedPoisson(_Shifted):
    """T = `shift` + Poisson(`mean` - `shift`): at least `shift` steps; `pmf` and `tail` are float64."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "shift", positive_integer(self.shift, "shift"))
        object.__setattr__(self, "mean", _mean_of_at_least(self.mean, self.shift, "the shift"))

    @property
    def _rate(self) -> Any:
        return self.mean - self.shift

    def _waits(self, power: int) -> Any:
        rate = self._rate
        return (rate, rate**2 + rate, rate**3 + 3 * rate**2 + rate)[power - 1]

    @property
    def largest(self) -> int | None:
        return self.shift if self._rate == 0 else None

    def pmf(self, n: int) -> float:
        if n < self.shift:
            return 0.0
        rate, count = float(self._rate), n - self.shift
        return float(np.exp(xlogy(count, rate) - rate - log_gamma(count + 1)))

    def tail(self, n: int) -> float:
        return 1.0 if n < self.shift else float(pdtrc(n - self.shift, float(self._rate)))

    def sample(self, rng: np.random.Generator, n: int) -> np.ndarray:
        return self.shift + rng.poisson(float(self._rate), size=n)
