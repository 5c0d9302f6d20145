"""The bias of an always-on phase against the learning rate and the phase length, with the terms that make it."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from cl_theory.figures.style import colour

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

SHADES = ("two_term", "always_on", "isd", "positive_phase", "centred")


def bias_against_rate_and_length(
    rates: np.ndarray, by_length: Mapping[int, tuple[np.ndarray, np.ndarray]], lengths: np.ndarray,
    by_rate: Mapping[float, tuple[np.ndarray, np.ndarray]],
) -> "Figure":  # fmt: skip
    """Left: bias over `rates`, one curve a phase length; right: over `lengths`, one a rate. Each (exact, predicted)."""
    import matplotlib.pyplot as plt

    figure, (left, right) = plt.subplots(1, 2, figsize=(7.6, 3.3), sharey=True)
    _panel(left, rates, {rf"$\tau$ = {tau:,}": pair for tau, pair in by_length.items()})
    _panel(right, lengths, {rf"$\eta$ = {eta:g}": pair for eta, pair in by_rate.items()})
    _slope(left, rates, 2, r"$\propto \eta^2$")
    left.set(xlabel=r"learning rate $\eta$", ylabel=r"$|\mathrm{E}\,\Delta + \eta\,\bar g|$")
    right.set(xlabel=r"phase length $\tau$")
    for axis in (left, right):
        axis.legend(fontsize="small", loc="best", handlelength=1.2)
    return figure


def _panel(axis: "Axes", places: Sequence[float] | np.ndarray, curves: Mapping[str, tuple[np.ndarray, np.ndarray]]):
    for shade, (name, (exact, predicted)) in zip(SHADES, curves.items(), strict=False):
        axis.loglog(places, predicted, color=colour(shade), label=name)
        axis.loglog(places, exact, "o", color=colour(shade), markersize=3)


def _slope(axis: "Axes", places: np.ndarray, power: int, label: str) -> None:
    low = axis.get_ylim()[0]
    start = low * 3 / places[0] ** power
    part = places[: len(places) // 2]
    axis.loglog(part, start * part**power, "--", color=colour("reference"), linewidth=1)
    axis.annotate(label, (part[-1], start * part[-1] ** power), fontsize="small", va="top")
