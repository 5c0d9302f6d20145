"""Hotelling's T^2: its p-value, the exact miss rate of the three-stage rule, and the draws that a power needs."""

import math

from scipy import optimize, stats

from cl_theory.checks.stages import ThreeStages

LEAST_DRAWS = 5000
"""Fewer draws than this leave the sample's own covariance and skewness too noisy to judge a check by."""
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
    for draws, level in zip(rule.draws(n), rule.levels, strict=True):
        law = stats.ncf(k, draws - k, min(draws * per_draw, LARGEST_NONCENTRALITY))
        failing.append(float(law.sf(stats.f.isf(level / tests, k, draws - k))))
        passing.append(float(law.cdf(stats.f.isf(rule.gamma / tests, k, draws - k))))
    return rule.miss(failing, passing)


def draws_needed(per_draw: float, k: int, rule: ThreeStages, power: float, tests: int = 1) -> int:
    """Smallest n, up to rounding to 3 digits, with a miss rate of at most 1 - `power`; at least LEAST_DRAWS."""
    least = max(LEAST_DRAWS, 100 * k)

    def excess(log_n: float) -> float:
        missed = miss_rate(per_draw, math.ceil(math.exp(log_n)), k, rule, tests)
        return math.log(max(missed, 1e-300)) - math.log(1 - power)

    low = math.log(least)
    if excess(low) <= 0:
        return least
    high = math.log(max(least, 100 * (k + 10) / per_draw))
    return rounded_up(math.exp(optimize.brentq(excess, low, high, xtol=1e-6)) * (1 + 1e-6))


def visible_shift(n: int, k: int, rule: ThreeStages, power: float, tests: int = 1) -> float:
    """The squared shift in units of the covariance, per draw, that n draws see with `power`."""

    def excess(log_shift: float) -> float:
        missed = miss_rate(math.exp(log_shift), n, k, rule, tests)
        return math.log(max(missed, 1e-300)) - math.log(1 - power)

    return math.exp(optimize.brentq(excess, math.log(1.0 / n), math.log(100.0 * (k + 10) / n), xtol=1e-6))


def rounded_up(n: float, digits: int = 3) -> int:
    """`n` rounded up to `digits` figures, so that the last bit of a covariance does not change a plan."""
    unit = 10 ** max(0, math.ceil(math.log10(max(n, 1))) - digits)
    return math.ceil(n / unit) * unit
