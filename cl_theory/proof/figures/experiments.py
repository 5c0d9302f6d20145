"""Figures of the experiments that no other chapter has: variance along training, trade-offs, drift, shared pairs."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from cl_theory.learning.models.rbm_phases import PhaseTurns
from cl_theory.proof.experiments.measures import Measure
from cl_theory.proof.experiments.results import ArmResults, Results
from cl_theory.proof.experiments.retraced import isd_variance, last_variances, least_variance_b, moments_along, shares
from cl_theory.proof.figures.runs import (
    STANDARD_ERRORS,
    arm_colour,
    arm_line,
    b_colour,
    mean_and_error,
    mean_with_band,
    mean_with_bars,
)
from cl_theory.proof.figures.style import colour, legend_below, subplots
from cl_theory.proof.systems.best_b_systems import QuadraticToy, best_b_at_rest
from cl_theory.proof.systems.run_systems import PairMoments

GRID = np.linspace(0.08, 0.92, 85)


def valleys_along_training(found: Mapping[str, Results], arm: str = "b = 0.5") -> Figure:
    """Top: mean of tr Cov Z(b) over the seeds of one arm, one valley a point of training, a dot at its lowest place.

    Bottom: that place along training for every arm, with two standard errors.
    """
    figure, axes = subplots(2, len(found), size=(7.6, 5.6), squeeze=False)
    for column, (name, results) in enumerate(found.items()):
        _valleys(axes[0, column], *moments_along(results[arm]))
        for own in results.arms.values():
            phases, moments = moments_along(own)
            tint, look = b_colour(float(own.name.removeprefix("b = "))), {"ms": 3.5, "lw": 1.4, "capsize": 2}
            mean_with_bars(axes[1, column], phases, least_variance_b(moments), tint, fmt="o-", label=own.name, **look)
        axes[0, column].set(title=name, xlabel="$b$", yscale="log")
        axes[1, column].set(xlabel="phases", ylim=(0, 1))
    axes[0, 0].set_ylabel("variance of ISD, exact")
    axes[1, 0].set_ylabel("$b$ of least variance")
    legend_below(figure, ncols=4, fontsize="small")
    return figure


def _valleys(axis: Axes, phases: np.ndarray, moments: np.ndarray) -> None:
    for place in range(len(phases)):
        mean = moments[:, :, place].mean(axis=1)
        late = 0.25 + 0.75 * place / max(len(phases) - 1, 1)
        axis.plot(GRID, [isd_variance(mean, b) for b in GRID], color=colour("isd"), alpha=late, lw=1.5)
        best = float(least_variance_b(mean))
        axis.plot([best], [isd_variance(mean, best)], "o", ms=5, color=colour("isd"), alpha=late)


def variance_beside_loss(
    found: Mapping[str, Results],
    measures: Mapping[str, Measure],
    expected: Mapping[str, np.ndarray],
) -> Figure:
    """Top: variance at the end of each arm's own run. Bottom: last values of `measures`.

    `expected` (n_arms,) are losses that theory derives from the variances, for some of the columns.
    """
    figure, axes = subplots(2, len(found), size=(7.6, 4.8), sharex=True, squeeze=False)
    for column, (name, results) in enumerate(found.items()):
        values, measure = shares(results), measures[name]
        ends = np.array([measure(arm) for arm in results.arms.values()])
        _by_b(axes[0, column], values, last_variances(results))
        _by_b(axes[1, column], values, ends)
        if name in expected:
            axes[1, column].plot(values, expected[name], "x--", color=colour("exact"), lw=1, label="from the variance")
            axes[1, column].legend(loc="upper center", fontsize="small")
        axes[0, column].set(title=name, yscale="log")
        axes[1, column].set(
            xlabel="$b$", ylabel=measure.label_at_the_end, xticks=values, xticklabels=[f"{b:g}" for b in values]
        )
    axes[0, 0].set_ylabel("variance at the end")
    return figure


def _by_b(axis: Axes, values: Sequence[float], table: np.ndarray) -> None:
    """Seeds faintly, means with two standard errors, the least mean ringed; a cross on top where runs diverged."""
    centre, error = mean_and_error(table.T)
    lost = [b for b, middle in zip(values, centre, strict=True) if np.isnan(middle)]
    axis.plot(lost, [0.95] * len(lost), "x", color=colour("exact"), transform=axis.get_xaxis_transform(), label="_lost")
    axis.plot(values, table, ".", ms=3, color=colour("reference"), alpha=0.35, label="_seed")
    axis.plot(values, centre, color=colour("exact"), lw=1, label="_line")
    for b, middle, reach in zip(values, centre, STANDARD_ERRORS * error, strict=True):
        axis.errorbar([b], [middle], [reach], fmt="o", ms=5, capsize=3, color=b_colour(b), label=f"_b = {b:g}")
    best = int(np.nanargmin(centre))
    axis.plot([values[best]], [centre[best]], "o", ms=12, mfc="none", mew=1.6, color=b_colour(values[best]))


def toy_in_b(
    toy: QuadraticToy,
    deviations: Sequence[float],
    rates: Sequence[float],
    drawn: Mapping[float, tuple[np.ndarray, np.ndarray, np.ndarray]],
) -> Figure:
    """Left: b of least variance against the negative phase's deviation, and the b at which descent rests best.

    Right: error at rest against b at the first of `rates`, exact lines and `drawn`: by deviation (b, mean, error).
    """
    figure, (left, right) = subplots(1, 2, size=(7.6, 3.4))
    line, fine = np.linspace(min(deviations), max(deviations), 60), np.linspace(0.02, 0.98, 961)
    left.plot(
        line, [toy.with_negative(s).least_variance_b for s in line], color=colour("exact"), label="least variance"
    )
    tints = [colour(name) for name in ("centred", "isd", "positive_phase", "negative_phase")]
    for rate, mark in zip(rates, "os^", strict=False):
        best = [best_b_at_rest(toy.with_negative(s), rate, fine) for s in deviations]
        left.plot(deviations, best, mark, ms=5, label=rf"best at rest, $\eta$ = {rate:g}")
    left.axvline(float(toy.positive), color=colour("reference"), lw=1, ls=":", label="phases alike")
    for tint, (deviation, (places, mean, error)) in zip(tints, drawn.items(), strict=False):
        member = toy.with_negative(deviation)
        right.plot(
            GRID, [member.rest_error(rates[0], b) for b in GRID], color=tint, label=rf"$\sigma_-$ = {deviation:g}"
        )
        right.errorbar(places, mean, STANDARD_ERRORS * error, fmt="o", ms=4, color=tint, label="_drawn")
        best_b = member.least_variance_b
        right.plot([best_b], [member.rest_error(rates[0], best_b)], "D", ms=6, mfc="none", color=tint, label="_least")
    left.set(xlabel=r"$\sigma_-$, deviation of the negative phase", ylabel="$b$")
    right.set(xlabel="$b$", ylabel=r"$\mathrm{E}\,\theta^2$ at rest", yscale="log")
    for axis in (left, right):
        axis.legend(fontsize="small")
    return figure


def price_of_locality(phases: np.ndarray, ratios: Mapping[str, np.ndarray]) -> Figure:
    """Variance at equal drift over that of two-term learning, along training: a line an estimator, 1 dotted.

    `ratios` are by the name that stands at the end of the line and chooses its colour, each of the shape of `phases`.
    """
    figure, axis = subplots(size=(6.4, 3.5))
    axis.axhline(1, color=colour("exact"), lw=1, ls=":")
    for name, values in ratios.items():
        tint = arm_colour(name)
        axis.plot(phases, values, marker="o", ms=4, color=tint, ls="--" if "centred" in name else "-")
        _named_beside(axis, name, (phases[-1], values[-1]), 6)
    axis.set(xlabel="phases", ylabel="variance, two-term = 1", xlim=(0, 1.32 * phases[-1]))
    return figure


def exchange(used: Mapping[str, tuple[np.ndarray, np.ndarray]], *, goal: str, expected: float) -> Figure:
    """Phases and rows of data that it took to reach a goal, one dot a seed, a diamond the mean of an arm.

    `used` holds (phases, rows) by the name that is shown and chooses the colour; the dotted line stands at the phases
    that are `expected` of all.
    """
    figure, axis = subplots(size=(6.4, 4.0))
    for name, (phases, rows) in used.items():
        tint, last = arm_colour(name), np.argmax(phases)
        axis.plot(phases, rows, "o", ms=3, mew=0, alpha=0.4, color=tint)
        axis.plot(np.mean(phases), np.mean(rows), "D", ms=6, color=tint)
        _named_beside(axis, name, (phases[last], rows[last]), 7)
    axis.axvline(expected, color=colour("exact"), lw=1, ls=":")
    axis.set(xlabel=f"phases to {goal}", ylabel="rows of data it took", ylim=(0, None))
    axis.set_xlim(0, 1.12 * max(np.max(phases) for phases, _ in used.values()))
    return figure


def _named_beside(axis: Axes, name: str, place: tuple[float, float], right: int) -> None:
    how: dict[str, Any] = {"textcoords": "offset points", "va": "center", "fontsize": "small"}
    axis.annotate(name, place, (right, 0), color=arm_colour(name), **how)


TERMS = {
    "gradient of the loss": ("exact", "-"),
    "Euler or flow": ("two_term", (0, (2.4, 1.2))),
    "without a baseline": ("always_on", "-"),
    "one row a phase": ("negative_phase", (0, (4, 2))),
}


def drift_terms(turns: Mapping[int, PhaseTurns], rate: float, p_positive: float = 0.5) -> Figure:
    r"""Left: the gradient and the three terms of :math:`\eta\kappa`, as lengths, along training (by phases).

    Right: how fast each alone lowers the loss of a row, :math:`-\mu\cdot\dot\theta`; below 0 it raises it.
    """
    phases = list(turns)
    figure, (left, right) = subplots(1, 2, size=(7.6, 3.4))
    for name, (tint, dashes) in TERMS.items():
        moves = [_moves(each, rate, p_positive)[name] for each in turns.values()]
        lengths = [float(np.linalg.norm(move)) for move in moves]
        slopes = [float(-each.mu @ move) for each, move in zip(turns.values(), moves, strict=True)]
        left.semilogy(phases, lengths, "o", ls=dashes, ms=3.5, lw=1.6, color=colour(tint), label=name)
        right.plot(phases, slopes, "o", ls=dashes, ms=3.5, lw=1.6, color=colour(tint), label=f"_{name}")
    right.axhline(0, color=colour("reference"), lw=0.8)
    left.set(xlabel="phases", ylabel="length, per unit of time")
    right.set(xlabel="phases", ylabel="fall of the loss of a row")
    right.set_yscale("symlog", linthresh=1e-3)
    legend_below(figure, ncols=4, fontsize="small")
    return figure


def _moves(turns: PhaseTurns, rate: float, p_positive: float) -> dict[str, np.ndarray]:
    parts = (-turns.mu, rate * turns.euler, rate * turns.baseline_term(p_positive), rate * turns.row_term(p_positive))
    return dict(zip(TERMS, parts, strict=True))


def flows_and_runs(panels: Sequence[Mapping[str, tuple[ArmResults, ArmResults]]], measure: Measure) -> Figure:
    """A panel each: by name, (runs, flow). Runs: mean with two standard errors; the noiseless flow as a thin line."""
    figure, axes = subplots(1, len(panels), size=(7.6, 3.6), sharey=True, squeeze=False)
    for axis, pairs in zip(axes[0], panels, strict=True):
        for name, (runs, flow) in pairs.items():
            _pair(axis, name, runs, flow, measure)
        axis.set_xlabel("phases")
    axes[0, 0].set_ylabel(measure.label)
    legend_below(figure, ncols=3, fontsize="small")
    return figure


def _pair(axis: Axes, name: str, runs: ArmResults, flow: ArmResults, measure: Measure) -> None:
    expected_at, expected = flow.curve(measure.name)
    places, values = runs.curve(measure.name)
    shown = places <= expected_at[-1]
    mean_with_band(axis, runs, places[shown], measure.factor * values[:, shown], lw=2.2, label=name)
    look: dict[str, Any] = {"color": arm_colour(runs.name), "ls": arm_line(runs.name), "lw": 1, "marker": "x", "ms": 4}
    axis.plot(expected_at, measure.factor * expected.mean(axis=0), label="_flow", **look)


THEORIES = (("exact", "-"), ("negative_phase", (0, (4, 2))))


def copies_and_flows(
    found: Results, times: np.ndarray, flows: Mapping[str, Mapping[str, np.ndarray]], measure: Measure
) -> Figure:
    """A panel for each arm of `found`: dots with two standard errors over ensembles, against time, and `flows`.

    `flows` gives for an arm, by name, losses of a row at `times`; the first is drawn solid.
    """
    size = (1.9 * len(flows) + 0.4, 3.2)
    figure, axes = subplots(1, len(flows), size=size, squeeze=False)
    for axis, (arm, theories) in zip(axes[0], flows.items(), strict=True):
        places, values = found[arm].curve(measure.name, "time")
        for (name, losses), (tint, dashes) in zip(theories.items(), THEORIES, strict=False):
            axis.plot(times, measure.factor * losses, color=colour(tint), ls=dashes, lw=1.5, label=name)
        mean_with_bars(axis, places, measure.factor * values, arm_colour(arm), fmt="o", ms=4, capsize=2)
        axis.set_title(arm.replace("always-on, ", "").replace("centred", "centred,"), fontsize="small")
        axis.set_xlabel(r"time, $\eta\,\times$ phases")
    axes[0, 0].set_ylabel(measure.label)
    legend_below(figure, ncols=2, fontsize="small")
    return figure


def shared_pairs(
    moments: Mapping[str, Mapping[int, PairMoments]], measured: Mapping[str, tuple[int, float, float]]
) -> Figure:
    """Left: shared part of a pair along runs, by the run's name; right: drift of ISD a phase under Adam.

    Solid and dotted on the left: both phases on one image, on two. Solid and dashed on the right: without and with a
    baseline. Two-term learning drifts by 1. `moments` are by the number of phases, `measured` adds (phases, relative
    drift, standard error) for some runs.
    """
    figure, (left, right) = subplots(1, 2, size=(7.4, 3.5))
    for name, along in moments.items():
        phases, tint = list(along), arm_colour(name)
        lines = ((of.shared, of.shared_by_all, of.drift, of.centred_drift) for of in along.values())
        same, other, drift, centred = zip(*lines, strict=True)
        left.plot(phases, same, "o-", ms=4, color=tint, label=f"nets of {name}")
        left.plot(phases, other, "o:", ms=3, lw=1.3, color=tint)
        right.plot(phases, drift, "o-", ms=4, color=tint)
        right.plot(phases, centred, "o--", ms=3, lw=1.3, color=tint)
    for name, (after, seen, error) in measured.items():
        right.errorbar([after], [seen], [2 * error], fmt="D", ms=6, mfc="none", capsize=3, color=arm_colour(name))
    right.axhline(1, color=colour("exact"), lw=1, ls=":")
    left.set(ylabel="shared part of a pair", ylim=(0, 1.03))
    right.set(ylabel="relative drift of ISD", ylim=(0, None))
    for axis in (left, right):
        axis.set_xlabel("phases")
    legend_below(figure)
    return figure
