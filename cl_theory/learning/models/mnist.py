"""MNIST from its four original files: looked for, fetched if need be, checked, read, made binary."""

import gzip
import hashlib
import math
import os
import zlib
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np

from cl_theory.learning.models.images import with_label_units

if TYPE_CHECKING:
    from rich.progress import Task


LARGEST_FILE = 1 << 30
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
    if math.prod(shape) * dtype.itemsize > LARGEST_FILE:
        raise ValueError(f"{name} claims shape {shape}, over the limit of {LARGEST_FILE} bytes; fetch it again")
    return dtype, shape


def read_idx(path: str | Path) -> np.ndarray:
    """Return the array in an idx file, gzipped or not; ValueError naming the file and the remedy if damaged."""
    path = Path(path)
    with path.open("rb") as file:
        packed = file.read(2) == b"\x1f\x8b"
    try:
        with gzip.open(path) if packed else path.open("rb") as file:
            content = file.read(LARGEST_FILE + 64)
    except (OSError, EOFError, zlib.error) as error:
        raise ValueError(f"{path} is truncated or altered ({error}); delete it and fetch it again") from error
    return parse_idx(content, str(path))


DATA_VARIABLE = "CL_THEORY_DATA"

SHA256 = {
    "train-images-idx3-ubyte.gz": "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609",
    "train-labels-idx1-ubyte.gz": "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c",
    "t10k-images-idx3-ubyte.gz": "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6",
    "t10k-labels-idx1-ubyte.gz": "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6",
}

MIRRORS = (
    "https://ossci-datasets.s3.amazonaws.com/mnist/",
    "https://storage.googleapis.com/cvdf-datasets/mnist/",
)

Split = Literal["train", "test"]
_PREFIX = {"train": "train", "test": "t10k"}


def mnist_folder() -> Path | None:
    """Folder that holds the files without any download: ``$CL_THEORY_DATA/mnist``, else the user's cache."""
    named = os.environ.get(DATA_VARIABLE)
    candidates = [Path(named) / "mnist"] if named else []
    candidates.append(cache_folder())
    return next((c for c in candidates if all((c / name).is_file() for name in SHA256)), None)


def cache_folder() -> Path:
    """Where a download is kept: the operating system's cache folder of this user."""
    import pooch

    return Path(pooch.os_cache("cl-theory")) / "mnist"


def mnist(split: Split = "train") -> tuple[np.ndarray, np.ndarray]:
    """Images (n, 784) uint8 and labels (n,) int64; fetched on first use if no folder holds them.

    ValueError if a file is truncated or altered, ConnectionError if it has to be fetched and cannot be.
    """
    if split not in _PREFIX:
        raise ValueError(f"split must be 'train' or 'test', got {split!r}")
    images = read_idx(mnist_file(f"{_PREFIX[split]}-images-idx3-ubyte.gz"))
    labels = read_idx(mnist_file(f"{_PREFIX[split]}-labels-idx1-ubyte.gz"))
    return images.reshape(len(images), -1), labels.astype(np.int64)


def binarised_mnist(
    split: Split = "train", *, threshold: float = 0.8, label_units: bool = True
) -> tuple[np.ndarray, np.ndarray]:
    """Rows of bits, (n, 794) uint8 with ten label units after the pixels or (n, 784) without, and the labels.

    A pixel is 1 above `threshold` of full brightness, in both splits (Williams et al. 2023 use 0.8).
    """
    if not 0 <= threshold < 1:
        raise ValueError(f"threshold must lie in [0, 1), got {threshold!r}")
    images, labels = mnist(split)
    bits = (images > threshold * 255).astype(np.uint8)
    rows = with_label_units(bits, labels).astype(np.uint8) if label_units else bits
    return rows, labels


def mnist_file(name: str) -> Path:
    """Checked path of one of the four files, fetched if it is nowhere."""
    folder = mnist_folder()
    if folder is None:
        return fetch(name, SHA256[name], MIRRORS, cache_folder())
    found = hashlib.sha256((folder / name).read_bytes()).hexdigest()
    if found != SHA256[name]:
        raise ValueError(
            f"{folder / name} is truncated or altered: SHA-256 {found}, expected {SHA256[name]}; "
            f"delete it to have it fetched again"
        )
    return folder / name


def fetch(name: str, sha256: str, mirrors: tuple[str, ...], folder: Path) -> Path:
    """Download `name` from the first mirror that has it whole, show progress, check SHA-256, keep in `folder`."""
    import pooch

    reasons = []
    for mirror in mirrors:
        try:
            downloader = pooch.HTTPDownloader(progressbar=DownloadBar(name), timeout=20)
            path = pooch.retrieve(mirror + name, f"sha256:{sha256}", name, folder, downloader=downloader)
            return Path(path)
        except (OSError, ValueError) as error:  # requests' errors are OSErrors, a wrong hash is a ValueError
            reasons.append(f"{mirror}: {error}")
    listed = "; ".join(reasons)
    raise ConnectionError(
        f"{name} could not be fetched ({listed}); connect to the network, or put the four files of MNIST into "
        f"a folder named mnist and name its parent in {DATA_VARIABLE}"
    )


class DownloadBar:
    """A bar with `total`, `update`, `reset` and `close`; it stays silent where there is no terminal."""

    def __init__(self, name: str) -> None:
        from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn

        columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn())
        self._progress = Progress(*columns, transient=True)
        self._task = self._progress.add_task(name, total=None)
        self.total = 0

    @property
    def task(self) -> "Task":
        """Bytes so far, and in all."""
        return self._progress.tasks[0]

    def update(self, n_bytes: int) -> None:
        """Count `n_bytes` more; the bar appears with the first of them."""
        self._progress.start()
        self._progress.update(self._task, advance=n_bytes, total=self.total or None)

    def reset(self) -> None:
        """Go back to nothing (pooch does so before it fills the bar up)."""
        self._progress.reset(self._task)

    def close(self) -> None:
        """Take the bar off the screen."""
        self._progress.stop()
