"""How many draws: the exact model and named planted errors give n, before anything is drawn."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import numpy as np
from scipy import optimize, special

from cl_theory.arguments import finite, probability_inside
from cl_theory.proof.checks.normality import CONSTANT_SEEN, Whitening, draws_for_clt
from cl_theory.proof.checks.stages import (
    ALPHA,
    LEAST_DRAWS,
    POWER,
    POWER_FLOOR,
    ThreeStages,
    draws_needed,
    planned_power,
    rounded_up,
    visible_shift,
)

LARGEST_MEAN = 32


@dataclass(frozen=True)
class Plan:
    """What every Monte Carlo plan says: the draws of the first stage, the rule, the power against `weakest`.

    `power` is what the three stages have at least, against each named planted error. `smallest_error` is relative
    to `scale`. `least_per_draw` is the noncentrality per draw that a pass needs to have a power of POWER_FLOOR.
    """

    n: int
    rule: ThreeStages
    power: float
    weakest: str
    smallest_error: float
    scale: float
    least_per_draw: float = field(repr=False)


@dataclass(frozen=True)
class MeanPlan(Plan):
    """Plan of Hotelling's T^2 for a mean in R^k; made by `plan_mean`."""

    shifts: Mapping[str, np.ndarray] = field(repr=False)
    whitening: Whitening = field(repr=False)


def plan_mean(
    shifts: Mapping[str, Any],
    covariance: Any,
    *,
    scale: Any,
    alpha: float = ALPHA,
    power: float = POWER,
    skewness: Any = None,
    least: int = 0,
) -> MeanPlan:
    r"""Plan a test of the mean of a statistic vector Y in R^k, k <= 32, from the exact `covariance` (k, k) of Y.

    `shifts` names each planted error with what it adds to E Y, (k,). n is the smallest (rounded up to 3 digits)
    for which the three-stage Hotelling test catches the weakest of them with probability `power`: per draw its
    noncentrality is :math:`\delta^2 = \text{shift}^\top S^{-1} \text{shift}`, and the power is that of the
    noncentral F law over all three stages. Given the exact `skewness` (k,) of Y, n is raised until the CLT gate
    holds with room; without it the gate may leave the check inconclusive when it runs. `least` is a floor for n.

    `scale`, a number or one per coordinate, says what errors are relative to (the target, its rms, or declared).
    `smallest_error` is the largest, over the named directions, of the part of the shift that n draws would still
    have seen with `power`, measured as ``max |shift / scale|``.

    A combination of coordinates that is constant under `covariance` is left out of T^2 and compared within
    1e-6 of its scale. ValueError if a shift is 0 (the mean cannot see that error), if nothing varies, k > 32.
    """
    matrix = finite(np.atleast_2d(np.asarray(covariance, dtype=float)), "covariance")
    k = len(matrix)
    if k > LARGEST_MEAN:
        raise ValueError(
            f"Hotelling's test takes at most {LARGEST_MEAN} coordinates, got {k}; test fewer of them, or their sums"
        )
    rule, moves, scales = ThreeStages(alpha), _named_shifts(shifts, k), _scales(scale, k)
    whitening = Whitening.of(matrix, scales)
    if skewness is not None:
        least = max(least, math.ceil(draws_for_clt(vector_of(skewness, k, "skewness"), rule.levels[0])))
    per_draw = {name: whitening.squared(move) for name, move in moves.items()}
    weakest = min(per_draw, key=lambda name: per_draw[name])
    needed = draws_needed(min(per_draw[weakest], 1.0), whitening.rank, rule, planned_power(power))
    n = max(needed, rounded_up(least))
    seen = visible_shift(n, whitening.rank, rule, power)
    smallest = max(
        float(np.abs(move / scales).max()) * min(1.0, math.sqrt(seen / per_draw[name])) for name, move in moves.items()
    )
    return MeanPlan(
        n=n,
        rule=rule,
        power=power,
        weakest=weakest,
        smallest_error=_three_digits(max(smallest, CONSTANT_SEEN)),
        scale=float(scales.max()),
        least_per_draw=visible_shift(n, whitening.rank, rule, POWER_FLOOR),
        shifts=moves,
        whitening=whitening,
    )


def vector_of(value: Any, k: int, name: str) -> np.ndarray:
    """`value` as k finite floats; ValueError, which calls it `name`, if it is something else."""
    vector = finite(np.atleast_1d(np.asarray(value, dtype=float)), name)
    if vector.shape != (k,):
        raise ValueError(f"{name} must have shape ({k},), got {vector.shape}")
    return vector


def _named_shifts(shifts: Mapping[str, Any], k: int) -> dict[str, np.ndarray]:
    if not shifts:
        raise ValueError("shifts must name at least one planted error, got none")
    moves = {name: vector_of(move, k, f"shift {name!r}") for name, move in shifts.items()}
    for name, move in moves.items():
        if not move.any():
            raise ValueError(f"shift {name!r} is 0: this mean cannot see it; add a second moment, or plan_proportion")
    return moves


def _scales(scale: Any, k: int) -> np.ndarray:
    scales = finite(np.broadcast_to(np.asarray(scale, dtype=float), (k,)), "scale")
    if not (scales > 0).all():
        raise ValueError(f"scale must be above 0, got {float(scales.min())!r}; declare what errors are relative to")
    return scales


def _three_digits(number: float) -> float:
    return float(f"{number:.3g}")


@dataclass(frozen=True)
class ProportionPlan(Plan):
    """Plan of an exact binomial test of the proportion `p`; made by `plan_proportion`."""

    p: float


def plan_proportion(p: float, error: float = 0.01, *, alpha: float = ALPHA, power: float = POWER) -> ProportionPlan:
    """Plan a test that a proportion is `p`, from exact binomial laws.

    Coins of ``p (1 + error)`` and of ``p (1 - error)`` must be caught with probability `power` (those that stay inside
    (0, 1)). `smallest_error` is the smallest relative error that is seen with `power`.
    """
    probability_inside(p, "p")
    rule, power = ThreeStages(alpha), planned_power(power)
    n = rounded_up(_draws(p, error, rule, power))
    visible = _three_digits(_visible(p, error, n, rule, power))
    return ProportionPlan(n, rule, power, f"p off by {error:.0%}", visible, p, 0.0, p)


def miss_rate_of_proportion(p: float, actual: float, n: int, rule: ThreeStages) -> float:
    """Exact probability that the three stages pass successes of proportion `actual` as `p`."""
    failing, passing = [], []
    for draws, level in zip(rule.draws(n), rule.levels, strict=True):
        failing.append(1 - _between(p, actual, draws, level))
        passing.append(_between(p, actual, draws, rule.gamma))
    return rule.miss(failing, passing)


def _between(p: float, actual: float, n: int, level: float) -> float:
    # P(two-sided p-value > level) when the proportion is `actual`: of the counts in an interval, exactly.
    low, high = _accepted(p, n, level)
    return float(special.bdtr(high, n, actual) + special.bdtrc(low - 1, n, actual) - 1)


@cache
def _accepted(p: float, n: int, level: float) -> tuple[int, int]:
    # Both ends of the interval of counts at which either tail holds more than level / 2; stats.binom takes 14 times
    # as long as the functions that it calls, and a plan asks for hundreds of them.
    low, high = (math.ceil(special.bdtrik(level / 2, n, chance)) for chance in (p, 1 - p))
    return low, n - high


def _worst_miss(p: float, error: float, n: int, rule: ThreeStages) -> float:
    coins = [coin for coin in (p * (1 + error), p * (1 - error)) if 0 < coin < 1]
    if not coins:
        raise ValueError(f"p = {p!r} off by a factor 1 +- {error!r} is no probability; name a smaller error")
    return max(miss_rate_of_proportion(p, coin, n, rule) for coin in coins)


def _draws(p: float, error: float, rule: ThreeStages, power: float) -> int:
    n = max(LEAST_DRAWS, int(20 * (1 - p) / (p * error**2)))
    while n > LEAST_DRAWS and _worst_miss(p, error, n // 2, rule) <= 1 - power:
        n //= 2
    while _worst_miss(p, error, n, rule) > 1 - power:  # counts are lattice-valued: n is found to 1 %
        n = rounded_up(1.01 * n)
    return n


def _visible(p: float, error: float, n: int, rule: ThreeStages, power: float) -> float:
    def excess(e: float) -> float:
        return math.log(max(_worst_miss(p, e, n, rule), 1e-300)) - math.log(1 - power)

    return float(optimize.brentq(excess, error / 1000, error, xtol=error * 1e-4)) if excess(error) < 0 else error
