"""The second design: fresh seeds, stated before their first cell, and answered from the stages that are stored."""

from dataclasses import replace

import numpy as np
import pytest

from cl_theory.proof.checks.criteria import Criterion
from cl_theory.proof.checks.sequential import LOOKS
from cl_theory.proof.experiments import measures, registered
from cl_theory.proof.experiments.definition import ExperimentError, Seeds, Slice
from cl_theory.proof.experiments.registered import second
from cl_theory.proof.experiments.registered.designs import MOMENTS
from cl_theory.proof.experiments.registered.second import STAGED, Staged, require_as_stated, require_fresh
from cl_theory.proof.experiments.results import ArmResults, Results
from cl_theory.proof.ledger.evidence import Evidence
from cl_theory.proof.ledger.registry import all_claims

ASKED = [(entry.id, question) for entry in all_claims().values() for question in entry.again]
STATED = Criterion("roughness", "it ends up worse", 0.0, "above")
HOURS = 24
"""All core time that the second design may take."""


def test_everything_is_as_it_was_stated():
    for one in second.ALL:
        require_as_stated(one.name, one.definition)
    for claim, question in ASKED:
        require_as_stated(f"{claim}: {question.name}", measures.plain_question(question))


@pytest.mark.parametrize(("claim", "question"), ASKED, ids=lambda one: getattr(one, "name", one))
def test_a_question_is_about_arms_and_measures_that_there_are(claim, question):
    assert set(question.arms) <= set(STAGED[question.experiment].whole.arms)
    assert question.measure in {**measures.OF_AN_ARM, **measures.OF_ALL_ARMS}


def test_at_its_longest_the_second_design_fits_its_hours():
    assert all(len(one.looks) <= LOOKS for one in STAGED.values())
    assert sum(one.looks[-1] * one.seconds for one in STAGED.values()) <= HOURS * 3600


def test_stages_cover_the_seeds_of_the_whole_once():
    for one in STAGED.values():
        assert [seed for stage in one.stages for seed in stage.seeds] == list(one.whole.seeds)
        assert [stage.seeds.first + stage.seeds.count - second.FRESH for stage in one.stages] == list(one.looks)


@pytest.mark.parametrize(("first", "where"), [(1000, "bars-tuning"), (0, "seed 0 of tiny was used in ")])
def test_seeds_of_the_first_design_are_refused(tiny, first, where):
    with pytest.raises(ExperimentError, match=f"{where}.*; begin at 100000 or above"):
        require_fresh(
            [replace(tiny, seeds=Seeds(first, 1))], [one for one in registered.FIRST if first in one.seeds][:1]
        )


@pytest.mark.parametrize("changes", [{"settings": {"rate": 1.5}}, {"points": (0, 10)}, {"seeds": Seeds(6, 8)}])
def test_a_definition_that_changed_after_it_was_stated_is_refused(tiny, changes):
    stated = {"tiny": second.digest_of(tiny.definition)}
    require_as_stated("tiny", tiny.definition, stated)
    with pytest.raises(ExperimentError, match=r"tiny was stated as \w{12} and is \w{12} now; undo the change"):
        require_as_stated("tiny", replace(tiny, **changes).definition, stated)
    with pytest.raises(ExperimentError, match=r"other was never stated; .* state it anew under another name"):
        require_as_stated("other", tiny.definition, stated)


def test_a_margin_that_changed_after_it_was_stated_is_refused():
    claim, question = ASKED[0]
    wider = measures.plain_question(replace(question, margin=2 * question.margin))
    with pytest.raises(ExperimentError, match=f"{claim}: {question.name} was stated as"):
        require_as_stated(f"{claim}: {question.name}", wider)


def arm(name, losses, moments=None):
    curves = {"nll": np.transpose(losses).tolist()}
    for measure, values in zip(MOMENTS, moments or (), strict=False):
        curves[measure] = [None] * 9 + [values]
    phases = {"phases": np.arange(1.0, 11.0)}
    return ArmResults(name, Seeds(0, len(losses)), phases, curves, {}, [], 0.0)


def found(**arms):
    return Results(registered.experiment("bars-b"), {one.name: one for one in arms.values()}, {})


def asked(measure, *arms):
    return replace(ASKED[0][1], measure=measure, arms=arms)


def test_late_losses_are_averaged_over_the_last_tenth_and_paired_by_seed():
    early, late = np.tile([9.0] * 8 + [1.0, 3.0], (5, 1)), np.tile([9.0] * 8 + [4.0, 6.0], (5, 1))
    late[:, -1] += np.arange(5)
    values = measures.measured(asked("late loss", "b", "a"), found(a=arm("a", early), b=arm("b", late)))
    np.testing.assert_allclose(values, 32 * (3 + np.arange(5) / 2))


def test_an_excursion_leaves_the_log_jump_as_it_is():
    curve = np.cumsum(np.tile([0.0, 1.0], 5))[None]
    wild = curve.copy()
    wild[0, 8] += 100
    jumps = [measures.log_jump(measures.BARS, arm("a", values)) for values in (curve * 2, wild * 2)]
    assert np.isfinite(jumps).all()
    assert abs(jumps[0] - jumps[1])[0] <= np.log(2) + 1e-9


def test_a_run_that_diverged_or_learned_little_is_lost():
    losses = np.full((3, 10), [[4.0], [10.9], [np.nan]])
    values = measures.measured(replace(asked("lost", "a"), kind="share"), found(a=arm("a", losses)))
    np.testing.assert_array_equal(values, [0, 1, 1])


def test_the_regret_is_what_the_b_of_least_variance_costs_a_seed():
    low = arm("b = 0.2", np.full((2, 10), 5.0), ([1.0, 9.0], [1.0, 9.0], [0.0, 0.0]))
    half = arm("b = 0.5", np.full((2, 10), 4.0), ([4.0, 1.0], [4.0, 1.0], [0.0, 0.0]))
    both = found(half=half, low=low)
    np.testing.assert_allclose(measures.measured(asked("regret, loss", "b = 0.5", "b = 0.2"), both), [32, 0])
    order = measures.measured(asked("rank correlation, loss", "b = 0.5", "b = 0.2"), both)
    np.testing.assert_allclose(order, [-1, 1])


def test_an_unknown_measure_says_what_there_is():
    with pytest.raises(ExperimentError, match=r"measure must be one of late loss, .* got 'mood'"):
        measures.measured(asked("mood"), found())


def test_stages_are_read_until_the_question_is_answered(tiny, checkout, here_and_now, register, monkeypatch):
    """The tiny runs give 2 seed + 20 and seed + 20 at their ends: the difference is the seed."""
    from cl_theory.proof.experiments.execution import work_off
    from cl_theory.proof.experiments.store import write_archive

    whole = replace(tiny, name="tiny-again", again=Slice(("one",), seeds=2, until=10), seeds=Seeds(100_000, 60))
    staged = Staged(whole, (20, 40, 60), 1.0)
    monkeypatch.setattr(registered, "ALL", staged.stages)
    registered.all_experiments.cache_clear()
    monkeypatch.setitem(STAGED, "tiny-again", staged)
    question = replace(asked("late loss", "two", "one"), experiment="tiny-again")
    stated = {"exp-tiny: smoother": second.digest_of(measures.plain_question(question))}
    stated |= {stage.name: second.digest_of(stage.definition) for stage in staged.stages}
    monkeypatch.setattr(second, "_stated", lambda: stated)
    values, over = measures.values_of("exp-tiny", question, checkout.archives)
    assert (len(values), over) == (0, False)
    stage = staged.stages[0]
    work_off(stage.cells, checkout.store)
    write_archive(checkout.archives, stage, checkout.store, checkout.root)
    values, over = measures.values_of("exp-tiny", question, checkout.archives)
    np.testing.assert_allclose(values, 32.0 * np.arange(100_000, 100_020))
    assert over
    register(replace(STATED, name=question.of), again=(question,))
    claims = {"tiny": Evidence("exp-tiny")}
    assert measures.asked_again(claims)["tiny: smoother"].details["answers"] == ["more"]
    assert [check["passed"] for check in claims["tiny"].record["checks"]] == [False, True]


@pytest.mark.parametrize(("stored", "is_open", "needed"), [(0, True, 1), (1, True, 2), (1, False, 1), (4, False, 4)])
def test_only_the_next_stage_of_what_is_open_is_needed(checkout, monkeypatch, stored, is_open, needed):
    monkeypatch.setattr(measures, "values_of", lambda claim, question, folder: (np.empty(0), not is_open))
    staged = STAGED["second-b"]
    checkout.archives.mkdir(parents=True)
    for stage in staged.stages[:stored]:
        (checkout.archives / f"{stage.name}.json").touch()
    found = [name for name in measures.stages_needed(checkout.archives) if name.startswith("second-b-")]
    assert found == [stage.name for stage in staged.stages[:needed]]
