"""Working off cells: what is stored is kept, what is missing is computed, and each result is stored as it comes."""

import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import CancelledError
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cl_theory.experiments.cluster import client_of
from cl_theory.experiments.definition import Cell, ExperimentError
from cl_theory.experiments.kinds import code_of, computed
from cl_theory.experiments.provenance import machine
from cl_theory.experiments.store import CellStore, leased

if TYPE_CHECKING:
    from distributed import Client, Future
    from filelock import BaseFileLock

WAIT = 1.0
"""Seconds between looks at a cell that another run is working at, and between pulses."""

GONE = (
    "the scheduler went away; what it had finished is stored: start it again, or leave --scheduler out, "
    "and run the same command again"
)


@dataclass(frozen=True)
class Progress:
    """A cell that is done: `seconds` it took, or None where its result was stored already."""

    cell: Cell
    seconds: float | None


@dataclass(frozen=True)
class Pulse:
    """How a run stands: `cores` at work, `flying` cells with the seconds since each was sent, oldest first, and how
    many cells are left to `others`, runs that work at them."""

    cores: int
    flying: tuple[tuple[Cell, float], ...]
    others: int


Report = Callable[[Progress], None]


def compute(cell: Cell, code: str | None = None) -> dict[str, Any]:
    """What a worker does: the result of `cell`, what it cost, and which code and machine it came from.

    A worker whose code is not `code` computes nothing.
    """
    found = code_of(cell.kind)
    if code not in (None, found):
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
        client: "Client",
        store: CellStore,
        waiting: "deque[Cell]",
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
            with leased(lock):
                self._keep(cell, future)

    def _landed(self) -> list["Future"]:
        """The futures in flight that are done, waiting a while for the first."""
        from distributed import wait

        with suppress(TimeoutError), _scheduler_there():
            wait(list(self.flying), timeout=WAIT, return_when="FIRST_COMPLETED")
        return [future for future in self.flying if future.done()]

    def _keep(self, cell: Cell, future: "Future") -> None:
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
    from distributed.comm import CommClosedError

    try:
        yield
    except (CancelledError, CommClosedError) as error:
        raise ExperimentError(GONE) from error


@contextmanager
def _explained(cell: Cell) -> Iterator[None]:
    """Turns what may go wrong at a worker, a bug of its code apart, into an ExperimentError that names the cell."""
    from distributed.scheduler import KilledWorker

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


def default_store(root: Path) -> CellStore:
    """Where a checkout keeps finished cells; not committed."""
    return CellStore(root / "runs" / "experiments")
