"""Figures of stored runs: curves, where they end, which rate was chosen, what was decided; one colour an algorithm."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from cl_theory.proof.checks.comparisons import mean
from cl_theory.proof.checks.outcome import Outcome
from cl_theory.proof.experiments.measures import Measure
from cl_theory.proof.experiments.results import ArmResults, Results, best_rate, final_by_rate, least, tuned
from cl_theory.proof.figures.style import colour, legend_below, subplots

Look = Mapping[str, float | str]
Summary = Callable[[ArmResults], np.ndarray]

B_COLOURS = ("#5c93e6", "#b565a7", "#d55e00", "#c48a00", "#6f9420")
"""b = 0.1, 0.3, 0.5, 0.7, 0.9, and what lies between: the colour of ISD in the middle."""

OTHERS_RATE = r"rate of two-term|two-term rate"
LINES = (
    (rf"{OTHERS_RATE}|half the rate", (0, (4, 2))),
    (r"carried-over|gated", (0, (4, 2))),
    (r"\bcd\b|poisson", (0, (1, 1.4))),
    (r"geometric|adam", (0, (5, 1.5, 1, 1.5))),
    (r"uniform", (0, (2.4, 1.2))),
)


def arm_colour(name: str) -> str:
    """Hex code for an arm of an experiment, or for its name in words.

    ``arm_colour("isd")``, ``arm_colour("centred ISD")``, ``arm_colour("b = 0.2")``; always-on learning has its own
    colour, centred or not, and what names no estimator has the colour of a reference.
    """
    words = re.sub(OTHERS_RATE, "", name.lower())
    if "always-on" in words:
        return "#0e9aa7" if "centred" in words else colour("always_on")
    share = re.search(r"\bb = ([0-9.]+)", words)
    if share:
        return b_colour(float(share[1]))
    known = {r"two[- ]terms?": "two_term", "centred": "centred", r"\bisd\b|end of phase": "isd"}
    return next((colour(value) for pattern, value in known.items() if re.search(pattern, words)), colour("reference"))


def b_colour(b: float) -> str:
    """From blue (few positive phases) by ISD's colour at b = 1/2 to green (many); straight lines in RGB."""
    if not 0 < b < 1:
        raise ValueError(f"b must lie strictly between 0 and 1, got {b!r}")
    place = min(max((b - 0.1) / 0.2, 0.0), len(B_COLOURS) - 1.0)
    left = min(int(place + 1e-9), len(B_COLOURS) - 2)
    pairs = zip(_channels(B_COLOURS[left]), _channels(B_COLOURS[left + 1]), strict=True)
    return "#" + "".join(f"{round(a + (place - left) * (c - a)):02x}" for a, c in pairs)


def arm_line(name: str) -> str | tuple[int, tuple[float, ...]]:
    """Line style of an arm: solid, or dashes that tell a variant from the arm whose colour it shares."""
    words = name.lower()
    return next((dashes for pattern, dashes in LINES if re.search(pattern, words)), "-")


def _channels(code: str) -> tuple[int, int, int]:
    return int(code[1:3], 16), int(code[3:5], 16), int(code[5:7], 16)


ESTIMATORS = {"two-term": "two-term", "isd": "ISD", "centred-isd": "centred ISD"}
OPTIMISERS = {"sgd": "SGD", "adam": "Adam"}


def estimators(optimiser: str = "") -> dict[str, str]:
    """The three estimators in words, by their arms: {"isd": "ISD"}, or {"isd, sgd": "ISD, SGD"} under an optimiser."""
    arm, word = (f", {optimiser}", f", {OPTIMISERS[optimiser]}") if optimiser else ("", "")
    return {name + arm: shown + word for name, shown in ESTIMATORS.items()}


def by_estimator(results: Results, optimiser: str = "") -> dict[str, ArmResults]:
    """The arms of the three estimators, by their names in words."""
    return {words: results[arm] for arm, words in estimators(optimiser).items()}


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
    measure: Measure,
    *,
    along: Sequence[str] = ("phases",),
    log: bool = False,
    seeds: bool = True,
) -> Figure:
    """A measure along training: mean over seeds with a band of two standard errors, and single seeds faintly.

    arms
        By the name that the legend shows; colours and dashes follow the arms' own names.
    along
        Axes of the results ("phases", "steps", "rows", "updates"), a panel each.
    log
        A logarithmic scale.
    """
    wide = max(6.4, 3.6 * len(along))
    figure, axes = subplots(1, len(along), size=(wide, 3.6), sharey=True, squeeze=False)
    for axis, name in zip(axes[0], along, strict=True):
        for words, arm in arms.items():
            places, values = arm.curve(measure.name, name)
            if seeds:
                values_by_seed = measure.factor * values.T
                axis.plot(places, values_by_seed, color=arm_colour(arm.name), lw=0.4, alpha=0.18, label="_seed")
            mean_with_band(axis, arm, places, measure.factor * values, lw=1.9, label=words)
        _finish(axis, name, measure, log)
    axes[0, 0].set_ylabel(measure.label)
    labels = axes[0, 0].get_legend_handles_labels()[1]
    fitting = int(wide * LETTERS_AN_INCH / (max(map(len, labels)) + 6))
    legend_below(figure, ncols=max(1, min(len(labels), fitting)))
    return figure


def mean_and_error(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(mean, standard error) over seeds, the rows of `values`; NaN wherever a seed has no value."""
    return values.mean(axis=0), values.std(axis=0, ddof=1) / np.sqrt(len(values))


def mean_with_band(axis: Axes, arm: ArmResults, places: Any, values: np.ndarray, **look: Any) -> None:
    """The mean over seeds, the rows of `values`, as a line of the arm's look in a band of two standard errors."""
    tint, (centre, error) = arm_colour(arm.name), mean_and_error(values)
    band = STANDARD_ERRORS * error
    axis.fill_between(places, centre - band, centre + band, color=tint, alpha=0.3, lw=0)
    axis.plot(places, centre, color=tint, ls=arm_line(arm.name), **look)


def mean_with_bars(axis: Axes, places: Any, values: np.ndarray, tint: str, **look: Any) -> np.ndarray:
    """The mean over seeds, the rows of `values`, as dots with two standard errors; returns the mean."""
    centre, error = mean_and_error(values)
    axis.errorbar(places, centre, STANDARD_ERRORS * error, color=tint, **look)
    return centre


def _floor(axis: Axes, measure: Measure) -> None:
    if measure.floor is not None:
        label = f"best there can be, {measure.floor:.1f}"
        axis.axhline(measure.floor, color=colour("exact"), lw=1, ls=":", label=label)


def _finish(axis: Axes, name: str, measure: Measure, log: bool) -> None:
    from matplotlib.ticker import LogLocator, NullFormatter

    _floor(axis, measure)
    if log:
        axis.set_yscale("log")
        axis.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        axis.yaxis.set_major_formatter("{x:g}")
        axis.yaxis.set_minor_formatter(NullFormatter())
    axis.set_xlabel(ALONG[name])
    if axis.get_xlim()[1] >= 1e5:
        axis.ticklabel_format(axis="x", style="sci", scilimits=(0, 0), useMathText=True)
    axis.set_xlim(left=0)


def tuning_curves(results: Results, words: Mapping[str, str], measure: Measure) -> Figure:
    """Last values against the rate, with two standard errors over seeds; the best rate is ringed.

    `words` are what the legend shows for the names in the arms "name @ rate": {"isd": "ISD"}. A rate at which a run
    diverged is marked by a cross at the top.
    """
    figure, axis = subplots(size=(6.4, 3.6))
    every = [_valley(axis, results, name, shown, measure) for name, shown in words.items()]
    ticks = np.unique(np.concatenate(every))
    _floor(axis, measure)
    axis.set_xscale("log")
    axis.set_xticks(ticks, [f"{rate:g}" for rate in ticks], fontsize="small")
    axis.minorticks_off()
    axis.set(xlabel="learning rate", ylabel=measure.label_after(_last_phase(results.arms.values())))
    legend_below(figure, ncols=4)
    return figure


def _valley(axis: Axes, results: Results, name: str, shown: str, measure: Measure) -> np.ndarray:
    rates, values = final_by_rate(results, name, measure.name)
    tint, whole = arm_colour(name), np.isfinite(values).all(axis=1)
    scaled = measure.factor * values[whole].T
    centre = mean_with_bars(axis, rates[whole], scaled, tint, fmt="o-", ms=4, lw=1.7, capsize=2.5, label=shown)
    best = best_rate(results, name, measure.name)
    axis.plot([best], centre[rates[whole] == best], "o", ms=12, mfc="none", mew=1.6, color=tint, label="_chosen")
    lost = rates[~whole]
    axis.plot(lost, np.full(lost.size, 0.97), "x", color=tint, transform=axis.get_xaxis_transform(), label="_diverged")
    return rates


def drift_a_phase(rate: float, arm: ArmResults) -> float:
    """How far a phase moves along the gradient on average, in units of it: the rate, shared among the phases of an
    update."""
    return rate * float(arm.axes["updates"][-1] / arm.axes["phases"][-1])


def equal_drift(results: Results, estimators: Mapping[str, str], panels: Mapping[str, Summary]) -> Figure:
    """Summaries of a tuning run, one value a seed, against the mean step a phase; mean and two standard errors.

    `estimators` are names in the arms "name @ rate" with what the legend shows, `panels` summaries by their labels.
    """
    figure, axes = subplots(1, len(panels), size=(3.3 * len(panels), 3.5), squeeze=False)
    for axis, (label, summary) in zip(axes[0], panels.items(), strict=True):
        for name, shown in estimators.items():
            rates, arms = tuned(results, name)
            places = [drift_a_phase(rate, arm) for rate, arm in zip(rates, arms, strict=True)]
            table = np.array([summary(arm) for arm in arms]).T
            mean_with_bars(axis, places, table, arm_colour(name), fmt="o-", ms=4, lw=1.6, capsize=2.5, label=shown)
        axis.set_xscale("log")
        axis.set_xticks([0.00125, 0.0025, 0.005, 0.01, 0.02], ["0.00125", "0.0025", "0.005", "0.01", "0.02"])
        axis.minorticks_off()
        axis.tick_params(axis="x", labelsize="small")
        axis.set_title(label, fontsize="medium")
        axis.set_xlabel("learning rate a phase")
    legend_below(figure)
    return figure


CONFIDENCE = 0.95
SPREAD = 0.14
"""Half the height over which the seeds of a row are spread, in rows, so that equal values are seen."""


def final_values(
    arms: Mapping[str, ArmResults | np.ndarray | Mapping[str, np.ndarray]],
    measure: Measure | None = None,
    *,
    label: str | None = None,
) -> Figure:
    """One row for each arm: seeds as dots, mean, interval of 95 % of the mean; the least value there can be, dotted.

    Names are shown and choose the colours. Instead of an arm there may be its values, one a seed, or several arms'
    values by the words that follow the name.
    """
    arms = dict(_single_rows(arms))
    figure, axis = subplots(size=(6.4, 1.1 + 0.42 * len(arms)))
    for row, (name, arm) in enumerate(arms.items()):
        values = measure(arm) if isinstance(arm, ArmResults) and measure else np.asarray(arm, dtype=float)
        _seeds_row(axis, row, values, arm_colour(name))
    if measure and measure.floor is not None:
        axis.axvline(measure.floor, color=colour("exact"), lw=1, ls=":")
    if label is None and measure:
        label = measure.label_after(_last_phase(arm for arm in arms.values() if isinstance(arm, ArmResults)))
    axis.set(yticks=range(len(arms)), yticklabels=list(arms), xlabel=label, ylim=(len(arms) - 0.5, -0.5))
    return figure


def _single_rows(arms: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for name, arm in arms.items():
        if isinstance(arm, Mapping):
            yield from ((f"{name}, {words}", values) for words, values in arm.items())
        else:
            yield name, arm


def _last_phase(arms: Iterable[ArmResults]) -> float:
    return max(arm.axes["phases"][-1] for arm in arms)


def _seeds_row(axis: Axes, row: int, values: np.ndarray, tint: str) -> None:
    heights = row + SPREAD * np.cos(np.pi * np.arange(len(values)) / 1.618)
    axis.plot(values, heights, "o", ms=3.2, color=tint, alpha=0.45, mew=0)
    effect = mean(values, CONFIDENCE)
    axis.plot([effect.low, effect.high], [row + 0.31] * 2, color=tint, lw=2.4)
    axis.plot([effect.estimate], [row + 0.31], "D", ms=5, color=tint)


FILLED: Look = {"marker": "o", "ms": 7.0}
HOLLOW: Look = {"marker": "D", "ms": 6.0, "mfc": "none", "mew": 1.5}


@dataclass(frozen=True)
class ByB:
    """One panel: values by b, one a seed, for one or two `series` by name; `predicted` is a curve of (b, values).

    `margin` shades what lies within it of the best mean of the first series, for b from 0.2 to 0.8.
    """

    label: str
    series: Mapping[str, Mapping[float, np.ndarray]]
    predicted: tuple[np.ndarray, np.ndarray] | None = None
    margin: float | None = None


def by_b(panels: Mapping[str, ByB]) -> Figure:
    """A panel for each of `panels` by title: seeds as dots, means with intervals of 95 %, in the colours of b.

    A cross at the top marks a b at which runs diverged.
    """
    figure, axes = subplots(1, len(panels), size=(4.2 * len(panels), 4.2), squeeze=False)
    for axis, (title, panel) in zip(axes[0], panels.items(), strict=True):
        _b_panel(axis, panel)
        axis.set_title(title)
    legend_below(figure, ncols=3)
    return figure


def _b_panel(axis: Axes, panel: ByB) -> None:
    for k, (name, values) in enumerate(panel.series.items()):
        _b_series(axis, name, values, FILLED if k == 0 else HOLLOW, 0.03 * k)
    first = next(iter(panel.series.values()))
    if panel.margin is not None:
        best = float(np.mean(first[least(first)]))
        how: dict[str, Any] = {"color": colour("centred"), "alpha": 0.12, "lw": 0, "label": "within the margin"}
        axis.fill_between((0.2, 0.8), best, best + panel.margin, **how)
    if panel.predicted is not None:
        axis.plot(*panel.predicted, "--", color=colour("exact"), lw=1.3, label="predicted from the noise at b")
    axis.set(xlabel="$b$, share of positive phases", ylabel=panel.label, xlim=(0.04, 0.96))


def _b_series(axis: Axes, name: str, values: Mapping[float, np.ndarray], look: Look, aside: float) -> None:
    for b, found in values.items():
        if not np.isfinite(found).all():
            axis.plot(
                [b], [0.97], "X", ms=8, color=b_colour(b), transform=axis.get_xaxis_transform(), label="runs diverged"
            )
            continue
        tint, effect = b_colour(b), mean(found, CONFIDENCE)
        beside = np.full(len(found), b - 0.018 + 2.2 * aside)
        axis.plot(beside, found, "o", ms=2, color=tint, alpha=0.35, mew=0)
        axis.plot([b + aside] * 2, [effect.low, effect.high], color=tint, lw=2)
        axis.plot([b + aside], [effect.estimate], ls="none", color=tint, **look)  # type: ignore[arg-type]
    axis.plot([], [], ls="none", color=colour("exact"), label=name, **look)  # type: ignore[arg-type]


DECISIONS = {True: ("o", "centred", "met"), False: ("X", "isd", "contradicted"), None: ("s", "exact", "undecided")}
"""Marker, colour and word of each decision: shapes differ, so that colour is not needed."""


def effects(outcomes: Sequence[Outcome] | Mapping[str, Outcome]) -> Figure:
    """Forest plot of decided criteria: effect, simultaneous interval, shaded where it is met.

    They are shown under their criteria's names, or under the keys of a mapping. Those of one unit share a panel.
    ValueError without outcomes.
    """
    if not outcomes:
        raise ValueError("effects needs the outcome of at least one criterion, got none; use what evidence.decide gave")
    pairs = outcomes.items() if isinstance(outcomes, Mapping) else ((one.scope.split(":")[0], one) for one in outcomes)
    named = list(pairs)
    panels: dict[str, list[tuple[str, Outcome]]] = {}
    for row in named:
        panels.setdefault(row[1].values["unit"], []).append(row)
    heights = [len(rows) + 0.9 for rows in panels.values()]
    size = 6.8, 0.6 + 0.4 * sum(heights)
    figure, axes = subplots(len(panels), 1, size=size, height_ratios=heights, squeeze=False)
    for axis, (unit, rows) in zip(axes[:, 0], panels.items(), strict=True):
        _effects_panel(axis, unit, rows)
    found = {outcome.passed for _, outcome in named}
    handles = [_handle(passed) for passed in DECISIONS if passed in found]
    figure.legend(handles=handles, loc="outside lower center", ncols=3)
    return figure


def _effects_panel(axis: Axes, unit: str, rows: Sequence[tuple[str, Outcome]]) -> None:
    for place, (_, outcome) in enumerate(rows):
        _effect_row(axis, place, outcome)
    axis.set(yticks=range(len(rows)), yticklabels=[name for name, _ in rows], ylim=(len(rows) - 0.5, -0.5))
    axis.set(xlim=_reach([outcome for _, outcome in rows]), xlabel=f"effect, {unit}" if unit else "effect")
    axis.axvline(0, color=colour("exact"), lw=0.8)
    axis.grid(visible=False, axis="y")


def _effect_row(axis: Axes, place: int, outcome: Outcome) -> None:
    marker, tint, _ = DECISIONS[outcome.passed]
    low, high = _met(outcome)
    axis.fill_betweenx([place - 0.36, place + 0.36], low, high, color=colour("centred"), alpha=0.16, lw=0)
    axis.plot(outcome.values["interval"], [place] * 2, color=colour(tint), lw=2.2)
    axis.plot([outcome.values["effect"]], [place], marker, ms=7, color=colour(tint))


def _met(outcome: Outcome) -> tuple[float, float]:
    """The effects that meet the criterion."""
    margin, far = float(outcome.values["margin"]), 1e9
    words = str(outcome.values["criterion"])
    if "place" in outcome.values:  # asked again: one or two of three neighbouring ranges
        low = -far if "below" in words else -margin if "within" in words else margin
        return low, far if "above" in words else margin if "within" in words else -margin
    return (margin, far) if words.startswith("above") else (-far if words.startswith("below") else -margin, margin)


def _reach(rows: Sequence[Outcome]) -> tuple[float, float]:
    """From left of all intervals and margins to right of them."""
    ends: list[float] = [0.0]
    for one in rows:
        ends += [*one.values["interval"], *(end for end in _met(one) if abs(end) < 1e9)]
    room = 0.08 * (max(ends) - min(ends))
    return min(ends) - room, max(ends) + room


def _handle(passed: bool | None) -> Any:
    from matplotlib.lines import Line2D

    marker, tint, word = DECISIONS[passed]
    return Line2D([], [], marker=marker, ms=7, lw=2.2, color=colour(tint), label=word)
