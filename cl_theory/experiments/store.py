"""Finished cells on disk, each under the key of its definition and code, so that a killed run goes on."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from cl_theory.experiments.definition import Cell, ExperimentError
from cl_theory.experiments.files import read_checked, write_checked
from cl_theory.experiments.kinds import key_of


class CellStore:
    """A folder of finished cells. Any number of runs may use it at once."""

    def __init__(self, folder: Path) -> None:
        self.folder = Path(folder)

    def path(self, cell: Cell) -> Path:
        """Where the result of a cell lies; cells that are the same in two experiments are computed once."""
        return self.folder / cell.kind / f"{key_of(cell)[:24]}.json"

    def read(self, cell: Cell) -> dict[str, Any] | None:
        """The stored result of `cell` and what it cost; None if there is none, or a damaged one, which is removed."""
        path = self.path(cell)
        if not path.exists():
            return None
        try:
            content = read_checked(path)
        except ExperimentError:
            path.unlink(missing_ok=True)
            return None
        return content if content.get("key") == key_of(cell) else None

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

    def lease(self, cell: Cell) -> FileLock | None:
        """A lock on working at `cell`, None while another run works at it. One that was killed holds nothing."""
        path = self.path(cell).with_suffix(".lock")
        path.parent.mkdir(parents=True, exist_ok=True)
        lock = FileLock(path)
        try:
            lock.acquire(timeout=0)
        except Timeout:
            return None
        return lock


@contextmanager
def leased(lock: FileLock) -> Iterator[None]:
    """Give the lock back afterwards, and remove its file."""
    try:
        yield
    finally:
        lock.release()
        Path(lock.lock_file).unlink(missing_ok=True)
