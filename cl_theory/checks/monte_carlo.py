"""The Monte Carlo checks of means: is the sampling code the object that the proof speaks about?"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np

from cl_theory.arguments import finite
from cl_theory.checks.moments import DiagonalMoments, Moments
from cl_theory.checks.normality import CLT_LIMIT, largest_kappa
from cl_theory.checks.outcome import Outcome
from cl_theory.checks.plans import LARGEST_MEAN, MeanPlan, Plan
from cl_theory.checks.power import hotelling_p_value
from cl_theory.checks.stages import POWER_FLOOR

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
