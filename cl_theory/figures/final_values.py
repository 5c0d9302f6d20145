"""Where runs end: a dot a seed, the mean and its interval."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from cl_theory.checks.comparisons import mean
from cl_theory.figures.estimator_colours import arm_colour
from cl_theory.figures.style import colour

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

CONFIDENCE = 0.95
SPREAD = 0.14
"""Half the height over which the seeds of a row are spread, in rows, so that equal values are seen."""


def final_values(values: Mapping[str, np.ndarray], *, label: str, floor: float | None = None) -> "Figure":
    """One row for each of `values` (by name, one value a seed): seeds as dots, mean, interval of 95 % of the mean.

    Names are shown and choose the colours; `floor` is the best value there can be.
    """
    import matplotlib.pyplot as plt

    figure, axis = plt.subplots(figsize=(6.4, 1.1 + 0.42 * len(values)), layout="constrained")
    for row, (name, found) in enumerate(values.items()):
        _row(axis, row, np.asarray(found, dtype=float), arm_colour(name))
    if floor is not None:
        axis.axvline(floor, color=colour("exact"), lw=1, ls=":")
    axis.set(yticks=range(len(values)), yticklabels=list(values), xlabel=label, ylim=(len(values) - 0.5, -0.5))
    return figure


def _row(axis: "Axes", row: int, values: np.ndarray, tint: str) -> None:
    heights = row + SPREAD * np.cos(np.pi * np.arange(len(values)) / 1.618)
    axis.plot(values, heights, "o", ms=3.2, color=tint, alpha=0.45, mew=0)
    effect = mean(values, CONFIDENCE)
    axis.plot([effect.low, effect.high], [row + 0.31] * 2, color=tint, lw=2.4)
    axis.plot([effect.estimate], [row + 0.31], "D", ms=5, color=tint)
