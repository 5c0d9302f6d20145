"""Data sets: generated, bundled with a dependency, or fetched on request."""

from cl_theory.datasets.bars_and_stripes import (
    bars_and_stripes,
    bars_and_stripes_entropy,
    bars_and_stripes_law,
    best_negative_log_likelihood,
)
from cl_theory.datasets.digits import (
    digits,
    labelled_digits,
    one_hot,
    with_label_pixels,
    with_label_units,
    wrong_labels,
)
from cl_theory.datasets.mnist import binarised_mnist, mnist

__all__ = [
    "bars_and_stripes",
    "bars_and_stripes_entropy",
    "bars_and_stripes_law",
    "best_negative_log_likelihood",
    "binarised_mnist",
    "digits",
    "labelled_digits",
    "mnist",
    "one_hot",
    "with_label_pixels",
    "with_label_units",
    "wrong_labels",
]
