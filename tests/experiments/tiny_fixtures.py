"""A tiny experiment in a checkout of its own, computed in this process or by real workers."""

import logging
import os
import subprocess
import sys
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from pathlib import Path
from types import SimpleNamespace

import pytest
import tiny_kind

from cl_theory.proof.experiments import definition as kinds
from cl_theory.proof.experiments import execution
from cl_theory.proof.experiments import registered as registry
from cl_theory.proof.experiments.execution import NO_DASHBOARD
from cl_theory.proof.experiments.store import CellStore

HERE = Path(__file__).resolve().parent


class HereAndNow:
    """A client of Dask, as far as it is needed, that computes in this process when asked."""

    def nthreads(self):
        return {"here": 2}

    def submit(self, function, *arguments, pure):
        future = Future()
        try:
            future.set_result(function(*arguments))
        except Exception as error:
            future.set_exception(error)
        return future


@pytest.fixture
def tiny(monkeypatch):
    """The tiny experiment, the only one there is."""
    monkeypatch.setattr(kinds, "RUNNERS", {**kinds.RUNNERS, "tiny": "tiny_kind:run"})
    monkeypatch.setattr(registry, "ALL", (tiny_kind.TINY,))
    registry.all_experiments.cache_clear()
    yield tiny_kind.TINY
    registry.all_experiments.cache_clear()


@pytest.fixture
def here_and_now(monkeypatch):
    """Cells are computed in this process, one after the other, without Dask."""

    @contextmanager
    def client_of(scheduler, workers=None, *, most=None):
        yield HereAndNow()

    monkeypatch.setattr(execution, "client_of", client_of)
    monkeypatch.setattr(execution._Work, "_landed", lambda self: list(self.flying))


@pytest.fixture
def checkout(tmp_path, monkeypatch):
    """An empty checkout, with a folder where computed cells are noted."""
    root = tmp_path / "checkout"
    (root / "chapters").mkdir(parents=True)
    (root / "_toc.yml").touch()
    noted = tmp_path / "noted"
    noted.mkdir()
    monkeypatch.setenv(tiny_kind.LOG, str(noted))
    monkeypatch.chdir(root)
    place = SimpleNamespace(root=root, noted=noted, archives=root / "data" / "experiments")
    place.store = CellStore(root / "runs" / "experiments")
    place.computed = lambda: sorted(path.name.rsplit("-", 2)[0] for path in noted.iterdir())
    return place


@pytest.fixture
def started(checkout):
    """Starts ``cl-theory`` on the tiny experiment in a process group of its own; all are killed in the end."""
    processes = []

    def start(*words, seconds=0.0):
        environment = {**os.environ, tiny_kind.SECONDS: str(seconds)}
        call = [sys.executable, str(HERE / "tiny_kind.py"), *words]
        process = subprocess.Popen(
            call, cwd=checkout.root, env=environment, text=True, start_new_session=True,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip
        processes.append(process)
        return process

    yield start
    for process in processes:
        process.kill()
        process.communicate()


@pytest.fixture(scope="module")
def workers(tmp_path_factory):
    """A real cluster of two worker processes that know the tiny kind, and how many cells they have computed."""
    from distributed import LocalCluster

    noted = tmp_path_factory.mktemp("noted")
    environment = {tiny_kind.LOG: str(noted), tiny_kind.SECONDS: "0.2"}
    cluster = LocalCluster(
        n_workers=2, threads_per_worker=1, memory_limit=0, host="127.0.0.1", env=environment,
        preload=[tiny_kind.__file__], silence_logs=logging.CRITICAL, **NO_DASHBOARD,
    )  # fmt: skip
    yield SimpleNamespace(
        address=cluster.scheduler_address,
        pids=lambda: [nanny.process.pid for nanny in cluster.workers.values()],
        computed=lambda: len(list(noted.iterdir())),
    )
    with suppress(TimeoutError):  # on a busy machine a worker may be slow to go
        cluster.close()
