"""Two runs of a learning network side by side: its states, its parameters, and when it learns."""

from typing import TYPE_CHECKING

import numpy as np

from cl_theory.dynamics.trace import Trace
from cl_theory.figures.style import colour

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

PARAMETER_COLOURS = ("two_term", "isd")


def phase_runs(runs: dict[str, Trace], n_steps: int, rest: np.ndarray) -> "Figure":
    """One column a run (title -> Trace), its first `n_steps` steps; `rest` (d,) is where learning should come to rest.

    Bands are phases (+ and -), rows are the state, the parameters and the learning events.
    """
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(
        3, len(runs), figsize=(7.6, 4.1), sharex=True, sharey="row", gridspec_kw={"height_ratios": [1.4, 2.0, 0.7]}
    )
    for column, (title, run) in zip(axes.T, runs.items(), strict=True):
        _bands(column, run, n_steps)
        column[0].set_title(title, pad=20)
        column[0].step(np.arange(n_steps + 1), run.states[: n_steps + 1], where="post", color=colour("exact"), lw=0.9)
        _parameters(column[1], run, n_steps, rest)
        times = np.flatnonzero(run.learns[:n_steps]) + 1
        column[2].vlines(times, 0, 1, color=colour("always_on"), lw=1.6 if len(times) < n_steps / 2 else 0.7)
        column[2].set(xlim=(0, n_steps), xlabel="time step")
    _labels(axes)
    return figure


def _bands(column: np.ndarray, run: Trace, n_steps: int) -> None:
    starts = np.concatenate([[0], run.phase_ends[:-1]])
    for start, end in zip(starts, run.phase_ends, strict=True):
        if start >= n_steps:
            return
        sign, stop = bool(run.is_positive[start]), min(int(end), n_steps)
        for axis in column:
            axis.axvspan(start, stop, color=colour("positive_phase" if sign else "negative_phase"), alpha=0.2, lw=0)
        if stop - start >= n_steps / 40:
            mark = "+" if sign else "\N{MINUS SIGN}"
            column[0].text((start + stop) / 2, 1.03, mark, transform=column[0].get_xaxis_transform(), ha="center")


def _parameters(axis: "Axes", run: Trace, n_steps: int, rest: np.ndarray) -> None:
    for i, (name, level) in enumerate(zip(PARAMETER_COLOURS, rest, strict=True)):
        axis.axhline(level, color=colour(name), lw=0.9, ls=":")
        axis.plot(run.parameters[: n_steps + 1, i], color=colour(name), lw=1.5, label=rf"$\theta_{i + 1}$")


def _labels(axes: np.ndarray) -> None:
    axes[1, 0].legend(loc="upper right", ncols=2, fontsize="small")
    for axis, label in zip(axes[:, 0], ("state $z$", "parameters", "learning"), strict=True):
        axis.set_ylabel(label, fontsize="small")
    for axis in axes[2]:
        axis.set(yticks=[], ylim=(0, 1))
    for axis in axes.flat:
        axis.grid(False)
    axes[0, 0].set(yticks=[0, 1, 2], ylim=(-0.25, 2.25))
