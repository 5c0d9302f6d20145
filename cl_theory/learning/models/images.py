"""Bars and stripes, handwritten digits, and labels as units: one-hot rows beside pixels or over the first."""

from fractions import Fraction
from typing import Any

import numpy as np

from cl_theory.arguments import finite, positive_integer
from cl_theory.learning.models.rbm import all_states


def bars_and_stripes(size: int = 4) -> np.ndarray:
    """All bar and all stripe patterns on a size x size grid, float64 0/1 of shape (2**(size+1), size*size).

    Stripes (constant rows) come first, then bars (constant columns). The empty and the full image are both,
    so they occur twice: 32 rows with 30 distinct ones at size 4, of entropy 3.379093 nats.
    """
    lines = all_states(positive_integer(size, "size"))
    stripes = np.repeat(lines[:, :, None], size, axis=2)
    images = np.concatenate([stripes, stripes.transpose(0, 2, 1)])
    return images.reshape(len(images), size * size)


def bars_and_stripes_law(size: int = 4) -> tuple[np.ndarray, list[Fraction]]:
    """(distinct images (n, size*size), their exact probabilities) of a row drawn uniformly from the set."""
    rows = bars_and_stripes(size)
    images, count = np.unique(rows, axis=0, return_counts=True)
    return images, [Fraction(int(c), len(rows)) for c in count]


def bars_and_stripes_entropy(size: int = 4) -> float:
    r"""Entropy of a row in nats, :math:`\log N - \frac{4}{N}\log 2` with :math:`N = 2^{size+1}` rows.

    Two images of probability 2/N, the empty and the full one, lower it from log N.
    """
    n_rows = len(bars_and_stripes(size))
    return float(np.log(n_rows) - 4 / n_rows * np.log(2))


def best_negative_log_likelihood(size: int = 4) -> float:
    """Least possible sum of -log p over all rows, in nats: the number of rows times the entropy (108.1310 at 4)."""
    return len(bars_and_stripes(size)) * bars_and_stripes_entropy(size)


def valid_labels(labels: Any, n_classes: int = 10) -> np.ndarray:
    """Return `labels` as int64 of shape (n_samples,); ValueError if one is no integer in 0 .. n_classes - 1."""
    result = np.asarray(labels)
    if result.ndim != 1:
        raise ValueError(f"labels must be one vector, got shape {result.shape}")
    if result.dtype.kind not in "iu":
        raise ValueError(f"labels must be integers, got dtype {result.dtype}")
    bad = np.flatnonzero((result < 0) | (result >= n_classes))
    if bad.size:
        raise ValueError(f"labels must lie in 0 .. {n_classes - 1}, got {result[bad[0]]} at index {bad[0]}")
    return result.astype(np.int64)


def one_hot(labels: Any, n_classes: int = 10) -> np.ndarray:
    """Label units, (n_samples, n_classes) float64: 1 at the label and 0 elsewhere."""
    return np.eye(n_classes)[valid_labels(labels, n_classes)]


def with_label_units(pixels: np.ndarray, labels: Any, n_classes: int = 10) -> np.ndarray:
    """Rows of pixels with their one-hot label units appended, (n_samples, n_pixels + n_classes)."""
    units = one_hot(labels, n_classes)
    if len(pixels) != len(units):
        raise ValueError(f"pixels and labels must pair up, got {len(pixels)} rows and {len(units)} labels")
    return np.concatenate([pixels, units], axis=1)


def with_label_pixels(images: np.ndarray, labels: Any, n_classes: int = 10) -> np.ndarray:
    """Images whose first `n_classes` pixels are replaced by the one-hot label, the shape unchanged."""
    units = one_hot(labels, n_classes)
    if images.ndim != 2 or images.shape[1] < n_classes or len(images) != len(units):
        raise ValueError(f"images must be ({len(units)}, at least {n_classes} pixels), got {images.shape}")
    result = np.array(images, dtype=np.result_type(images.dtype, np.float32))
    result[:, :n_classes] = units
    return result


def wrong_labels(rng: np.random.Generator, labels: Any, n_classes: int = 10) -> np.ndarray:
    """Labels drawn uniformly from the `n_classes - 1` others: a negative never carries the true label."""
    true = valid_labels(labels, n_classes)
    if n_classes < 2:
        raise ValueError(f"n_classes must be at least 2 for a wrong label to exist, got {n_classes}")
    return (true + rng.integers(1, n_classes, size=true.shape)) % n_classes


LARGEST = 16
"""Pixels of the bundled digits run from 0 to 16."""


def digits(threshold: float = 8) -> np.ndarray:
    """The 1797 bundled 8x8 digits, 1.0 where a pixel exceeds `threshold` of 16, shape (1797, 64)."""
    if not 0 <= float(finite(threshold, "threshold")) < LARGEST:
        raise ValueError(f"threshold must lie in [0, {LARGEST}), got {threshold!r}")
    from sklearn.datasets import load_digits  # here, since it takes most of a second to import

    return (load_digits().data > threshold).astype(np.float64)


def labelled_digits(threshold: float = 8, *, label_units: bool = True) -> tuple[np.ndarray, np.ndarray]:
    """Rows of bits, (1797, 74) with ten label units after the pixels or (1797, 64) without, and the labels."""
    from sklearn.datasets import load_digits  # here, since it takes most of a second to import

    pixels, labels = digits(threshold), load_digits().target.astype(np.int64)
    return (with_label_units(pixels, labels) if label_units else pixels), labels
