"""What Dask loads in each worker on this machine: Ctrl-C is for the run, which stops its workers itself."""

import logging
import signal
from typing import Any

LOGGERS = (
    "distributed", "distributed.core", "distributed.nanny", "distributed.scheduler", "distributed.worker",
    "distributed.worker.state_machine",
)  # fmt: skip


def dask_setup(worker: Any) -> None:
    """Called by Dask in the worker's process once it is up."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    quiet()


def quiet() -> None:
    """What a worker says when it is stopped is no news to the reader of a progress bar."""
    for name in LOGGERS:
        logging.getLogger(name).setLevel(logging.CRITICAL)
