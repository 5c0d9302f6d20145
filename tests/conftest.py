"""An experimental claim beside the registered ones."""

import dataclasses
from collections.abc import Callable
from types import MappingProxyType

import pytest

from cl_theory.proof import claim_view
from cl_theory.proof.checks.criteria import Criterion
from cl_theory.proof.checks.sequential import Question
from cl_theory.proof.ledger import registry, verdict
from cl_theory.proof.ledger.registry import Claim

EXPERIMENT = Claim(
    id="exp-tiny",
    title="A tiny experiment",
    statement="ISD ends up worse, by less than $0.5$ nats.",
    source="paper",
    kind="experiment",
    chapter="13_tiny",
    reference="Section 4",
    rests_on=("isd-unbiased",),
    criteria=(
        Criterion("worse", "loss of ISD less that of two terms", 0.0, "above", "nats"),
        Criterion("close", "the same", 0.5, "below", "nats"),
    ),
)


@pytest.fixture
def register(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Claim]:
    """Register a claim of kind "experiment" last, with these criteria if there are any, for the length of a test."""
    without = registry.all_claims()

    def registered(*criteria: Criterion, again: tuple[Question, ...] = ()) -> Claim:
        entry = dataclasses.replace(EXPERIMENT, criteria=criteria or EXPERIMENT.criteria, again=again)
        extended = MappingProxyType({**without, entry.id: entry})
        for module in (registry, verdict, claim_view):
            monkeypatch.setattr(module, "all_claims", lambda: extended)
        return entry

    return registered


@pytest.fixture
def experiment(register: Callable[..., Claim]) -> Claim:
    """The claim of `register`, with a criterion of either direction."""
    return register()
