"""Hotelling's T^2: its p-value, the exact miss rate of the three-stage rule, and the draws that a power needs."""

import math
from functools import cache

from scipy import optimize, stats

from cl_theory.checks.stages import ThreeStages

LEAST_DRAWS = 5000
"""Fewer draws than this leave the sample's own covariance and skewness too noisy to judge a check by."""
LARGE = 10**9
"""Draws at which F has reached its limit, chi^2."""
LARGEST_NONCENTRALITY = 500.0
"""Beyond this a miss has probability 0 in floating point, and SciPy's noncentral F returns NaN."""


def hotelling_p_value(t_squared: float, n: int, k: int) -> float:
    """P(T^2 >= t_squared) for n normal draws in k dimensions, by F(k, n - k)."""
    return float(stats.f.sf(t_squared * (n - k) / (k * (n - 1)), k, n - k))


def miss_rate(per_draw: float, n: int, k: int, rule: ThreeStages, tests: int = 1) -> float:
    """Probability that the three stages pass a shift with noncentrality ``n * per_draw`` at the first of them.

    Exact for normal draws (noncentral F); `tests` > 1 is an upper bound for the largest of that many Bonferroni
    tests, of which this is one.
    """
    failing, passing = [], []
    for draws, (fails_above, passes_below) in zip(rule.draws(n), _thresholds(n, k, rule, tests), strict=True):
        law = (k, draws - k, min(draws * per_draw, LARGEST_NONCENTRALITY))
        failing.append(float(stats.ncf.sf(fails_above, *law)))
        passing.append(float(stats.ncf.cdf(passes_below, *law)))
    return rule.miss(failing, passing)


def draws_needed(per_draw: float, k: int, rule: ThreeStages, power: float, tests: int = 1) -> int:
    """Smallest n, up to rounding to 3 digits, with a miss rate of at most 1 - `power`; at least LEAST_DRAWS."""
    large = visible_shift(LARGE, k, rule, power, tests) * LARGE
    n = max(LEAST_DRAWS, 100 * k, rounded_up(large / per_draw))
    while miss_rate(per_draw, n, k, rule, tests) > 1 - power:  # F has heavier tails than its limit
        n = rounded_up(1.001 * n)
    return n


@cache
def visible_shift(n: int, k: int, rule: ThreeStages, power: float, tests: int = 1) -> float:
    """The squared shift in units of the covariance, per draw, that n draws see with `power`."""

    def excess(log_shift: float) -> float:
        missed = miss_rate(math.exp(log_shift), n, k, rule, tests)
        return math.log(max(missed, 1e-300)) - math.log(1 - power)

    low, high = 1.0, 100.0 * (k + 10)
    if n < LARGE:
        limit = visible_shift(LARGE, k, rule, power, tests) * LARGE
        low, high = 0.99 * limit, 2 * limit
    return math.exp(optimize.brentq(excess, math.log(low / n), math.log(high / n), xtol=1e-6))


@cache
def _thresholds(n: int, k: int, rule: ThreeStages, tests: int) -> list[tuple[float, float]]:
    # Of the F statistic at each stage: above the first it fails, below the second it passes.
    return [
        (float(stats.f.isf(level / tests, k, draws - k)), float(stats.f.isf(rule.gamma / tests, k, draws - k)))
        for draws, level in zip(rule.draws(n), rule.levels, strict=True)
    ]


def rounded_up(n: float, digits: int = 3) -> int:
    """`n` rounded up to `digits` figures, so that the last bit of a covariance does not change a plan."""
    unit = 10 ** max(0, math.ceil(math.log10(max(n, 1))) - digits)
    return math.ceil(n / unit) * unit
