"""MNIST from its four original files: looked for, fetched if need be, checked, read, made binary."""

import gzip
import hashlib
import os
import sys
from pathlib import Path
from typing import Literal

import numpy as np

from cl_theory.learning.models.images import with_label_units

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
    images = _bytes_of_idx(mnist_file(f"{_PREFIX[split]}-images-idx3-ubyte.gz"))
    labels = _bytes_of_idx(mnist_file(f"{_PREFIX[split]}-labels-idx1-ubyte.gz"))
    return images.reshape(len(images), -1), labels.astype(np.int64)


def _bytes_of_idx(path: Path) -> np.ndarray:
    """The array in a checked idx file: byte 3 counts its axes, their sizes follow as big-endian uint32, then bytes."""
    content = gzip.decompress(path.read_bytes())
    shape = np.frombuffer(content, ">u4", count=content[3], offset=4)
    return np.frombuffer(content, np.uint8, offset=4 + shape.nbytes).reshape(shape)


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
            downloader = pooch.HTTPDownloader(progressbar=sys.stderr.isatty(), timeout=20)
            path = pooch.retrieve(mirror + name, f"sha256:{sha256}", name, folder, downloader=downloader)
            return Path(path)
        except (OSError, ValueError) as error:  # requests' errors are OSErrors, a wrong hash is a ValueError
            reasons.append(f"{mirror}: {error}")
    listed = "; ".join(reasons)
    raise ConnectionError(
        f"{name} could not be fetched ({listed}); connect to the network, or put the four files of MNIST into "
        f"a folder named mnist and name its parent in {DATA_VARIABLE}"
    )
