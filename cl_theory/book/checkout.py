"""Where the book lies: its folders, and the one place that everything built goes to."""

import os
from dataclasses import dataclass
from pathlib import Path


class BookError(ValueError):
    """Bad input to the pipeline: the message names the value and the remedy."""


@dataclass(frozen=True)
class Checkout:
    """Folders and files of one checkout of the book."""

    root: Path

    @property
    def chapters(self) -> Path:
        return self.root / "chapters"

    @property
    def data(self) -> Path:
        return self.root / "data"

    @property
    def ledger(self) -> Path:
        return self.data / "claims.json"

    @property
    def benchmarks(self) -> Path:
        """Measured speeds."""
        return self.data / "benchmarks"

    @property
    def experiments(self) -> Path:
        """Results of whole experiments."""
        return self.data / "experiments"

    @property
    def build(self) -> Path:
        return self.root / "_build"

    @property
    def executed(self) -> Path:
        return self.build / "executed"

    @property
    def failed(self) -> Path:
        """Chapters that raised, as far as they got."""
        return self.build / "failed"

    @property
    def scratch(self) -> Path:
        """Half-finished work. Whoever holds the lock may empty it."""
        return self.build / "tmp"

    @property
    def site(self) -> Path:
        return self.build / "html"

    def shown(self, path: Path) -> str:
        """`path` as a reader would type it."""
        return os.path.relpath(path)


def find_checkout(start: Path | None = None) -> Checkout:
    """The checkout that holds `start` (default: the current folder). BookError if there is none."""
    here = (start or Path.cwd()).resolve()
    for folder in (here, *here.parents):
        if (folder / "_toc.yml").is_file() and (folder / "chapters").is_dir():
            return Checkout(folder)
    raise BookError(
        f"no book here: neither {here} nor a folder above it has _toc.yml and chapters/; "
        "run cl-theory inside a checkout of the book"
    )
