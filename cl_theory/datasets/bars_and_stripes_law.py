"""What is known exactly of bars and stripes: the law of a row, its entropy, and the best likelihood."""

from fractions import Fraction

import numpy as np

from cl_theory.datasets.bars_and_stripes import bars_and_stripes


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
