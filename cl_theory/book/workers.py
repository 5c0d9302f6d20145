"""Chapters spread over worker processes; one that dies takes down its own chapter only."""

import json
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from contextlib import suppress
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any

Request = dict[str, Any]
Answer = dict[str, Any]
PATIENCE = 5
"""Seconds that a worker has for ending."""


class Worker:
    """One process of `cl_theory.book.worker`, started when it is first needed."""

    def __init__(self, environment: Mapping[str, str], log: Path) -> None:
        self._environment, self._log = dict(environment), log
        self._process: subprocess.Popen[str] | None = None
        self._stopped = False

    def ask(self, request: Request) -> Answer | None:
        """Have `request` executed. If the process dies, say so in the answer; the next request gets a new one.

        None after `stop`.
        """
        if self._stopped:
            return None
        process = self._process = self._process or self._started()
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            process.stdin.write(json.dumps(request) + "\n")
            process.stdin.flush()
            line = process.stdout.readline()
        except OSError:
            line = ""
        if self._stopped:
            return None
        if line:
            return json.loads(line)
        status, self._process = process.wait(), None
        _close(process)
        last = "\n".join(self._log.read_text("utf-8", errors="replace").splitlines()[-8:])
        return {"error": f"the process that executed it {_end(status)}\n{last}", "seconds": 0.0, "peak_megabytes": 0}

    def stop(self) -> None:
        """End the process, and with it a kernel that is still running."""
        self._stopped = True
        process, self._process = self._process, None
        if process is None:
            return
        assert process.stdin is not None
        with suppress(OSError):
            process.stdin.close()  # upon which the worker ends its kernel and itself
        try:
            process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        _close(process)

    def _started(self) -> subprocess.Popen[str]:
        with self._log.open("w", encoding="utf-8") as log:
            return subprocess.Popen(
                [sys.executable, "-m", "cl_theory.book.worker"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                encoding="utf-8",
                env=self._environment,
                start_new_session=True,  # an interrupt is for the driver, which stops its workers itself
            )


def ask_all(
    requests: Sequence[Request],
    jobs: int,
    environment: Mapping[str, str],
    *,
    logs: Path,
    started: Callable[[Request], None],
    answered: Callable[[Request, Answer], None],
) -> None:
    """Execute `requests` in order on `jobs` workers; `started` and `answered` are told, from several threads."""
    waiting: SimpleQueue[Request] = SimpleQueue()
    for request in requests:
        waiting.put(request)
    logs.mkdir(parents=True, exist_ok=True)
    workers = [Worker(environment, logs / f"worker-{number}.log") for number in range(min(jobs, len(requests)))]

    def serve(worker: Worker) -> None:
        while True:
            try:
                request = waiting.get_nowait()
            except Empty:
                return worker.stop()
            started(request)
            answer = worker.ask(request)
            if answer is None:
                return None
            answered(request, answer)

    pool = ThreadPoolExecutor(len(workers) or 1)
    try:
        tasks = [pool.submit(serve, worker) for worker in workers]
        done, _ = wait(tasks, return_when=FIRST_EXCEPTION)
        for task in done:
            task.result()
    finally:
        while not waiting.empty():
            waiting.get()
        for worker in workers:
            worker.stop()
        pool.shutdown(wait=True)


def _close(process: subprocess.Popen[str]) -> None:
    for pipe in (process.stdin, process.stdout):
        with suppress(OSError):
            if pipe is not None:
                pipe.close()


def _end(status: int) -> str:
    if status == -signal.SIGKILL:
        return "was killed; too little memory, perhaps: try fewer --jobs"
    return f"died of {signal.Signals(-status).name}" if status < 0 else f"ended with status {status}"
