"""Exact binomial test of a proportion in three stages: the duty cycle P(B = 1) = b."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from scipy import optimize, special

from cl_theory.arguments import probability_inside
from cl_theory.checks.outcome import Outcome
from cl_theory.checks.plans import Plan
from cl_theory.checks.power import LEAST_DRAWS, rounded_up
from cl_theory.checks.stages import ALPHA, POWER, ThreeStages, planned_power

B_OFF: Mapping[str, float] = {"b off by 1 %": 0.01}


@dataclass(frozen=True)
class ProportionPlan(Plan):
    """Plan of an exact binomial test of the proportion `p`; made by `plan_proportion`."""

    p: Any
    errors: Mapping[str, float] = field(repr=False)


def plan_proportion(
    p: Any,
    relative_errors: Mapping[str, float] = B_OFF,
    *,
    alpha: float = ALPHA,
    power: float = POWER,
    least: int = 0,
) -> ProportionPlan:
    """Plan a test that a proportion is `p` (float or Fraction), from exact binomial laws.

    `relative_errors` names planted errors e: a coin of ``p (1 + e)``, and of ``p (1 - e)``, must be caught with
    probability `power` (those that stay inside (0, 1)). `smallest_error` is the smallest |e| seen with `power`.
    """
    probability_inside(p, "p")
    if not relative_errors or any(not e for e in relative_errors.values()):
        raise ValueError(f"relative_errors must name errors other than 0, got {dict(relative_errors)!r}")
    rule, chance, power = ThreeStages(alpha), float(p), planned_power(power)
    weakest = min(relative_errors, key=lambda name: abs(relative_errors[name]))
    error = abs(relative_errors[weakest])
    n = rounded_up(max(_draws(chance, error, rule, power), least))
    return ProportionPlan(
        n=n,
        rule=rule,
        power=power,
        weakest=weakest,
        smallest_error=float(f"{_visible(chance, error, n, rule, power):.3g}"),
        scale=chance,
        least_per_draw=0.0,
        p=p,
        errors=dict(relative_errors),
    )


def proportion_agrees(
    rng: np.random.Generator,
    count: Callable[[np.random.Generator, int], int],
    p: Any,
    *,
    plan: ProportionPlan,
    scope: str,
) -> Outcome:
    """Whether ``count(rng, n)``, the number of successes in n fresh independent trials, has proportion `p`.

    Exact two-sided binomial p-values (twice the smaller tail) in three stages; no normal approximation, so no CLT
    gate, and the planned power holds as it stands. ValueError if `plan` was made for another p or a count is not
    an integer in 0..n.
    """
    if plan.p != p:
        raise ValueError(f"the plan is for p = {plan.p!r}, got {p!r}; plan again")
    p_values: list[float] = []
    for stage, n in enumerate(plan.rule.draws(plan.n)):
        successes = _checked(count(rng, n), n)
        p_values.append(binomial_p_value(successes, n, float(p)))
        decision = plan.rule.decide(stage, p_values[-1])
        if decision is not None:
            break
    draws = sum(plan.rule.draws(plan.n)[: len(p_values)])
    details = {
        "n": plan.n,
        "alpha": plan.alpha,
        "power": plan.power,
        "estimate": successes / n,
        "standard_error": math.sqrt(float(p) * (1 - float(p)) / n),
        "target": float(p),
        "stages": len(p_values),
        "stage_p_values": p_values,
        "clt_kappa": 0.0,
        "draws": draws,
        "weakest": plan.weakest,
    }
    return Outcome("monte_carlo", scope, decision, {"target": p}, plan.smallest_error, plan.scale, details, draws)


def binomial_p_value(successes: int, n: int, p: float) -> float:
    """Twice the smaller exact tail of Binomial(n, p), at most 1."""
    return min(1.0, 2 * min(_at_most(successes, n, p), _at_least(successes, n, p)))


def miss_rate_of_proportion(p: float, actual: float, n: int, rule: ThreeStages) -> float:
    """Exact probability that the three stages pass successes of proportion `actual` as `p`."""
    failing, passing = [], []
    for draws, level in zip(rule.draws(n), rule.levels, strict=True):
        failing.append(1 - _between(p, actual, draws, level))
        passing.append(_between(p, actual, draws, rule.gamma))
    return rule.miss(failing, passing)


def _between(p: float, actual: float, n: int, level: float) -> float:
    # P(two-sided p-value > level) when the proportion is `actual`: both ends of that interval of counts, exactly.
    half, spread = level / 2, math.sqrt(n * p * (1 - p)) * float(special.ndtri(1 - level / 2))
    low, high = max(0, int(n * p - spread)), min(n, math.ceil(n * p + spread))
    low = _moved(low, lambda count: _at_most(count, n, p) > half, step=-1)
    high = _moved(high, lambda count: _at_least(count, n, p) > half, step=1)
    if actual <= p:
        return _at_most(high, n, actual) - _at_most(low - 1, n, actual)
    return _at_least(low, n, actual) - _at_least(high + 1, n, actual)


def _moved(count: int, inside: Callable[[int], bool], step: int) -> int:
    # The outermost count that is inside, when walking in the direction `step`, from a good guess.
    while not inside(count):
        count -= step
    while inside(count + step):
        count += step
    return count


def _at_most(count: int, n: int, p: float) -> float:
    return 0.0 if count < 0 else 1.0 if count >= n else float(special.betainc(n - count, count + 1, 1 - p))


def _at_least(count: int, n: int, p: float) -> float:
    return 1.0 if count <= 0 else 0.0 if count > n else float(special.betainc(count, n - count + 1, p))


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


def _checked(successes: Any, n: int) -> int:
    if int(successes) != successes or not 0 <= successes <= n:
        raise ValueError(f"count(rng, {n}) must return an integer in 0..{n}, got {successes!r}")
    return int(successes)
