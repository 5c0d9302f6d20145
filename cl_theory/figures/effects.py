"""What was decided: each effect with its interval, beside what its criterion asks for."""

from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import TYPE_CHECKING, Any

from cl_theory.checks.outcome import Outcome
from cl_theory.figures.style import colour

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

DECISIONS = {True: ("o", "centred", "met"), False: ("X", "isd", "contradicted"), None: ("s", "exact", "undecided")}
"""Marker, colour and word of each decision: shapes differ, so that colour is not needed."""


def effects(outcomes: Sequence[Outcome] | Mapping[str, Outcome]) -> "Figure":
    """Forest plot of decided criteria, in their order: effect, simultaneous interval, shaded where it is met.

    They are shown under their criteria's names, or under the keys of a mapping. Those of one unit, next to each other,
    share a panel. ValueError without outcomes.
    """
    import matplotlib.pyplot as plt

    if not outcomes:
        raise ValueError("effects needs the outcome of at least one criterion, got none; use what evidence.decide gave")
    named = list(outcomes.items()) if isinstance(outcomes, Mapping) else [(_name(one), one) for one in outcomes]
    panels = [(unit, list(rows)) for unit, rows in groupby(named, key=lambda row: row[1].values["unit"])]
    heights = [len(rows) + 0.9 for _, rows in panels]
    figure, axes = plt.subplots(
        len(panels), 1, figsize=(6.8, 0.6 + 0.4 * sum(heights)), height_ratios=heights, squeeze=False,
        layout="constrained",
    )  # fmt: skip
    for axis, (unit, rows) in zip(axes[:, 0], panels, strict=True):
        _panel(axis, unit, rows)
    found = {outcome.passed for _, outcome in named}
    handles = [_handle(passed) for passed in DECISIONS if passed in found]
    figure.legend(handles=handles, loc="outside lower center", ncols=3)
    return figure


def _panel(axis: "Axes", unit: str, rows: Sequence[tuple[str, Outcome]]) -> None:
    for place, (_, outcome) in enumerate(rows):
        _row(axis, place, outcome)
    axis.set(yticks=range(len(rows)), yticklabels=[name for name, _ in rows], ylim=(len(rows) - 0.5, -0.5))
    axis.set(xlim=_reach([outcome for _, outcome in rows]), xlabel=f"effect, {unit}" if unit else "effect")
    axis.axvline(0, color=colour("exact"), lw=0.8)
    axis.grid(visible=False, axis="y")


def _row(axis: "Axes", place: int, outcome: Outcome) -> None:
    marker, tint, _ = DECISIONS[outcome.passed]
    low, high = _met(outcome)
    axis.fill_betweenx([place - 0.36, place + 0.36], low, high, color=colour("centred"), alpha=0.16, lw=0)
    axis.plot(outcome.values["interval"], [place] * 2, color=colour(tint), lw=2.2)
    axis.plot([outcome.values["effect"]], [place], marker, ms=7, color=colour(tint))


def _met(outcome: Outcome) -> tuple[float, float]:
    """The effects that meet the criterion."""
    margin, far = float(outcome.values["margin"]), 1e9
    words = str(outcome.values["criterion"])
    return (margin, far) if words.startswith("above") else (-far if words.startswith("below") else -margin, margin)


def _reach(rows: Sequence[Outcome]) -> tuple[float, float]:
    """From left of all intervals and margins to right of them."""
    ends: list[float] = [0.0]
    for one in rows:
        ends += [*one.values["interval"], *(end for end in _met(one) if abs(end) < 1e9)]
    room = 0.08 * (max(ends) - min(ends))
    return min(ends) - room, max(ends) + room


def _name(outcome: Outcome) -> str:
    return outcome.scope.partition(":")[0]


def _handle(passed: bool | None) -> Any:
    from matplotlib.lines import Line2D

    marker, tint, word = DECISIONS[passed]
    return Line2D([], [], marker=marker, ms=7, lw=2.2, color=colour(tint), label=word)
