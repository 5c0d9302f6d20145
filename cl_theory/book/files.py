"""Writing whole files or none, and telling whether one was changed."""

import hashlib
import json
import os
import shutil
import tempfile
from pathlib import Path
from typing import Any


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
