"""Executed copies of chapters, each with a note of what it was made from, so that a stale one is never used."""

import json
import shutil
from collections.abc import Mapping
from typing import Any

from cl_theory.book.chapters import Chapter
from cl_theory.book.checkout import Checkout
from cl_theory.book.environment import PACKAGE, cache_name
from cl_theory.book.files import digest, read_json, write_json, write_whole
from cl_theory.book.fingerprint import chapter_key, folder_key, versions

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


def clear_old(checkout: Checkout, package: str) -> None:
    """Remove failed copies of the last run, and what numba compiled from other states of the package."""
    shutil.rmtree(checkout.failed, ignore_errors=True)
    for cache in (checkout.build / "numba").glob("*"):
        if cache.name != cache_name(package):
            shutil.rmtree(cache, ignore_errors=True)


def _note(checkout: Checkout, name: str) -> dict[str, Any]:
    note = read_json(checkout.executed / f"{name}.json")
    return note if isinstance(note, dict) else {}
