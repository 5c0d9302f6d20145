"""Chapters spread over worker processes; one that dies takes down its own chapter only."""

import json
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from contextlib import suppress
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any

Request = dict[str, Any]
Answer = dict[str, Any]
Started = Callable[[Request], None]
Reached = Callable[[Request, str, int, int], None]
Answered = Callable[[Request, Answer], None]
PATIENCE = 5
"""Seconds that a worker has for ending."""


class Worker:
    """One process of `cl_theory.book.worker`, started when it is first needed."""

    def __init__(self, environment: Mapping[str, str], log: Path) -> None:
        self._environment, self._log = dict(environment), log
        self._process: subprocess.Popen[str] | None = None
        self._stopped = False

    def ask(self, request: Request, reached: Reached) -> Answer | None:
        """Have `request` executed. If the process dies, say so in the answer; the next request gets a new one.

        `reached` is told of each cell that begins. None after `stop`.
        """
        if self._stopped:
            return None
        process = self._process = self._process or self._started()
        for line in _exchange(process, json.dumps(request)):
            answer = json.loads(line)
            if "cell" not in answer:
                return answer
            reached(request, answer["cell"], answer["number"], answer["of"])
        return None if self._stopped else self._obituary(process)

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

    def _obituary(self, process: subprocess.Popen[str]) -> Answer:
        status, self._process = process.wait(), None
        _close(process)
        last = "\n".join(self._log.read_text("utf-8", errors="replace").splitlines()[-8:])
        return {"error": f"the process that executed it {_end(status)}\n{last}", "seconds": 0.0, "peak_megabytes": 0}

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


class Team:
    """Workers that take requests from one queue."""

    def __init__(self, size: int, environment: Mapping[str, str], logs: Path) -> None:
        logs.mkdir(parents=True, exist_ok=True)
        self._workers = [Worker(environment, logs / f"worker-{number}.log") for number in range(size)]
        self._waiting: SimpleQueue[Request] = SimpleQueue()

    def work_off(self, requests: Sequence[Request], *, started: Started, reached: Reached, answered: Answered) -> None:
        """Have `requests` executed in order; `started`, `reached` and `answered` are told, from several threads.

        An interrupt, or an error in a callback, ends every worker at once.
        """
        for request in requests:
            self._waiting.put(request)
        with ThreadPoolExecutor(len(self._workers)) as pool:
            try:
                tasks = [pool.submit(self._serve, worker, started, reached, answered) for worker in self._workers]
                for task in wait(tasks, return_when=FIRST_EXCEPTION).done:
                    task.result()
            finally:
                self._stop()

    def _serve(self, worker: Worker, started: Started, reached: Reached, answered: Answered) -> None:
        while (request := self._next()) is not None:
            started(request)
            answer = worker.ask(request, reached)
            if answer is None:
                return
            answered(request, answer)

    def _next(self) -> Request | None:
        try:
            return self._waiting.get_nowait()
        except Empty:
            return None

    def _stop(self) -> None:
        while self._next() is not None:
            pass
        for worker in self._workers:
            worker.stop()


def _exchange(process: subprocess.Popen[str], line: str) -> Iterator[str]:
    assert process.stdin is not None
    assert process.stdout is not None
    with suppress(OSError, ValueError):  # a pipe that is broken, or closed by `stop`
        process.stdin.write(line + "\n")
        process.stdin.flush()
        yield from iter(process.stdout.readline, "")


def _close(process: subprocess.Popen[str]) -> None:
    for pipe in (process.stdin, process.stdout):
        with suppress(OSError):
            if pipe is not None:
                pipe.close()


def _end(status: int) -> str:
    if status == -signal.SIGKILL:
        return "was killed; too little memory, perhaps: try fewer --jobs"
    return f"died of {signal.Signals(-status).name}" if status < 0 else f"ended with status {status}"
