"""What one resource buys of another: memory of variance, data of compute."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from cl_theory.figures.runs import arm_colour
from cl_theory.figures.style import colour

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


def price_of_locality(phases: np.ndarray, ratios: Mapping[str, np.ndarray]) -> "Figure":
    """Variance at equal drift over that of two-term learning, along training: a line an estimator, 1 dotted.

    `ratios` are by the name that stands at the end of the line and chooses its colour, each of the shape of `phases`.
    """
    import matplotlib.pyplot as plt

    figure, axis = plt.subplots(figsize=(6.4, 3.5), layout="constrained")
    axis.axhline(1, color=colour("exact"), lw=1, ls=":")
    for name, values in ratios.items():
        tint = arm_colour(name)
        axis.plot(phases, values, marker="o", ms=4, color=tint, ls="--" if "centred" in name else "-")
        axis.annotate(
            name,
            (phases[-1], values[-1]),
            (6, 0),
            textcoords="offset points",
            va="center",
            color=tint,
            fontsize="small",
        )
    axis.set(xlabel="phases", ylabel="variance, two-term = 1", xlim=(0, 1.32 * phases[-1]))
    return figure


def exchange(used: Mapping[str, tuple[np.ndarray, np.ndarray]], *, goal: str, expected: float) -> "Figure":
    """Phases and rows of data that it took to reach a goal, one dot a seed, a diamond the mean of an arm.

    `used` holds (phases, rows) by the name that is shown and chooses the colour; the dotted line stands at the phases
    that are `expected` of all.
    """
    import matplotlib.pyplot as plt

    figure, axis = plt.subplots(figsize=(6.4, 4.0), layout="constrained")
    for name, (phases, rows) in used.items():
        _cloud(axis, name, phases, rows)
    axis.axvline(expected, color=colour("exact"), lw=1, ls=":")
    axis.set(xlabel=f"phases to {goal}", ylabel="rows of data it took", ylim=(0, None))
    axis.set_xlim(0, 1.12 * max(np.max(phases) for phases, _ in used.values()))
    return figure


def _cloud(axis: "Axes", name: str, phases: np.ndarray, rows: np.ndarray) -> None:
    tint, last = arm_colour(name), np.argmax(phases)
    axis.plot(phases, rows, "o", ms=3, mew=0, alpha=0.4, color=tint)
    axis.plot(np.mean(phases), np.mean(rows), "D", ms=6, color=tint)
    axis.annotate(
        name, (phases[last], rows[last]), (7, 0), textcoords="offset points", va="center", color=tint, fontsize="small"
    )
