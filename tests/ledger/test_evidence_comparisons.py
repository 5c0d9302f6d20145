"""Recording a comparison with its planted errors, and a counterexample with its prediction, in one line each."""

import pytest

from cl_theory.proof.checks.exact import equal_exactly
from cl_theory.proof.checks.symbolic import vanishes
from cl_theory.proof.ledger.evidence import Evidence
from cl_theory.theory.estimators.isd_statements import COVARIANCE


def test_a_comparison_records_its_check_and_one_control_a_planted_error() -> None:
    evidence = Evidence("isd-unbiased")
    evidence.compare(
        equal_exactly, [1, 2], [1, 2], scope="two numbers", planted={"first off": [2, 2], "second": [1, 3]}
    )
    (check,) = evidence.record["checks"]
    assert (check["passed"], check["level"], check["scope"]) == (True, "exact", "two numbers")
    assert check["controls"] == [
        {"name": "first off", "caught": True, "seen": "1 of 2 values differ"},
        {"name": "second", "caught": True, "seen": "1 of 2 values differ"},
    ]


def test_a_planted_error_that_is_none_is_seen_not_to_be_caught() -> None:
    evidence = Evidence("isd-unbiased")
    evidence.compare(vanishes, 0, scope="nothing", planted={"no error at all": 0})
    assert evidence.record["checks"][0]["controls"] == [{"name": "no error at all", "caught": False, "seen": ""}]


def test_a_comparison_without_a_planted_error_is_refused() -> None:
    with pytest.raises(ValueError, match="planted error"):
        Evidence("isd-unbiased").compare(vanishes, 0, scope="nothing", planted={})


@pytest.mark.parametrize(
    ("claimed", "predicted", "holds"), [(0, 1, True), (1, 1, False), (0, 2, False)], ids=["fails", "holds", "surprises"]
)
def test_a_counterexample_must_differ_from_the_claim_and_agree_with_its_prediction(
    claimed: int, predicted: int, holds: bool
) -> None:
    evidence = Evidence("isd-unbiased")
    evidence.breaks(1, "example", equal_exactly, claimed=claimed, observed=1, predicted=predicted)
    assert evidence.record["witnesses"][0]["holds"] is holds


def test_several_claims_are_named_by_what_follows_their_prefix() -> None:
    both = Evidence.each("isd-", ["unbiased", "covariance"], seed=3)
    assert {name: of.claim.id for name, of in both.items()} == {
        "unbiased": "isd-unbiased",
        "covariance": "isd-covariance",
    }
    (stating,) = Evidence.each("isd-", {"covariance": [COVARIANCE]}).values()
    assert [statement["name"] for statement in stating.record["statements"]] == [COVARIANCE.name]
