"""Does the code that tosses ISD's coin toss it with b; and along which directions errors of estimates stand out."""

from collections.abc import Mapping

import numpy as np

from cl_theory.cases.real_models import RealModel
from cl_theory.checks import Outcome, plan_proportion, proportion_agrees
from cl_theory.samplers import NOTHING_PLANTED, PLANTED_ERRORS, Planted, isd_count
from cl_theory.seeds import stream

COIN_ONLY = "coin off by 1 %"
"""Its information is that of n tosses, whatever else is looked at; so the duty cycle has to catch it."""
SEEN_BY_DUTY_CYCLE: Mapping[str, Planted] = {name: PLANTED_ERRORS[name] for name in (COIN_ONLY, "b off by 1 %")}
RIDGE = 0.01

Checked = tuple[Outcome, dict[str, Outcome]]


def informative_directions(model: RealModel, p_positive: float, ridge: float = RIDGE) -> np.ndarray:
    r"""Directions (2, n_parameters) along which mu+ and mu stand out most from the noise within a phase.

    :math:`S^{-1}\mu` and :math:`S^{-1}\mu^{+}` with :math:`S = \Sigma^{+}/b + \Sigma^{-}/(1-b)` plus `ridge` times
    its mean eigenvalue: chosen from the exact model, before anything is drawn.
    """
    m = model.moments
    within = m.covariance_positive / p_positive + m.covariance_negative / (1 - p_positive)
    within.flat[:: len(within) + 1] += ridge * np.trace(within) / len(within)
    return np.linalg.solve(within, np.stack([m.mean, m.mean_positive], axis=1)).T


def duty_cycle_check(root: int, claim: str, p_positive: float) -> Checked:
    """How often the ISD sampler runs a positive phase: exactly binomial with b; two controls."""
    plan = plan_proportion(p_positive, dict.fromkeys(SEEN_BY_DUTY_CYCLE, 0.01))
    scope = f"duty cycle of the ISD sampler, P(B = 1) = {p_positive:g}"

    def run(name: str, planted: Planted) -> Outcome:
        rng = stream(root, claim, "duty cycle", f"{p_positive:g}", name)
        tosses = lambda rng, n: isd_count(rng, n, p_positive, planted)  # noqa: E731
        return proportion_agrees(rng, tosses, p_positive, plan=plan, scope=scope)

    return run("", NOTHING_PLANTED), {name: run(name, planted) for name, planted in SEEN_BY_DUTY_CYCLE.items()}
