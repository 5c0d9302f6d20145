"""Where learning ends against b, the share of positive phases."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from cl_theory.checks.comparisons import mean
from cl_theory.experiments.summaries import least
from cl_theory.figures.estimator_colours import b_colour
from cl_theory.figures.final_values import CONFIDENCE
from cl_theory.figures.style import colour

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Look = Mapping[str, float | str]
FILLED: Look = {"marker": "o", "ms": 7.0}
HOLLOW: Look = {"marker": "D", "ms": 6.0, "mfc": "none", "mew": 1.5}


@dataclass(frozen=True)
class ByB:
    """One panel: values by b, one a seed, for one or two `series` by name; `predicted` is a curve of (b, values).

    `margin` shades what lies within it of the best mean of the first series, over `range_`.
    """

    label: str
    series: Mapping[str, Mapping[float, np.ndarray]]
    predicted: tuple[np.ndarray, np.ndarray] | None = None
    margin: float | None = None
    range_: tuple[float, float] = (0.2, 0.8)
    prediction: str = field(default="predicted from the noise at b")


def by_b(panels: Mapping[str, ByB]) -> "Figure":
    """A panel for each of `panels` by title: seeds as dots, means with intervals of 95 %, in the colours of b.

    A cross at the top marks a b at which runs diverged.
    """
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(1, len(panels), figsize=(4.2 * len(panels), 4.2), squeeze=False, layout="constrained")
    for axis, (title, panel) in zip(axes[0], panels.items(), strict=True):
        _panel(axis, panel)
        axis.set_title(title)
    labels = {
        label: handle for axis in axes[0] for handle, label in zip(*axis.get_legend_handles_labels(), strict=True)
    }
    figure.legend(list(labels.values()), list(labels), loc="outside lower center", ncols=3)
    return figure


def _panel(axis: "Axes", panel: ByB) -> None:
    for k, (name, values) in enumerate(panel.series.items()):
        _series(axis, name, values, FILLED if k == 0 else HOLLOW, 0.03 * k)
    first = next(iter(panel.series.values()))
    if panel.margin is not None:
        best = float(np.mean(first[least(first)]))
        tint = colour("centred")
        axis.fill_between(
            panel.range_, best, best + panel.margin, color=tint, alpha=0.12, lw=0, label="within the margin"
        )
    if panel.predicted is not None:
        axis.plot(*panel.predicted, "--", color=colour("exact"), lw=1.3, label=panel.prediction)
    axis.set(xlabel="$b$, share of positive phases", ylabel=panel.label, xlim=(0.04, 0.96))


def _series(axis: "Axes", name: str, values: Mapping[float, np.ndarray], look: Look, aside: float) -> None:
    for b, found in values.items():
        if not np.isfinite(found).all():
            axis.plot(
                [b], [0.97], "X", ms=8, color=b_colour(b), transform=axis.get_xaxis_transform(), label="runs diverged"
            )
            continue
        tint, effect = b_colour(b), mean(found, CONFIDENCE)
        _seeds(axis, b - 0.018 + 2.2 * aside, found, tint)
        axis.plot([b + aside] * 2, [effect.low, effect.high], color=tint, lw=2)
        axis.plot([b + aside], [effect.estimate], ls="none", color=tint, **look)  # type: ignore[arg-type]
    axis.plot([], [], ls="none", color=colour("exact"), label=name, **look)  # type: ignore[arg-type]


def _seeds(axis: "Axes", place: float, found: Sequence[float] | np.ndarray, tint: str) -> None:
    axis.plot(np.full(len(found), place), found, "o", ms=2, color=tint, alpha=0.35, mew=0)
