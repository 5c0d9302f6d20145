"""The register of claims is complete, ordered and well-formed."""

import pytest

from cl_theory.proof.checks.comparisons import FAMILY
from cl_theory.proof.ledger.registry import Claim, _claim, _require_forest, all_claims, ancestors

PART_ONE = {
    "cl-gradient", "isd-unbiased", "isd-covariance", "isd-excess-variance", "isd-strictness", "isd-variance-convex",
    "isd-optimal-b", "isd-b-direction", "isd-equal-compute", "isd-batch-design", "centred-isd-unbiased",
    "centred-isd-covariance", "centred-isd-neyman", "centred-isd-equal-compute", "centred-isd-running-baseline",
}  # fmt: skip


def test_part_one_is_registered_and_rests_on_its_root():
    assert set(all_claims()) >= PART_ONE
    assert ancestors("centred-isd-neyman")[-1] == "cl-gradient"


def test_every_statement_has_balanced_mathematics():
    for entry in all_claims().values():
        assert entry.statement.count("$") % 2 == 0, entry.id
        assert all(text.count("$") % 2 == 0 for text in entry.assumptions), entry.id


def claim_named(identifier, *rests_on):
    return Claim(identifier, "t", "s", "new", "identity", "c", rests_on=rests_on)


@pytest.mark.parametrize(
    ("claims", "message"),
    [
        ([claim_named("a", "b"), claim_named("b")], "registered after it"),
        ([claim_named("a", "c")], "is not registered"),
    ],
)
def test_a_claim_rests_only_on_those_registered_before_it(claims, message):
    with pytest.raises(ValueError, match=message):
        _require_forest({claim.id: claim for claim in claims})


@pytest.mark.parametrize("field", ["source", "kind"])
def test_an_unknown_source_or_kind_is_refused(field):
    good = {"id": "a", "title": "t", "statement": "s", "source": "new", "kind": "identity", "chapter": "c"}
    with pytest.raises(ValueError, match=f"{field} must be one of"):
        Claim(**(good | {field: "hearsay"}))


def test_the_criteria_of_all_claims_fit_the_family_that_shares_the_error():
    counts = {entry.id: len(entry.criteria) for entry in all_claims().values()}
    assert {name for name, count in counts.items() if count} == {name for name in counts if name.startswith("exp-")}
    assert 0 < sum(counts.values()) <= FAMILY


EXPERIMENT = {"title": "t", "statement": "s", "source": "new", "kind": "experiment", "chapter": "c"}
LOSS = {"name": "loss", "statement": "less", "margin": 0.5, "direction": "below"}


def test_criteria_are_read_in_their_order_and_found_by_name():
    entry = _claim("exp-a", {**EXPERIMENT, "criteria": [LOSS, {**LOSS, "name": "rank", "measure": "mean"}]})
    assert [criterion.name for criterion in entry.criteria] == ["loss", "rank"]
    assert (entry.criterion("loss").measure, entry.criterion("rank").measure) == ("difference", "mean")
    with pytest.raises(KeyError, match="exp-a has no criterion 'lost'; registered are: loss; rank"):
        entry.criterion("lost")


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"direction": "beyond"}, "direction must be above, below or within, got 'beyond'"),
        ({"margins": 0.5}, "unexpected keyword argument 'margins'"),
        ({"margin": 0.0, "direction": "within"}, "margin must be finite, and above 0 for direction within"),
    ],
)
def test_a_criterion_that_cannot_be_read_is_named_with_its_claim(changed, message):
    with pytest.raises(ValueError, match=f"exp-a: its criterion 'loss' cannot be read: .*{message}"):
        _claim("exp-a", {**EXPERIMENT, "criteria": [{**LOSS, **changed}]})
