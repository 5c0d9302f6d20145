"""Monte Carlo checks of one claim on several models, put on record and shown."""

from collections.abc import Callable, Iterable, Sequence
from typing import Protocol

import numpy as np

from cl_theory.cases.real_models import RealModel
from cl_theory.checks import Outcome
from cl_theory.checks.planned_means import PlannedMean
from cl_theory.claims import Evidence
from cl_theory.estimators.isd import isd_weights


class Case(Protocol):
    """What has a planned check."""

    @property
    def planned(self) -> PlannedMean: ...


def record_cases(
    evidence: Evidence, models: Iterable[RealModel], case: Callable[[RealModel], Case], *, seed: int, scope: str
) -> dict[str, Outcome]:
    """Run the planned check of `case` on each model, with all controls, add it to `evidence`; outcomes by model."""
    outcomes = {}
    for model in models:
        place = evidence.claim.id, case.__name__, model.name
        outcome, controls = case(model).planned.check(seed, *place, scope=f"{model.name}: {scope}")
        evidence.add(outcome, controls=controls)
        outcomes[model.name] = outcome
    return outcomes


def simulated_variance(
    rng: np.random.Generator, model: RealModel, b_grid: Sequence[float], n: int = 20_000
) -> np.ndarray:
    """Total variance of ISD at each b, from n draws of both phases and one level for the coins of all b."""
    level, norms = rng.random(n), []
    for phase in (model.sampler.positive, model.sampler.negative):
        v, h = phase(rng, n)
        norms.append((1.0 + v.sum(axis=1)) * (1.0 + h.sum(axis=1)) - 1)  # |g|^2 for 0/1 units
    weights = [isd_weights(level < b, p_positive=b) for b in b_grid]
    squares = [(w**2 * np.where(w > 0, *norms)).mean() for w in weights]
    return np.array(squares) - model.moments.mean @ model.moments.mean
