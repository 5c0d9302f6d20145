"""Stored results: blocks of seeds side by side, read back as arrays, run again in slices, refused where unsound."""

import json
import os
from dataclasses import replace

import numpy as np
import pytest
from tiny_kind import TINY

from cl_theory.proof.experiments import registered as registry
from cl_theory.proof.experiments.definition import Experiment, ExperimentError, Seeds, Slice
from cl_theory.proof.experiments.execution import work_off
from cl_theory.proof.experiments.results import joined, results, slice_check
from cl_theory.proof.experiments.standing import archive_trouble, forecast_of, standing_of
from cl_theory.proof.experiments.store import archive_path, read_archive, write_archive

ARMS = {
    "whole": {"rate": 1.0},
    "cut": {"rate": 2.0, "diverges": 10},
    "lost": {"rate": 3.0, "diverges": 0},
}


@pytest.fixture
def stored(tiny, checkout, here_and_now, monkeypatch):
    """An archive whose arms are whole, and diverged after 10 phases and after 0."""
    defined = replace(tiny, arms=ARMS, again=replace(tiny.again, arms=("whole",)))
    monkeypatch.setattr(registry, "ALL", (defined,))
    registry.all_experiments.cache_clear()
    work_off(defined.cells, checkout.store)
    write_archive(checkout.archives, defined, checkout.store, checkout.root)
    return defined


def test_blocks_of_seeds_are_side_by_side(stored, checkout):
    arm = results("tiny")["whole"]
    places, values = arm.curve("nll", along="steps")
    np.testing.assert_array_equal(places, [0, 10, 20])
    np.testing.assert_array_equal(values, np.arange(5, 13)[:, None] + [0, 10, 20])
    np.testing.assert_array_equal(arm.last("nll"), np.arange(5, 13) + 20)
    np.testing.assert_array_equal(arm.final("end"), np.arange(5, 13))
    assert not arm.ended.any()


def test_a_measure_that_is_taken_at_some_points_has_those_places_only(stored):
    places, values = results("tiny")["whole"].curve("tv")
    np.testing.assert_array_equal(places, [0, 20])
    np.testing.assert_array_equal(values[0], [5, 25])


@pytest.mark.parametrize(("arm", "points"), [("cut", 2), ("lost", 1)])
def test_where_all_blocks_diverged_nothing_stands_for_the_end(stored, arm, points):
    found = results("tiny")[arm]
    assert found.ended.all()
    assert found.curve("nll")[1].shape == (8, points)
    assert np.isnan(found.last("nll")).all()
    assert np.isnan(found.final("end")).all()


def test_where_one_block_diverged_its_later_values_are_missing(tiny, checkout, here_and_now):
    work_off(tiny.cells, checkout.store)
    cell = tiny.cells[1]  # the second block of the first arm: seeds 7 and 8
    result = checkout.store.read(cell)["result"]
    short = {
        "axes": {name: values[:1] for name, values in result["axes"].items()},
        "curves": {name: values[:1] for name, values in result["curves"].items()},
        "final": {},
        "diverged": {"update": 3, "value": "inf"},
    }
    checkout.store.write(cell, short, {"seconds": 1.0, "machine": {}})
    write_archive(checkout.archives, tiny, checkout.store, checkout.root)
    arm = results("tiny")["one"]
    expected = np.arange(5.0, 13) + 20
    expected[2:4] = np.nan
    np.testing.assert_array_equal(arm.last("nll"), expected)
    np.testing.assert_array_equal(arm.final("end"), expected - 20)
    np.testing.assert_array_equal(arm.curve("nll")[1][2], [7, np.nan, np.nan])
    assert arm.diverged == [[[7, 2], {"update": 3, "value": "inf"}]]


@pytest.mark.parametrize(
    ("ask", "message"),
    [
        (lambda found: found["none"], "tiny has no arm 'none'; there are whole, cut, lost"),
        (lambda found: found["whole"].curve("loss"), "whole has no measure 'loss'; there are nll, tv"),
        (
            lambda found: found["whole"].curve("nll", along="miles"),
            "whole has no axis 'miles'; there are phases, steps",
        ),
        (lambda found: found["whole"].final("nll"), "whole has no measure 'nll'; there are end"),
    ],
)
def test_what_is_not_there_is_named_with_what_is(stored, ask, message):
    with pytest.raises(KeyError, match=message):
        ask(results("tiny"))


def test_results_are_read_anew_once_they_are_written_anew(stored, checkout):
    path = archive_path(checkout.archives, "tiny")
    first = results("tiny")
    assert results("tiny") is first
    path.write_text(path.read_text().replace("[5.0, 6.0", "[5.5, 6.0"))
    os.utime(path, ns=(0, 1))  # the clock of a file system may be too coarse to tell
    with pytest.raises(ExperimentError, match="was changed after it was written"):
        results("tiny")


def test_an_edited_archive_names_both_remedies(stored, checkout):
    path = archive_path(checkout.archives, "tiny")
    path.write_text(path.read_text().replace('"cells": 12', '"cells": 13'))
    with pytest.raises(ExperimentError, match=r"git checkout -- .*tiny\.json', or run: cl-theory experiment run tiny"):
        read_archive(checkout.archives, stored)


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"points": (0, 10, 21)}, r"points was \[0, 10, 20\], is \[0, 10, 21\]"),
        ({"seeds": Seeds(5, 9)}, r"seeds was \[5, 8\], is \[5, 9\]"),
        ({"arms": {**ARMS, "whole": {"rate": 1.5}}}, r"arms\.whole\.rate was 1\.0, is 1\.5"),
        ({"arms": {**ARMS, "more": {"rate": 1.0}}}, r"arms\.more is new"),
    ],
)
def test_a_definition_that_changed_under_its_results_is_told(stored, checkout, changes, told):
    with pytest.raises(ExperimentError, match=rf"definition of tiny changed under its stored results \({told}\)"):
        read_archive(checkout.archives, replace(stored, **changes))


@pytest.mark.parametrize("changes", [{"title": "Other words"}, {"seeds_per_cell": 4}, {"chapter": "14"}])
def test_words_and_the_cut_into_cells_make_no_result_stale(stored, checkout, changes):
    assert archive_trouble(checkout.archives, replace(stored, **changes)) is None


def test_code_that_changed_since_is_told(stored, checkout, monkeypatch):
    monkeypatch.setattr("cl_theory.proof.experiments.store.code_of", lambda kind: "other")
    assert "the code behind the stored results of tiny changed since (tiny)" in archive_trouble(
        checkout.archives, stored
    )


def test_an_experiment_with_cells_missing_is_not_stored(tiny, checkout, here_and_now):
    work_off(tiny.cells[:11], checkout.store)
    with pytest.raises(ExperimentError, match="1 of 12 cells of tiny are not finished, tiny: three, seeds 11 to 12"):
        write_archive(checkout.archives, tiny, checkout.store, checkout.root)
    assert not checkout.archives.exists()


def test_an_archive_says_where_it_came_from(stored, checkout):
    content = json.loads(archive_path(checkout.archives, "tiny").read_text())
    provenance = content["provenance"]
    assert set(provenance) == {"commit", "code", "seeds", "machines", "cells", "core_seconds"}
    assert (provenance["commit"], provenance["seeds"], provenance["cells"]) == ("unknown", [5, 8], 12)
    assert {"processor", "cores", "python", "versions"} <= set(provenance["machines"][0])
    assert str(checkout.root) not in json.dumps(content)


def test_a_standing_counts_cells_and_names_the_damaged(tiny, checkout, here_and_now):
    work_off(tiny.cells[:3], checkout.store)
    checkout.store.path(tiny.cells[0]).write_text("{")
    lock = checkout.store.lease(tiny.cells[5])
    standing = standing_of(tiny, checkout.store, checkout.archives)
    lock.release()
    assert standing.counts == {"stored": 2, "damaged": 1, "in flight": 1, "missing": 8}
    assert [cell.label for cell in standing.damaged] == ["tiny: one, seeds 5 to 6"]
    assert len(standing.left) == 10
    assert "tiny has no stored results" in standing.trouble


def test_a_forecast_learns_from_archives_and_corrects_them_by_what_is_measured(stored, checkout):
    store, nothing = type(checkout.store)(checkout.root / "elsewhere"), checkout.root / "nowhere"
    assert forecast_of([stored], store, nothing).seconds(stored.cells) is None
    forecast = forecast_of([], store, nothing)
    forecast.record(stored, {"arms": {"whole": {"core_seconds": 8.0}, "cut": {"core_seconds": 16.0}}})
    assert forecast.seconds(stored.cells[:8]) == pytest.approx(24.0)
    assert forecast.seconds(stored.cells) is None
    forecast.measure(stored.cells[0], 6.0)  # two seeds: three times as long as recorded
    assert forecast.seconds(stored.cells[:4]) == pytest.approx(24.0)
    assert forecast.seconds(stored.cells[4:8]) == pytest.approx(48.0)
    assert forecast.seconds(stored.cells[8:]) == pytest.approx(24.0)


def test_outside_a_checkout_there_are_no_results(tiny, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ExperimentError, match="has data/experiments; run this inside a checkout"):
        results("tiny")


def test_the_tiny_experiment_is_not_registered():
    assert TINY.name not in registry.all_experiments()


def test_experiments_that_differ_in_their_arms_only_are_read_as_one():
    both = joined("digits-nets", "digits-nets-centred")
    assert set(both.arms) == set(both.experiment.arms)
    assert both["centred-isd, sgd"] is results("digits-nets-centred")["centred-isd, sgd"]
    assert both.experiment.cell("centred-isd, sgd", Seeds(0, 1)).settings["estimator"] == "centred-isd"
    with pytest.raises(ExperimentError, match="digits-nets differs from nets-estimators in more than its arms"):
        joined("nets-estimators", "digits-nets")
    with pytest.raises(ExperimentError, match="both have the arm"):
        joined("digits-nets", "digits-nets")


SMALL = Experiment(
    name="small",
    title="A small experiment",
    question="Does a slice repeat it?",
    kind="rbm",
    settings={"data": "bars-and-stripes", "hidden": 2, "chain": "persistent", "sweeps": 2,
              "measures": {"nll": 1, "tv": 2}},
    arms={
        "two-term": {"estimator": "two-term", "rate": 0.05},
        "isd": {"estimator": "isd", "schedule": {"b": 0.5}, "rate": 0.05},
        "centred": {"estimator": "centred-isd", "schedule": {"b": 0.5, "baseline_rate": 0.1}, "rate": 0.05},
    },
    points=(0, 40, 80, 160),
    seeds=Seeds(0, 4),
    seeds_per_cell=4,
    again=Slice(("two-term", "isd", "centred"), seeds=2, until=80),
)  # fmt: skip


@pytest.fixture
def small(checkout, here_and_now, monkeypatch):
    monkeypatch.setattr(registry, "ALL", (SMALL,))
    registry.all_experiments.cache_clear()
    work_off(SMALL.cells, checkout.store)
    write_archive(checkout.archives, SMALL, checkout.store, checkout.root)
    yield results("small")
    registry.all_experiments.cache_clear()


def test_a_slice_agrees_to_the_digits_that_are_stored(small):
    outcome, controls = slice_check(small, scope="small")
    assert outcome.passed
    assert outcome.details["tolerance"] == 1e-6
    # Per arm two seeds, two points of nll after the start and one of tv.
    assert outcome.values["count"] == 3 * 2 * (2 + 1)
    assert set(controls) == {"learning rate off by 1 %"}
    assert not controls["learning rate off by 1 %"].passed


def test_stored_results_of_other_seeds_are_seen(small):
    for name, curve in small["isd"].curves.items():
        small["isd"].curves[name][:] = [values and values[::-1] for values in curve]
    assert not slice_check(small, scope="small")[0].passed
