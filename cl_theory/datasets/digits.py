"""Handwritten digits that come with scikit-learn: real input that needs no download."""

import numpy as np

from cl_theory.arguments import finite

LARGEST = 16
"""Pixels of the bundled digits run from 0 to 16."""


def digits(threshold: float = 8) -> np.ndarray:
    """The 1797 bundled 8x8 digits, 1.0 where a pixel exceeds `threshold` of 16, shape (1797, 64)."""
    if not 0 <= float(finite(threshold, "threshold")) < LARGEST:
        raise ValueError(f"threshold must lie in [0, {LARGEST}), got {threshold!r}")
    from sklearn.datasets import load_digits  # here, since it takes most of a second to import

    return (load_digits().data > threshold).astype(np.float64)
