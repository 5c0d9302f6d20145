"""Executed notebooks without anything that differs from one run to the next, and with nothing suspicious in them."""

import itertools
import re
from collections.abc import Iterator, Mapping
from typing import Any

INJECTED = "injected-parameters"
_ADDRESS = re.compile(r"\bat 0x[0-9a-fA-F]{6,}")
_FONT_CACHE = re.compile(r"^.*Matplotlib is building the font cache.*\n?", re.MULTILINE)  # on a fresh machine only
_COLOUR = re.compile(r"\x1b\[[0-9;]*m")


def tidied(notebook: dict[str, Any]) -> dict[str, Any]:
    """`notebook` without times; papermill's own cell gets a fixed id and is folded like the chapter's."""
    cells = [cell for cell in notebook["cells"] if "papermill-error-cell-tag" not in _tags(cell)]
    for cell in cells:
        for name in ("papermill", "execution"):
            cell["metadata"].pop(name, None)
        if INJECTED in _tags(cell):
            cell["id"] = INJECTED
            cell["metadata"]["tags"] = [INJECTED, "hide-input"]
        if cell["cell_type"] == "code":
            cell["outputs"] = [output for output in _joined(cell["outputs"]) if _says_something(output)]
    metadata = {name: value for name, value in notebook["metadata"].items() if name != "papermill"}
    return {**notebook, "cells": cells, "metadata": metadata}


def cell_seconds(notebook: Mapping[str, Any]) -> dict[str, float]:
    """Seconds that each cell took, from papermill's notes, by cell id."""
    notes = {cell["id"]: cell["metadata"].get("papermill", {}) for cell in notebook["cells"]}
    return {name: round(note["duration"], 3) for name, note in notes.items() if note.get("duration")}


def first_error(notebook: Mapping[str, Any]) -> tuple[str, str] | None:
    """Id of the first cell that raised, and the last lines of its traceback."""
    for cell in _code(notebook):
        for output in cell["outputs"]:
            if output["output_type"] == "error":
                text = _COLOUR.sub("", "\n".join(output["traceback"])) or f"{output['ename']}: {output['evalue']}"
                return cell["id"], "\n".join(text.splitlines()[-12:])
    return None


def oddities(notebook: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Cells that ran but should not stand in the book, each with the reason."""
    for cell in _code(notebook):
        if _text(cell["source"]).strip() and cell.get("execution_count") is None:
            yield cell["id"], "was not executed"
        for output in cell["outputs"]:
            if output["output_type"] == "stream" and output["name"] == "stderr":
                yield cell["id"], f"writes to stderr: {_text(output['text']).strip()[-300:]}"
            for text in _texts(output):
                if _ADDRESS.search(text):
                    yield cell["id"], f"shows a memory address, which differs in every run: {text.strip()[:120]}"


def _joined(outputs: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    # How a kernel cuts its text into pieces is a matter of chance.
    for name, group in itertools.groupby(outputs, key=lambda output: output.get("name")):
        if name is None:
            yield from group
        else:
            text = "".join(_text(piece["text"]) for piece in group)
            yield {"output_type": "stream", "name": name, "text": _FONT_CACHE.sub("", text)}


def _says_something(output: Mapping[str, Any]) -> bool:
    return output["output_type"] != "stream" or bool(output["text"])


def _texts(output: Mapping[str, Any]) -> Iterator[str]:
    yield _text(output.get("text", ""))
    data = output.get("data", {})
    yield from (_text(data[mime]) for mime in ("text/plain", "text/html") if mime in data)


def _code(notebook: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    return (cell for cell in notebook["cells"] if cell["cell_type"] == "code")


def _tags(cell: Mapping[str, Any]) -> list[str]:
    return cell["metadata"].get("tags", [])


def _text(value: str | list[str]) -> str:
    return value if isinstance(value, str) else "".join(value)
