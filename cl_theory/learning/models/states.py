"""All joint states of a few 0/1 units."""

import numpy as np

from cl_theory.arguments import positive_integer

MAX_UNITS = 20
"""Above this a table of all states no longer fits comfortably in memory."""


def all_states(n_units: int) -> np.ndarray:
    """All 2**n states of n 0/1 units, float64 (2**n, n); unit i is bit i of the row's index.

    ValueError if `n_units` is not an integer between 1 and 20.
    """
    n = positive_integer(n_units, "n_units")
    if n > MAX_UNITS:
        raise ValueError(f"n_units must be at most {MAX_UNITS} for a table of all states, got {n}")
    return ((np.arange(2**n)[:, None] >> np.arange(n)) & 1).astype(np.float64)
