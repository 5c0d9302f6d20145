"""Convexity in b: divided second differences, and the fit of A/b + C/(1-b) + constant."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from cl_theory.arguments import finite


@dataclass(frozen=True)
class ConvexityFit:
    """Least-squares fit of ``positive / b + negative / (1 - b) + constant``.

    `largest_residual` is the largest |value - fit|, `scale` the largest |value|: a law of that form leaves a
    residual of rounding size, or of the size of the noise in the values. Convex where both coefficients are >= 0.
    """

    positive: float
    negative: float
    constant: float
    largest_residual: float
    scale: float

    def __call__(self, b: Any) -> Any:
        """The fitted value at `b`."""
        return self.positive / b + self.negative / (1 - b) + self.constant


def second_difference(b_grid: Any, values: Any) -> np.ndarray:
    r"""Divided second differences along the last axis, (..., m) -> (..., m - 2); exact for Fractions.

    .. math:: 2\,\frac{(v_{i+1}-v_i)/(b_{i+1}-b_i) - (v_i-v_{i-1})/(b_i-b_{i-1})}{b_{i+1}-b_{i-1}}

    They are the second derivative at a point between, so a convex function has none below 0 on any increasing
    grid. For Monte Carlo pass one row per draw, all b on the same draw (common random numbers), and give the
    result to `mean_agrees` as the statistic, with the second differences of the exact variance as its target.
    """
    grid = _grid(b_grid, 3)
    heights = finite(np.asarray(values), "values")
    if heights.shape[-1:] != grid.shape:
        raise ValueError(f"the last axis of values must match b_grid {grid.shape}, got {heights.shape}")
    slopes = np.diff(heights, axis=-1) / np.diff(grid)
    return 2 * np.diff(slopes, axis=-1) / (grid[2:] - grid[:-2])


def convexity_fit(b_grid: Any, values: Any) -> ConvexityFit:
    """Fit A/b + C/(1-b) + constant to `values` (m,) on `b_grid` (m,), m >= 4, by least squares."""
    grid = np.asarray(_grid(b_grid, 4), dtype=float)
    heights = finite(np.asarray(values, dtype=float), "values")
    if heights.shape != grid.shape:
        raise ValueError(f"values must match b_grid {grid.shape}, got {heights.shape}")
    design = np.stack([1 / grid, 1 / (1 - grid), np.ones_like(grid)], axis=1)
    coefficients = np.linalg.lstsq(design, heights, rcond=None)[0]
    residual = float(np.abs(heights - design @ coefficients).max())
    positive, negative, constant = map(float, coefficients)
    return ConvexityFit(positive, negative, constant, residual, float(np.abs(heights).max()))


def _grid(b_grid: Any, least: int) -> np.ndarray:
    grid = finite(np.asarray(b_grid), "b_grid")
    if grid.ndim != 1 or len(grid) < least:
        raise ValueError(f"b_grid must be a vector of at least {least} values, got shape {grid.shape}")
    if not (grid[0] > 0 and grid[-1] < 1 and (grid[1:] > grid[:-1]).all()):
        raise ValueError(f"b_grid must increase inside (0, 1), got {grid[0]!r} to {grid[-1]!r}")
    return grid
