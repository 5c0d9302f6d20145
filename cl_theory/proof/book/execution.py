"""Executing the chapters, or keeping executed copies that are still valid."""

import ast
import itertools
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Literal

from cl_theory.proof.book.build_folder import (
    PACKAGE,
    cache_name,
    chapter_keys,
    clear_old,
    expected_seconds,
    keep,
    kept,
    notebook_text,
    package_key,
    read_json,
    write_json,
    write_whole,
)
from cl_theory.proof.book.checkout import Chapter, Checkout
from cl_theory.proof.experiments.definition import available_cores

State = Literal["waiting", "running", "executed", "kept", "failed"]
Request = dict[str, Any]
Answer = dict[str, Any]
THREAD_VARIABLES = (
    "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "BLIS_NUM_THREADS", "VECLIB_MAXIMUM_THREADS",
    "NUMEXPR_NUM_THREADS", "NUMBA_NUM_THREADS",
)  # fmt: skip
INJECTED = "injected-parameters"
EDITED = "the package was edited while this ran"
PATIENCE = 10
"""Seconds that the process of the kernels has for ending."""
_USER_SETTINGS = ("MPLBACKEND", "MPLCONFIGDIR", "MATPLOTLIBRC", "PYTHONWARNINGS", "PYTHONSTARTUP", "PYTHONOPTIMIZE")
_KERNELS = "from cl_theory.proof.book.kernels import main; main()"
_ADDRESS = re.compile(r"\bat 0x[0-9a-fA-F]{6,}")
_FONT_CACHE = re.compile(r"^.*Matplotlib is building the font cache.*\n?", re.MULTILINE)  # on a fresh machine only
_COLOUR = re.compile(r"\x1b\[[0-9;]*m")


class Listener:
    """Told how a run goes; this one does not care."""

    def prepared(self, names: list[str]) -> None:
        """The chapters that take part are known."""

    def told(self, name: str, state: State, seconds: float) -> None:
        """A chapter changed its state; `seconds` is what its execution took, 0 while it runs."""

    def reached(self, name: str, cell: str, number: int, of: int) -> None:
        """A running chapter began its cell `cell`, the `number`-th of `of`."""


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

    The longest come first. A chapter that fails does not stop the others.
    """
    package = package_key()
    clear_old(checkout, package)
    keys = chapter_keys(checkout, chapters, package, parameters)
    results = {name: Executed(name) for name in chapters}

    def done(result: Executed) -> None:
        results[result.name] = result
        listener.told(result.name, result.state, result.seconds)

    def answered(request: Request, answer: Answer) -> None:
        # Somebody may have edited the package while the chapter ran: such a copy is not to be used again.
        key = keys[request["name"]] if package_key() == package else EDITED
        done(_finished(checkout, request, answer, key))

    for name in chapters:
        copy = None if name in anew else kept(checkout, name, keys[name])
        if copy is not None:
            done(Executed(name, "kept", copy[1], copy[0]))
    waiting = [chapters[name] for name in chapters if results[name].state == "waiting"]
    waiting.sort(key=lambda chapter: -expected_seconds(checkout, chapter.name))
    if waiting:
        jobs = max(1, min(jobs or available_cores(), len(waiting)))
        requests = [_request(checkout, chapter, parameters) for chapter in waiting]
        modules = sorted({name for chapter in waiting for name in imported_modules(chapter)})
        with _environment(checkout, threads=max(1, available_cores() // jobs), package_key=package) as environment:
            start = partial(_kernels, environment, modules, checkout.scratch / "kernels.log")
            _work_off(requests, jobs, start, listener, answered)
    return results


def tidied(notebook: dict[str, Any]) -> dict[str, Any]:
    """`notebook` without times; papermill's own cell gets a fixed id and is folded like the chapter's."""
    cells = [cell for cell in notebook["cells"] if "papermill-error-cell-tag" not in _tags(cell)]
    for cell in cells:
        for name in ("papermill", "execution"):
            cell["metadata"].pop(name, None)
        if INJECTED in _tags(cell):
            cell["id"] = INJECTED
            cell["metadata"]["tags"] = [INJECTED, "remove-input"]
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


def _work_off(
    requests: Sequence[Request],
    jobs: int,
    start: Callable[[], AbstractContextManager[subprocess.Popen[str]]],
    listener: Listener,
    answered: Callable[[Request, Answer], None],
) -> None:
    """Have `requests` executed in order, `jobs` at a time.

    If the process of the kernels dies, so do the chapters that are running; the others get a new one.
    """
    waiting = deque(requests)
    running: dict[str, Request] = {}
    answers: dict[str, Answer] = {}

    def fill_up(process: subprocess.Popen[str]) -> None:
        while waiting and len(running) < jobs:
            request = waiting.popleft()
            running[request["name"]] = request
            listener.told(request["name"], "running", 0.0)
            _send(process, request)

    while waiting:
        with start() as process:
            fill_up(process)
            while running and (line := process.stdout.readline()):  # type: ignore[union-attr]
                news = json.loads(line)
                name = news["name"]
                if "cell" in news:
                    listener.reached(name, news["cell"], news["number"], news["of"])
                elif "status" in news:
                    request, answer = running.pop(name), answers.pop(name, None)
                    fill_up(process)
                    answered(request, answer or _obituary(news["status"]))
                else:
                    answers[name] = news
        for request in running.values():
            answered(request, _obituary(process.returncode))
        running.clear()


@contextmanager
def _kernels(environment: Mapping[str, str], modules: Sequence[str], log: Path) -> Iterator[subprocess.Popen[str]]:
    """The process of `cl_theory.proof.book.kernels`, with `modules` imported; it and all it started end at the exit."""
    with log.open("w", encoding="utf-8") as errors:
        process = subprocess.Popen(
            [sys.executable, "-c", _KERNELS],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
            encoding="utf-8",
            env=dict(environment),
            start_new_session=True,  # an interrupt is for this process, which then ends the other
        )
    with process:
        try:
            _send(process, modules)
            yield process
        finally:
            with suppress(OSError):
                process.stdin.close()  # type: ignore[union-attr] # upon which it ends
            try:
                process.wait(PATIENCE)
            except subprocess.TimeoutExpired:
                process.kill()


def _send(process: subprocess.Popen[str], content: Any) -> None:
    with suppress(BrokenPipeError):  # that it died is seen where its news are read
        process.stdin.write(json.dumps(content) + "\n")  # type: ignore[union-attr]
        process.stdin.flush()  # type: ignore[union-attr]


def _obituary(status: int) -> Answer:
    if status == -signal.SIGKILL:
        end = "was killed; too little memory, perhaps: try fewer --jobs"
    else:
        end = f"died of {signal.Signals(-status).name}" if status < 0 else f"ended with status {status}"
    return {"error": f"the process that executed it {end}", "seconds": 0.0, "peak_megabytes": 0}


def _request(checkout: Checkout, chapter: Chapter, parameters: Mapping[str, Any]) -> Request:
    source = checkout.scratch / "sources" / chapter.path.name  # what was read, whatever is saved meanwhile
    source.parent.mkdir(parents=True, exist_ok=True)
    source.write_bytes(chapter.source)
    return {
        "name": chapter.name,
        "source": str(source),
        "target": str(checkout.scratch / "executing" / chapter.path.name),
        "parameters": dict(parameters),
        "cells": len(chapter.notebook["cells"]) + 1,  # papermill adds one
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


@contextmanager
def _environment(
    checkout: Checkout, *, threads: int, package_key: str, base: Mapping[str, str] = os.environ
) -> Iterator[dict[str, str]]:
    """Variables for the kernels: `threads` threads for BLAS and numba, nothing of the user's own settings.

    numba's cache gets a folder per state of the package: a cached kernel does not notice an edited callee in
    another file.
    """
    path = [str(PACKAGE.parent), *filter(None, [base.get("PYTHONPATH")])]
    install_kernel(checkout)
    with tempfile.TemporaryDirectory(prefix="cl-theory-", ignore_cleanup_errors=True) as sockets:
        yield {
            **{name: value for name, value in base.items() if name not in _USER_SETTINGS},
            **dict.fromkeys(THREAD_VARIABLES, str(threads)),
            "PYTHONPATH": os.pathsep.join(path),
            "PYTHONHASHSEED": "0",
            "SOURCE_DATE_EPOCH": "0",  # no date in a figure
            "TZ": "UTC",
            "MPLBACKEND": "module://matplotlib_inline.backend_inline",  # for the import before a kernel can say so
            "MPLCONFIGDIR": str(checkout.build / "matplotlib"),
            "JUPYTER_PATH": str(checkout.build / "jupyter"),
            "JUPYTER_PLATFORM_DIRS": "1",
            "JUPYTER_RUNTIME_DIR": sockets,  # a name that is short enough for sockets
            "IPYTHONDIR": str(checkout.build / "jupyter" / "ipython"),
            "NUMBA_CACHE_DIR": str(checkout.build / "numba" / cache_name(package_key)),
            "PYDEVD_DISABLE_FILE_VALIDATION": "1",
        }


def install_kernel(checkout: Checkout) -> None:
    """Write the kernel that chapters run in: forked from this Python, whatever kernels the user has."""
    launch = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    content = {
        "argv": [*launch, "--HistoryManager.enabled=False", "--log-level=ERROR"],
        "display_name": "Python 3",
        "language": "python",
        "metadata": {"debugger": False, "kernel_provisioner": {"provisioner_name": "cl-theory-forked"}},
    }
    write_json(checkout.build / "jupyter" / "kernels" / "python3" / "kernel.json", content, checkout.scratch)


def imported_modules(chapter: Chapter) -> set[str]:
    """Modules that the code of `chapter` imports."""
    found: set[str] = set()
    for cell in chapter.notebook["cells"]:
        with suppress(SyntaxError):  # a cell that is wrong says so when it runs
            tree = ast.parse("".join(cell["source"]) if cell["cell_type"] == "code" else "")
            for node in ast.walk(tree):
                if isinstance(node, ast.Import):
                    found.update(alias.name for alias in node.names)
                elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                    found.add(node.module)
    return found
