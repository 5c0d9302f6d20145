"""``cl-theory experiment``: what it lists, runs, says and refuses."""

import re
import subprocess
import sys

import pytest
from rich.console import Console
from typer.testing import CliRunner

from cl_theory.proof.command_line import app
from cl_theory.proof.experiment_view import ExperimentProgress, spoken
from cl_theory.proof.experiments.standing import Forecast, Progress, Pulse


@pytest.fixture
def call(tiny, checkout, here_and_now):
    return lambda *words: CliRunner().invoke(app, ["experiment", *words])


def test_a_run_says_what_is_missing_and_stores_what_is_complete(call, checkout):
    result = call("run", "tiny")
    assert result.exit_code == 0
    assert "12 of 12 cells are missing: how long they take is unknown yet" in result.stdout
    assert "12 of 12 cells: tiny: three, seeds 11 to 12" in result.stdout
    assert "tiny: stored in data/experiments/tiny.json; commit it" in result.stdout
    assert (checkout.archives / "tiny.json").exists()


def test_a_second_run_leaves_the_stored_results_as_they_are(call, checkout):
    call("run", "--all")
    before = (checkout.archives / "tiny.json").read_bytes()
    result = call("run", "--all")
    assert "all 12 cells are computed" in result.stdout
    assert "tiny: the stored results stand" in result.stdout
    assert (checkout.archives / "tiny.json").read_bytes() == before


def test_a_run_restores_results_that_were_edited(call, checkout):
    call("run", "tiny")
    path = checkout.archives / "tiny.json"
    path.write_text(path.read_text().replace("5.0", "5.1"))
    assert call("show", "tiny").exit_code == 2
    assert "tiny: stored in" in call("run", "tiny").stdout
    assert call("show", "tiny").exit_code == 0


def test_the_time_is_told_once_an_archive_knows_it(call, checkout, monkeypatch):
    monkeypatch.setenv("TINY_KIND_SECONDS", "0.02")
    call("run", "tiny")
    for path in checkout.store.folder.glob("*/*.json"):
        path.unlink()
    assert re.search(
        r"12 of 12 cells are missing: about 0\.\d s on 1 core\n", call("run", "tiny", "--workers", "1").stdout
    )


def test_with_an_arm_or_seeds_only_cells_are_computed(call, checkout):
    assert call("run", "tiny", "--arm", "two", "--seeds", "3").exit_code == 0
    assert checkout.computed() == ["2.0-5", "2.0-7"]
    assert not checkout.archives.exists()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["run", "nope"], "unknown experiment 'nope'; there are tiny"),
        (["run"], "name experiments, or say --all; there are tiny"),
        (["run", "tiny", "--all"], "name experiments, or say --all"),
        (["run", "tiny", "--arm", "four"], "tiny has no arm 'four'; there are one, two, three"),
        (["run", "tiny", "--seeds", "0"], "--seeds must be from 1 to the 8 that tiny has, got 0"),
        (["run", "tiny", "--seeds", "9"], "--seeds must be from 1 to the 8 that tiny has, got 9"),
        (["run", "tiny", "--workers", "0"], "--workers must be at least 1, got 0"),
        (["run", "tiny", "--workers", "2", "--scheduler", "tcp://a:1"], "--workers is for this machine"),
        (["show", "nope"], "unknown experiment 'nope'"),
        (["show", "tiny"], "tiny has no stored results (tiny.json); run: cl-theory experiment run tiny"),
    ],
)
def test_bad_input_ends_with_2_and_names_the_value(call, checkout, words, message):
    result = call(*words)
    assert result.exit_code == 2
    assert message in result.stderr
    assert checkout.computed() == []


def test_an_unknown_arm_of_stored_results_ends_with_2(call):
    call("run", "tiny")
    result = call("show", "tiny", "--arm", "four")
    assert result.exit_code == 2
    assert "tiny has no arm 'four'; there are one, two, three" in result.stderr


def test_without_dask_what_is_stored_is_shown_and_a_run_names_the_extra_that_brings_it(checkout):
    program = (
        "import sys; sys.modules |= {'dask': None, 'distributed': None}; "
        "from cl_theory.proof.command_line import main; main()"
    )
    call = [sys.executable, "-c", program, "experiment"]
    listed, ran = (
        subprocess.run([*call, *words], capture_output=True, text=True) for words in (["list"], ["run", "--all"])
    )
    assert (listed.returncode, ran.returncode) == (0, 2)
    assert "dask is not installed; run: pip install 'cl-theory[experiments]'" in ran.stderr


def test_the_list_tells_size_state_and_cost(call):
    assert re.search(r"tiny +13 +3 x 8 +12 +0 +none +unknown yet +A tiny experiment", call("list").stdout)
    call("run", "tiny")
    assert re.search(r"tiny +13 +3 x 8 +12 +12 +stored +0\.\d s +A tiny experiment", call("list").stdout)


def test_the_status_tells_cells_by_state_names_the_damaged_and_the_trouble(call, tiny, checkout):
    call("run", "tiny", "--arm", "one")
    checkout.store.path(tiny.cells[1]).write_text("{")
    lock = checkout.store.lease(tiny.cells[5])
    told = call("status", "tiny").stdout
    lock.release()
    assert "cells: 1 damaged, 1 in flight, 7 missing, 3 stored of 12" in told
    assert "damaged, a run computes it anew: tiny: one, seeds 7 to 8" in told
    assert "results: tiny has no stored results" in told
    assert re.search(r"core time left: about \d\.\d s", told)


def test_the_status_of_all_is_told_where_none_is_named(call):
    call("run", "tiny")
    told = call("status").stdout
    assert "cells: 12 stored of 12" in told
    assert "results: sound, of this definition and this code" in told
    assert "core time left" not in told


def test_an_experiment_is_shown_with_means_and_standard_errors_over_seeds(call):
    call("run", "tiny")
    told = call("show", "tiny").stdout
    assert "Does the machinery work?" in told
    assert "seeds: 5 to 12, 2 a cell" in told
    # Seeds 5 to 12 at rate 2 after 20 phases: 2 * 8.5 + 20, and a standard deviation of 2 * sqrt(6).
    assert re.search(r"two +2\.0 +8 +37 ± 1\.7 +37 ± 1\.7 +8\.5 ± 0\.87", told)
    assert '"processor"' in told


def test_an_arm_is_shown_point_by_point(call):
    call("run", "tiny")
    told = call("show", "tiny", "--arm", "one").stdout
    assert re.search(r"\n0 +0 +8\.5 ± 0\.87 +8\.5 ± 0\.87", told)
    assert re.search(r"\n10 +10 +18\.5 ± 0\.87 *\n", told)


@pytest.mark.parametrize(
    ("seconds", "told"),
    [(0.04, "0.0 s"), (9.4, "9.4 s"), (9.6, "10 s"), (99, "99 s"), (100, "2 min"), (3540, "59 min"),
     (3600, "1 h 00 min"), (11_100, "3 h 05 min")],
)  # fmt: skip
def test_durations_are_for_people(seconds, told):
    assert spoken(seconds) == told


@pytest.fixture
def progress(tiny):
    forecast = Forecast()
    forecast.measure(tiny.cells[0], 100.0)
    shown = ExperimentProgress(12, forecast, Console(force_terminal=True, record=True, width=100))
    shown.expect(list(tiny.cells[1:]))
    return shown


def bar(progress):
    return progress._bar.tasks[0]


def test_the_bar_and_the_time_left_move_while_cells_are_at_work(progress, tiny):
    progress.done(Progress(tiny.cells[0], None))
    seen = []
    for age in (0.0, 50.0):
        progress.pulse(Pulse(2, ((tiny.cells[1], age), (tiny.cells[2], age), (tiny.cells[3], age)), 0))
        seen.append((bar(progress).completed, bar(progress).fields["left"]))
    # Eleven cells of 100 s on two cores; the third cell in flight is in line, not at work.
    assert seen == [(1.0, "about 9 min left"), (2.0, "about 8 min left")]


def test_a_cell_that_takes_longer_than_expected_is_not_done_before_it_is(progress, tiny):
    progress.pulse(Pulse(1, ((tiny.cells[1], 1e6),), 0))
    assert bar(progress).completed == 0.95


def test_the_last_cell_takes_what_it_still_needs_however_many_cores_are_idle(progress, tiny):
    progress.expect([tiny.cells[1]])
    progress.pulse(Pulse(8, ((tiny.cells[1], 40.0),), 0))
    assert bar(progress).fields["left"] == "about 60 s left"


@pytest.mark.parametrize(
    ("pulse", "told"),
    [(Pulse(0, (), 0), "waiting: the scheduler has no workers"),
     (Pulse(2, (), 1), "waiting: another run is at work at 1 cell")],
)  # fmt: skip
def test_what_a_run_waits_for_is_told(progress, pulse, told):
    progress.pulse(pulse)
    assert bar(progress).fields["left"] == told
