"""The environment that chapters are executed in: this Python, one thread budget, nothing of the user's own settings."""

import os
import sys
from collections.abc import Mapping
from pathlib import Path

import cl_theory
from cl_theory.book.checkout import Checkout
from cl_theory.book.files import write_json

THREAD_VARIABLES = (
    "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "BLIS_NUM_THREADS", "VECLIB_MAXIMUM_THREADS",
    "NUMEXPR_NUM_THREADS", "NUMBA_NUM_THREADS",
)  # fmt: skip
_USER_SETTINGS = ("MPLBACKEND", "MPLCONFIGDIR", "MATPLOTLIBRC", "PYTHONWARNINGS", "PYTHONSTARTUP", "PYTHONOPTIMIZE")
PACKAGE = Path(cl_theory.__file__).parent


def chapter_environment(
    checkout: Checkout, *, threads: int, package_key: str, sockets: str, base: Mapping[str, str] = os.environ
) -> dict[str, str]:
    """Variables for the process of a chapter, with `threads` threads for BLAS and numba.

    `sockets` is a folder with a short name for the kernels' connections.
    numba's cache gets a folder per state of the package: a cached kernel does not notice an edited callee in
    another file.
    """
    settings = {name: value for name, value in base.items() if name not in _USER_SETTINGS}
    settings.update(dict.fromkeys(THREAD_VARIABLES, str(threads)))
    path = [str(PACKAGE.parent), *filter(None, [base.get("PYTHONPATH")])]
    return settings | {
        "PYTHONPATH": os.pathsep.join(path),
        "PYTHONHASHSEED": "0",
        "SOURCE_DATE_EPOCH": "0",  # no date in a figure
        "TZ": "UTC",
        "MPLCONFIGDIR": str(checkout.build / "matplotlib"),
        "JUPYTER_PATH": str(checkout.build / "jupyter"),
        "JUPYTER_PLATFORM_DIRS": "1",
        "JUPYTER_RUNTIME_DIR": sockets,
        "IPYTHONDIR": str(checkout.build / "jupyter" / "ipython"),
        "NUMBA_CACHE_DIR": str(checkout.build / "numba" / cache_name(package_key)),
        "PYDEVD_DISABLE_FILE_VALIDATION": "1",
    }


def cache_name(package_key: str) -> str:
    """Name of the folder for what numba compiled from the package in this state."""
    return package_key[:16]


def install_kernel(checkout: Checkout) -> None:
    """Write the kernel that chapters run in: the Python of this process, whatever kernels the user has."""
    launch = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    content = {
        "argv": [*launch, "--HistoryManager.enabled=False", "--log-level=ERROR"],
        "display_name": "Python 3",
        "language": "python",
        "metadata": {"debugger": False},
    }
    write_json(checkout.build / "jupyter" / "kernels" / "python3" / "kernel.json", content, checkout.scratch)
