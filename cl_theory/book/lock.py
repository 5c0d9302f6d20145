"""One run at a time in one checkout: the second waits for the first."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from filelock import FileLock, Timeout

from cl_theory.book.checkout import Checkout


@contextmanager
def alone(checkout: Checkout, waiting: Callable[[], None] = lambda: None) -> Iterator[None]:
    """Hold the checkout's build folder; `waiting` is told if another run has it.

    The lock is the operating system's, so one that was killed holds nothing. What an interrupted run left half
    finished is removed first.
    """
    checkout.build.mkdir(parents=True, exist_ok=True)
    lock = FileLock(checkout.build / ".lock")
    try:
        lock.acquire(timeout=0)
    except Timeout:
        waiting()
        lock.acquire()
    try:
        shutil.rmtree(checkout.scratch, ignore_errors=True)
        checkout.scratch.mkdir(parents=True)
        yield
    finally:
        shutil.rmtree(checkout.scratch, ignore_errors=True)
        lock.release()
