"""Compiled work on several threads, without a compiler's parallel mode: a prange around the same loop took 24 s to
compile where the loop itself takes 5."""

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache

import numba

WORTH = 5e5
"""Nanoseconds of work from which several threads are faster: to wake one costs up to a fifth of a millisecond."""


@lru_cache(maxsize=1)
def _pool(process: int, n_threads: int) -> ThreadPoolExecutor:
    """Threads of this process; a forked child makes its own."""
    return ThreadPoolExecutor(n_threads, thread_name_prefix=f"kernel-{process}")


def in_turns(work: Callable[[int, int], object], n_items: int, nanoseconds: float) -> None:
    """Call ``work(first, stride)`` once a thread: items first, first + stride, ... cover ``range(n_items)``.

    `work` is a kernel that releases the GIL; items must not share what they write. As many threads as
    ``numba.set_num_threads`` allows, no more than there are items, and one where all items together take less than
    `WORTH` by the rough estimate `nanoseconds`.
    """
    stride = min(numba.get_num_threads(), n_items) if nanoseconds > WORTH else 1
    others = []
    if stride > 1:
        pool = _pool(os.getpid(), numba.get_num_threads() - 1)
        others = [pool.submit(work, first, stride) for first in range(1, stride)]
    work(0, stride)  # the caller works too: one thread less to wake
    for future in others:
        future.result()
