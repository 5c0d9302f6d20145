"""Titles of pages, read from their sources."""

import json
from pathlib import Path


def page_title(path: Path) -> str:
    """The first top-level heading of a notebook or a Markdown page; its stem if there is none."""
    for line in _markdown(path).splitlines():
        if line.startswith("# "):
            return line[2:].strip()
    return path.stem


def _markdown(path: Path) -> str:
    text = path.read_text("utf-8")
    if path.suffix != ".ipynb":
        return text
    cells = json.loads(text)["cells"]
    return "\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "markdown")
