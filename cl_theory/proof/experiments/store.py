"""Where results lie: files that are complete or not there, the store of cells, and archives of finished experiments.

Plain JSON with a checksum: joblib and diskcache read by unpickling, by which a file that comes with a commit could run
code.
"""

import errno
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import zip_longest
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from cl_theory.learning.learners.loop import write_atomically
from cl_theory.proof.experiments.definition import Cell, Experiment, ExperimentError, code_of, commit, digest_of, key_of

if TYPE_CHECKING:
    from filelock import BaseFileLock


FORMAT = 1


def write_checked(path: Path, content: Mapping[str, Any], *, in_lines: bool = False) -> None:
    """Write `content` with its format and checksum; ExperimentError, with nothing half written, if the disk is full."""
    whole = {"format": FORMAT, **content}
    whole["sha256"] = digest_of(whole)
    text = _rows_on_lines(whole) if in_lines else json.dumps(whole, allow_nan=False)
    with roomy(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            write_atomically(path, f"{text}\n".encode())
        finally:
            _sweep(path)


def _sweep(path: Path) -> None:
    """Remove what writers of `path` who were killed, or found no room, have left half written beside it."""
    for left in path.parent.glob(f".{path.name}.*.part"):
        left.unlink(missing_ok=True)


@contextmanager
def roomy(path: Path) -> Iterator[None]:
    """Turns a full disk, met while `path` is written, into an ExperimentError that says what to do."""
    try:
        yield
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise
        raise ExperimentError(
            f"no room on the disk to write {path}; free some and run the command again: what is stored is kept"
        ) from error


def read_checked(path: Path) -> dict[str, Any]:
    """The content of `path`; ExperimentError if it is damaged, was edited by hand, or has another format.

    FileNotFoundError if there is no such file.
    """
    try:
        whole = json.loads(path.read_text("utf-8"))
        found = whole.pop("sha256")
        sound = found == digest_of(whole)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ExperimentError(f"{path} is damaged ({type(error).__name__}: {error})") from error
    if not sound:
        raise ExperimentError(f"{path} was changed after it was written: its checksum does not fit")
    if whole.get("format") != FORMAT:
        raise ExperimentError(f"{path} has format {whole.get('format')!r}, this version reads {FORMAT}")
    return whole


def _rows_on_lines(value: Any, margin: str = "\n") -> str:
    """Indented JSON with each innermost list on one line, so that a difference shows as lines."""
    inner = margin + " "
    if isinstance(value, Mapping) and value:
        entries = (f"{inner}{json.dumps(name)}: {_rows_on_lines(part, inner)}" for name, part in value.items())
        return "{" + ",".join(entries) + margin + "}"
    if isinstance(value, list) and any(isinstance(part, list | Mapping) for part in value):
        return "[" + ",".join(inner + _rows_on_lines(part, inner) for part in value) + margin + "]"
    return json.dumps(value, allow_nan=False)


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


KEPT_ONCE = ("weights",)
"""Measures of the first replica alone."""


def archive_path(folder: Path, name: str) -> Path:
    """Where the results of an experiment lie below ``data/experiments``."""
    return Path(folder) / f"{name}.json"


def write_archive(folder: Path, experiment: Experiment, store: CellStore, root: Path) -> Path:
    """Gather the cells of `experiment` into its file; ExperimentError if some are missing."""
    found = [store.read(cell) for cell in experiment.cells]
    missing = [cell.label for cell, content in zip(experiment.cells, found, strict=True) if content is None]
    if missing:
        raise ExperimentError(
            f"{len(missing)} of {len(found)} cells of {experiment.name} are not finished, {missing[0]} among them; "
            f"run: cl-theory experiment run {experiment.name}"
        )
    contents = [content for content in found if content is not None]
    by_arm: dict[str, list[dict[str, Any]]] = {arm: [] for arm in experiment.arms}
    for cell, content in zip(experiment.cells, contents, strict=True):
        by_arm[cell.arm].append(content)
    parts = [content["provenance"] for content in contents]
    machines = [part["machine"] for part in parts]
    whole = {
        "experiment": experiment.name,
        "definition": experiment.definition,
        "provenance": {
            "commit": commit(root),
            "code": {cell.kind: code_of(cell.kind) for cell in experiment.cells},
            "seeds": [experiment.seeds.first, experiment.seeds.count],
            "machines": [one for place, one in enumerate(machines) if one not in machines[:place]],
            "cells": len(contents),
            "core_seconds": round(sum(part["seconds"] for part in parts), 1),
        },
        "arms": {arm: _merged(blocks) for arm, blocks in by_arm.items()},
    }
    path = archive_path(folder, experiment.name)
    write_checked(path, whole, in_lines=True)
    return path


def read_archive(folder: Path, experiment: Experiment) -> dict[str, Any]:
    """The stored results of `experiment`. ExperimentError if there are none, they were edited, or belong to another
    definition: the message names the remedy."""
    path = archive_path(folder, experiment.name)
    again = f"run: cl-theory experiment run {experiment.name}"
    if not path.exists():
        raise ExperimentError(f"{experiment.name} has no stored results ({path.name}); {again}")
    try:
        content = read_checked(path)
    except ExperimentError as error:
        raise ExperimentError(f"{error}; restore it with 'git checkout -- {path}', or {again}") from error
    change = _first_change(content.get("definition"), experiment.definition)
    if change:
        raise ExperimentError(
            f"the definition of {experiment.name} changed under its stored results ({change}); undo the change, "
            f"or {again}"
        )
    return content


def stale_kinds(content: Mapping[str, Any], experiment: Experiment) -> list[str]:
    """Kinds of learners whose code changed since the results in `content` were computed."""
    recorded = content["provenance"]["code"]
    return sorted({cell.kind for cell in experiment.cells if recorded.get(cell.kind) != code_of(cell.kind)})


def _merged(contents: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The blocks of seeds of one arm, side by side; where a block diverged its later values are None."""
    results = [content["result"] for content in contents]
    axes = max((result["axes"] for result in results), key=lambda axis: len(axis["phases"]))
    widths = [content["cell"]["seeds"][1] for content in contents]
    curves = {
        name: [_joined(name, at_point, widths) for at_point in zip_longest(*(one["curves"][name] for one in results))]
        for name in results[0]["curves"]
    }
    final = {
        name: _joined(name, [one["final"].get(name) for one in results], widths) for name in _final_names(contents)
    }
    diverged = [[content["cell"]["seeds"], content["result"]["diverged"]] for content in contents]
    return {
        "axes": axes,
        "curves": curves,
        "final": final,
        "diverged": [entry for entry in diverged if entry[1] is not None],
        "core_seconds": round(sum(content["provenance"]["seconds"] for content in contents), 1),
    }


def _final_names(contents: Sequence[Mapping[str, Any]]) -> list[str]:
    """What is measured at the end, named even where every block diverged before it."""
    found = {name for content in contents for name in content["result"]["final"]}
    return sorted(found | {name for content in contents for name in content["cell"]["settings"].get("final", ())})


def _joined(name: str, blocks: Sequence[Any], widths: Sequence[int]) -> Any:
    """One list of values a seed, None where nothing was measured; `blocks` of seeds have these `widths`."""
    if all(values is None for values in blocks):
        return None
    if name in KEPT_ONCE:
        return next(values[:1] for values in blocks if values is not None)
    return [value for values, width in zip(blocks, widths, strict=True) for value in (values or [None] * width)]


def _first_change(old: Any, new: Any, place: str = "") -> str:
    """Where two definitions first differ, in words; empty if they do not."""
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        for name in sorted({*old, *new}):
            if name not in old or name not in new:
                return f"{place}{name} is {'new' if name in new else 'gone'}"
            found = _first_change(old[name], new[name], f"{place}{name}.")
            if found:
                return found
        return ""
    return "" if old == new else f"{place.rstrip('.')} was {_short(old)}, is {_short(new)}"


def _short(value: Any) -> str:
    text = str(value)
    return text if len(text) <= 60 else text[:57] + "..."
