"""The CLT gate: whether n draws are enough for a Studentised mean to keep its size far out in the tail."""

import math
from collections.abc import Callable

import numpy as np
from scipy import stats

from cl_theory.checks.power import rounded_up
from cl_theory.checks.stages import ThreeStages

CLT_LIMIT = 0.25
"""Gate: the size is then off by a factor of about cosh(0.25) = 1.03."""
CLT_PLANNED = 0.2
"""What plans aim for, below the gate because the skewness of a sample scatters."""


def clt_kappa(skewness: np.ndarray, n: float, level: float, tests: int = 1) -> np.ndarray:
    r"""Per coordinate :math:`\kappa = |\text{skew}|\, z^3/(3\sqrt n)`, z the two-sided normal quantile of `level`.

    A Studentised mean of n draws tested at `level` has size about :math:`\cosh(\kappa)` times it.
    """
    z = stats.norm.isf(level / (2 * tests))
    return np.abs(skewness) * z**3 / (3 * math.sqrt(n))


def largest_kappa(skewness: np.ndarray, n: float, level: float) -> float:
    """The gate of T^2: kappa of the most skewed coordinate.

    In k dimensions the tail is an average over directions u of cosh(kappa(u)), in which the larger quantile and the
    smaller skewness of a random direction cancel; so the scalar quantile and the worst coordinate are used.
    """
    return float(clt_kappa(skewness, n, level).max())


def mean_kappa(skewness: np.ndarray, n: float, level: float) -> float:
    """The gate of Bonferroni: kappa with cosh(kappa) the mean of cosh over coordinates, as sizes add up."""
    each = np.minimum(clt_kappa(skewness, n, level, tests=len(skewness)), 300.0)
    return float(np.arccosh(np.cosh(each).mean()))


def draws_for_clt(gate: Callable[..., float], skewness: np.ndarray | None, rule: ThreeStages) -> int:
    """Draws that bring `gate` (`largest_kappa` or `mean_kappa`) to CLT_PLANNED at the first stage's level."""
    if skewness is None or not skewness.any():
        return 1
    level = rule.levels[0]
    worst = float(clt_kappa(skewness, 1, level, tests=len(skewness)).max())
    low, high = 0.0, 2 * math.log(max(worst / CLT_PLANNED, 1.0))  # log n; the worst coordinate alone is enough
    while high - low > 1e-3:
        middle = (low + high) / 2
        low, high = (middle, high) if gate(skewness, math.exp(middle), level) > CLT_PLANNED else (low, middle)
    return rounded_up(math.exp(high))
