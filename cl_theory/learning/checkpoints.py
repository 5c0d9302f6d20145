"""State of a training run on disk: written whole or not at all, checked before it is believed, no pickle."""

import hashlib
import io
import json
import os
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

MAGIC = b"cl-theory checkpoint\n"
FORMAT = 1
LONGEST_HEADER = 1 << 20


class CheckpointError(ValueError):
    """A checkpoint that is damaged, of another format, or of another run; the text names file and remedy."""


def write_checkpoint(path: str | Path, arrays: Mapping[str, np.ndarray], header: Mapping[str, Any]) -> None:
    """Replace `path` in one step by `arrays` and a JSON `header`; a kill leaves the old file or the new one.

    Layout: a magic line, one JSON line with the format version, the length and SHA-256 of what follows and
    `header`, then an npz archive. The former file is kept beside it as ``<name>.previous``.
    """
    path = Path(path)
    payload = _packed(arrays)
    facts = {"format": FORMAT, "length": len(payload), "sha256": _digest(payload, header), "header": dict(header)}
    content = MAGIC + json.dumps(facts, sort_keys=True).encode() + b"\n" + payload
    if path.exists():
        _link_over(path, previous(path))
    write_atomically(path, content)


def read_checkpoint(path: str | Path) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
    """(arrays, header) of a checkpoint; CheckpointError if a single byte is not as it was written."""
    path = Path(path)
    with path.open("rb") as file:
        if file.readline(len(MAGIC)) != MAGIC:
            raise _refused(path, "it does not start as a checkpoint does")
        facts = _facts(path, file.readline(LONGEST_HEADER))
        payload = file.read()
    if facts["format"] != FORMAT:
        raise CheckpointError(f"{path} has format {facts['format']!r}, this version reads {FORMAT}; start afresh")
    if len(payload) != facts["length"]:
        raise _refused(path, f"it should go on for {facts['length']} bytes, got {len(payload)}")
    if _digest(payload, facts["header"]) != facts["sha256"]:
        raise _refused(path, "its checksum does not fit")
    return _unpacked(path, payload), facts["header"]


def previous(path: str | Path) -> Path:
    """Where the checkpoint before the last one is kept."""
    return Path(path).with_name(Path(path).name + ".previous")


def write_atomically(path: Path, content: bytes) -> None:
    """Write beside `path`, force to disk, then rename over it: no reader ever sees half a file."""
    beside = path.with_name(f".{path.name}.{os.getpid()}.part")
    with beside.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    os.replace(beside, path)
    _force_folder(path.parent)


def _link_over(path: Path, target: Path) -> None:
    beside = target.with_name(f".{target.name}.{os.getpid()}.part")
    beside.unlink(missing_ok=True)
    os.link(path, beside)
    os.replace(beside, target)


def _force_folder(folder: Path) -> None:
    """A rename is safe from a power cut only once its folder is on disk."""
    if os.name != "posix":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _packed(arrays: Mapping[str, np.ndarray]) -> bytes:
    if any(np.asarray(array).dtype.hasobject for array in arrays.values()):
        raise TypeError("a checkpoint holds plain numeric arrays only, got one of Python objects")
    buffer = io.BytesIO()
    np.savez(buffer, allow_pickle=False, **dict(arrays))
    return buffer.getvalue()


def _unpacked(path: Path, payload: bytes) -> dict[str, np.ndarray]:
    try:
        with np.load(io.BytesIO(payload), allow_pickle=False) as archive:
            return {name: archive[name] for name in archive.files}
    except (ValueError, OSError, EOFError, zipfile.BadZipFile) as error:
        raise _refused(path, str(error)) from error


def _facts(path: Path, line: bytes) -> dict[str, Any]:
    try:
        facts = json.loads(line)
        return {name: facts[name] for name in ("format", "length", "sha256", "header")}
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise _refused(path, "its header cannot be read") from error


def _digest(payload: bytes, header: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(header, sort_keys=True).encode() + b"\n" + payload).hexdigest()


def _refused(path: Path, reason: str) -> CheckpointError:
    remedy = f"delete it to start afresh, or put {previous(path).name} in its place to go on from there"
    return CheckpointError(f"{path} is damaged ({reason}); {remedy}")
