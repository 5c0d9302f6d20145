"""A process that executes chapters, one after the other: ``python -m cl_theory.book.worker``.

Requests and answers are lines of JSON on its standard input and output. It ends when its input does, so that no
kernel outlives a run that was killed.
"""

import json
import os
import queue
import resource
import sys
import threading
import time
import uuid
from pathlib import Path
from typing import Any

CELL_TIMEOUT = 3600
"""Seconds after which a single cell is taken to hang."""
SOCKET_FOLDER_LIMIT = 80
"""The path of a socket may have about a hundred characters in all."""


def execute(request: dict[str, Any]) -> dict[str, Any]:
    """Execute one chapter with papermill into ``request["target"]`` and say how it went."""
    import papermill

    started = time.monotonic()
    error: str | None = None
    try:
        papermill.execute_notebook(
            request["source"],
            request["target"],
            parameters=request["parameters"],
            kernel_name="python3",
            cwd=request["cwd"],
            progress_bar=False,
            request_save_on_cell_execute=False,
            kernel_manager_class=kernel_manager(),
            execution_timeout=CELL_TIMEOUT,
        )
    except papermill.PapermillExecutionError:
        pass  # the notebook holds the cell and the traceback
    except Exception as other:  # a dead kernel, a cell that hangs, a full disk
        error = f"{type(other).__name__}: {other}"
    return {
        "error": error,
        "seconds": round(time.monotonic() - started, 2),
        "peak_megabytes": resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024,
    }


def kernel_manager() -> type:
    """Kernels that are reached over socket files where these are possible: two cannot pick the same port."""
    from jupyter_client.manager import AsyncKernelManager
    from jupyter_core.paths import jupyter_runtime_dir

    class SocketFileManager(AsyncKernelManager):
        def __init__(self, **settings: Any) -> None:
            super().__init__(**settings)
            self.transport = "ipc"
            self.ip = f"{jupyter_runtime_dir()}/{uuid.uuid4().hex[:12]}"  # a name of its own, whatever the folder

    short = len(jupyter_runtime_dir()) < SOCKET_FOLDER_LIMIT
    return SocketFileManager if short and os.name == "posix" else AsyncKernelManager


def main() -> None:
    """Answer requests until the input ends."""
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # whatever a library prints must not end up among the answers
    requests: queue.Queue[str] = queue.Queue()
    threading.Thread(target=_listen, args=(requests,), daemon=True).start()
    import papermill  # noqa: F401 - two seconds, spent while the driver prepares the first request

    while True:
        request = json.loads(requests.get())
        Path(request["target"]).parent.mkdir(parents=True, exist_ok=True)
        answers.write(json.dumps(execute(request)) + "\n")
        answers.flush()


def _listen(requests: "queue.Queue[str]") -> None:
    for line in sys.stdin:
        requests.put(line)
    os._exit(0)  # the driver is gone; a running kernel notices that its parent is


if __name__ == "__main__":
    main()
