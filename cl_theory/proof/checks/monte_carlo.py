"""Checks by drawing, as planned: of means, and of proportions."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import special

from cl_theory.learning.models.moments import Moments
from cl_theory.proof.checks.normality import CLT_LIMIT, clt_kappa
from cl_theory.proof.checks.outcome import Outcome
from cl_theory.proof.checks.plans import MeanPlan, Plan, ProportionPlan, vector_of
from cl_theory.proof.checks.stages import POWER_FLOOR, hotelling_p_value


@dataclass(frozen=True)
class Look:
    """One stage: draws, p-value, CLT kappa, and the noncentrality per draw of the weakest named planted error."""

    n: int
    p_value: float
    estimate: Any
    standard_error: Any
    kappa: float = 0.0
    per_draw: float = np.inf


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
    goal = vector_of(target, plan.whitening.k, "target")
    return _in_three_stages(plan, lambda n, level: _hotelling(_drawn(sample, rng, n), goal, plan, level), goal, scope)


def _drawn(sample: Callable[..., Moments], rng: np.random.Generator, n: int) -> Moments:
    moments = sample(rng, n)
    if not isinstance(moments, Moments):
        raise TypeError(f"sample(rng, n) must return Moments, got {type(moments).__name__}")
    if moments.n != n:
        raise ValueError(f"sample(rng, {n}) must return the moments of {n} fresh draws, got n = {moments.n}")
    return moments


def _hotelling(moments: Moments, goal: np.ndarray, plan: MeanPlan, level: float) -> Look:
    space, n, off = plan.whitening, moments.n, moments.mean - goal
    values, vectors = np.linalg.eigh(space.varying @ moments.covariance @ space.varying.T)
    safe = np.maximum(values, 1e-12)  # a sample that is constant where the law varies: T^2 explodes, or no power

    def squared(shift: np.ndarray) -> float:
        return float(((vectors.T @ (space.varying @ shift)) ** 2 / safe).sum())

    p_value = hotelling_p_value(n * squared(off), n, space.rank)
    if space.moves_a_constant(off) or space.varies_where_constant(moments.covariance):
        p_value = 0.0
    per_draw = min((squared(move) for move in plan.shifts.values() if not space.moves_a_constant(move)), default=np.inf)
    kappa = clt_kappa(moments.skewness[space.coordinates], n, level)
    return Look(n, p_value, moments.mean, np.sqrt(np.diagonal(moments.covariance) / n), kappa, per_draw)


def proportion_agrees(
    rng: np.random.Generator,
    count: Callable[[np.random.Generator, int], int],
    *,
    plan: ProportionPlan,
    scope: str,
) -> Outcome:
    """Whether ``count(rng, n)``, the number of successes in n fresh independent trials, has the proportion of `plan`.

    Exact two-sided binomial p-values (twice the smaller tail) in three stages; no normal approximation, so no CLT
    gate, and the planned power holds as it stands. ValueError if a count is not an integer in 0..n.
    """

    def look(n: int, level: float) -> Look:
        successes, spread = count(rng, n), np.sqrt(plan.p * (1 - plan.p) / n)
        if int(successes) != successes or not 0 <= successes <= n:
            raise ValueError(f"count(rng, {n}) must return an integer in 0..{n}, got {successes!r}")
        return Look(n, binomial_p_value(int(successes), n, plan.p), successes / n, spread)

    return _in_three_stages(plan, look, plan.p, scope)


def binomial_p_value(successes: int, n: int, p: float) -> float:
    """Twice the smaller exact tail of Binomial(n, p), at most 1; `scipy.stats.binomtest` adds up other counts, whose
    interval has no closed ends to plan with."""
    return float(min(1.0, 2 * special.bdtr(successes, n, p), 2 * special.bdtrc(successes - 1, n, p)))


def _in_three_stages(plan: Plan, look: Callable[[int, float], Look], target: Any, scope: str) -> Outcome:
    looks: list[Look] = []
    decision = None
    for stage, (n, level) in enumerate(zip(plan.rule.draws(plan.n), plan.rule.levels, strict=True)):
        looks.append(look(n, level))
        decision = plan.rule.decide(stage, looks[-1].p_value)
        if decision is not None:
            break
    reason = _reason_against(plan, looks, decision)
    draws = sum(look.n for look in looks)
    target = np.asarray(target).tolist()
    details = {
        "n": plan.n,
        "alpha": plan.rule.alpha,
        "power": plan.power,
        "estimate": np.asarray(looks[-1].estimate).tolist(),
        "standard_error": np.asarray(looks[-1].standard_error).tolist(),
        "target": target,
        "stages": len(looks),
        "stage_p_values": [look.p_value for look in looks],
        "clt_kappa": max(look.kappa for look in looks),
        "draws": draws,
        "weakest": plan.weakest,
    }
    details |= {"reason": reason} if reason else {}
    values, passed = {"target": target, "count": np.size(target)}, None if reason else decision
    return Outcome("monte_carlo", scope, passed, values, plan.smallest_error, plan.scale, details, draws)


def _reason_against(plan: Plan, looks: Sequence[Look], decision: bool | None) -> str:
    # Why these looks say nothing, or an empty text.
    kappa = max(look.kappa for look in looks)
    if kappa > CLT_LIMIT:
        return f"CLT gate: kappa {kappa:.3g} > {CLT_LIMIT}; plan with the exact skewness, or a larger least"
    if decision and looks[-1].per_draw < plan.least_per_draw:
        return f"the sample's covariance leaves a power below {POWER_FLOOR} against a planted error; plan with it"
    return ""
