"""A tiny book in a temporary folder."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cl_theory.proof.book.checkout import Checkout
from cl_theory.proof.ledger.registry import Claim, all_claims


@pytest.fixture
def claims() -> dict[str, Claim]:
    """The two claims of the tiny book."""
    return {name: all_claims()[name] for name in ("cl-gradient", "isd-unbiased")}


@pytest.fixture
def book(tmp_path: Path) -> Checkout:
    """An empty checkout."""
    (tmp_path / "chapters").mkdir()
    (tmp_path / "data").mkdir()
    (tmp_path / "_toc.yml").write_text("format: jb-book\nroot: chapters/intro\n", "utf-8")
    return Checkout(tmp_path)


@pytest.fixture
def write(book: Checkout) -> Callable[[str, dict[str, Any]], Path]:
    """Write a notebook into the tiny book's chapters."""

    def write_notebook(name: str, content: dict[str, Any]) -> Path:
        path = book.chapters / f"{name}.ipynb"
        path.write_text(json.dumps(content), "utf-8")
        return path

    return write_notebook
