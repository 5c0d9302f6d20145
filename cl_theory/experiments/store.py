"""Finished cells on disk, each under the key of its definition and code, so that a killed run goes on."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from cl_theory.experiments.definition import Cell, ExperimentError
from cl_theory.experiments.files import read_checked, roomy, write_checked
from cl_theory.experiments.kinds import key_of

if TYPE_CHECKING:
    from filelock import BaseFileLock

CellState = Literal["stored", "in flight", "damaged", "missing"]


class CellStore:
    """A folder of finished cells. Any number of runs may use it at once."""

    def __init__(self, folder: Path) -> None:
        self.folder = Path(folder)

    def path(self, cell: Cell) -> Path:
        """Where the result of a cell lies; cells that are the same in two experiments are computed once."""
        return self.folder / cell.kind / f"{key_of(cell)[:24]}.json"

    def read(self, cell: Cell) -> dict[str, Any] | None:
        """The stored result of `cell` and what it cost; None if there is none, or a damaged one.

        A damaged file is left for the run that replaces it: whoever removed it might remove its replacement.
        """
        try:
            return self._checked(cell)
        except ExperimentError:
            return None

    def state(self, cell: Cell) -> CellState:
        """How `cell` stands; "in flight" while a run works at it."""
        try:
            if self._checked(cell) is not None:
                return "stored"
            otherwise: CellState = "missing"
        except ExperimentError:
            otherwise = "damaged"
        return "in flight" if self._is_leased(cell) else otherwise

    def write(self, cell: Cell, result: Mapping[str, Any], provenance: Mapping[str, Any]) -> None:
        """Store the result of `cell` in one step."""
        content = {
            "key": key_of(cell),
            "label": cell.label,
            "cell": cell.identity,
            "provenance": dict(provenance),
            "result": dict(result),
        }
        write_checked(self.path(cell), content)

    def lease(self, cell: Cell) -> "BaseFileLock | None":
        """A lock on working at `cell`, None while another run works at it.

        The system takes the lock from a run that is killed. Its empty file stays: once it were removed, two runs could
        each hold a lock on a file of that name.
        """
        from filelock import FileLock, Timeout

        path = self._lock_path(cell)
        with roomy(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            lock = FileLock(path)
            try:
                lock.acquire(timeout=0)
            except Timeout:
                return None
        return lock

    def _checked(self, cell: Cell) -> dict[str, Any] | None:
        path = self.path(cell)
        try:
            content = read_checked(path)
        except FileNotFoundError:
            return None
        if content.get("key") != key_of(cell):
            raise ExperimentError(f"{path} belongs to another cell")
        return content

    def _is_leased(self, cell: Cell) -> bool:
        if not self._lock_path(cell).exists():
            return False
        lock = self.lease(cell)
        if lock is not None:
            lock.release()
        return lock is None

    def _lock_path(self, cell: Cell) -> Path:
        return self.path(cell).with_suffix(".lock")


@contextmanager
def leased(lock: "BaseFileLock") -> Iterator[None]:
    """Give the lock back afterwards."""
    try:
        yield
    finally:
        lock.release()
