"""Does the code that draws ISD estimates draw from the law that the theorems speak about?

Each function returns a check and its controls, the same check on sampling code with one error planted.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from cl_theory.cases.real_models import RealModel
from cl_theory.checks import MeanPlan, Moments, Outcome, mean_agrees, plan_mean, plan_proportion, proportion_agrees
from cl_theory.samplers import (
    NOTHING_PLANTED,
    PLANTED_ERRORS,
    Planted,
    isd_count,
    isd_statistic_covariance,
    isd_statistic_shifts,
    isd_statistic_skewness,
    isd_statistic_target,
    isd_statistics,
)
from cl_theory.seeds import stream

COIN_ONLY = "coin off by 1 %"
"""Its information is that of n tosses, whatever else is looked at; so the duty cycle has to catch it."""
MEAN_ONLY = "mean alone off by 1 %"
SEEN_BY_MOMENTS: Mapping[str, Planted] = {name: p for name, p in PLANTED_ERRORS.items() if name != COIN_ONLY}
SEEN_BY_DUTY_CYCLE: Mapping[str, Planted] = {name: PLANTED_ERRORS[name] for name in (COIN_ONLY, "b off by 1 %")}
RIDGE = 0.01

Checked = tuple[Outcome, dict[str, Outcome]]


@dataclass(frozen=True, eq=False)
class IsdMomentsTest:
    """A planned test of E[u.Z, |Z|^2, (u.Z)^2] on a real model; made by `plan_isd_moments`."""

    model: RealModel
    p_positive: float
    directions: np.ndarray
    target: np.ndarray
    plan: MeanPlan

    def run(self, rng: np.random.Generator, scope: str, planted: Planted = NOTHING_PLANTED, bias: Any = 0.0) -> Outcome:
        """Three stages of fresh draws; `planted` is an error in the code, `bias` one added to the mean of Z alone."""

        def sample(rng: np.random.Generator, n: int) -> Moments:
            drawn = isd_statistics(rng, self.model.sampler, n, self.p_positive, self.directions, planted)
            return replace(drawn, mean=drawn.mean + bias)

        return mean_agrees(rng, sample, self.target, plan=self.plan, scope=scope)

    @property
    def mean_shift(self) -> np.ndarray:
        """One per cent of the mean of u.Z, and nothing else."""
        return np.where(np.arange(len(self.target)) < len(self.directions), 0.01 * self.target, 0.0)


def informative_directions(model: RealModel, p_positive: float, ridge: float = RIDGE) -> np.ndarray:
    r"""Directions (2, n_parameters) along which mu+ and mu stand out most from the noise within a phase.

    :math:`S^{-1}\mu` and :math:`S^{-1}\mu^{+}` with :math:`S = \Sigma^{+}/b + \Sigma^{-}/(1-b)` plus `ridge` times
    its mean eigenvalue: chosen from the exact model, before anything is drawn.
    """
    m = model.moments
    within = m.covariance_positive / p_positive + m.covariance_negative / (1 - p_positive)
    within.flat[:: len(within) + 1] += ridge * np.trace(within) / len(within)
    return np.linalg.solve(within, np.stack([m.mean, m.mean_positive], axis=1)).T


def plan_isd_moments(model: RealModel, p_positive: float) -> IsdMomentsTest:
    """Plan draws that show each planted error of 1 % but the coin's alone, and 1 % of the mean alone.

    Everything that the plan needs is exact, fourth moments included; no pilot is drawn. Errors are relative to the
    rms of u.Z, and to the targets of the squares.
    """
    directions = informative_directions(model, p_positive)
    target = isd_statistic_target(model.moments, p_positive, directions)
    shifts = isd_statistic_shifts(model.moments, p_positive, directions, SEEN_BY_MOMENTS)
    k = len(directions)
    shifts[MEAN_ONLY] = np.where(np.arange(len(target)) < k, 0.01 * target, 0.0)
    scale = np.concatenate([np.sqrt(target[k + 1 :]), target[k:]])
    covariance = isd_statistic_covariance(model.sampler, p_positive, directions)
    skewness = isd_statistic_skewness(model.sampler, p_positive, directions)
    plan = plan_mean(shifts, covariance, scale=scale, skewness=skewness)
    return IsdMomentsTest(model, p_positive, directions, target, plan)


def isd_moments_check(root: int, claim: str, model: RealModel, p_positive: float) -> Checked:
    """The mean and second moments of Z on a real model against their exact values, with six controls."""
    test = plan_isd_moments(model, p_positive)
    scope = f"{model.name}, b = {p_positive:g}: E[u.Z] along 2 directions, E|Z|^2 and E(u.Z)^2, jointly"
    path = (claim, model.name, f"{p_positive:g}")
    controls = {
        name: test.run(stream(root, *path, name), f"{scope}; {name}", planted)
        for name, planted in SEEN_BY_MOMENTS.items()
    }
    biased = test.run(stream(root, *path, MEAN_ONLY), f"{scope}; {MEAN_ONLY}", bias=test.mean_shift)
    return test.run(stream(root, *path), scope), controls | {MEAN_ONLY: biased}


def duty_cycle_check(root: int, claim: str, p_positive: float) -> Checked:
    """How often the ISD sampler runs a positive phase: exactly binomial with b; two controls."""
    plan = plan_proportion(p_positive, dict.fromkeys(SEEN_BY_DUTY_CYCLE, 0.01))
    scope = f"duty cycle of the ISD sampler, P(B = 1) = {p_positive:g}"

    def run(name: str, planted: Planted) -> Outcome:
        rng = stream(root, claim, "duty cycle", f"{p_positive:g}", name)
        tosses = lambda rng, n: isd_count(rng, n, p_positive, planted)  # noqa: E731
        return proportion_agrees(rng, tosses, p_positive, plan=plan, scope=scope)

    return run("", NOTHING_PLANTED), {name: run(name, planted) for name, planted in SEEN_BY_DUTY_CYCLE.items()}
