"""Two runs of a learning network side by side: its states, its parameters, and when it learns; and a chain in turns."""

from typing import TYPE_CHECKING

import numpy as np

from cl_theory.cases.isd_always_on import rest_point, three_state_pair
from cl_theory.cases.phase_systems import taking_turns
from cl_theory.dynamics.phase_statements import PHASE
from cl_theory.dynamics.symbols import epsilon, g_bar, mean_T
from cl_theory.dynamics.trace import Trace, trace_isd_always_on, trace_two_term
from cl_theory.figures.style import colour
from cl_theory.phases import Uniform
from cl_theory.seeds import FIXED_ROOT, stream

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

PARAMETER_COLOURS = ("two_term", "isd")
TWO_ALGORITHMS_ALT = (
    "Two columns. Left: phases alternate every 25 steps, the state jumps between three levels, both parameters move in "
    "steps at the end of every second phase towards dotted lines. Right: phases have random signs and lengths, both "
    "parameters move all the time, up in negative and down in positive phases, and wander about the dotted lines; "
    "learning never stops."
)
TURNS_ALT = (
    "How far the gradient that a phase learns from is off its mean, against the length of the phase. Learning at the "
    "end jumps between plus and minus one half. Always-on learning is off by one half over the length in odd phases, "
    "inside two dashed hyperbolas, and by nothing in even ones."
)


def two_algorithms() -> dict[str, Trace]:
    """A run of each: two-term learning at the end of phases of 25 steps, ISD always on with phases of 5 to 45."""
    pair, begin = three_state_pair(), np.array([0.9, -0.9])
    return {
        "two-term, learning at the end": trace_two_term(
            stream(FIXED_ROOT, "figure", "two-term"), *pair, begin, 0, phase_length=25, n_phases=20, learning_rate=0.12
        ),
        "ISD, always on": trace_isd_always_on(
            stream(FIXED_ROOT, "figure", "isd"), *pair, begin, 0, length=Uniform(5, 45), n_phases=30,
            learning_rate=0.06, p_positive=0.5,
        ),
    }  # fmt: skip


def learning_events(runs: dict[str, Trace], n_steps: int) -> list[int]:
    """How often each run learned in its first `n_steps` steps."""
    return [int(run.learns[:n_steps].sum()) for run in runs.values()]


def phase_runs(runs: dict[str, Trace], n_steps: int) -> "Figure":
    """One column a run (title -> Trace), its first `n_steps` steps; dotted, where learning should come to rest.

    Bands are phases (+ and -), rows are the state, the parameters and the learning events.
    """
    import matplotlib.pyplot as plt

    rest = rest_point(three_state_pair())
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


def in_turns(longest: int = 16) -> "Figure":
    """What a phase of the chain with two states in turn is off, by its length: learning always, and at the end."""
    import matplotlib.pyplot as plt

    phases = taking_turns(longest)
    steps = np.array([float(phase(mean_T)) for phase in phases])
    read = [-PHASE.left_value(phase).item() / phase(epsilon) for phase in phases]
    summed = np.array([total - n * phases[0](g_bar).item() for n, total in enumerate(read, start=1)], dtype=float)
    figure, axis = plt.subplots(figsize=(6.4, 3.0))
    axis.plot(steps, np.diff(summed, prepend=0), "s--", ms=4, lw=0.8, color=colour("two_term"), label="at the end")
    axis.plot(steps, summed / steps, "o-", ms=4, color=colour("always_on"), label="always on")
    for sign in (-1, 1):
        axis.plot(steps, sign / (2 * steps), "--", lw=0.8, color=colour("reference"))
    axis.set(xlabel="length of the phase, $T$", ylabel="gradient, less its mean", ylim=(-0.6, 0.85))
    axis.legend(fontsize="small", ncols=2, loc="upper right")
    return figure
