"""Whole runs of the command, in processes of their own that are stopped and killed in mid-cell."""

import json
import os
import signal
import time
from pathlib import Path
from subprocess import Popen

import pytest

from cl_theory.proof.experiments.execution import work_off
from cl_theory.proof.experiments.results import results
from cl_theory.proof.experiments.store import write_archive

LIMIT = 300
"""Seconds after which a test gives up waiting; nothing is judged by it."""


def wait_until(condition):
    end = time.monotonic() + LIMIT
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.05)


def group_of(process):
    """Processes of the group of `process` that still run."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            state, _, group = stat.read_text().rpartition(")")[2].split()[:3]
        except OSError:
            continue
        if int(group) == process.pid and state != "Z":
            found.append(int(stat.parent.name))
    return found


def ctrl_c(process):
    """A terminal sends it to the whole group, workers included."""
    os.killpg(process.pid, signal.SIGINT)


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="without /proc the processes of a group are not told")
@pytest.mark.parametrize("ask", [ctrl_c, Popen.terminate])
def test_ctrl_c_and_sigterm_end_with_130_keep_what_is_stored_and_leave_no_worker(tiny, checkout, started, ask):
    process = started("experiment", "run", "tiny", seconds=0.5)
    # The first cell is told once it is stored, and before the second one is.
    wait_until(lambda: len(list(checkout.store.folder.glob("*/*.json"))) > 1)
    ask(process)
    told, complaint = process.communicate(timeout=LIMIT)
    assert process.returncode == 130
    assert complaint == "interrupted; nothing is half written, run the command again\n"
    assert "1 of 12 cells: tiny: one, seeds" in told
    wait_until(lambda: not group_of(process))
    assert {checkout.store.state(cell) for cell in tiny.cells} == {"stored", "missing"}


def test_of_two_runs_one_is_killed_and_the_other_ends_with_all_cells(tiny, checkout, started):
    first = started("experiment", "run", "tiny", "--workers", "1", seconds=0.3)
    second = started("experiment", "run", "tiny", "--workers", "1", seconds=0.3)
    wait_until(lambda: len(checkout.computed()) >= 4)
    first.kill()
    told, complaint = second.communicate(timeout=LIMIT)
    assert (second.returncode, complaint) == (0, "")
    assert "tiny: stored in data/experiments/tiny.json; commit it" in told
    # The killed run held the cell at work and the one in line, which its worker may begin before it ends as well.
    assert len(set(checkout.computed())) == 12
    assert len(checkout.computed()) <= 12 + 2
    assert results("tiny")["three"].last("nll").tolist() == [3.0 * seed + 20 for seed in range(5, 13)]


def test_a_run_killed_in_mid_cell_goes_on_to_the_file_of_an_undisturbed_run(tiny, checkout, started, here_and_now):
    process = started("experiment", "run", "tiny", "--workers", "1", seconds=0.5)
    wait_until(lambda: len(checkout.computed()) >= 3)
    process.kill()
    process.wait()
    stored = [cell.label for cell in tiny.cells if checkout.store.state(cell) == "stored"]
    assert stored
    reported = []
    work_off(tiny.cells, checkout.store, report=reported.append)
    recomputed = [done.cell.label for done in reported if done.seconds is not None]
    assert sorted(stored + recomputed) == sorted(cell.label for cell in tiny.cells)
    undisturbed = type(checkout.store)(checkout.root / "undisturbed")
    work_off(tiny.cells, undisturbed)
    once, again = (
        json.loads(write_archive(checkout.root / name, tiny, store, checkout.root).read_text())
        for name, store in {"a": checkout.store, "b": undisturbed}.items()
    )
    for content in (once, again):
        for timed in (content, content["provenance"], *content["arms"].values()):
            timed.pop("core_seconds", None)
        content.pop("sha256")
    assert once == again
