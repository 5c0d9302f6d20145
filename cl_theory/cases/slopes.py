"""Orders of magnitude from a ladder of halved step sizes: local slopes, and their Richardson extrapolation."""

from typing import Any

import numpy as np


def local_slopes(values: Any, ladder: Any) -> np.ndarray:
    """d log|value| / d log(ladder) between neighbours, shape (n-1,)."""
    sizes, steps = np.abs(np.asarray(values, dtype=float)), np.asarray(ladder, dtype=float)
    if sizes.shape != steps.shape or len(steps) < 2 or not (sizes > 0).all() or not (steps > 0).all():
        raise ValueError(f"values and ladder must be alike, nonzero and at least two, got {sizes} and {steps}")
    return np.diff(np.log(sizes)) / np.diff(np.log(steps))


def extrapolated_slope(values: Any, ladder: Any) -> float:
    """The slope at step size 0 of a ladder that halves: 2 s(h/2) - s(h) removes the first correction."""
    steps = np.asarray(ladder, dtype=float)
    if len(steps) < 3 or not np.allclose(steps[1:], steps[:-1] / 2):
        raise ValueError(f"ladder must halve from step to step and have at least three steps, got {steps}")
    slopes = local_slopes(values, steps)
    return float(2 * slopes[-1] - slopes[-2])
