"""Executing the chapters, or keeping executed copies that are still valid."""

import json
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from cl_theory.book.chapters import Chapter
from cl_theory.book.checkout import Checkout
from cl_theory.book.environment import PACKAGE, available_cores, cache_name, chapter_environment, install_kernel
from cl_theory.book.files import digest, read_json, write_json, write_whole
from cl_theory.book.fingerprint import chapter_key, folder_key, versions
from cl_theory.book.sockets import socket_folder
from cl_theory.book.tidy import cell_seconds, first_error, oddities, tidied
from cl_theory.book.workers import Answer, Request, ask_all

State = Literal["waiting", "running", "executed", "kept", "failed"]
Told = Callable[[str, State, float], None]


@dataclass
class Executed:
    """How one chapter went; `notebook` is the tidied executed copy, None if it failed."""

    name: str
    state: State = "waiting"
    seconds: float = 0.0
    notebook: dict[str, Any] | None = None
    problems: list[str] = field(default_factory=list)


def execute(
    checkout: Checkout,
    chapters: Mapping[str, Chapter],
    *,
    parameters: Mapping[str, Any],
    anew: Sequence[str] = (),
    jobs: int | None = None,
    told: Told = lambda name, state, seconds: None,
) -> dict[str, Executed]:
    """Execute `chapters`, those in `anew` in any case, the others unless their kept copy is still valid.

    A chapter that fails does not stop the others.
    """
    package = folder_key(PACKAGE)
    _clear_old(checkout, package)
    keys = _keys(checkout, chapters, package, parameters)
    results = {name: Executed(name) for name in chapters}
    requests = []
    for name, chapter in chapters.items():
        copy = None if name in anew else kept(checkout, name, keys[name])
        if copy is None:
            requests.append(_request(checkout, chapter, parameters))
        else:
            results[name] = Executed(name, "kept", copy[1], copy[0])
            told(name, "kept", copy[1])

    def answered(request: Request, answer: Answer) -> None:
        name = request["name"]
        results[name] = _finished(checkout, request, answer, keys[name])
        told(name, results[name].state, results[name].seconds)

    install_kernel(checkout)
    requests.sort(key=lambda request: -_expected_seconds(checkout, request["name"]))
    jobs = max(1, min(jobs or available_cores(), len(requests)))
    threads = max(1, available_cores() // jobs)
    with socket_folder(checkout.scratch) as sockets:
        ask_all(
            requests,
            jobs,
            chapter_environment(checkout, threads=threads, package_key=package, sockets=sockets),
            logs=checkout.scratch / "logs",
            started=lambda request: told(request["name"], "running", 0.0),
            answered=answered,
        )
    return results


def kept(checkout: Checkout, name: str, key: str) -> tuple[dict[str, Any], float] | None:
    """The executed copy of `name` and the seconds it took, if it was made from exactly what `key` stands for."""
    note = read_json(_note(checkout, name))
    copy = _copy(checkout, name)
    if not isinstance(note, dict) or note.get("key") != key or note.get("sha256") != digest(copy):
        return None
    return json.loads(copy.read_text("utf-8")), note["seconds"]


def _clear_old(checkout: Checkout, package: str) -> None:
    shutil.rmtree(checkout.failed, ignore_errors=True)
    for cache in (checkout.build / "numba").glob("*"):
        if cache.name != cache_name(package):
            shutil.rmtree(cache, ignore_errors=True)


def _keys(checkout: Checkout, chapters: Mapping[str, Chapter], package: str, parameters: Mapping) -> dict[str, str]:
    # Every run is compared with the ledger itself, so accepting a number makes no executed copy stale, except of
    # a chapter that reads the ledger.
    ledger = checkout.ledger.name
    data, with_ledger, installed = folder_key(checkout.data, (ledger,)), folder_key(checkout.data), versions()
    return {
        name: chapter_key(
            chapter.source,
            package=package,
            data=with_ledger if ledger.encode() in chapter.source else data,
            installed=installed,
            parameters=parameters,
        )
        for name, chapter in chapters.items()
    }


def _request(checkout: Checkout, chapter: Chapter, parameters: Mapping[str, Any]) -> Request:
    return {
        "name": chapter.name,
        "source": str(chapter.path),
        "target": str(checkout.scratch / "executing" / chapter.path.name),
        "parameters": dict(parameters),
        "cwd": str(checkout.chapters),
    }


def _finished(checkout: Checkout, request: Request, answer: Answer, key: str) -> Executed:
    name, raw = request["name"], read_json(Path(request["target"]))
    problems = [answer["error"]] if answer["error"] else []
    if raw is None:
        return Executed(name, "failed", answer["seconds"], None, problems or ["papermill wrote no notebook"])
    cells = cell_seconds(raw)
    notebook = tidied(raw)
    raised = first_error(notebook)
    if raised:
        problems.append(f"cell '{raised[0]}' raised\n{raised[1]}")
    elif not problems:
        problems = [f"cell '{cell}' {what}" for cell, what in oddities(notebook)]
    text = json.dumps(notebook, indent=1, ensure_ascii=False, sort_keys=True) + "\n"
    if problems:
        write_whole(checkout.failed / f"{name}.ipynb", text, checkout.scratch)
        problems.append(f"as far as it got: {checkout.shown(checkout.failed / name)}.ipynb")
        return Executed(name, "failed", answer["seconds"], None, problems)
    write_whole(_copy(checkout, name), text, checkout.scratch)
    _write_note(checkout, name, key, answer, cells)
    return Executed(name, "executed", answer["seconds"], notebook)


def _write_note(checkout: Checkout, name: str, key: str, answer: Answer, cells: Mapping[str, float]) -> None:
    note = {
        "key": key,
        "sha256": digest(_copy(checkout, name)),
        "seconds": answer["seconds"],
        "peak_megabytes": answer["peak_megabytes"],
        "cells": cells,
    }
    write_json(_note(checkout, name), note, checkout.scratch)


def _expected_seconds(checkout: Checkout, name: str) -> float:
    note = read_json(_note(checkout, name))
    return note.get("seconds", 1e9) if isinstance(note, dict) else 1e9  # an unknown chapter may be long


def _copy(checkout: Checkout, name: str) -> Path:
    return checkout.executed / f"{name}.ipynb"


def _note(checkout: Checkout, name: str) -> Path:
    return checkout.executed / f"{name}.json"
