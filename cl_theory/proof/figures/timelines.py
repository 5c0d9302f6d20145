"""Phases in time: how the two estimators are scheduled, and two runs of a learning network side by side."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from cl_theory.proof.figures.style import colour, subplots
from cl_theory.proof.systems.noise_systems import rest_point, three_state_pair
from cl_theory.proof.systems.phase_systems import taking_turns
from cl_theory.seeds import FIXED_ROOT, stream
from cl_theory.theory.chains.phase_lengths import Uniform
from cl_theory.theory.chains.symbols import epsilon, g_bar, mean_T
from cl_theory.theory.dynamics.phase_statements import PHASE
from cl_theory.theory.dynamics.simulation import Trace, trace_isd_always_on, trace_two_term

TWO_TERM_TIMELINE = (
    "Time line of six alternating phases. The network state relaxes up in positive and down in negative phases. During "
    "each negative phase a bar shows that g plus is kept; learning happens only at the end of each negative phase, "
    "with g plus minus g minus."
)
ISD_TIMELINE = (
    "Time line of six phases in random order: plus, plus, minus, plus, minus, minus. The network state relaxes up in "
    "positive and down in negative phases. Nothing is kept. At the end of each phase something is learned, with weight "
    "one over b after a positive phase and minus one over one minus b after a negative one."
)
STEPS = 60
"""Time steps of a phase in the pictures."""
LEVEL = {True: 0.75, False: -0.75}
PHASE_COLOURS = {True: "positive_phase", False: "negative_phase"}


def two_term_timeline() -> Figure:
    """Alternating phases; each positive one is kept until the negative one ends, and only then something is learned."""
    signs = (True, False) * 3
    figure, axes = _canvas(signs)
    for pair in range(0, len(signs), 2):
        _bar(axes, (pair + 1) * STEPS, STEPS, "keep $g^+$")
        _learn(axes, (pair + 2) * STEPS, "$g^+ - g^-$")
    return figure


def isd_timeline() -> Figure:
    """A coin picks each phase; its gradient is used when it ends, with its own weight, and nothing is kept."""
    signs = (True, True, False, True, False, False)
    figure, axes = _canvas(signs)
    for place, sign in enumerate(signs):
        _learn(axes, (place + 1) * STEPS, r"$\frac{1}{b}\,g^+$" if sign else r"$-\frac{1}{1-b}\,g^-$")
    axes[1].text(0, 0.5, "nothing", va="center", alpha=0.8)
    return figure


def _canvas(signs: Sequence[bool]) -> tuple[Figure, list[Axes]]:
    figure, axes = subplots(
        3, 1, size=(7.2, 2.9), sharex=True, gridspec_kw={"height_ratios": [2.2, 0.6, 0.9], "hspace": 0.05}
    )
    for axis, label in zip(axes, ("network\nstate", "kept", "learned"), strict=True):
        axis.set(yticks=[], xticks=[])
        axis.spines[:].set_visible(False)
        axis.set_ylabel(label, rotation=0, ha="right", va="center", labelpad=8)
    for place, sign in enumerate(signs):
        axes[0].axvspan(place * STEPS, (place + 1) * STEPS, color=colour(PHASE_COLOURS[sign]), alpha=0.22, lw=0)
        axes[0].text((place + 0.5) * STEPS, 1.5, "+" if sign else "\N{MINUS SIGN}", ha="center", va="center", size=15)
        axes[0].axvline(place * STEPS, color=colour("exact"), lw=0.6, ls=":")
    axes[0].plot(_relaxation(signs), color=colour("exact"), lw=1.2)
    axes[0].set(xlim=(0, len(signs) * STEPS + 1), ylim=(-1.5, 1.85))
    for axis in axes[1:]:
        axis.set_ylim(0, 1)
    axes[2].annotate(
        "", (len(signs) * STEPS, -0.12), (0, -0.12), annotation_clip=False,
        arrowprops={"arrowstyle": "->", "color": colour("reference")},
    )  # fmt: skip
    axes[2].text(len(signs) * STEPS, -0.18, "time", ha="right", va="top", color=colour("reference"))
    return figure, list(axes)


def _relaxation(signs: Sequence[bool]) -> np.ndarray:
    """A noisy state that relaxes towards the level of the phase that runs."""
    rng, state, trace = stream(FIXED_ROOT, "timeline"), 0.0, []
    for level in np.repeat([LEVEL[sign] for sign in signs], STEPS):
        state += 0.12 * (level - state) + 0.09 * rng.standard_normal()
        trace.append(state)
    return np.array(trace)


def _bar(axes: Sequence[Axes], start: float, length: float, text: str) -> None:
    axes[1].barh(0.5, length, left=start, height=0.72, color=colour("two_term"), alpha=0.35, lw=0)
    axes[1].text(start + length / 2, 0.46, text, ha="center", va="center")


def _learn(axes: Sequence[Axes], time: float, text: str) -> None:
    axes[2].annotate(
        "", (time - 1, 0.62), (time - 1, 1.0), arrowprops={"arrowstyle": "-|>", "color": colour("exact"), "lw": 1.6}
    )
    axes[2].text(time - 1, 0.5, text, ha="right", va="top", size=13)


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


def phase_runs(runs: dict[str, Trace], n_steps: int) -> Figure:
    """One column a run (title -> Trace), its first `n_steps` steps; dotted, where learning should come to rest.

    Bands are phases (+ and -), rows are the state, the parameters and the learning events.
    """
    rest = rest_point()
    figure, axes = subplots(
        3, len(runs), size=(7.6, 4.1), sharex=True, sharey="row", gridspec_kw={"height_ratios": [1.4, 2.0, 0.7]}
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


def _parameters(axis: Axes, run: Trace, n_steps: int, rest: np.ndarray) -> None:
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


def in_turns(longest: int = 16) -> Figure:
    """What a phase of the chain with two states in turn is off, by its length: learning always, and at the end."""
    phases = taking_turns(longest)
    steps = np.array([float(phase(mean_T)) for phase in phases])
    read = [-PHASE.left_value(phase).item() / phase(epsilon) for phase in phases]
    summed = np.array([total - n * phases[0](g_bar).item() for n, total in enumerate(read, start=1)], dtype=float)
    figure, axis = subplots(size=(6.4, 3.0))
    axis.plot(steps, np.diff(summed, prepend=0), "s--", ms=4, lw=0.8, color=colour("two_term"), label="at the end")
    axis.plot(steps, summed / steps, "o-", ms=4, color=colour("always_on"), label="always on")
    for sign in (-1, 1):
        axis.plot(steps, sign / (2 * steps), "--", lw=0.8, color=colour("reference"))
    axis.set(xlabel="length of the phase, $T$", ylabel="gradient, less its mean", ylim=(-0.6, 0.85))
    axis.legend(fontsize="small", ncols=2, loc="upper right")
    return figure
