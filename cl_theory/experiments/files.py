"""Plain JSON on disk with a checksum, written whole or not at all."""

import errno
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from cl_theory.experiments.definition import ExperimentError, digest_of
from cl_theory.learning.loop import write_atomically

FORMAT = 1


def write_checked(path: Path, content: Mapping[str, Any], indent: int | None = None) -> None:
    """Write `content` with its format and checksum; ExperimentError, with nothing half written, if the disk is full."""
    whole = {"format": FORMAT, **content}
    text = json.dumps({**whole, "sha256": digest_of(whole)}, indent=indent, allow_nan=False) + "\n"
    with roomy(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            write_atomically(path, _rows_on_lines(text).encode() if indent is not None else text.encode())
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


def _rows_on_lines(text: str) -> str:
    """Indented JSON with each innermost list on one line, so that a difference shows as lines."""
    lines: list[str] = []
    held: list[str] | None = None
    for line in text.split("\n"):
        bare = line.strip()
        if held is None and bare.endswith("["):
            held = [line]
        elif held is not None and bare.endswith(("[", "{")):
            lines += held
            held = [line] if bare.endswith("[") else None
            if held is None:
                lines.append(line)
        elif held is not None and bare.startswith("]"):
            lines.append(held[0] + " ".join(part.strip() for part in held[1:]) + bare)
            held = None
        elif held is not None:
            held.append(line)
        else:
            lines.append(line)
    return "\n".join(lines)
