"""Monte Carlo checks of one claim on several models, put on record and shown."""

from collections.abc import Callable, Iterable
from typing import Protocol

from cl_theory.cases.real_models import RealModel
from cl_theory.checks import Outcome
from cl_theory.checks.planned_means import PlannedMean
from cl_theory.claims import Evidence


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
