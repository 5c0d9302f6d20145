"""Reader of the idx format in which MNIST is kept: four magic bytes, big-endian sizes, then the values."""

import gzip
import math
import zlib
from pathlib import Path

import numpy as np

LARGEST = 1 << 30
"""Refuse to unpack more than one GiB: no known idx file is larger, and a forged one could be endless."""

_DTYPES = {0x08: ">u1", 0x09: ">i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}


def parse_idx(content: bytes, name: str = "idx data") -> np.ndarray:
    """Return the array held in `content`, in native byte order; ValueError if it is not one whole idx file.

    Bytes 0 and 1 are zero, byte 2 is the type, byte 3 the number of axes; one big-endian uint32 per axis
    follows, then the values in row-major order.
    """
    dtype, shape = _header(content, name)
    start = 4 + 4 * len(shape)
    expected = start + math.prod(shape) * dtype.itemsize
    if len(content) != expected:
        kind = "truncated" if len(content) < expected else "too long"
        raise ValueError(f"{name} is {kind}: its header asks for {expected} bytes, got {len(content)}")
    values = np.frombuffer(content, dtype, offset=start)
    return values.reshape(shape).astype(dtype.newbyteorder("="))


def _header(content: bytes, name: str) -> tuple[np.dtype, tuple[int, ...]]:
    if len(content) < 4 or content[:2] != b"\0\0" or content[2] not in _DTYPES:
        raise ValueError(f"{name} is no idx file: it starts with {content[:4]!r}; fetch it again")
    n_axes = content[3]
    sizes = np.frombuffer(content[4 : 4 + 4 * n_axes].ljust(4 * n_axes, b"\0"), ">u4")
    shape = tuple(int(size) for size in sizes)
    dtype = np.dtype(_DTYPES[content[2]])
    if not 1 <= n_axes <= 8:
        raise ValueError(f"{name} is no idx file: {n_axes} axes, expected 1 to 8; fetch it again")
    if len(content) < 4 + 4 * n_axes:
        raise ValueError(f"{name} is truncated inside its header of {n_axes} axes; fetch it again")
    if math.prod(shape) * dtype.itemsize > LARGEST:
        raise ValueError(f"{name} claims shape {shape}, over the limit of {LARGEST} bytes; fetch it again")
    return dtype, shape


def read_idx(path: str | Path) -> np.ndarray:
    """Return the array in an idx file, gzipped or not; ValueError naming the file and the remedy if damaged."""
    path = Path(path)
    with path.open("rb") as file:
        packed = file.read(2) == b"\x1f\x8b"
    try:
        with gzip.open(path) if packed else path.open("rb") as file:
            content = file.read(LARGEST + 64)
    except (OSError, EOFError, zlib.error) as error:
        raise ValueError(f"{path} is truncated or altered ({error}); delete it and fetch it again") from error
    return parse_idx(content, str(path))
