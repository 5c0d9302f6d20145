"""Time lines of learning: which phase runs, what the network does, what has to be kept, when it learns."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from cl_theory.figures.style import colour
from cl_theory.seeds import FIXED_ROOT, stream

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

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


def two_term_timeline() -> "Figure":
    """Alternating phases; each positive one is kept until the negative one ends, and only then something is learned."""
    signs = (True, False) * 3
    figure, axes = _canvas(signs)
    for pair in range(0, len(signs), 2):
        _bar(axes, (pair + 1) * STEPS, STEPS, "keep $g^+$")
        _learn(axes, (pair + 2) * STEPS, "$g^+ - g^-$")
    return figure


def isd_timeline(p_positive: float = 0.5) -> "Figure":
    """A coin picks each phase; its gradient is used when it ends, with its own weight, and nothing is kept."""
    signs = (True, True, False, True, False, False)
    figure, axes = _canvas(signs)
    for place, sign in enumerate(signs):
        _learn(axes, (place + 1) * STEPS, r"$\frac{1}{b}\,g^+$" if sign else r"$-\frac{1}{1-b}\,g^-$")
    axes[1].text(0, 0.5, "nothing", va="center", alpha=0.8)
    return figure


def _canvas(signs: Sequence[bool]) -> tuple["Figure", list["Axes"]]:
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(
        3, 1, figsize=(7.2, 2.9), sharex=True, gridspec_kw={"height_ratios": [2.2, 0.6, 0.9], "hspace": 0.05}
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


def _bar(axes: Sequence["Axes"], start: float, length: float, text: str) -> None:
    axes[1].barh(0.5, length, left=start, height=0.72, color=colour("two_term"), alpha=0.35, lw=0)
    axes[1].text(start + length / 2, 0.46, text, ha="center", va="center")


def _learn(axes: Sequence["Axes"], time: float, text: str) -> None:
    axes[2].annotate(
        "", (time - 1, 0.62), (time - 1, 1.0), arrowprops={"arrowstyle": "-|>", "color": colour("exact"), "lw": 1.6}
    )
    axes[2].text(time - 1, 0.5, text, ha="right", va="top", size=13)
