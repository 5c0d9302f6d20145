"""Where cells are computed: all cores of this machine, or a Dask scheduler elsewhere. The code path is one."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

from cl_theory.experiments import local_worker
from cl_theory.experiments.definition import ExperimentError
from cl_theory.experiments.kernel_cache import kernel_cache

if TYPE_CHECKING:
    from distributed import Client

THREADS = (
    "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS", "NUMBA_NUM_THREADS",
)  # fmt: skip
ONE_THREAD = dict.fromkeys(THREADS, "1")
"""A worker a core does not want threads of its own."""

PATIENCE = 15
"""Seconds to wait for a scheduler that was named."""

SETTINGS: dict[str, Any] = {
    "distributed.comm.timeouts.connect": f"{PATIENCE}s",
    "distributed.worker.memory.spill": False,
    # A kernel may keep a worker from its heartbeat for minutes; the default takes it for dead after five.
    "distributed.scheduler.worker-ttl": "1 hour",
    # Dask has memory given back to the system at once. Learners that make large arrays at every phase would then wait
    # for fresh pages half of their time.
    "distributed.nanny.pre-spawn-environ.MALLOC_TRIM_THRESHOLD_": 1 << 30,
    "distributed.nanny.pre-spawn-environ.MALLOC_MMAP_THRESHOLD_": 1 << 30,
}

NO_DASHBOARD: dict[str, Any] = {"dashboard_address": None, "scheduler_kwargs": {"dashboard_address": "127.0.0.1:0"}}
"""The scheduler serves some pages even so: at any free port, so that two runs at once do not meet there."""


def available_cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@contextmanager
def client_of(scheduler: str | None, workers: int | None = None, *, most: int | None = None) -> Iterator["Client"]:
    """A client of the scheduler at `scheduler` (tcp://host:port), or of `workers` processes on this machine, default
    one a core, but not more than `most`.

    ExperimentError if nobody answers there.
    """
    import dask
    from distributed import LocalCluster

    from cl_theory.experiments.closing_client import ClosingClient

    if workers is not None and workers < 1:
        raise ExperimentError(f"--workers must be at least 1, got {workers}")
    local_worker.quiet()
    with dask.config.set(SETTINGS):
        if scheduler is not None:
            with _reached(scheduler, ClosingClient) as client:
                yield client
            return
        loaded = [*dask.config.get("distributed.worker.preload"), local_worker.__name__]
        n = min(workers or available_cores(), most or sys.maxsize)
        environment = {**ONE_THREAD, "NUMBA_CACHE_DIR": os.environ.get("NUMBA_CACHE_DIR", str(kernel_cache()))}
        cluster = LocalCluster(
            n_workers=n, threads_per_worker=1, memory_limit=0, host="127.0.0.1", env=environment, preload=loaded,
            **NO_DASHBOARD,
        )  # fmt: skip
        try:
            with ClosingClient(cluster) as client:
                yield client
        finally:
            with suppress(TimeoutError):  # workers too slow to say goodbye end with this process
                cluster.close()


@contextmanager
def _reached(address: str, make: Any) -> Iterator["Client"]:
    try:
        client = make(address, timeout=PATIENCE)
    except (OSError, ValueError, KeyError) as error:
        raise ExperimentError(
            f"no scheduler answers at {address!r} ({type(error).__name__}); start one with 'dask scheduler' and "
            f"workers with 'dask worker {address} --nthreads 1', or leave --scheduler out to use this machine"
        ) from error
    with client:
        yield client
