"""A criterion is decided by the whole interval, seldom wrongly, and only where it could have been otherwise."""

import dataclasses

import numpy as np
import pytest
from scipy import stats

from cl_theory.proof.checks.comparisons import CONFIDENCE, Effect
from cl_theory.proof.checks.criteria import MEASURES, Criterion, comparisons_made, decide, other_decisions, turned_round

RNG = np.random.default_rng(20230723)
NOISE = (RNG.normal(0, 0.1, 20), RNG.normal(0, 0.1, 20))


def criterion(margin, direction, measure="difference"):
    return Criterion("loss", "ISD ends up worse", margin, direction, "nats", measure)


def between(low, high):
    return Effect((low + high) / 2, low, high, (20, 20), (0.0, 0.0), (1.0, 1.0), 0.0, 1.0, CONFIDENCE)


@pytest.mark.parametrize(
    ("direction", "interval", "decision"),
    [
        ("above", (0.6, 0.9), True), ("above", (0.4, 0.9), None), ("above", (-0.9, 0.4), False),
        ("below", (-0.9, 0.4), True), ("below", (0.4, 0.9), None), ("below", (0.6, 0.9), False),
        ("within", (-0.4, 0.4), True), ("within", (-0.6, 0.4), None), ("within", (-0.6, 0.6), None),
        ("within", (0.6, 0.9), False), ("within", (-0.9, -0.6), False),
    ],
)  # fmt: skip
def test_the_whole_interval_decides(direction, interval, decision):
    assert criterion(0.5, direction).decision(between(*interval)) is decision


@pytest.mark.parametrize("direction", ["above", "below", "within"])
@pytest.mark.parametrize("measure", [name for name in MEASURES if MEASURES[name].arms == 2])
@pytest.mark.parametrize("effect", [-4.0, 0.0, 2.0, 2.3, 4.0])
def test_every_decision_of_enough_seeds_could_have_been_otherwise(direction, measure, effect):
    base = RNG.normal(0, 1, 200)
    arms = MEASURES[measure].moved(base + RNG.normal(0, 0.1, 200), effect), base
    stated = criterion(2.0, direction, measure)
    others = other_decisions(stated, *arms)
    assert all(others.values())
    assert len(others) >= (2 if decide(stated, *arms).passed is None else 1)


def test_an_equivalence_with_too_few_seeds_to_be_met_is_seen():
    wide = [10 * arm for arm in NOISE]
    others = other_decisions(criterion(0.5, "within"), *wide)
    assert others["effect moved to 0"] is False
    assert other_decisions(criterion(5.0, "within"), *wide) == {"effect moved out of the margin": True}


@pytest.mark.parametrize(
    ("margin", "direction", "exchanged"),
    [
        (0.5, "above", True),
        (-0.5, "above", False),
        (1.5, "above", False),
        (1.5, "below", False),
        (-0.5, "below", False),
    ],
)
def test_arms_are_exchanged_where_that_has_to_turn_the_decision_round(margin, direction, exchanged):
    others = other_decisions(criterion(margin, direction), NOISE[0] + 1, NOISE[1])
    assert others.get("arms exchanged", False) is exchanged
    assert all(others.values())


@pytest.mark.parametrize("direction", ["above", "below"])
def test_arms_in_which_all_seeds_are_alike_decide_nothing_at_the_margin_and_could_have(direction):
    ends = np.full(20, np.log(120_000))
    assert decide(criterion(0.0, direction), ends, ends.copy()).passed is None
    found = other_decisions(criterion(0.0, direction), ends, ends.copy())
    assert len(found) == 2
    assert all(found.values())


def test_a_decision_that_ignores_the_data_is_caught(monkeypatch):
    monkeypatch.setattr(Criterion, "decision", lambda self, effect: True)
    assert not any(other_decisions(criterion(0.0, "above"), NOISE[0] + 1, NOISE[1]).values())


@pytest.mark.parametrize(
    ("decision", "other", "turned"),
    [
        (True, False, True), (True, None, False), (True, True, False), (False, True, True),
        (None, True, True), (None, False, True), (None, None, False),
    ],
)  # fmt: skip
def test_the_opposite_of_a_decision(decision, other, turned):
    assert turned_round(decision, other) is turned


@pytest.mark.parametrize(("margin", "direction"), [(0.0, "above"), (0.7, "below"), (0.7, "within")])
def test_at_the_margin_a_wrong_decision_is_as_rare_as_stated(margin, direction):
    rng, trials, decided = np.random.default_rng(5), 4000, 0
    stated = criterion(margin, direction)
    for _ in range(trials):
        effect = stated.effect(rng.normal(margin, 1, 20), rng.normal(0, 0.3, 20))
        decided += stated.decision(effect) is not None
    assert decided <= stats.binom.ppf(1 - 1e-6, trials, 1 - CONFIDENCE)


def test_an_outcome_records_effect_interval_standard_size_seeds_and_criterion():
    a, b = NOISE[0] + 1, NOISE[1]
    outcome = decide(criterion(0.5, "above"), a, b)
    peer = stats.ttest_ind(a, b, equal_var=False).confidence_interval(CONFIDENCE)
    assert (outcome.level, outcome.passed, outcome.scope) == ("experiment", True, "loss: ISD ends up worse")
    assert outcome.values["interval"] == pytest.approx([peer.low, peer.high], rel=1e-10)
    assert outcome.values["hedges_g"] == pytest.approx((a.mean() - b.mean()) / 0.1, rel=0.4)
    assert {name: outcome.values[name] for name in ("seeds", "margin", "unit", "criterion", "confidence")} == {
        "seeds": [20, 20], "margin": 0.5, "unit": "nats", "criterion": "above 0.5 nats", "confidence": CONFIDENCE
    }  # fmt: skip
    assert outcome.cost == 40


def test_criteria_are_counted_over_the_records_of_a_run():
    records = [{"checks": [{"level": "experiment"}, {"level": "numeric"}]}, {"checks": [{"level": "experiment"}]}]
    assert comparisons_made(records) == 2


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"direction": "over"}, "direction must be above, below or within, got 'over'"),
        ({"measure": "ratio"}, "measure must be one of difference, .* got 'ratio'"),
        ({"margin": float("inf")}, "margin must be finite"),
        ({"margin": 0.0, "direction": "within"}, "above 0 for direction within, got 0.0"),
        ({"statement": " "}, "needs a name and a statement"),
    ],
)
def test_a_criterion_that_makes_no_sense_is_refused(changed, message):
    with pytest.raises(ValueError, match=message):
        dataclasses.replace(criterion(0.5, "above"), **changed)


def test_a_measure_takes_its_number_of_arms():
    with pytest.raises(ValueError, match="measure 'mean' takes 1 arms, got 2"):
        decide(criterion(0.5, "above", "mean"), *NOISE)
