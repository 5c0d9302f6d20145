"""Working off cells: in this process where no worker matters, and on real workers that are killed."""

import errno
import gc
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest
import tiny_kind

from cl_theory.proof.experiments import execution
from cl_theory.proof.experiments.definition import ExperimentError, code_of
from cl_theory.proof.experiments.execution import ClosingClient, compute, work_off
from cl_theory.proof.experiments.store import CellStore


def values_of(store, experiment):
    return [store.read(cell)["result"] for cell in experiment.cells]


def expected_of(experiment):
    return [tiny_kind.run(cell.settings, cell.seeds, cell.points) for cell in experiment.cells]


def full(*arguments, **options):
    """What the system says where there is no room."""
    raise OSError(errno.ENOSPC, "full")


def test_only_what_is_missing_is_computed(tiny, checkout, here_and_now):
    work_off(tiny.cells[:4], checkout.store)
    reported = []
    work_off(tiny.cells, checkout.store, report=reported.append)
    assert len(checkout.computed()) == 12
    assert [done.cell.label for done in reported if done.seconds is None] == [c.label for c in tiny.cells[:4]]
    assert len(reported) == 12
    assert values_of(checkout.store, tiny) == expected_of(tiny)


def test_a_truncated_cell_is_computed_again_and_no_other(tiny, checkout, here_and_now):
    work_off(tiny.cells, checkout.store)
    path = checkout.store.path(tiny.cells[7])
    whole = path.read_text()
    path.write_text(whole[: len(whole) // 3])
    work_off(tiny.cells, checkout.store)
    assert checkout.computed().count("2.0-11") == 2
    assert len(checkout.computed()) == 13
    assert values_of(checkout.store, tiny) == expected_of(tiny)


def test_where_nothing_is_missing_no_cluster_is_started(tiny, checkout, here_and_now, monkeypatch):
    work_off(tiny.cells, checkout.store)
    monkeypatch.setattr(execution, "client_of", None)
    work_off(tiny.cells, checkout.store)


def test_what_another_run_works_at_is_waited_for_and_not_computed_twice(tiny, checkout, here_and_now, monkeypatch):
    monkeypatch.setattr(execution, "WAIT", 0.05)
    cell, pulses = tiny.cells[0], []
    lock = checkout.store.lease(cell)

    def other_run(pulse):
        pulses.append(pulse.others)
        if len(pulses) == 8 and lock.is_locked:
            found = compute(cell, code_of(cell.kind))
            checkout.store.write(cell, found["result"], found["provenance"])
            lock.release()

    work_off(tiny.cells[:3], checkout.store, pulse=other_run)
    assert checkout.computed().count("1.0-5") == 1
    assert max(pulses) == 1


def test_a_full_disk_ends_the_run_with_what_was_stored_before(tiny, checkout, here_and_now, monkeypatch):
    work_off(tiny.cells[:2], checkout.store)

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(ExperimentError, match="no room on the disk to write"):
        work_off(tiny.cells, checkout.store)
    assert [checkout.store.state(cell) for cell in tiny.cells] == ["stored"] * 2 + ["missing"] * 10


def test_a_full_disk_that_has_no_room_for_a_lock_is_told_too(tiny, checkout, here_and_now, monkeypatch):
    monkeypatch.setattr("filelock.FileLock.acquire", full)
    with pytest.raises(ExperimentError, match=r"no room on the disk to write .*\.lock"):
        work_off(tiny.cells, checkout.store)


@pytest.mark.parametrize(
    ("fail", "kind", "told"),
    [
        (lambda *cell: Path("/nowhere/data").read_bytes(), ExperimentError,
         r"tiny: one, seeds 5 to 6 could not be computed \(FileNotFoundError"),
        (lambda *cell: 1 / 0, ZeroDivisionError, "division by zero"),
    ],
)  # fmt: skip
def test_data_that_a_worker_lacks_are_told_with_the_cell_and_a_bug_keeps_its_name(
    tiny, checkout, here_and_now, monkeypatch, fail, kind, told
):
    monkeypatch.setattr(tiny_kind, "run", fail)
    with pytest.raises(kind, match=told):
        work_off(tiny.cells, checkout.store)


@pytest.mark.parametrize("address", ["tcp://127.0.0.1:9", "nonsense://x", "127.0.0.1"])
def test_a_scheduler_that_does_not_answer_is_told_with_the_remedy(tiny, checkout, monkeypatch, address):
    monkeypatch.setattr(execution, "PATIENCE", 0.3)
    with pytest.raises(ExperimentError, match=f"no scheduler answers at '{address}'.*leave --scheduler out"):
        work_off(tiny.cells, checkout.store, scheduler=address)


@pytest.mark.parametrize("address", ["tcp://127.0.0.1:9", "nonsense://x", "127.0.0.1"])
def test_a_client_that_reached_no_scheduler_is_closed_before_the_garbage_collector_comes(address):
    gc.collect()
    gc.disable()
    try:
        with pytest.raises((OSError, ValueError)):
            ClosingClient(address, timeout=0.3)
        found = [client.status for client in gc.get_objects() if isinstance(client, ClosingClient)]
    finally:
        gc.enable()
    assert set(found) <= {"closed"}


def test_one_of_two_workers_is_killed_and_nothing_is_lost(tiny, checkout, workers):
    before, reported = workers.computed(), []

    def kill_one(done):
        if not reported:
            os.kill(workers.pids()[0], signal.SIGKILL)
        reported.append(done.cell.label)

    work_off(tiny.cells, checkout.store, scheduler=workers.address, report=kill_one)
    assert sorted(reported) == sorted(cell.label for cell in tiny.cells)
    assert values_of(checkout.store, tiny) == expected_of(tiny)
    # Only what was on the killed worker, and not yet stored, is computed again.
    assert 12 <= workers.computed() - before <= 12 + 3


def test_two_runs_at_once_share_the_cells(tiny, checkout, workers):
    before, shares, errors = workers.computed(), ([], []), []

    def one_run(share):
        try:
            work_off(tiny.cells, CellStore(checkout.store.folder), scheduler=workers.address, report=share.append)
        except BaseException as error:
            errors.append(error)

    runs = [threading.Thread(target=one_run, args=(share,)) for share in shares]
    for run in runs:
        run.start()
    for run in runs:
        run.join()
    assert errors == []
    assert workers.computed() - before == 12
    assert [len(share) for share in shares] == [12, 12]
    assert values_of(checkout.store, tiny) == expected_of(tiny)


def test_a_worker_with_other_code_is_refused_before_it_computes(tiny, checkout, workers, monkeypatch):
    before = workers.computed()
    monkeypatch.setattr(execution, "code_of", lambda kind: "other")
    with pytest.raises(ExperimentError, match=r"a worker would compute tiny: .* with other code than this machine has"):
        work_off(tiny.cells, checkout.store, scheduler=workers.address)
    assert workers.computed() == before
    assert {checkout.store.state(cell) for cell in tiny.cells} == {"missing"}


SCHEDULER = """
import sys
from distributed import LocalCluster
from cl_theory.proof.experiments.execution import NO_DASHBOARD
cluster = LocalCluster(n_workers=1, threads_per_worker=1, host="127.0.0.1", processes=False, protocol="tcp://",
                       preload=[sys.argv[1]], **NO_DASHBOARD)
print(cluster.scheduler_address, flush=True)
sys.stdin.read()
"""


def test_a_scheduler_that_goes_away_ends_the_run_with_what_was_stored_before(tiny, checkout, monkeypatch):
    monkeypatch.setattr(execution, "PATIENCE", 1)
    monkeypatch.setitem(execution.SETTINGS, "distributed.comm.timeouts.connect", "1s")
    call = [sys.executable, "-c", SCHEDULER, tiny_kind.__file__]
    environment = {**os.environ, tiny_kind.SECONDS: "0.2"}
    with subprocess.Popen(call, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as elsewhere:
        address = elsewhere.stdout.readline().strip()
        with pytest.raises(ExperimentError, match="the scheduler went away; what it had finished is stored"):
            work_off(tiny.cells, checkout.store, scheduler=address, report=lambda done: elsewhere.kill())
    states = [checkout.store.state(cell) for cell in tiny.cells]
    assert states.count("stored") in (1, 2)
    assert set(states) == {"stored", "missing"}
