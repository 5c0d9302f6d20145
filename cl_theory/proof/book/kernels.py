"""The process that chapters are executed in: it imports what they need once, then forks for each of them.

Started afresh, the kernels of 20 chapters spent 115 of 352 s on starting and on the same imports; forked they spend 8.
Papermill still executes the chapters; only the launch of a kernel is different, as a provisioner of jupyter_client.
The process of a chapter and its kernel are one process group. They end when this process does, and this process ends
when its input does, so that nothing outlives a run that was killed.

Its first line of input names modules, each further one is a request; each line of output is news of one. All are
JSON."""

import gc
import importlib
import io
import json
import os
import resource
import signal
import sys
import threading
import time
import traceback
import uuid
from collections.abc import Callable, Iterable
from contextlib import suppress
from importlib.metadata import EntryPoint
from multiprocessing.connection import Connection, Pipe, wait
from pathlib import Path
from typing import Any, ClassVar, NoReturn

import papermill
import psutil
from ipykernel.kernelapp import IPKernelApp
from jupyter_client.connect import KernelConnectionInfo
from jupyter_client.provisioning import KernelProvisionerFactory, LocalProvisioner
from jupyter_core.paths import jupyter_runtime_dir
from traitlets.config import Config

PROVISIONER = "cl-theory-forked"
CELL_TIMEOUT = 3600
"""Seconds after which a single cell is taken to hang."""
FOLDER_LIMIT = 80
"""Characters of the folder of a socket; its whole path may have about a hundred."""
USED_INSIDE_FUNCTIONS = ("matplotlib.pyplot", "seaborn", "sklearn.datasets", "myst_nb", "IPython.display")
"""Modules that the package imports only where they are needed, which is in nearly every chapter."""


class ForkedProcess(psutil.Process):
    """A child of this process, with what jupyter_client expects of a ``subprocess.Popen``."""

    stdin = stdout = stderr = None

    def poll(self) -> int | None:
        """Its exit code, None while it runs."""
        try:
            return self.wait(0)
        except psutil.TimeoutExpired:
            return None


class ForkedKernel(LocalProvisioner):
    """Gives the command line of a kernel to a process that waits for it, instead of starting one."""

    waiting: ClassVar[tuple[ForkedProcess, Connection]]
    """Forked before there was a socket or a second thread, neither of which may be forked."""

    async def launch_kernel(self, cmd: list[str], **settings: Any) -> KernelConnectionInfo:
        """`cmd` ends with the options of ipykernel."""
        self.process, commands = self.waiting
        self.pid = self.process.pid
        commands.send(cmd[cmd.index("-f") :])
        return self.connection_info


def main() -> NoReturn:
    """Import the modules that the first line of input names, then execute what is asked for until the input ends."""
    news = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # whatever a library prints must not end up among the news
    requests = open(0, "rb", buffering=0)  # noqa: SIM115 - a buffer would hide lines from `wait`
    _import(json.loads(requests.readline() or "[]"))
    running: dict[Connection, tuple[str, int]] = {}
    while True:
        for ready in wait([0, *running]):
            if not isinstance(ready, Connection):
                line = requests.readline()
                if not line:
                    _end(pid for _, pid in running.values())
                request = json.loads(line)
                reader, writer = Pipe(duplex=False)
                pid = forked(lambda: _chapter(request, writer, [news, reader, *running]))  # noqa: B023 - called at once
                writer.close()
                running[reader] = request["name"], pid
            else:
                name, pid = running[ready]
                try:
                    said = ready.recv()
                except EOFError:
                    said = {"status": os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])}
                    ready.close()
                    del running[ready]
                news.write(json.dumps({"name": name, **said}) + "\n")
                news.flush()


def forked(work: Callable[[], None]) -> int:
    """Do `work` in a child process that does nothing else; returns its id."""
    pid = os.fork()
    if pid:
        return pid
    status = 1
    try:
        work()
        status = 0
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stderr.flush()
        os._exit(status)


def execute(request: dict[str, Any], tell: Callable[[dict[str, Any]], None]) -> dict[str, Any]:
    """Execute one chapter with papermill into ``request["target"]`` and say how it went.

    `tell` is told of each cell that begins.
    """

    def begins(cell: Any, cell_index: int) -> None:
        tell({"cell": cell.get("id", ""), "number": cell_index + 1, "of": request["cells"]})

    started, error = time.monotonic(), None
    try:
        papermill.execute_notebook(
            request["source"],
            request["target"],
            parameters=request["parameters"],
            kernel_name="python3",
            cwd=request["cwd"],
            progress_bar=False,
            request_save_on_cell_execute=False,
            execution_timeout=CELL_TIMEOUT,
            on_cell_start=begins,
            shutdown_kernel="immediate",
            config=_connection(),
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


def _import(modules: Iterable[str]) -> None:
    for name in (*modules, *USED_INSIDE_FUNCTIONS):
        with suppress(Exception):  # the chapter that needs it will say what is wrong
            importlib.import_module(name)
    _draw()
    factory = KernelProvisionerFactory.instance()
    group = KernelProvisionerFactory.GROUP_NAME
    factory.provisioners[PROVISIONER] = EntryPoint(PROVISIONER, f"{__name__}:{ForkedKernel.__name__}", group)
    gc.freeze()  # what is shared stays shared


def _draw() -> None:
    # The first figure of a process waits 0.3 s for fonts and for the grammar of formulas.
    from matplotlib.figure import Figure

    figure = Figure()
    figure.text(0, 0, "$x^2$")
    figure.savefig(io.BytesIO(), format="svg")


def _chapter(request: dict[str, Any], news: Connection, not_ours: Iterable[Any]) -> None:
    os.setpgid(0, 0)
    for pipe in not_ours:
        pipe.close()
    with open(os.devnull, "rb") as nothing:
        os.dup2(nothing.fileno(), 0)
    kernel, commands = Pipe(duplex=False)
    pid = forked(lambda: _kernel(kernel, [news, commands], request["cwd"]))
    ForkedKernel.waiting = ForkedProcess(pid), commands
    threading.Thread(target=_end_as_an_orphan, args=(os.getppid(),), daemon=True).start()
    Path(request["target"]).parent.mkdir(parents=True, exist_ok=True)
    news.send(execute(request, news.send))
    os.killpg(0, signal.SIGKILL)  # whatever the chapter has started


def _kernel(commands: Connection, not_ours: Iterable[Connection], folder: str) -> None:
    for pipe in not_ours:
        pipe.close()
    os.chdir(folder)
    os.environ["JPY_PARENT_PID"] = str(os.getppid())  # ipykernel ends with it
    IPKernelApp.launch_instance(commands.recv())


def _connection() -> Config:
    """Socket files where they are possible: two kernels can pick the same port, but not one file."""
    folder = jupyter_runtime_dir()
    if len(folder) > FOLDER_LIMIT:
        return Config()
    return Config({"KernelManager": {"transport": "ipc", "ip": f"{folder}/{uuid.uuid4().hex[:12]}"}})


def _end_as_an_orphan(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(1)
    os.killpg(0, signal.SIGKILL)


def _end(groups: Iterable[int]) -> NoReturn:
    for group in groups:
        with suppress(ProcessLookupError):
            os.killpg(group, signal.SIGKILL)
    os._exit(0)
