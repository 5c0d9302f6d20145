"""A process that executes chapters, one after the other: ``python -m cl_theory.book.worker``.

Requests and answers are lines of JSON on its standard input and output; before the answer comes a line for each cell
that begins. It ends when its input does, so that no
kernel outlives a run that was killed.
"""

import json
import os
import queue
import resource
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from cl_theory.book.sockets import kernel_manager

CELL_TIMEOUT = 3600
"""Seconds after which a single cell is taken to hang."""


def execute(request: dict[str, Any], tell: Callable[[dict[str, Any]], None]) -> dict[str, Any]:
    """Execute one chapter with papermill into ``request["target"]`` and say how it went.

    `tell` is told of each cell that begins.
    """
    started = time.monotonic()
    error = _error(request, tell)
    return {
        "error": error,
        "seconds": round(time.monotonic() - started, 2),
        "peak_megabytes": resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024,
    }


def _error(request: dict[str, Any], tell: Callable[[dict[str, Any]], None]) -> str | None:
    import papermill

    from cl_theory.book.telling_engine import telling_engine

    try:
        papermill.execute_notebook(
            request["source"],
            request["target"],
            parameters=request["parameters"],
            kernel_name="python3",
            engine_name=telling_engine(tell),
            cwd=request["cwd"],
            progress_bar=False,
            request_save_on_cell_execute=False,
            kernel_manager_class=kernel_manager(),
            execution_timeout=CELL_TIMEOUT,
        )
    except papermill.PapermillExecutionError:
        return None  # the notebook holds the cell and the traceback
    except Exception as other:  # a dead kernel, a cell that hangs, a full disk
        return f"{type(other).__name__}: {other}"
    return None


def main() -> None:
    """Answer requests until the input ends."""
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # whatever a library prints must not end up among the answers
    requests: queue.Queue[str] = queue.Queue()
    threading.Thread(target=_listen, args=(requests,), daemon=True).start()
    import papermill  # noqa: F401 - two seconds, spent while the driver prepares the first request

    def tell(answer: dict[str, Any]) -> None:
        answers.write(json.dumps(answer) + "\n")
        answers.flush()

    while True:
        request = json.loads(requests.get())
        Path(request["target"]).parent.mkdir(parents=True, exist_ok=True)
        tell(execute(request, tell))


def _listen(requests: "queue.Queue[str]") -> None:
    for line in sys.stdin:
        requests.put(line)
    end()  # the driver is gone


def end() -> None:
    """End this process and its kernel at once, whatever either is doing."""
    import psutil

    for child in psutil.Process().children(recursive=True):
        child.kill()
    os._exit(0)


if __name__ == "__main__":
    main()
