"""When an executed chapter may be used again: only if everything it was made from is the same."""

import hashlib
import json
import os
import platform
import sys
from collections.abc import Collection, Iterable, Mapping
from importlib import metadata
from pathlib import Path
from typing import Any

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
