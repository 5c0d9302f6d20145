"""Questions asked again: intervals that hold at every look and under any law, and what it takes to be answered."""

import math
from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from cl_theory.proof.checks.comparisons import CONFIDENCE, FAMILY, FAMILY_WISE_ERROR
from cl_theory.proof.checks.criteria import comparisons_made
from cl_theory.proof.checks.sequential import (
    ALPHA,
    CRITERIA,
    LOOKS,
    QUESTIONS,
    Question,
    answer,
    lawlike,
    median_interval,
    other_answers,
    planned,
    share_interval,
)

LOOKS_AT = (20, 40, 80, 160)
ASKED = Question(
    "late", "loss", "loss of ISD less that of two terms", 1.0, "one nat is what a longer run gains", ("more",),
    "second-tiny", ("isd", "two-term"), "late loss", (2.0, 1.0), "nats",
)  # fmt: skip
LOST = replace(ASKED, kind="share", margin=0.1, wanted=("smaller",), unit="of runs")
BOUNDED = replace(ASKED, wanted=("smaller", "less"))


def test_all_intervals_of_both_designs_hold_at_once():
    assert CRITERIA * (1 - CONFIDENCE) + QUESTIONS * LOOKS * ALPHA == pytest.approx(FAMILY_WISE_ERROR)
    checks = [{"level": "experiment"}] * CRITERIA
    checks += [{"level": "experiment", "values": answer(ASKED, np.arange(20.0)).values}] * QUESTIONS
    assert comparisons_made([{"checks": checks}]) == FAMILY
    assert comparisons_made([{"checks": [*checks, checks[-1]]}]) == FAMILY + 1


@pytest.mark.parametrize("n", [15, 20, 80, 640])
def test_the_interval_of_a_median_is_the_shortest_whose_miss_is_within_its_error(n):
    low, high = median_interval(np.random.default_rng(n).permutation(np.arange(1.0, n + 1)))
    assert low + high == n + 1
    assert 2 * stats.binom.cdf(low - 1, n, 0.5) <= ALPHA < 2 * stats.binom.cdf(low, n, 0.5)


def test_too_few_seeds_bound_nothing_and_no_answer_comes_of_them():
    assert median_interval(np.arange(14.0)) == (-math.inf, math.inf)
    with pytest.raises(ValueError, match=r"late: the interval of 14 seeds is .* add seeds"):
        answer(ASKED, np.arange(14.0))


def test_a_run_lost_in_both_arms_counts_for_either_side():
    values = np.arange(1.0, 41.0)
    values[20] = np.nan
    low, high = median_interval(values)
    whole = median_interval(np.delete(values, 20))
    assert low <= whole[0] < whole[1] <= high


LAWS = {
    "normal": lambda rng, shape: rng.standard_normal(shape),
    "t with 2 degrees of freedom": lambda rng, shape: rng.standard_t(2, shape),
    "exponential": lambda rng, shape: rng.exponential(size=shape) - math.log(2),
    "one run in forty astray": lambda rng, shape: rng.standard_normal(shape) + 50 * (rng.random(shape) < 0.025),
}
MEDIANS = {"one run in forty astray": stats.norm.ppf(0.5 / 0.975)}


@pytest.mark.parametrize("law", LAWS)
@pytest.mark.parametrize("effect", [0.0, 1.0, -1.0], ids=["no effect", "at the margin", "at its negative"])
def test_a_wrong_answer_at_any_look_is_as_rare_as_said_under_any_law(law, effect, monkeypatch):
    """With an error of 2 % a look, so that it can be counted: 2,000 questions of up to four looks each."""
    monkeypatch.setattr("cl_theory.proof.checks.sequential.ALPHA", 0.02)
    rng, wrong = np.random.default_rng(7), 0
    values = LAWS[law](rng, (2000, LOOKS_AT[-1])) - MEDIANS.get(law, 0.0) + effect
    for row in values:
        intervals = [median_interval(row[:n]) for n in LOOKS_AT]
        wrong += any(not low <= effect <= high for low, high in intervals)
    assert wrong <= stats.binom.ppf(1 - 1e-6, len(values), 4 * 0.02)
    assert wrong > 0


@pytest.mark.parametrize(
    ("effect", "end", "seeds"),
    [(0.0, "smaller", (40, 80)), (1.0, "open", (159, 160)), (3.0, "more", (20, 40)), (-3.0, "less", (20, 40))],
    ids=["no effect", "at the margin", "there", "the other way"],
)
def test_what_is_expected_of_seeds_with_a_spread_of_one_margin(effect, end, seeds):
    plan = planned(replace(ASKED, seen=(effect, 1.0)), LOOKS_AT, lawlike(replace(ASKED, seen=(effect, 1.0)), []))
    assert plan.ends.get(end, 0) > 0.97
    assert seeds[0] <= plan.seeds <= seeds[1]


def test_plans_go_on_from_the_values_that_are_there():
    values = np.random.default_rng(3).normal(0.6, 1.0, 40)
    plan = planned(ASKED, LOOKS_AT, lawlike(ASKED, values), done=40)
    assert 80 <= plan.seeds <= 160
    assert sum(plan.ends.values()) == pytest.approx(1)


def spread(effect, n=40):
    return effect + 0.1 * stats.norm.ppf((np.arange(n) + 0.5) / n)


@pytest.mark.parametrize(
    ("question", "effect", "found", "passed"),
    [
        (ASKED, 2.0, ["more"], True),
        (ASKED, 0.0, ["smaller"], False),
        (ASKED, -2.0, ["less"], False),
        (ASKED, 1.0, ["smaller", "more"], None),
        (ASKED, -1.0, ["less", "smaller"], False),
        (BOUNDED, -1.0, ["less", "smaller"], True),
        (BOUNDED, 1.0, ["smaller", "more"], None),
        (BOUNDED, 2.0, ["more"], False),
    ],
)
def test_one_of_three_answers_comes_out_and_planted_data_turn_it_round(question, effect, found, passed):
    outcome = answer(question, spread(effect))
    assert (outcome.details["answers"], outcome.passed) == (found, passed)
    planted = other_answers(question, spread(effect))
    assert planted
    assert all(planted.values())


@pytest.mark.parametrize(("lost", "passed"), [(0, True), (2, True), (60, False), (8, None)])
def test_a_share_of_runs_is_an_outcome_of_its_own(lost, passed):
    values = np.repeat([1.0, 0.0], [lost, 160 - lost])
    outcome = answer(LOST, values)
    peer = stats.binomtest(lost, 160).proportion_ci(1 - ALPHA)
    assert outcome.values["interval"] == [peer.low, peer.high]
    assert outcome.passed is passed
    assert all(other_answers(LOST, values).values())


def test_a_share_is_of_zeros_and_ones():
    with pytest.raises(ValueError, match=r"a share is of values 0 and 1, got 0\.5"):
        share_interval(np.array([0.0, 0.5]))


def test_an_interval_that_misses_nothing_planted_is_noticed(monkeypatch):
    monkeypatch.setattr("cl_theory.proof.checks.sequential.INTERVALS", {"median": lambda values: (2.0, 3.0)})
    assert not all(other_answers(ASKED, spread(2.5)).values())


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"margin": 0.0}, "late: margin must be finite and above 0, got 0.0; state the least effect that would matter"),
        ({"margin": math.nan}, "margin must be finite and above 0, got nan"),
        ({"reason": " "}, r"late: the margin 1 nats has no reason, got ' '; say in its unit why"),
        ({"wanted": ()}, "wanted must name one or two of less, smaller, more"),
        ({"wanted": ("less", "smaller", "more")}, "wanted must name one or two"),
        ({"wanted": ("bigger",)}, "wanted must name one or two"),
        ({"kind": "mean"}, "kind must be one of median, share, got 'mean'"),
    ],
)
def test_a_question_without_a_margin_or_its_reason_is_refused(changes, message):
    with pytest.raises(ValueError, match=message):
        replace(ASKED, **changes)
