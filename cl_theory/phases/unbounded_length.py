"""Phase lengths without an upper limit: no signal marks the end of a phase, and none is needed."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.special import gammaln as log_gamma
from scipy.special import pdtrc, xlogy

from cl_theory.arguments import positive_integer
from cl_theory.phases.length import PhaseLength, exact


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

    @property
    def second_moment(self) -> Any:
        return 2 * self.mean**2 - self.mean

    @property
    def third_moment(self) -> Any:
        return 6 * self.mean**3 - 6 * self.mean**2 + self.mean

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
class ShiftedGeometric(PhaseLength):
    """T = `shift` + a geometric length of mean `mean` - `shift`: at least `shift` + 1 steps."""

    shift: int
    mean: Any

    def __post_init__(self) -> None:
        object.__setattr__(self, "shift", positive_integer(self.shift, "shift"))
        object.__setattr__(self, "mean", _mean_of_at_least(self.mean, self.shift + 1, "shift and one step"))

    @property
    def _wait(self) -> Geometric:
        return Geometric(self.mean - self.shift)

    @property
    def second_moment(self) -> Any:
        return _shifted_second(self.shift, self._wait.mean, self._wait.second_moment)

    @property
    def third_moment(self) -> Any:
        wait = self._wait
        return _shifted_third(self.shift, wait.mean, wait.second_moment, wait.third_moment)

    @property
    def largest(self) -> int | None:
        return self.shift + 1 if self._wait.largest else None

    def pmf(self, n: int) -> Any:
        return self._wait.pmf(n - self.shift)

    def tail(self, n: int) -> Any:
        return self._wait.tail(n - self.shift)

    def float_tail(self, n: int) -> float:
        return self._wait.float_tail(n - self.shift)

    def sample(self, rng: np.random.Generator, n: int) -> np.ndarray:
        return self.shift + self._wait.sample(rng, n)


@dataclass(frozen=True)
class ShiftedPoisson(PhaseLength):
    """T = `shift` + Poisson(`mean` - `shift`): at least `shift` steps; `pmf` and `tail` are float64."""

    shift: int
    mean: Any

    def __post_init__(self) -> None:
        object.__setattr__(self, "shift", positive_integer(self.shift, "shift"))
        object.__setattr__(self, "mean", _mean_of_at_least(self.mean, self.shift, "the shift"))

    @property
    def _rate(self) -> Any:
        return self.mean - self.shift

    @property
    def second_moment(self) -> Any:
        return _shifted_second(self.shift, self._rate, self._rate**2 + self._rate)

    @property
    def third_moment(self) -> Any:
        rate = self._rate
        return _shifted_third(self.shift, rate, rate**2 + rate, rate**3 + 3 * rate**2 + rate)

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


def _shifted_second(shift: int, first: Any, second: Any) -> Any:
    return shift**2 + 2 * shift * first + second


def _shifted_third(shift: int, first: Any, second: Any, third: Any) -> Any:
    return shift**3 + 3 * shift**2 * first + 3 * shift * second + third
