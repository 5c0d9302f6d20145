"""Working off cells: what is stored is kept, what is missing is computed, and each result is stored as it comes."""

import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from filelock import FileLock

from cl_theory.experiments.cluster import client_of
from cl_theory.experiments.definition import Cell, ExperimentError
from cl_theory.experiments.kinds import code_of, computed
from cl_theory.experiments.provenance import machine
from cl_theory.experiments.store import CellStore, leased

if TYPE_CHECKING:
    from distributed import Client, Future

WAIT = 2.0
"""Seconds between looks at a cell that another run is working at."""


@dataclass(frozen=True)
class Progress:
    """A cell that is done: `seconds` it took, or None where its result was stored already."""

    cell: Cell
    seconds: float | None


Report = Callable[[Progress], None]


def compute(cell: Cell) -> dict[str, Any]:
    """What a worker does: the result of `cell`, what it cost, and which code and machine it came from."""
    started, worked = time.perf_counter(), time.process_time()
    result = computed(cell)
    provenance = {
        "seconds": round(time.perf_counter() - started, 2),
        "cpu_seconds": round(time.process_time() - worked, 2),
        "machine": machine(),
    }
    return {"result": result, "provenance": provenance, "code": code_of(cell.kind)}


def work_off(
    cells: Sequence[Cell],
    store: CellStore,
    *,
    scheduler: str | None = None,
    workers: int | None = None,
    report: Report = lambda progress: None,
) -> None:
    """Compute the cells that `store` lacks. A run killed at any moment loses at most the cells in flight.

    ExperimentError if a named `scheduler` cannot be reached or goes away, or the disk is full; what was finished
    before is stored.
    """
    missing = deque(cell for cell in cells if not _known(cell, store, report))
    if not missing:
        return
    with client_of(scheduler, workers) as client:
        _Work(client, store, missing, report).off()


def _known(cell: Cell, store: CellStore, report: Report) -> bool:
    if store.read(cell) is None:
        return False
    report(Progress(cell, None))
    return True


class _Work:
    """The cells that are waiting, and those in flight with the locks that keep other runs from them."""

    def __init__(self, client: "Client", store: CellStore, waiting: "deque[Cell]", report: Report) -> None:
        self.client, self.store, self.waiting, self.report = client, store, waiting, report
        self.flying: dict[Future, tuple[Cell, FileLock]] = {}

    def off(self) -> None:
        try:
            while self.waiting or self.flying:
                self._send()
                self._receive()
        finally:
            for future, (_, lock) in self.flying.items():
                future.cancel()
                with leased(lock):
                    pass

    def _send(self) -> None:
        """Keep every worker busy, with one cell more in line each; leave alone what another run works at."""
        room = 2 * max(1, len(self.client.scheduler_info()["workers"])) - len(self.flying)
        for _ in range(len(self.waiting)):
            if room <= 0:
                return
            cell = self.waiting.popleft()
            if _known(cell, self.store, self.report):
                continue
            lock = self.store.lease(cell)
            if lock is None:
                self.waiting.append(cell)
                continue
            self.flying[self.client.submit(compute, cell, pure=False, retries=2)] = cell, lock
            room -= 1

    def _receive(self) -> None:
        """Store whatever has come in."""
        from distributed import TimeoutError as NothingYet
        from distributed import wait

        if not self.flying:
            time.sleep(WAIT)
            return
        try:
            done = wait(list(self.flying), timeout=WAIT, return_when="FIRST_COMPLETED").done
        except NothingYet:
            if self.client.status not in ("running", "connecting"):
                raise ExperimentError(_GONE) from None
            return
        for future in done:
            cell, lock = self.flying.pop(future)
            with leased(lock):
                self._keep(cell, future)

    def _keep(self, cell: Cell, future: "Future") -> None:
        from distributed.client import FutureCancelledError

        try:
            found = future.result()
        except FutureCancelledError as error:
            raise ExperimentError(_GONE) from error
        if found["code"] != code_of(cell.kind):
            raise ExperimentError(
                f"a worker computed {cell.label} with other code than this machine has; "
                "install the same version of cl_theory on all workers and restart them"
            )
        self.store.write(cell, found["result"], found["provenance"])
        self.report(Progress(cell, found["provenance"]["seconds"]))


_GONE = (
    "the scheduler went away; what it had finished is stored: start it again, or leave --scheduler out, "
    "and run the same command again"
)


def default_store(root: Path) -> CellStore:
    """Where a checkout keeps finished cells; not committed."""
    return CellStore(root / "runs" / "experiments")
