"""How learning goes: stored curves of several arms, with the spread over seeds."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from cl_theory.experiments.results import ArmResults
from cl_theory.figures.estimator_colours import arm_colour, arm_line
from cl_theory.figures.style import colour

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

ALONG = {
    "phases": "phases",
    "steps": "steps of the network",
    "rows": "rows of data used",
    "updates": "updates of the weights",
}
STANDARD_ERRORS = 2
LETTERS_AN_INCH = 12
"""Of a legend; a handle takes six letters."""


def learning_curves(
    arms: Mapping[str, ArmResults],
    measure: str,
    *,
    along: str | Sequence[str] = "phases",
    factor: float = 1.0,
    label: str,
    floor: float | None = None,
    log: bool = False,
    seeds: bool = True,
) -> "Figure":
    """`factor` times a measure: mean over seeds with a band of two standard errors, and single seeds faintly.

    arms
        By the name that the legend shows; colours and dashes follow the arms' own names.
    along
        An axis of the results ("phases", "steps", "rows", "updates"), or several: a panel each.
    floor
        The best value there can be, drawn as a line; `log` shows the distance from 0 on a logarithmic scale.
    """
    import matplotlib.pyplot as plt

    names = [along] if isinstance(along, str) else list(along)
    wide = max(6.4, 3.6 * len(names))
    figure, axes = plt.subplots(1, len(names), figsize=(wide, 3.6), sharey=True, squeeze=False, layout="constrained")
    for axis, name in zip(axes[0], names, strict=True):
        for words, arm in arms.items():
            _curve(axis, words, arm, *arm.curve(measure, name), factor, seeds)
        _finish(axis, name, floor, log)
    axes[0, 0].set_ylabel(label)
    handles, labels = axes[0, 0].get_legend_handles_labels()
    fitting = int(wide * LETTERS_AN_INCH / (max(map(len, labels)) + 6))
    figure.legend(handles, labels, loc="outside lower center", ncols=max(1, min(len(labels), fitting)))
    return figure


def mean_and_error(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(mean, standard error) over seeds, the rows of `values`; NaN wherever a seed has no value."""
    return values.mean(axis=0), values.std(axis=0, ddof=1) / np.sqrt(len(values))


def _curve(
    axis: "Axes", words: str, arm: ArmResults, places: np.ndarray, values: np.ndarray, factor: float, seeds: bool
) -> None:
    tint, dashes = arm_colour(arm.name), arm_line(arm.name)
    centre, error = mean_and_error(factor * values)
    if seeds:
        axis.plot(places, factor * values.T, color=tint, lw=0.4, alpha=0.18, label="_seed")
    band = STANDARD_ERRORS * error
    axis.fill_between(places, centre - band, centre + band, color=tint, alpha=0.3, lw=0)
    axis.plot(places, centre, color=tint, ls=dashes, lw=1.9, label=words)


def _finish(axis: "Axes", name: str, floor: float | None, log: bool) -> None:
    from matplotlib.ticker import LogLocator, NullFormatter

    if floor is not None:
        axis.axhline(floor, color=colour("exact"), lw=1, ls=":", label=f"best there can be, {floor:.1f}")
    if log:
        axis.set_yscale("log")
        axis.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        axis.yaxis.set_major_formatter("{x:g}")
        axis.yaxis.set_minor_formatter(NullFormatter())
    axis.set_xlabel(ALONG[name])
    if axis.get_xlim()[1] >= 1e5:
        axis.ticklabel_format(axis="x", style="sci", scilimits=(0, 0), useMathText=True)
    axis.set_xlim(left=0)
