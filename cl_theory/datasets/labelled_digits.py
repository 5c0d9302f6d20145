"""Scikit-learn's digits with label units: classification with no download."""

import numpy as np

from cl_theory.datasets.digits import digits
from cl_theory.datasets.labels import with_label_units


def labelled_digits(threshold: float = 8, *, label_units: bool = True) -> tuple[np.ndarray, np.ndarray]:
    """Rows of bits, (1797, 74) with ten label units after the pixels or (1797, 64) without, and the labels."""
    from sklearn.datasets import load_digits  # here, since it takes most of a second to import

    pixels, labels = digits(threshold), load_digits().target.astype(np.int64)
    return (with_label_units(pixels, labels) if label_units else pixels), labels
