"""Always-on ISD on bars and stripes: how large its predicted bias is, and what that does to the loss."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from cl_theory.dynamics.rbm_drift import PhaseTurns
from cl_theory.experiments.measures import Measure
from cl_theory.experiments.results import ArmResults, Results
from cl_theory.figures.runs import STANDARD_ERRORS, arm_colour, arm_line, mean_and_error
from cl_theory.figures.style import colour

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

TERMS = {
    "gradient of the loss": ("exact", "-"),
    "Euler or flow": ("two_term", (0, (2.4, 1.2))),
    "without a baseline": ("always_on", "-"),
    "one row a phase": ("negative_phase", (0, (4, 2))),
}


def drift_terms(turns: Mapping[int, PhaseTurns], rate: float, p_positive: float = 0.5) -> "Figure":
    r"""Left: the gradient and the three terms of :math:`\eta\kappa`, as lengths, along training (by phases).

    Right: how fast each alone lowers the loss of a row, :math:`-\mu\cdot\dot\theta`; below 0 it raises it.
    """
    import matplotlib.pyplot as plt

    phases = list(turns)
    figure, (left, right) = plt.subplots(1, 2, figsize=(7.6, 3.4), layout="constrained")
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
    figure.legend(*left.get_legend_handles_labels(), loc="outside lower center", ncols=4, fontsize="small")
    return figure


def _moves(turns: PhaseTurns, rate: float, p_positive: float) -> dict[str, np.ndarray]:
    parts = (-turns.mu, rate * turns.euler, rate * turns.baseline_term(p_positive), rate * turns.row_term(p_positive))
    return dict(zip(TERMS, parts, strict=True))


def flows_and_runs(panels: Sequence[Mapping[str, tuple[ArmResults, ArmResults]]], measure: Measure) -> "Figure":
    """A panel each: by name, (runs, flow). Runs: mean with two standard errors; the noiseless flow as a thin line."""
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(1, len(panels), figsize=(7.6, 3.6), sharey=True, squeeze=False, layout="constrained")
    for axis, pairs in zip(axes[0], panels, strict=True):
        for name, (runs, flow) in pairs.items():
            _pair(axis, name, runs, flow, measure)
        axis.set_xlabel("phases")
    axes[0, 0].set_ylabel(measure.label)
    handles, labels = axes[0, 0].get_legend_handles_labels()
    for axis in axes[0, 1:]:
        more = [pair for pair in zip(*axis.get_legend_handles_labels(), strict=True) if pair[1] not in labels]
        handles, labels = handles + [handle for handle, _ in more], labels + [words for _, words in more]
    figure.legend(handles, labels, loc="outside lower center", ncols=3, fontsize="small")
    return figure


def _pair(axis: "Axes", name: str, runs: ArmResults, flow: ArmResults, measure: Measure) -> None:
    tint, dashes = arm_colour(runs.name), arm_line(runs.name)
    expected_at, expected = flow.curve(measure.name)
    places, values = runs.curve(measure.name)
    shown = places <= expected_at[-1]
    centre, error = mean_and_error(measure.factor * values[:, shown])
    band = STANDARD_ERRORS * error
    axis.fill_between(places[shown], centre - band, centre + band, color=tint, alpha=0.3, lw=0)
    axis.plot(places[shown], centre, color=tint, ls=dashes, lw=2.2, label=name)
    axis.plot(
        expected_at,
        measure.factor * expected.mean(axis=0),
        color=tint,
        ls=dashes,
        lw=1,
        marker="x",
        ms=4,
        label="_flow",
    )


def copies_and_flows(
    found: Results, times: np.ndarray, flows: Mapping[str, Mapping[str, np.ndarray]], measure: Measure
) -> "Figure":
    """A panel for each arm of `found`: dots with two standard errors over ensembles, against time, and `flows`.

    `flows` gives for an arm, by name, losses of a row at `times`; the first is drawn solid.
    """
    import matplotlib.pyplot as plt

    size = (1.9 * len(flows) + 0.4, 3.2)
    figure, axes = plt.subplots(1, len(flows), figsize=size, squeeze=False, layout="constrained")
    for axis, (arm, theories) in zip(axes[0], flows.items(), strict=True):
        places, values = found[arm].curve(measure.name, "time")
        centre, error = mean_and_error(measure.factor * values)
        for (name, losses), tint, dashes in zip(
            theories.items(), ("exact", "negative_phase"), ("-", (0, (4, 2))), strict=False
        ):
            axis.plot(times, measure.factor * losses, color=colour(tint), ls=dashes, lw=1.5, label=name)
        axis.errorbar(places, centre, STANDARD_ERRORS * error, fmt="o", ms=4, capsize=2, color=arm_colour(arm))
        axis.set_title(arm.replace("always-on, ", "").replace("centred", "centred,"), fontsize="small")
        axis.set_xlabel(r"time, $\eta\,\times$ phases")
    axes[0, 0].set_ylabel(measure.label)
    figure.legend(*axes[0, 0].get_legend_handles_labels(), loc="outside lower center", ncols=2, fontsize="small")
    return figure
