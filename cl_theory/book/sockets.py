"""Kernels are reached over socket files where these are possible: two can pick the same port, but not one file."""

import os
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

FOLDER_LIMIT = 80
"""Characters of the folder's path; a socket's whole path may have about a hundred."""


@contextmanager
def socket_folder(scratch: Path) -> Iterator[str]:
    """A folder for the sockets of one run: in `scratch`, or, if that lies too deep, where temporary files go."""
    near = scratch / "sockets"
    if len(str(near)) <= FOLDER_LIMIT:
        near.mkdir(parents=True, exist_ok=True)
        yield str(near)
        return
    with tempfile.TemporaryDirectory(prefix="cl-theory-", ignore_cleanup_errors=True) as far:
        yield far


def kernel_manager() -> type:
    """The class of kernel managers that papermill is to use."""
    from jupyter_client.manager import AsyncKernelManager
    from jupyter_core.paths import jupyter_runtime_dir

    class SocketFileManager(AsyncKernelManager):
        def __init__(self, **settings: Any) -> None:
            super().__init__(**settings)
            self.transport = "ipc"
            self.ip = f"{jupyter_runtime_dir()}/{uuid.uuid4().hex[:12]}"  # a name of its own, whatever the folder

    short = len(jupyter_runtime_dir()) <= FOLDER_LIMIT
    return SocketFileManager if short and os.name == "posix" else AsyncKernelManager
