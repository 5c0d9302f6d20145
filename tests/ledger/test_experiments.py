"""What data over seeds say of an experimental claim, and what they cannot say of any other."""

import copy
import dataclasses

import numpy as np
import pytest

from cl_theory.proof.checks.criteria import Criterion
from cl_theory.proof.checks.outcome import Outcome
from cl_theory.proof.checks.sequential import Question
from cl_theory.proof.ledger.evidence import Evidence
from cl_theory.proof.ledger.ledger import load
from cl_theory.proof.ledger.registry import _require_forest, require_asked_once
from cl_theory.proof.ledger.regression import accept, differences
from cl_theory.proof.ledger.verdict import MEANING, OF_DATA, RANK, judge, judge_alone
from cl_theory.proof.ledger.words import STATED, asked, effect_and_criterion, effect_in_short

RNG = np.random.default_rng(20230723)
TWO_TERM, ISD = RNG.normal(108.0, 0.1, 20), RNG.normal(109.0, 0.1, 20)
WORSE = Criterion("worse", "ISD ends up worse", 0.0, "above", "nats")
CLOSE = Criterion("close", "but not by 0.5 nats", 0.5, "below", "nats")
WIDE = Criterion("one nat", "by more than 1 nat", float(ISD.mean() - TWO_TERM.mean()), "above", "nats")


def agreement(passed=True):
    return Outcome("numeric", "the stored results are whole", passed, {"count": 40}, 1e-10)


def evidence_of(*names, stored=True):
    evidence = Evidence("exp-tiny")
    for name in names:
        evidence.decide(name, ISD, TWO_TERM)
    evidence.add(agreement(stored), controls={"a value off by 1 %": agreement(False)})
    return evidence


@pytest.mark.parametrize(
    ("criteria", "verdict", "reason"),
    [
        ([WORSE], "reproduced", "all criteria met (1)"),
        ([WORSE, WIDE], "undecided", "undecided: one nat (1 of 2 criteria)"),
        ([WORSE, WIDE, CLOSE], "not reproduced", "contradicted: close (1 of 3 criteria)"),
    ],
)
def test_the_data_decide_and_every_decision_is_sound(register, criteria, verdict, reason):
    entry = register(*criteria)
    evidence = evidence_of(*(criterion.name for criterion in criteria))
    judgement = judge_alone(entry, evidence.record)
    assert (judgement.verdict, judgement.reason, judgement.sound) == (verdict, reason, True)
    assert f"verdict-{verdict.replace(' ', '-')}" in evidence._repr_mimebundle_()["text/html"]


def test_the_other_checks_of_an_experiment_must_agree(experiment):
    judgement = judge_alone(experiment, evidence_of("worse", "close", stored=False).record)
    assert (judgement.verdict, judgement.sound) == ("refuted", False)


@pytest.mark.parametrize(
    ("names", "missing"), [((), "worse; close"), (("worse",), "close"), (("close",), "worse"), (("close", "worse"), "")]
)
def test_a_claim_is_judged_only_when_each_of_its_criteria_was_decided(experiment, names, missing):
    judgement = judge_alone(experiment, evidence_of(*names).record)
    told = ("inconclusive", False, f"criteria not decided: {missing}")
    assert ((judgement.verdict, judgement.sound, judgement.reason) == told) is bool(missing)
    assert judgement.sound is not bool(missing)


@pytest.mark.parametrize(
    "other",
    [
        {"name": "near"},
        {"statement": "the other way round"},
        {"margin": 2.0},
        {"margin": 0.5 + 1e-9},
        {"direction": "within"},
        {"unit": "bits"},
        {"measure": "paired difference"},
    ],
    ids=lambda other: next(iter(other)),
)
def test_what_was_decided_otherwise_than_registered_does_not_count(register, other):
    changed = dataclasses.replace(CLOSE, **other)
    register(WORSE, changed)
    record = evidence_of("worse", changed.name).record
    entry = register(WORSE, CLOSE)
    judgement = judge_alone(entry, record)
    assert (judgement.verdict, judgement.sound) == ("inconclusive", False)
    assert judgement.reason == (
        f"criteria not decided: close. decided otherwise than registered: {changed.name}: {changed.statement}"
    )


def test_a_decision_beside_the_registered_ones_is_refused_a_verdict(register):
    register(WORSE, CLOSE, WIDE)
    record = evidence_of("worse", "close", "one nat").record
    judgement = judge_alone(register(WORSE, CLOSE), record)
    assert (judgement.verdict, judgement.sound) == ("inconclusive", False)
    assert judgement.reason == "decided otherwise than registered: one nat: by more than 1 nat"


def test_a_criterion_is_decided_once(experiment):
    evidence = evidence_of("worse", "close")
    with pytest.raises(ValueError, match="scope 'close: the same' is taken in exp-tiny"):
        evidence.decide("close", TWO_TERM, TWO_TERM[::-1])
    record = copy.deepcopy(evidence.record)
    record["checks"].append(record["checks"][1])
    judgement = judge_alone(experiment, record)
    assert (judgement.verdict, judgement.reason) == ("inconclusive", "decided more than once: close")


@pytest.mark.parametrize("named", ["closer", CLOSE])
def test_only_a_registered_criterion_is_decided_and_by_its_name(experiment, named):
    with pytest.raises(KeyError, match=r"exp-tiny has no criterion .*close.*registered are: worse; close"):
        Evidence("exp-tiny").decide(named, ISD, TWO_TERM)


def test_a_decision_that_could_not_have_been_otherwise_is_vacuous(register):
    entry = register(WORSE, Criterion("alike", "alike", 0.001, "within", "nats"))
    evidence = evidence_of("worse")
    evidence.decide("alike", ISD - 1.0, TWO_TERM)
    judgement = judge_alone(entry, evidence.record)
    assert (judgement.verdict, judgement.sound) == ("vacuous", False)
    assert "effect moved to 0" in judgement.reason


@pytest.mark.parametrize(("other", "caught"), [((TWO_TERM, ISD), True), ((ISD + 1, TWO_TERM), False)])
def test_named_arms_for_which_the_opposite_is_true_must_turn_the_decision_round(register, other, caught):
    entry, evidence = register(WORSE), Evidence("exp-tiny")
    outcome = evidence.decide("worse", ISD, TWO_TERM, reversed_on={"another run": other})
    assert outcome.passed is True
    controls = {control["name"]: control["caught"] for control in evidence.record["checks"][0]["controls"]}
    assert controls == {"effect moved below 0": True, "arms exchanged": True, "another run": caught}
    assert (judge_alone(entry, evidence.record).verdict == "vacuous") is not caught


def test_data_decide_no_claim_of_another_kind(experiment):
    with pytest.raises(ValueError, match="isd-unbiased is of kind 'identity': data over seeds decide experiments only"):
        Evidence("isd-unbiased").decide("worse", ISD, TWO_TERM)
    record = {**evidence_of("worse").record, "claim": "isd-unbiased"}
    judgement = judge({"isd-unbiased": record})["isd-unbiased"]
    assert (judgement.verdict, judgement.reason) == ("inconclusive", "data cannot decide a claim of kind identity")


def test_a_decision_is_recorded_by_decide_only(experiment):
    outcome = evidence_of().decide("worse", ISD, TWO_TERM)
    with pytest.raises(ValueError, match="record it with decide"):
        Evidence("exp-tiny").add(outcome, controls={"planted": agreement(False)})


def proof(identifier, level, passed=True):
    evidence, red = Evidence(identifier), Outcome("exact", "planted", False, {}, 0.0)
    evidence.add(Outcome(level, "a law", passed, {}, 0.0), controls={"planted": red})
    for number in range(1, len(evidence.claim.assumptions) + 1):
        evidence.witness(number, f"without {number}", fails=red)
    return evidence.record


@pytest.mark.parametrize(
    ("passed", "verdict", "sound"), [(True, "not reproduced", True), (False, "inconclusive", False)]
)
def test_what_an_experiment_rests_on_must_be_sound_and_changes_no_more(experiment, passed, verdict, sound):
    records = {"isd-unbiased": proof("isd-unbiased", "exact", passed), "exp-tiny": evidence_of("worse", "close").record}
    judgement = judge(records)["exp-tiny"]
    assert (judgement.verdict, judgement.sound) == (verdict, sound)


def test_no_proof_rests_on_an_experiment(experiment):
    theorem = dataclasses.replace(experiment, id="b", kind="identity", criteria=(), rests_on=("a",))
    parent = dataclasses.replace(experiment, id="a", rests_on=())
    with pytest.raises(ValueError, match="b rests on 'a', but an experiment proves nothing"):
        _require_forest({"a": parent, "b": theorem})
    _require_forest({"a": parent, "b": dataclasses.replace(experiment, id="b", rests_on=("a",))})
    assert {RANK[verdict] for verdict in OF_DATA} == {0}
    assert set(RANK) == set(MEANING)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"criteria": ()}, "needs criteria, stated beforehand, got 0"),
        ({"kind": "rate"}, "'rate' takes no criteria, got 2"),
        ({"criteria": (CLOSE, dataclasses.replace(WORSE, name="close"))}, "a name of its own, got close, close"),
        ({"source": "paper, corrected"}, r"source of an experiment must be one of \('paper', 'new'\)"),
    ],
)
def test_an_experiment_is_registered_with_its_criteria_and_source(experiment, changed, message):
    with pytest.raises(ValueError, match=message):
        dataclasses.replace(experiment, **changed)


@pytest.fixture
def shown_differences(experiment, tmp_path):
    """What differs between an accepted experiment and the same one with another record."""
    path = tmp_path / "claims.json"
    accept(path, {"exp-tiny": evidence_of("worse", "close").record}, reason="first")
    entry = load(path)["claims"]["exp-tiny"]
    assert entry["verdict"] == "not reproduced"
    assert tuple(Criterion(**stated) for stated in entry["criteria"]) == experiment.criteria
    assert [check["passed"] for check in entry["evidence"]["experiment"]] == [True, False]
    return lambda record: [d.what for d in differences(load(path), {"exp-tiny": record}, identifiers=["exp-tiny"])]


def test_an_unchanged_experiment_is_no_difference_and_another_verdict_is_one(shown_differences):
    assert shown_differences(evidence_of("worse", "close").record) == []
    evidence = evidence_of("worse")
    evidence.decide("close", ISD - 1.0, TWO_TERM)
    assert shown_differences(evidence.record)[0] == "verdict"


def test_a_criterion_changed_in_the_register_is_a_difference_whatever_data_say(experiment, register, shown_differences):
    worse, close = experiment.criteria
    register(worse, dataclasses.replace(close, margin=0.6))
    whats = shown_differences(evidence_of("worse", "close").record)
    assert whats[0] == "criteria"
    assert "verdict" not in whats


@pytest.mark.parametrize(("by", "seen"), [(1e-5, True), (1e-12, False)])
def test_a_changed_effect_is_a_difference_and_rounding_is_none(shown_differences, by, seen):
    record = evidence_of("worse", "close").record
    record["checks"][0]["values"]["effect"] += by
    assert shown_differences(record) == (["worse: loss of ISD less that of two terms: values.effect"] if seen else [])


@pytest.mark.parametrize("name", ["margin", "unit", "criterion", "seeds", "confidence", "hedges_g", "interval"])
def test_each_recorded_part_of_a_decision_is_compared(shown_differences, name):
    record = evidence_of("worse", "close").record
    old = record["checks"][0]["values"][name]
    record["checks"][0]["values"][name] = [0, 1] if isinstance(old, list) else "else" if isinstance(old, str) else 0.5
    assert any(f"values.{name}" in what for what in shown_differences(record))


def words_of(unit, effect, interval, **values):
    common = {"unit": unit, "effect": effect, "interval": interval, "seeds": [20, 22], "confidence": 0.999375}
    common |= {"hedges_g": 0.8, "measure": "difference", "criterion": "below 0.5"}
    return {"values": {**common, **values}}


@pytest.mark.parametrize(
    ("unit", "effect", "interval", "told"),
    [
        ("nats", 0.1234, [0.05, 0.1968], "0.123 nats [0.050, 0.197]"),
        ("", 1234.5, [1000.0, 1469.0], "1234 [1000, 1469]"),
        ("", -0.001, [-0.9, 0.898], "0.00 [-0.90, 0.90]"),
        ("", 1e-9, [0.5e-9, 1.5e-9], "1e-09 [5e-10, 1.5e-09]"),
    ],
)
def test_an_effect_is_told_to_two_digits_of_its_interval(unit, effect, interval, told):
    assert effect_in_short(words_of(unit, effect, interval)) == told


def test_a_row_tells_effect_confidence_size_seeds_and_criterion():
    told = effect_and_criterion(words_of("nats", 0.12, [0.05, 0.19]))
    assert told == ("effect 0.120 nats [0.050, 0.190] at 99.94 %, g = 0.80, 20 + 22 seeds; criterion: below 0.5")
    paired = words_of("", 0.12, [0.05, 0.19], measure="paired difference", seeds=[20, 20], hedges_g=None)
    assert effect_and_criterion(paired).endswith("at 99.94 %, 20 paired seeds; criterion: below 0.5")


def test_the_text_and_the_table_of_the_evidence_tell_what_was_asked_and_how_it_was_decided(experiment):
    shown = evidence_of("worse", "close")._repr_mimebundle_()
    assert shown["text/plain"].startswith("exp-tiny: not reproduced")
    assert "  asked       close: the same; must be below 0.5 nats\n" in shown["text/plain"]
    assert "experiment  contradicted close: the same  [effect " in shown["text/plain"]
    worse = "worse: loss of ISD less that of two terms; must be above 0 nats"
    assert f"{STATED}</p><ul><li>{worse}</li>" in shown["text/html"]


@pytest.mark.parametrize(
    ("criterion", "words"),
    [
        (Criterion("a", "b", 12.3, "within", "nats"), "a: b; must be between -12.3 and 12.3 nats"),
        (Criterion("a", "b", 0.5, "above", measure="mean"), "a: b; the mean must be above 0.5"),
        (Criterion("a", "b", 0.693, "below", "log units"), "a: b; must be below 0.693 log units (a factor of 2)"),
        (Criterion("a", "b", -1.386, "above", "log units"), "a: b; must be above -1.386 log units (a factor of 0.25)"),
    ],
)
def test_what_is_asked_is_told_with_margin_and_unit(criterion, words):
    assert asked(criterion) == words


AGAIN = Question(
    "by how much", "one nat", "fresh loss of ISD less that of two-term learning", 0.5, "half a nat is nothing to see",
    ("more",), "tiny", ("isd", "two-term"), "late loss", (1.0, 0.1), "nats",
)  # fmt: skip


@pytest.mark.parametrize(
    ("effect", "verdict"), [(1.0, "reproduced"), (0.0, "not reproduced"), (0.5, "undecided"), (None, "undecided")]
)
def test_what_is_asked_again_takes_the_place_of_what_was_undecided(register, effect, verdict):
    entry = register(WORSE, WIDE, again=(AGAIN,))
    evidence = evidence_of("worse", "one nat")
    if effect is not None:
        evidence.answered("by how much", effect + 0.1 * RNG.normal(size=40))
    judgement = judge_alone(entry, evidence.record)
    assert (judgement.verdict, judgement.sound) == (verdict, True)
    assert "one nat: by more than 1 nat" in [check["scope"] for check in evidence.record["checks"]]


def test_two_questions_in_the_place_of_one_criterion_must_both_be_answered(register):
    entry = register(WORSE, WIDE, again=(AGAIN, dataclasses.replace(AGAIN, name="else", measure="lost")))
    evidence = evidence_of("worse", "one nat")
    evidence.answered("by how much", 1 + 0.1 * RNG.normal(size=40))
    assert judge_alone(entry, evidence.record).verdict == "undecided"
    evidence.answered("else", 0.1 * RNG.normal(size=40))
    assert judge_alone(entry, evidence.record).verdict == "not reproduced"


def test_what_was_decided_cannot_be_asked_again(register):
    entry = register(WORSE, again=(dataclasses.replace(AGAIN, of="worse"),))
    evidence = evidence_of("worse")
    evidence.answered("by how much", 0.1 * RNG.normal(size=40))
    judgement = judge_alone(entry, evidence.record)
    assert (judgement.verdict, judgement.reason) == ("inconclusive", "asked again though decided: by how much")


def test_an_answer_with_another_margin_than_the_registered_one_is_none(register):
    evidence = evidence_of("worse") if register(WORSE, again=(dataclasses.replace(AGAIN, of="worse"),)) else None
    evidence.answered("by how much", 0.1 * RNG.normal(size=40))
    entry = dataclasses.replace(evidence.claim, again=(dataclasses.replace(evidence.claim.again[0], margin=9.0),))
    assert "decided otherwise than registered" in judge_alone(entry, evidence.record).reason


def test_a_comparison_is_asked_once(register):
    entry = register(WORSE, WIDE, again=(AGAIN, dataclasses.replace(AGAIN, name="again", margin=1.0)))
    with pytest.raises(ValueError, match=r"'exp-tiny: again' asks of tiny what 'exp-tiny: by how much' asks; keep one"):
        require_asked_once({"exp-tiny": entry})
    many = [dataclasses.replace(AGAIN, name=str(n), measure=str(n)) for n in range(31)]
    with pytest.raises(ValueError, match="31 questions are asked again, the error is shared by 30; leave some out"):
        require_asked_once({"exp-tiny": register(WORSE, WIDE, again=tuple(many))})


def test_a_question_names_the_criterion_whose_place_it_takes(register):
    with pytest.raises(ValueError, match="'by how much' is asked in place of 'one nat', which is no criterion of it"):
        register(WORSE, again=(AGAIN,))
    with pytest.raises(KeyError, match="has no question 'why'; registered are: by how much"):
        register(WORSE, WIDE, again=(AGAIN,)).question("why")
