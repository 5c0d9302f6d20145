"""A verdict is earned by evidence alone, and every way to lack evidence is seen."""

import dataclasses

import pytest

from cl_theory.proof.checks.outcome import Outcome
from cl_theory.proof.ledger.evidence import Evidence
from cl_theory.proof.ledger.registry import claim
from cl_theory.proof.ledger.verdict import judge, judge_alone


def outcome(level="exact", passed=True, scope=None):
    return Outcome(level, scope or f"a {level} check", passed, {"value": 1}, 0.0)


RED = outcome(passed=False)
NO_ASSUMPTION = dataclasses.replace(claim("isd-unbiased"), assumptions=())


def record_of(identifier, *outcomes, witnessed=True, controls=None):
    evidence = Evidence(identifier)
    for each in outcomes:
        evidence.add(each, controls={"a planted error": RED} if controls is None else controls)
    if witnessed:
        for number in range(1, len(evidence.claim.assumptions) + 1):
            evidence.witness(number, f"without {number}", fails=RED)
    return evidence.record


SYMBOLIC, EXACT, NUMERIC, DRAWN = map(outcome, ("symbolic", "exact", "numeric", "monte_carlo"))


@pytest.mark.parametrize(
    ("outcomes", "verdict", "sound"),
    [
        ([SYMBOLIC, EXACT], "proved", True),
        ([SYMBOLIC, EXACT, DRAWN], "proved", True),
        ([SYMBOLIC], "certified", True),
        ([EXACT, NUMERIC], "certified", True),
        ([NUMERIC, DRAWN], "certified", True),
        ([DRAWN], "confirmed", True),
        ([SYMBOLIC, outcome(passed=False)], "refuted", False),
        ([SYMBOLIC, outcome("monte_carlo", passed=None)], "inconclusive", False),
        ([], "inconclusive", False),
    ],
)
def test_the_verdict_follows_the_levels_of_evidence_and_one_failed_check_refutes(outcomes, verdict, sound):
    judgement = judge_alone(claim("isd-unbiased"), record_of("isd-unbiased", *outcomes))
    assert (judgement.verdict, judgement.sound) == (verdict, sound)


@pytest.mark.parametrize("unseen", [outcome(), outcome(passed=None)])
def test_a_planted_error_that_goes_unseen_makes_the_check_vacuous(unseen):
    record = record_of("isd-unbiased", outcome(), controls={"caught": RED, "unseen": unseen})
    judgement = judge_alone(claim("isd-unbiased"), record)
    assert judgement.verdict == "vacuous"
    assert "unseen" in judgement.reason


def test_an_assumption_without_counterexample_is_inconclusive():
    record = record_of("isd-unbiased", SYMBOLIC, EXACT, witnessed=False)
    judgement = judge_alone(claim("isd-unbiased"), record)
    assert (judgement.verdict, judgement.sound) == ("inconclusive", False)
    assert judge_alone(NO_ASSUMPTION, record).verdict == "proved"


def test_a_counterexample_in_which_the_claim_holds_is_none():
    evidence = Evidence("cl-gradient")
    evidence.add(outcome(), controls={"planted": RED})
    evidence.witness(1, "holds all the same", fails=outcome())
    evidence.witness(2, "fails", fails=RED)
    assert judge_alone(evidence.claim, evidence.record).verdict == "inconclusive"


@pytest.mark.parametrize("agrees", [True, False])
def test_a_refutation_is_sound_only_when_its_checks_agree(agrees):
    record = record_of("isd-b-direction", SYMBOLIC, outcome("exact", passed=agrees))
    judgement = judge_alone(claim("isd-b-direction"), record)
    assert (judgement.verdict, judgement.sound) == ("refuted", agrees)


def test_no_claim_is_better_than_what_it_rests_on():
    records = {
        "cl-gradient": record_of("cl-gradient", NUMERIC),
        **{name: record_of(name, SYMBOLIC, EXACT) for name in ("isd-unbiased", "isd-covariance")},
    }
    judged = judge(records)
    assert [judged[i].verdict for i in records] == ["certified", "certified", "certified"]
    assert judged["isd-covariance"].held_by == "isd-unbiased"


def test_an_unsound_ancestor_makes_its_descendants_unsound():
    records = {
        "isd-unbiased": record_of("isd-unbiased", outcome(passed=False)),
        "isd-covariance": record_of("isd-covariance", SYMBOLIC, EXACT),
    }
    judged = judge(records)
    assert (judged["isd-covariance"].verdict, judged["isd-covariance"].sound) == ("inconclusive", False)


def test_a_check_is_recorded_once_and_with_a_planted_error():
    evidence = Evidence("isd-unbiased")
    with pytest.raises(ValueError, match="at least one planted error"):
        evidence.add(outcome(), controls={})
    evidence.add(outcome(), controls={"planted": RED})
    with pytest.raises(ValueError, match="is taken"):
        evidence.add(outcome(), controls={"planted": RED})


def test_an_unknown_claim_is_refused_with_the_list_of_known_ones():
    with pytest.raises(KeyError, match="unknown claim 'isd-unbaised'; registered are: cl-gradient"):
        Evidence("isd-unbaised")


def test_an_outcome_refuses_to_be_read_as_true_or_false():
    with pytest.raises(TypeError, match=r"ask for \.passed"):
        bool(outcome())
