"""Executing the chapters, or keeping executed copies that are still valid."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cl_theory.book.chapters import Chapter
from cl_theory.book.checkout import Checkout
from cl_theory.book.copies import chapter_keys, clear_old, expected_seconds, keep, kept, notebook_text, package_key
from cl_theory.book.environment import chapter_environment, install_kernel
from cl_theory.book.files import read_json, write_whole
from cl_theory.book.listener import Listener, State
from cl_theory.book.sockets import socket_folder
from cl_theory.book.tidy import cell_seconds, first_error, oddities, tidied
from cl_theory.book.workers import Answer, Request, Team
from cl_theory.experiments.cluster import available_cores

EDITED = "the package was edited while this ran"


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
    listener: Listener = Listener(),  # noqa: B008 - it has no state
) -> dict[str, Executed]:
    """Execute `chapters`, those in `anew` in any case, the others unless their kept copy is still valid.

    A chapter that fails does not stop the others.
    """
    package = package_key()
    clear_old(checkout, package)
    keys = chapter_keys(checkout, chapters, package, parameters)
    results = {name: Executed(name) for name in chapters}

    def done(result: Executed) -> None:
        results[result.name] = result
        listener.told(result.name, result.state, result.seconds)

    def key_now(name: str) -> str:
        # Somebody may have edited the package while the chapter ran: such a copy is not to be used again.
        return keys[name] if package_key() == package else EDITED

    for name in chapters:
        copy = None if name in anew else kept(checkout, name, keys[name])
        if copy is not None:
            done(Executed(name, "kept", copy[1], copy[0]))
    waiting = [_request(checkout, chapters[name], parameters) for name in chapters if results[name].state == "waiting"]
    waiting.sort(key=lambda request: -expected_seconds(checkout, request["name"]))
    if waiting:
        jobs = max(1, min(jobs or available_cores(), len(waiting)))
        _work_off(
            checkout,
            waiting,
            jobs,
            package,
            started=lambda request: listener.told(request["name"], "running", 0.0),
            reached=lambda request, cell, number, of: listener.reached(request["name"], cell, number, of),
            answered=lambda request, answer: done(_finished(checkout, request, answer, key_now(request["name"]))),
        )
    return results


def _work_off(checkout: Checkout, requests: list[Request], jobs: int, package: str, **callbacks: Any) -> None:
    install_kernel(checkout)
    threads = max(1, available_cores() // jobs)
    with socket_folder(checkout.scratch) as sockets:
        environment = chapter_environment(checkout, threads=threads, package_key=package, sockets=sockets)
        Team(jobs, environment, checkout.scratch / "logs").work_off(requests, **callbacks)


def _request(checkout: Checkout, chapter: Chapter, parameters: Mapping[str, Any]) -> Request:
    source = checkout.scratch / "sources" / chapter.path.name  # what was read, whatever is saved meanwhile
    source.parent.mkdir(parents=True, exist_ok=True)
    source.write_bytes(chapter.source)
    return {
        "name": chapter.name,
        "source": str(source),
        "target": str(checkout.scratch / "executing" / chapter.path.name),
        "parameters": dict(parameters),
        "cwd": str(checkout.chapters),
    }


def _finished(checkout: Checkout, request: Request, answer: Answer, key: str) -> Executed:
    name, seconds, raw = request["name"], answer["seconds"], read_json(Path(request["target"]))
    if raw is None:
        return Executed(name, "failed", seconds, None, [answer["error"] or "papermill wrote no notebook"])
    cells = cell_seconds(raw)
    notebook = tidied(raw)
    problems = _problems(notebook, answer["error"])
    if problems:
        copy = checkout.failed / f"{name}.ipynb"
        write_whole(copy, notebook_text(notebook), checkout.scratch)
        return Executed(name, "failed", seconds, None, [*problems, f"as far as it got: {checkout.shown(copy)}"])
    facts = {"key": key, "seconds": seconds, "peak_megabytes": answer["peak_megabytes"], "cells": cells}
    keep(checkout, name, notebook, **facts)
    return Executed(name, "executed", seconds, notebook)


def _problems(notebook: Mapping[str, Any], error: str | None) -> list[str]:
    raised = first_error(notebook)
    if raised:
        return [f"cell '{raised[0]}' raised\n{raised[1]}"]
    if error:
        return [error]
    return [f"cell '{cell}' {what}" for cell, what in oddities(notebook)]
