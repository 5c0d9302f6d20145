"""Checks by drawing, as planned: means, proportions, and laws that must not drift."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

import numpy as np
from scipy import optimize, special, stats

from cl_theory.arguments import finite, positive, positive_integer, probabilities, probability_inside
from cl_theory.learning.models.moments import DiagonalMoments, Moments
from cl_theory.proof.checks.normality import CLT_LIMIT, largest_kappa
from cl_theory.proof.checks.outcome import Outcome
from cl_theory.proof.checks.plans import LARGEST_MEAN, MeanPlan, Plan
from cl_theory.proof.checks.stages import (
    ALPHA,
    LEAST_DRAWS,
    POWER,
    POWER_FLOOR,
    ThreeStages,
    hotelling_p_value,
    planned_power,
    rounded_up,
)

M = TypeVar("M", Moments, DiagonalMoments)


@dataclass(frozen=True)
class Look:
    """One stage: draws, p-value, CLT kappa, and the noncentrality per draw of the weakest named planted error."""

    n: int
    p_value: float
    kappa: float
    per_draw: float
    estimate: np.ndarray
    standard_error: np.ndarray
    target: np.ndarray


def mean_agrees(
    rng: np.random.Generator,
    sample: Callable[[np.random.Generator, int], Moments],
    target: Any,
    *,
    plan: MeanPlan,
    scope: str,
) -> Outcome:
    """Whether the mean of ``sample(rng, n)`` is the exact `target` (k,), by Hotelling's T^2 in three stages.

    Uses the covariance of the sample itself. Inconclusive (None) when the CLT gate fails, or when a pass would
    mean nothing: under the sample's covariance the power against a named planted error is below 0.999. ValueError
    if `sample` does not return the Moments of n draws, or `target` has NaN or another shape.
    """
    goal = _target(target, plan.k)
    looks, decision = _three_looks(plan, lambda n: _hotelling(_drawn(sample, rng, n, Moments), goal, plan))
    return _outcome(plan, goal, looks, decision, scope)


def _hotelling(moments: Moments, goal: np.ndarray, plan: MeanPlan) -> Look:
    space, n = plan.whitening, moments.n
    covariance = space.varying @ moments.covariance @ space.varying.T
    values, vectors = np.linalg.eigh(covariance)
    safe = np.maximum(values, 1e-12)  # a sample that is constant where the law varies: T^2 explodes, or no power
    away = vectors.T @ (space.varying @ (moments.mean - goal))
    p_value = hotelling_p_value(n * float((away**2 / safe).sum()), n, space.rank)
    if space.moves_a_constant(moments.mean - goal) or space.varies_where_constant(moments.covariance):
        p_value = 0.0
    moves = [vectors.T @ (space.varying @ move) for move in plan.shifts.values() if not space.moves_a_constant(move)]
    per_draw = min((float((move**2 / safe).sum()) for move in moves), default=np.inf)
    kappa = largest_kappa(moments.skewness[space.coordinates], n, _level(plan, n))
    error = np.sqrt(np.diagonal(moments.covariance) / n)
    return Look(n, p_value, kappa, per_draw, moments.mean, error, goal)


def _three_looks(plan: Plan, look: Callable[[int], Look]) -> tuple[list[Look], bool]:
    looks: list[Look] = []
    for stage, n in enumerate(plan.rule.draws(plan.n)):
        looks.append(look(n))
        decision = plan.rule.decide(stage, looks[-1].p_value)
        if decision is not None:
            return looks, decision
    raise AssertionError("the third stage decides")


def _outcome(plan: Any, goal: np.ndarray, looks: Sequence[Look], decision: bool, scope: str) -> Outcome:
    last, kappa = looks[-1], max(look.kappa for look in looks)
    reason = ""
    if kappa > CLT_LIMIT:
        reason = f"CLT gate: kappa {kappa:.3g} > {CLT_LIMIT}; plan with the exact skewness, or a larger least"
    elif decision and last.per_draw < plan.least_per_draw:
        reason = f"the sample's covariance leaves a power below {POWER_FLOOR} against a planted error; plan with it"
    details = {
        "n": plan.n,
        "alpha": plan.alpha,
        "power": plan.power,
        "estimate": last.estimate.tolist(),
        "standard_error": last.standard_error.tolist(),
        "target": last.target.tolist(),
        "stages": len(looks),
        "stage_p_values": [look.p_value for look in looks],
        "clt_kappa": kappa,
        "draws": sum(look.n for look in looks),
        "weakest": plan.weakest,
    }
    passed = None if reason else decision
    values = {"target": goal[:LARGEST_MEAN].tolist(), "count": len(goal)}
    details |= {"reason": reason} if reason else {}
    return Outcome("monte_carlo", scope, passed, values, plan.smallest_error, plan.scale, details, details["draws"])


def _drawn(sample: Callable[..., M], rng: np.random.Generator, n: int, kind: type[M]) -> M:
    moments = sample(rng, n)
    if not isinstance(moments, kind):
        raise TypeError(f"sample(rng, n) must return {kind.__name__}, got {type(moments).__name__}")
    if moments.n != n:
        raise ValueError(f"sample(rng, {n}) must return the moments of {n} fresh draws, got n = {moments.n}")
    return moments


def _target(target: Any, k: int) -> np.ndarray:
    goal = finite(np.atleast_1d(np.asarray(target, dtype=float)), "target")
    if goal.shape != (k,):
        raise ValueError(f"target must have the plan's shape ({k},), got {goal.shape}")
    return goal


def _level(plan: Plan, n: int) -> float:
    return plan.rule.levels[plan.rule.draws(plan.n).index(n)]


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


States = Any


def no_drift(
    rng: np.random.Generator,
    draw: Callable[[np.random.Generator, int], States],
    kernel: Callable[[np.random.Generator, States], States],
    probability: Any,
    *,
    n: int,
    scope: str,
    index: Callable[[States], np.ndarray] | None = None,
    steps: Sequence[int] = (1, 4, 16),
    alpha: float = ALPHA,
    power: float = POWER,
) -> Outcome:
    r"""Whether `kernel` leaves the law `probability` (n_states,) alone, seen after 1, 4 and 16 steps.

    ``draw(rng, n)`` gives n exact independent draws and ``kernel(rng, states)`` moves each by one step. `index`
    turns states into integers below n_states; without it, integer states are taken as they are and rows of 0/1
    units are read with unit i as bit i. The distance is the total variation TV between the histogram and the law.
    Its exact mean under the law, the *floor*, is :math:`\tfrac12\sum_x E|N_x/n - p_x|` (binomial mean deviations,
    de Moivre), and it exceeds its mean by :math:`\sqrt{\log(m/\alpha)/2n}` at any of the m steps with probability
    at most `alpha` (McDiarmid), whatever the law. `details["ratio"]` is TV over floor, near 1 for a right kernel.

    `smallest_error` is a TV distance that would have been seen with `power`; with one of 1 or more the check is
    inconclusive: take more draws (`draws_for_drift`).
    """
    law, steps = probabilities(np.asarray(probability, dtype=float)), sorted(steps)
    n = positive_integer(n, "n")
    floor = total_variation_floor(law, n)
    limit = floor + _excess(n, alpha / len(steps))
    states, done, distances = draw(rng, n), 0, []
    for step in steps:
        for _ in range(step - done):
            states = kernel(rng, states)
        done = step
        distances.append(_total_variation(_codes(states, index, n, len(law)), law))
    smallest = limit + _excess(n, 1 - power)
    details = {
        "n": n,
        "alpha": alpha,
        "power": power,
        "estimate": distances,
        "floor": floor,
        "limit": limit,
        "ratio": [distance / floor if floor else 0.0 for distance in distances],
        "steps": list(steps),
        "draws": n,
    }
    passed = False if max(distances) > limit else (None if smallest >= 1 else True)
    return Outcome("monte_carlo", scope, passed, {"states": len(law)}, smallest, 1.0, details, n * steps[-1])


def draws_for_drift(probability: Any, distance: float, *, alpha: float = ALPHA, power: float = POWER) -> int:
    """Draws with which `no_drift` sees a drift of `distance` in total variation (three steps), to about 2 %."""
    law = probabilities(np.asarray(probability, dtype=float))
    positive(distance, "distance")
    n = 100
    while total_variation_floor(law, n) + _excess(n, alpha / 3) + _excess(n, 1 - power) > distance:
        n = math.ceil(1.02 * n)
    return n


def total_variation_floor(probability: np.ndarray, n: int) -> float:
    """Exact mean of the total variation distance between n independent draws' histogram and their own law."""
    p = np.asarray(probability, dtype=float)
    mode = np.floor(n * p) + 1  # de Moivre: E|N - np| = 2 m (1 - p) P(N = m) with m = floor(np) + 1
    return float((mode * (1 - p) * stats.binom.pmf(mode, n, p)).sum() / n)


def _excess(n: int, level: float) -> float:
    return math.sqrt(math.log(1 / level) / (2 * n))


def _total_variation(codes: np.ndarray, law: np.ndarray) -> float:
    histogram = np.bincount(codes, minlength=len(law)) / len(codes)
    return float(np.abs(histogram - law).sum() / 2)


def _codes(states: States, index: Callable[[States], np.ndarray] | None, n: int, n_states: int) -> np.ndarray:
    codes = np.asarray(states if index is None else index(states))
    if index is None and codes.ndim == 2:
        codes = codes @ 2.0 ** np.arange(codes.shape[1])
    whole = codes.astype(np.int64)
    if whole.shape != (n,) or (whole != codes).any() or whole.min() < 0 or whole.max() >= n_states:
        raise ValueError(f"states must give {n} integers in 0..{n_states - 1}, got shape {codes.shape}; pass index")
    return whole
