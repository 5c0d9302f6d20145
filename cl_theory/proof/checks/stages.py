"""Three stages of draws, the power that a plan has against a named error, and the budget of false alarms.

SciPy has neither Hotelling's test nor power over several stages; its F and noncentral F laws are what both are made of.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from scipy import optimize, stats

ALPHA = 5e-7
"""False-alarm rate of one Monte Carlo statistic."""
POWER = 1 - 1e-6
"""Planned power: a run has hundreds of planted errors, and each must be caught in every run."""
POWER_FLOOR = 0.999
"""A pass with less power than this against a planted error says nothing."""
GAMMA = 0.01


def planned_power(power: float) -> float:
    """Return `power` if it can be planned for, else raise ValueError. Leave room above the floor: 0.9999 has 23 %
    in the variance of the sample, the default 67 %."""
    if not POWER_FLOOR < power < 1:
        raise ValueError(f"power must lie between {POWER_FLOOR}, the least a pass needs, and 1, got {power!r}")
    return power


@dataclass(frozen=True)
class ThreeStages:
    r"""Stage i looks at n, 4n, 16n fresh draws and fails when :math:`p \le \alpha_i = \alpha/(3\gamma^{i-1})`,
    passes when :math:`p > \gamma`, else goes on; after the third stage it passes.

    With uniform p-values it fails with probability
    :math:`\alpha_1 + (\gamma-\alpha_1)\alpha_2 + (\gamma-\alpha_1)(\gamma-\alpha_2)\alpha_3 < \alpha`.
    ValueError unless :math:`0 < \alpha \le 3\gamma^3` and :math:`\gamma < 1`, so that :math:`\alpha_3\le\gamma`.
    """

    alpha: float = ALPHA
    gamma: float = GAMMA

    def __post_init__(self) -> None:
        if not 0 < self.gamma < 1:
            raise ValueError(f"gamma must lie strictly between 0 and 1, got {self.gamma!r}")
        if not 0 < self.alpha <= 3 * self.gamma**3:
            raise ValueError(f"alpha must lie in (0, 3 gamma^3 = {3 * self.gamma**3:.3g}], got {self.alpha!r}")

    @property
    def levels(self) -> tuple[float, float, float]:
        """The levels at which the stages fail."""
        return self.alpha / 3, self.alpha / (3 * self.gamma), self.alpha / (3 * self.gamma**2)

    @staticmethod
    def draws(n: int) -> tuple[int, int, int]:
        """Draws at each stage."""
        return n, 4 * n, 16 * n

    def decide(self, stage: int, p_value: float) -> bool | None:
        """True: pass, False: fail, None: go on; `stage` is 0, 1 or 2. ValueError unless 0 <= p_value <= 1."""
        if not 0 <= p_value <= 1:
            raise ValueError(f"a p-value must lie in [0, 1], got {p_value!r}; look for an overflow in the sample")
        if p_value <= self.levels[stage]:
            return False
        return True if p_value > self.gamma or stage == 2 else None

    def miss(self, failing: Sequence[float], passing: Sequence[float]) -> float:
        """Probability that the rule passes, from each stage's probability to fail and to pass at once.

        With lower bounds in `failing` and upper bounds in `passing` the result is an upper bound.
        """
        missed = 1 - failing[2]
        for fail, at_once in ((failing[1], passing[1]), (failing[0], passing[0])):
            missed = at_once + max(0.0, 1 - fail - at_once) * missed
        return missed


LEAST_DRAWS = 5000
"""Fewer draws than this leave the sample's own covariance and skewness too noisy to judge a check by."""
LARGE = 10**9
"""Draws at which F has reached its limit, chi^2."""
LARGEST_NONCENTRALITY = 500.0
"""Beyond this a miss has probability 0 in floating point, and SciPy's noncentral F returns NaN."""


def hotelling_p_value(t_squared: float, n: int, k: int) -> float:
    """P(T^2 >= t_squared) for n normal draws in k dimensions, by F(k, n - k)."""
    return float(stats.f.sf(t_squared * (n - k) / (k * (n - 1)), k, n - k))


def miss_rate(per_draw: float, n: int, k: int, rule: ThreeStages) -> float:
    """Probability that the three stages pass a shift with noncentrality ``n * per_draw`` at the first of them.

    Exact for normal draws (noncentral F).
    """
    failing, passing = [], []
    for draws, (fails_above, passes_below) in zip(rule.draws(n), _thresholds(n, k, rule), strict=True):
        law = (k, draws - k, min(draws * per_draw, LARGEST_NONCENTRALITY))
        failing.append(float(stats.ncf.sf(fails_above, *law)))
        passing.append(float(stats.ncf.cdf(passes_below, *law)))
    return rule.miss(failing, passing)


def draws_needed(per_draw: float, k: int, rule: ThreeStages, power: float) -> int:
    """Smallest n, up to rounding to 3 digits, with a miss rate of at most 1 - `power`; at least LEAST_DRAWS."""
    large = visible_shift(LARGE, k, rule, power) * LARGE
    n = max(LEAST_DRAWS, 100 * k, rounded_up(large / per_draw))
    while miss_rate(per_draw, n, k, rule) > 1 - power:  # F has heavier tails than its limit
        n = rounded_up(1.001 * n)
    return n


@cache
def visible_shift(n: int, k: int, rule: ThreeStages, power: float) -> float:
    """The squared shift in units of the covariance, per draw, that n draws see with `power`."""

    def excess(log_shift: float) -> float:
        missed = miss_rate(math.exp(log_shift), n, k, rule)
        return math.log(max(missed, 1e-300)) - math.log(1 - power)

    low, high = 1.0, 100.0 * (k + 10)
    if n < LARGE:
        limit = visible_shift(LARGE, k, rule, power) * LARGE
        low, high = 0.99 * limit, 2 * limit
    return math.exp(optimize.brentq(excess, math.log(low / n), math.log(high / n), xtol=1e-6))


@cache
def _thresholds(n: int, k: int, rule: ThreeStages) -> list[tuple[float, float]]:
    # Of the F statistic at each stage: above the first it fails, below the second it passes.
    return [
        (float(stats.f.isf(level, k, draws - k)), float(stats.f.isf(rule.gamma, k, draws - k)))
        for draws, level in zip(rule.draws(n), rule.levels, strict=True)
    ]


def rounded_up(n: float, digits: int = 3) -> int:
    """`n` rounded up to `digits` figures, so that the last bit of a covariance does not change a plan."""
    unit = 10 ** max(0, math.ceil(math.log10(max(n, 1))) - digits)
    return math.ceil(n / unit) * unit


BUDGET = 1e-4
"""Sum of the false-alarm rates of all Monte Carlo statistics of one run."""


def alpha_spent(records: Iterable[Mapping[str, Any]]) -> float:
    """Sum of alpha over the Monte Carlo checks of the claims' `records`.

    By the union bound this is the probability that any of them fails although all is right. Controls are not
    charged: their failing is wanted. ValueError if a Monte Carlo check does not say its alpha.
    """
    spent = 0.0
    for check in (check for record in records for check in record["checks"] if check["level"] == "monte_carlo"):
        alpha = check["details"].get("alpha")
        if not isinstance(alpha, float) or not 0 < alpha < 1:
            raise ValueError(f"Monte Carlo check {check['scope']!r} must record its alpha in details, got {alpha!r}")
        spent += alpha
    return spent
