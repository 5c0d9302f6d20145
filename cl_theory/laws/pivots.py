"""Definiteness of a symmetric matrix in exact arithmetic."""

from typing import Any

import numpy as np


def pivots(matrix: np.ndarray) -> list[Any]:
    """Pivots of a symmetric matrix of Fractions (d, d), in order; it is positive definite iff all are above 0.

    Elimination stops at the first pivot that is not above 0, which is the last one returned. ValueError unless the
    matrix is square and symmetric.
    """
    rest = np.array(matrix, dtype=object)
    if rest.ndim != 2 or rest.shape[0] != rest.shape[1] or (rest != rest.T).any():
        raise ValueError(f"matrix must be square and symmetric, got shape {rest.shape}; use (A + A.T) / 2")
    found = []
    while len(rest):
        found.append(rest[0, 0])
        if not found[-1] > 0:
            break
        rest = rest[1:, 1:] - np.outer(rest[1:, 0], rest[0, 1:]) / rest[0, 0]
    return found
