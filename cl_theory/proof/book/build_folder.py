"""What lies in the build folder: whole files or none, one run at a time, and copies used only while they are valid."""

import hashlib
import json
import os
import platform
import shutil
import sys
import tempfile
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from importlib import metadata
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

import cl_theory
from cl_theory.proof.book.checkout import Chapter, Checkout


def write_whole(path: Path, text: str, scratch: Path) -> None:
    """Write `text` to `path` so that a reader finds the old file or the new one, never a part of either.

    `scratch` is a folder on the same disk for the unfinished copy.
    """
    scratch.mkdir(parents=True, exist_ok=True)
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=scratch, prefix=path.name)
    with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    os.chmod(temporary, 0o644)  # mkstemp makes it private
    os.replace(temporary, path)


def write_json(path: Path, content: Any, scratch: Path) -> None:
    """`write_whole` of `content` as JSON; ValueError at NaN or infinity."""
    write_whole(path, json.dumps(content, indent=1, ensure_ascii=False, allow_nan=False) + "\n", scratch)


def read_json(path: Path) -> Any | None:
    """The content of a JSON file, or None if it is missing or damaged."""
    try:
        return json.loads(path.read_text("utf-8"))
    except (OSError, ValueError):
        return None


def digest(path: Path) -> str | None:
    """sha256 of a file's bytes, None if there is no such file."""
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError:
        return None


def swap_folder(new: Path, target: Path, scratch: Path) -> None:
    """Put the finished folder `new` in the place of `target`; both and `scratch` lie on one disk."""
    target.parent.mkdir(parents=True, exist_ok=True)
    if target.exists():
        old = Path(tempfile.mkdtemp(dir=scratch)) / "old"
        os.replace(target, old)
        os.replace(new, target)
        shutil.rmtree(old, ignore_errors=True)
    else:
        os.replace(new, target)


@contextmanager
def alone(checkout: Checkout, waiting: Callable[[], None] = lambda: None) -> Iterator[None]:
    """Hold the checkout's build folder; `waiting` is told if another run has it.

    The lock is the operating system's, so one that was killed holds nothing. What an interrupted run left half
    finished is removed first.
    """
    checkout.build.mkdir(parents=True, exist_ok=True)
    lock = FileLock(checkout.build / ".lock")
    try:
        lock.acquire(timeout=0)
    except Timeout:
        waiting()
        lock.acquire()
    try:
        shutil.rmtree(checkout.scratch, ignore_errors=True)
        checkout.scratch.mkdir(parents=True)
        yield
    finally:
        shutil.rmtree(checkout.scratch, ignore_errors=True)
        lock.release()


_IGNORED = {"__pycache__", ".ipynb_checkpoints", ".mypy_cache"}


def folder_key(folder: Path, without: Collection[str] = ()) -> str:
    """sha256 over the names and contents of every file below `folder`, caches and files named in `without` aside."""
    total = hashlib.sha256()
    for path in sorted(path for path in _files(folder) if path.name not in without):
        total.update(f"{path.relative_to(folder).as_posix()}\0".encode())
        total.update(hashlib.sha256(path.read_bytes()).digest())
    return total.hexdigest()


def versions() -> dict[str, str]:
    """Every installed distribution with its version, and the interpreter's."""
    found = {entry.metadata["Name"]: entry.version for entry in metadata.distributions()}
    return {**dict(sorted(found.items())), "python": sys.version, "machine": platform.machine()}


def chapter_key(
    source: bytes, *, package: str, data: str, installed: Mapping[str, str], parameters: Mapping[str, Any],
    environment: Mapping[str, str] = os.environ,
) -> str:  # fmt: skip
    """One key for all that a chapter's outputs depend on.

    `source` is the whole notebook, prose included; `package` and `data` are `folder_key` of ``cl_theory`` and
    ``data``; variables of the environment that begin with CL_THEORY_ count too.
    """
    own = {name: value for name, value in environment.items() if name.startswith("CL_THEORY_")}
    own.pop("CL_THEORY_SEED", None)  # it is among the parameters
    parts = [hashlib.sha256(source).hexdigest(), package, data, dict(installed), dict(parameters), own]
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def _files(folder: Path) -> Iterable[Path]:
    for place, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if name not in _IGNORED]
        yield from (Path(place) / name for name in names if not name.endswith((".pyc", ".tmp")))


PACKAGE = Path(cl_theory.__file__).parent
UNKNOWN_SECONDS = 1e9
"""A chapter that was never executed may be the longest."""


def package_key() -> str:
    """`folder_key` of the package as it lies on the disk."""
    return folder_key(PACKAGE)


def chapter_keys(
    checkout: Checkout, chapters: Mapping[str, Chapter], package: str, parameters: Mapping[str, Any]
) -> dict[str, str]:
    """`chapter_key` of each chapter for a run with `parameters`.

    Every run is compared with the ledger itself, so accepting a number makes no executed copy stale, except of a
    chapter that reads the ledger.
    """
    ledger = checkout.ledger.name
    without, whole, installed = folder_key(checkout.data, (ledger,)), folder_key(checkout.data), versions()

    def key(source: bytes) -> str:
        data = whole if ledger.encode() in source else without
        return chapter_key(source, package=package, data=data, installed=installed, parameters=parameters)

    return {name: key(chapter.source) for name, chapter in chapters.items()}


def kept(checkout: Checkout, name: str, key: str) -> tuple[dict[str, Any], float] | None:
    """The executed copy of `name` and the seconds it took, if it was made from exactly what `key` stands for."""
    note, copy = _note(checkout, name), checkout.executed / f"{name}.ipynb"
    if note.get("key") != key or note.get("sha256") != digest(copy):
        return None
    return json.loads(copy.read_text("utf-8")), note["seconds"]


def keep(checkout: Checkout, name: str, notebook: Mapping[str, Any], **facts: Any) -> None:
    """Write the executed copy of `name`, beside it `facts` (its key, times, memory) and its digest."""
    copy = checkout.executed / f"{name}.ipynb"
    write_whole(copy, notebook_text(notebook), checkout.scratch)
    write_json(checkout.executed / f"{name}.json", {"sha256": digest(copy), **facts}, checkout.scratch)


def notebook_text(notebook: Mapping[str, Any]) -> str:
    """`notebook` as nbformat writes it, the same text for the same content."""
    return json.dumps(notebook, indent=1, ensure_ascii=False, sort_keys=True) + "\n"


def expected_seconds(checkout: Checkout, name: str) -> float:
    """What the last execution of `name` took."""
    return _note(checkout, name).get("seconds", UNKNOWN_SECONDS)


def cache_name(package_key: str) -> str:
    """Name of the folder for what numba compiled from the package in this state."""
    return package_key[:16]


def clear_old(checkout: Checkout, package: str) -> None:
    """Remove failed copies of the last run, and what numba compiled from other states of the package."""
    shutil.rmtree(checkout.failed, ignore_errors=True)
    for cache in (checkout.build / "numba").glob("*"):
        if cache.name != cache_name(package):
            shutil.rmtree(cache, ignore_errors=True)


def _note(checkout: Checkout, name: str) -> dict[str, Any]:
    note = read_json(checkout.executed / f"{name}.json")
    return note if isinstance(note, dict) else {}
