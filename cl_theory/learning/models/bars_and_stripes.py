"""Bars and stripes: the small image set whose statistics can be enumerated."""

from fractions import Fraction

import numpy as np

from cl_theory.arguments import positive_integer
from cl_theory.learning.models.states import all_states


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
