"""Figure 1 of the paper as a film: states, weights and learning events of two runs of a tiny RBM, step by step."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from cl_theory.learning.models.rbm import RBM
from cl_theory.proof.figures.style import colour, describe
from cl_theory.proof.reader.playable import fragment, literal
from cl_theory.seeds import FIXED_ROOT, stream
from cl_theory.theory.chains.phase_lengths import Fixed, PhaseLength, Uniform
from cl_theory.theory.estimators.isd import isd_weights, two_term_gradient

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


N_STEPS, N_VISIBLE, N_HIDDEN = 60, 3, 2
DATA = np.array([[1.0, 1.0, 0.0], [0.0, 1.0, 1.0]])
"""What the network sees in its positive phases: one of these rows, drawn."""
P_POSITIVE, DIGITS = 0.5, 3
PERIODIC, IRREGULAR = Fixed(5), Uniform(2, 8)
"""Lengths of the phases of either run, of the same mean."""
TWO_TERM_RATE, ISD_RATE = 0.6, 0.3
"""eta of a pair of phases, and of a phase: one pair of ISD's phases learns as much, on average."""
ALT = (
    "Two film strips of 60 steps of a network with three visible and two hidden units. Left, two-term learning: phases "
    "of 5 steps alternate, the positive gradient is kept through every negative phase, and the weights jump six times. "
    "Right, ISD with always-on learning: phases of random sign and length, nothing is kept, and the weights move at "
    "every step."
)


@dataclass(frozen=True, eq=False)
class Film:
    """A run of n steps.

    visible (n+1, 3), hidden (n+1, 2), weights (n+1, 6)
        What is there at each time, weights by rows of hidden units.
    begins, is_positive, learns, keeps (n,)
        Of each step: whether it is the first of a phase, and of which; whether weights move at its end; whether an
        earlier gradient is in store.
    """

    title: str
    visible: np.ndarray
    hidden: np.ndarray
    weights: np.ndarray
    begins: np.ndarray
    is_positive: np.ndarray
    learns: np.ndarray
    keeps: np.ndarray


def two_term_film(rng: np.random.Generator) -> Film:
    """Phases in turn; theta moves by -eta (g+ - g-) at the end of each negative one, g+ having been kept through it."""
    film, kept = _Camera("two-term, learning at the end", rng), None
    signs = (place % 2 == 0 for place in range(N_STEPS))
    for is_positive, length in _phases(rng, signs, PERIODIC):
        for step in range(length):
            gradient = film.run(is_positive, begins=step == 0)
            at_end = step == length - 1 and kept is not None
            learned = TWO_TERM_RATE * two_term_gradient(kept, gradient) if at_end else None
            film.shoot(learned, keeps=kept is not None)
        kept = gradient if is_positive else None
    return film.developed()


def isd_film(rng: np.random.Generator) -> Film:
    """A coin picks each phase; every step moves theta by -eta/tau times ISD's weight times the gradient."""
    film = _Camera("ISD, always on", rng)
    signs = (bool(rng.random() < P_POSITIVE) for _ in range(N_STEPS))
    for is_positive, length in _phases(rng, signs, IRREGULAR):
        rate = ISD_RATE / float(IRREGULAR.mean) * float(isd_weights(is_positive, p_positive=P_POSITIVE))
        for step in range(length):
            film.shoot(rate * film.run(is_positive, begins=step == 0), keeps=False)
    return film.developed()


def _phases(rng: np.random.Generator, signs: Iterator[bool], length: PhaseLength) -> Iterator[tuple[bool, int]]:
    """Phases until the film is full, the last one cut."""
    left = N_STEPS
    for is_positive in signs:
        steps = min(int(length.sample(rng, 1)[0]), left)
        yield is_positive, steps
        left -= steps
        if left == 0:
            return


class _Camera:
    def __init__(self, title: str, rng: np.random.Generator) -> None:
        self.title, self.rng = title, rng
        small = 0.1 * rng.standard_normal((N_HIDDEN, N_VISIBLE))
        self.rbm = RBM(small, np.zeros(N_VISIBLE), np.zeros(N_HIDDEN))
        self.v, self.h = DATA[0], np.zeros(N_HIDDEN)
        self.is_positive, self.begins = True, True
        self.frames: list[tuple[np.ndarray, ...]] = [self._frame()]
        self.facts: list[tuple[bool, bool, bool, bool]] = []

    def run(self, is_positive: bool, *, begins: bool) -> np.ndarray:
        """One step of the network, a row of data clamped where a positive phase begins; its gradient."""
        if is_positive and begins:
            self.v = DATA[self.rng.integers(len(DATA))]
        self.is_positive, self.begins = is_positive, begins
        self.h = self.rbm.sample_h_given_v(self.rng, self.v)
        if not is_positive:
            self.v = self.rbm.sample_v_given_h(self.rng, self.h)
        return self.rbm.gradient(self.v, self.h)

    def shoot(self, learned: np.ndarray | None, *, keeps: bool) -> None:
        """Take `learned` off the weights (biases stay at 0), and keep a frame."""
        if learned is not None:
            weights = self.rbm.weights - learned[: self.rbm.weights.size].reshape(self.rbm.weights.shape)
            self.rbm = RBM(weights, self.rbm.visible_bias, self.rbm.hidden_bias)
        self.facts.append((self.begins, self.is_positive, learned is not None, keeps))
        self.frames.append(self._frame())

    def _frame(self) -> tuple[np.ndarray, ...]:
        return self.v, self.h, self.rbm.weights.ravel()

    def developed(self) -> Film:
        return Film(self.title, *map(np.array, zip(*self.frames, strict=True)), *np.array(self.facts).T)


@cache
def films() -> tuple[Film, Film]:
    """Both runs. Of eight seeds that were tried for the coin, this one shows both phases about equally often."""
    return two_term_film(stream(FIXED_ROOT, "replay", "two-term")), isd_film(stream(FIXED_ROOT, "replay", "isd", 4))


class Replay:
    """The films as a figure that plays on a page of the book, and as a strip elsewhere."""

    name, alt = "replay-figure-1", ALT

    def __repr__(self) -> str:
        return f"[figure] {self.alt}"

    def _repr_html_(self) -> str:
        return fragment(
            self.name, "replay", strip(films()), f"(globalThis.replays ??= {{}})[{self.name!r}] = {payload(films())};"
        )


def replay() -> None:
    """Glue the films, for ``{glue:figure} replay-figure-1`` on the page; shown where the cell is run."""
    from myst_nb import glue

    glue(Replay.name, Replay())


def payload(runs: Sequence[Film]) -> str:
    """The films as a JavaScript object; units and facts as strings of 0 and 1, weights to three decimals."""

    def bits(row: Any) -> str:
        return "".join(map(str, np.asarray(row, dtype=int)))

    def film(run: Film) -> dict[str, Any]:
        return {
            "title": run.title,
            "visible": [bits(row) for row in run.visible],
            "hidden": [bits(row) for row in run.hidden],
            "weights": [[round(float(w), DIGITS) for w in row] for row in run.weights],
            "begins": bits(run.begins),
            "positive": bits(run.is_positive),
            "learns": bits(run.learns),
            "keeps": bits(run.keeps),
        }

    names = {"positive": "positive_phase", "negative": "negative_phase", "excites": "isd", "inhibits": "two_term",
             "learns": "always_on"}  # fmt: skip
    colours = {name: colour(of) for name, of in names.items()}
    return literal({"alt": ALT, "n_steps": N_STEPS, "colours": colours, "films": [film(run) for run in runs]})


def strip(runs: Sequence[Film]) -> "Figure":
    """One column a film: which units are on, the weights, the learning events, over bands for the phases."""
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(
        3, len(runs), figsize=(7.6, 4.4), sharex=True, sharey="row", gridspec_kw={"height_ratios": [1.5, 2, 0.6]}
    )
    for column, run in zip(axes.T, runs, strict=True):
        column[0].set_title(run.title, pad=18)
        for axis in column:
            _bands(axis, run)
            axis.grid(False)
        _signs(column[0], run)
        _units(column[0], run)
        column[1].step(range(N_STEPS + 1), run.weights, where="post", color=colour("exact"), lw=1.1)
        column[2].vlines(np.flatnonzero(run.learns) + 1, 0, 1, color=colour("always_on"), lw=1.4)
        column[2].set(xlim=(0, N_STEPS), ylim=(0, 1), yticks=[], xlabel="step")
    for axis, label in zip(axes[:, 0], ("units on", "weights", "learning"), strict=True):
        axis.set_ylabel(label, fontsize="small")
    axes[0, 0].set(yticks=range(N_HIDDEN + N_VISIBLE), ylim=(-0.6, N_HIDDEN + N_VISIBLE - 0.4))
    axes[0, 0].set_yticklabels(["v₁", "v₂", "v₃", "h₁", "h₂"], fontsize="small")
    return describe(figure, ALT)


def _phase_spans(run: Film) -> Iterator[tuple[bool, int, int]]:
    starts = np.flatnonzero(run.begins).tolist()
    for start, stop in pairwise([*starts, N_STEPS]):
        yield bool(run.is_positive[start]), start, stop


def _bands(axis: "Axes", run: Film) -> None:
    for sign, start, stop in _phase_spans(run):
        axis.axvspan(start, stop, color=colour("positive_phase" if sign else "negative_phase"), alpha=0.2, lw=0)
        axis.axvline(start, color=colour("exact"), lw=0.6, ls=":")


def _signs(axis: "Axes", run: Film) -> None:
    for sign, start, stop in _phase_spans(run):
        mark = "+" if sign else "\N{MINUS SIGN}"
        axis.text((start + stop) / 2, 1.02, mark, transform=axis.get_xaxis_transform(), ha="center")


def _units(axis: "Axes", run: Film) -> None:
    units = np.concatenate([run.visible, run.hidden], axis=1)
    for row, on in enumerate(units.T):
        times = np.flatnonzero(on[1:])
        axis.hlines(np.full(len(times), row), times, times + 1, color=colour("exact"), lw=5)
