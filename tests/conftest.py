"""An experimental claim beside the registered ones."""

from types import MappingProxyType

import pytest

from cl_theory.claims import registry, verdict
from cl_theory.claims.registry import Claim
from cl_theory.cli import claim_view

EXPERIMENT = Claim(
    id="exp-tiny",
    title="A tiny experiment",
    statement="ISD ends up worse, by less than $0.5$ nats.",
    source="paper",
    kind="experiment",
    chapter="13_tiny",
    reference="Section 4",
    rests_on=("isd-unbiased",),
    criterion="The loss of ISD is above that of two terms, and by less than 0.5 nats.",
)


@pytest.fixture
def experiment(monkeypatch: pytest.MonkeyPatch) -> Claim:
    """A claim of kind "experiment", registered last for the length of a test."""
    extended = MappingProxyType({**registry.all_claims(), EXPERIMENT.id: EXPERIMENT})
    for module in (registry, verdict, claim_view):
        monkeypatch.setattr(module, "all_claims", lambda: extended)
    return EXPERIMENT
