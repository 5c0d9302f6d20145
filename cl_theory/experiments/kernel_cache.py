"""Where workers keep compiled kernels: a folder for each state of the code, since numba sees only half of a change.

A cached kernel is compiled again when its own file changes, but not when a function that it calls does in another one:
a worker would then compute with old code under the name of the new.
"""

import hashlib
from collections.abc import Iterable
from pathlib import Path

import pooch

PACKAGE_FOLDER = Path(__file__).resolve().parents[1]


def kernel_cache() -> Path:
    """Folder in the user's cache for what is compiled from the package as it lies on the disk."""
    return Path(pooch.os_cache("cl-theory")) / "kernels" / kernels_key(sorted(PACKAGE_FOLDER.rglob("*.py")))[:16]


def kernels_key(sources: Iterable[Path]) -> str:
    """SHA-256 over those `sources` that have something to compile."""
    total = hashlib.sha256()
    for path in sources:
        content = path.read_bytes()
        if b"numba" in content:
            total.update(f"{path.name}\0{len(content)}\0".encode() + content)
    return total.hexdigest()
