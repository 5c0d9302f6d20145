"""Training data as bits of one byte each: sixty thousand digits fit where floats would take eight times the room."""

from typing import Any

import numpy as np


def bit_rows(data: Any, n_units: int) -> np.ndarray:
    """`data` as uint8 rows (n_rows, n_units) of 0 and 1; ValueError that says what is wrong and what to do."""
    rows = np.asarray(data)
    if rows.dtype.kind not in "buif":
        raise ValueError(f"data must hold numbers, got dtype {rows.dtype}")
    if rows.ndim != 2 or rows.shape[1] != n_units or len(rows) == 0:
        raise ValueError(f"data must be non-empty rows of {n_units} units, got shape {rows.shape}")
    if not np.all((rows == 0) | (rows == 1)):
        raise ValueError("data must hold only 0 and 1; binarise it first")
    return np.ascontiguousarray(rows, dtype=np.uint8)
