"""Computing the cells of an experiment, by Dask on this machine or a cluster.

The loop over futures is our own, since `as_completed` does not leave alone the cells that another run holds locks on.
"""

import logging
import os
import signal
import sys
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import CancelledError
from contextlib import contextmanager, suppress
from typing import Any

import dask
from distributed import Client, Future, LocalCluster, wait
from distributed.comm import CommClosedError
from distributed.scheduler import KilledWorker
from filelock import BaseFileLock

from cl_theory.proof.experiments.definition import (
    Cell,
    ExperimentError,
    available_cores,
    code_of,
    computed,
    kernel_cache,
    machine,
)
from cl_theory.proof.experiments.standing import Progress, Pulse
from cl_theory.proof.experiments.store import CellStore


class ClosingClient(Client):
    """Closed at once where its scheduler is not reached.

    Dask leaves that to the garbage collector. It may come to it in the thread that the next client starts, and close
    the old one there, which needs a lock that the next client's maker holds while it waits for that thread: Dask gives
    up after ten seconds, with an AssertionError.
    """

    def __init__(self, address: Any, **options: Any) -> None:
        try:
            super().__init__(address, **options)
        except BaseException:
            self.close()
            raise


THREADS = (
    "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS", "NUMBA_NUM_THREADS",
)  # fmt: skip
ONE_THREAD = dict.fromkeys(THREADS, "1")
"""A worker a core does not want threads of its own."""

PATIENCE = 15
"""Seconds to wait for a scheduler that was named."""

SETTINGS: dict[str, Any] = {
    "distributed.comm.timeouts.connect": f"{PATIENCE}s",
    "distributed.worker.memory.spill": False,
    # A kernel may keep a worker from its heartbeat for minutes; the default takes it for dead after five.
    "distributed.scheduler.worker-ttl": "1 hour",
    # Dask has memory given back to the system at once. Learners that make large arrays at every phase would then wait
    # for fresh pages half of their time.
    "distributed.nanny.pre-spawn-environ.MALLOC_TRIM_THRESHOLD_": 1 << 30,
    "distributed.nanny.pre-spawn-environ.MALLOC_MMAP_THRESHOLD_": 1 << 30,
}

NO_DASHBOARD: dict[str, Any] = {"dashboard_address": None, "scheduler_kwargs": {"dashboard_address": "127.0.0.1:0"}}
"""The scheduler serves some pages even so: at any free port, so that two runs at once do not meet there."""


@contextmanager
def client_of(scheduler: str | None, workers: int | None = None, *, most: int | None = None) -> Iterator[Client]:
    """A client of the scheduler at `scheduler` (tcp://host:port), or of `workers` processes on this machine, default
    one a core, but not more than `most`.

    ExperimentError if nobody answers there.
    """
    quiet()
    with dask.config.set(SETTINGS):
        if scheduler is not None:
            with _reached(scheduler) as client:
                yield client
            return
        loaded = [*dask.config.get("distributed.worker.preload"), __name__]
        n = min(workers or available_cores(), most or sys.maxsize)
        environment = {**ONE_THREAD, "NUMBA_CACHE_DIR": os.environ.get("NUMBA_CACHE_DIR", str(kernel_cache()))}
        cluster = LocalCluster(
            n_workers=n, threads_per_worker=1, memory_limit=0, host="127.0.0.1", env=environment, preload=loaded,
            **NO_DASHBOARD,
        )  # fmt: skip
        try:
            with ClosingClient(cluster) as client:
                yield client
        finally:
            with suppress(TimeoutError):  # workers too slow to say goodbye end with this process
                cluster.close()


@contextmanager
def _reached(address: str) -> Iterator[Client]:
    try:
        client = ClosingClient(address, timeout=PATIENCE)
    except (OSError, ValueError, KeyError) as error:
        raise ExperimentError(
            f"no scheduler answers at {address!r} ({type(error).__name__}); start one with 'dask scheduler' and "
            f"workers with 'dask worker {address} --nthreads 1', or leave --scheduler out to use this machine"
        ) from error
    with client:
        yield client


LOGGERS = (
    "distributed", "distributed.core", "distributed.nanny", "distributed.scheduler", "distributed.worker",
    "distributed.worker.state_machine",
)  # fmt: skip


def dask_setup(worker: Any) -> None:
    """Called by Dask in the worker's process once it is up."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    quiet()


def quiet() -> None:
    """What a worker says when it is stopped is no news to the reader of a progress bar."""
    for name in LOGGERS:
        logging.getLogger(name).setLevel(logging.CRITICAL)


WAIT = 1.0
"""Seconds between looks at a cell that another run is working at, and between pulses."""

GONE = (
    "the scheduler went away; what it had finished is stored: start it again, or leave --scheduler out, "
    "and run the same command again"
)


Report = Callable[[Progress], None]


def compute(cell: Cell, code: str) -> dict[str, Any]:
    """What a worker does: the result of `cell`, what it cost, and which code and machine it came from.

    A worker whose code is not `code` computes nothing.
    """
    found = code_of(cell.kind)
    if code != found:
        return {"code": found}
    started, worked = time.perf_counter(), time.process_time()
    result = computed(cell)
    provenance = {
        "seconds": round(time.perf_counter() - started, 2),
        "cpu_seconds": round(time.process_time() - worked, 2),
        "machine": machine(),
    }
    return {"result": result, "provenance": provenance, "code": found}


def work_off(
    cells: Sequence[Cell],
    store: CellStore,
    *,
    scheduler: str | None = None,
    workers: int | None = None,
    report: Report = lambda progress: None,
    pulse: Callable[[Pulse], None] = lambda pulse: None,
) -> None:
    """Compute the cells that `store` lacks. A run killed at any moment loses at most the cells in flight.

    `report` hears of every cell once, `pulse` how the run stands, about once a second. ExperimentError if a named
    `scheduler` cannot be reached or goes away, a worker has other code, or the disk is full; what was finished before
    is stored.
    """
    missing = deque(cell for cell in cells if not _known(cell, store, report))
    if not missing:
        return
    with client_of(scheduler, workers, most=len(missing)) as client:
        _Work(client, store, missing, report, pulse).off()


def _known(cell: Cell, store: CellStore, report: Report) -> bool:
    if store.read(cell) is None:
        return False
    report(Progress(cell, None))
    return True


class _Work:
    """The cells that are waiting, and those in flight with the locks that keep other runs from them."""

    def __init__(
        self,
        client: Client,
        store: CellStore,
        waiting: deque[Cell],
        report: Report,
        pulse: Callable[[Pulse], None],
    ) -> None:
        self.client, self.store, self.waiting, self.report, self.pulse = client, store, waiting, report, pulse
        self.flying: dict[Future, tuple[Cell, BaseFileLock, float]] = {}

    def off(self) -> None:
        try:
            while self.waiting or self.flying:
                cores = self._cores()
                self._send(cores + 1 - len(self.flying))
                self.pulse(Pulse(cores, self._ages(), len(self.waiting) if not self.flying else 0))
                self._receive()
        finally:
            for _, lock, _ in self.flying.values():
                lock.release()

    def _send(self, room: int) -> None:
        """Keep every core busy, with one cell in line; leave alone what another run works at."""
        for _ in range(len(self.waiting)):
            if room <= 0:
                return
            cell = self.waiting.popleft()
            lock = self.store.lease(cell)
            if lock is None:
                self.waiting.append(cell)
            elif _known(cell, self.store, self.report):
                lock.release()
            else:
                future = self.client.submit(compute, cell, code_of(cell.kind), pure=False)
                self.flying[future] = cell, lock, time.monotonic()
                room -= 1

    def _receive(self) -> None:
        """Store whatever has come in."""
        if not self.flying:
            time.sleep(WAIT)
            return
        for future in self._landed():
            cell, lock, _ = self.flying.pop(future)
            try:
                self._keep(cell, future)
            finally:
                lock.release()

    def _landed(self) -> list[Future]:
        """The futures in flight that are done, waiting a while for the first."""
        with suppress(TimeoutError), _scheduler_there():
            wait(list(self.flying), timeout=WAIT, return_when="FIRST_COMPLETED")
        return [future for future in self.flying if future.done()]

    def _keep(self, cell: Cell, future: Future) -> None:
        with _explained(cell), _scheduler_there():
            found = future.result()
        if found["code"] != code_of(cell.kind):
            raise ExperimentError(
                f"a worker would compute {cell.label} with other code than this machine has; "
                "install the same version of cl_theory on all workers and restart them"
            )
        self.store.write(cell, found["result"], found["provenance"])
        self.report(Progress(cell, found["provenance"]["seconds"]))

    def _cores(self) -> int:
        try:
            with _scheduler_there():
                return sum(self.client.nthreads().values())
        except OSError as error:
            raise ExperimentError(GONE) from error

    def _ages(self) -> tuple[tuple[Cell, float], ...]:
        now = time.monotonic()
        return tuple((cell, now - sent) for cell, _, sent in self.flying.values())


@contextmanager
def _scheduler_there() -> Iterator[None]:
    """Turns what Dask says of a scheduler that is gone into an ExperimentError."""
    try:
        yield
    except (CancelledError, CommClosedError) as error:
        raise ExperimentError(GONE) from error


@contextmanager
def _explained(cell: Cell) -> Iterator[None]:
    """Turns what may go wrong at a worker, a bug of its code apart, into an ExperimentError that names the cell."""
    try:
        yield
    except KilledWorker as error:
        raise ExperimentError(
            f"{cell.label}: every worker that took it died, for lack of memory perhaps; what was finished is stored: "
            "run the command again with --workers 1"
        ) from error
    except (OSError, ImportError) as error:
        raise ExperimentError(
            f"{cell.label} could not be computed ({type(error).__name__}: {error}); what was finished is stored: mend "
            "that on the worker's machine and run the command again"
        ) from error
