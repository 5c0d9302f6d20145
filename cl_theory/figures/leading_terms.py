"""The leading terms of a phase of always-on learning: how large each is, how Q_T grows, and what an AR(1) bias is."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from cl_theory.cases.leading_systems import (
    NETWORK,
    START,
    STATE,
    ar_bias,
    ar_values,
    gibbs_phase,
    gibbs_rest,
    phase_values,
    three_state_phase,
)
from cl_theory.dynamics import second_order
from cl_theory.dynamics.leading_statements import AR_FIRST, AR_SECOND, LEADING, QUADRATIC, rest_size, two_ends
from cl_theory.dynamics.symbols import T
from cl_theory.figures.style import colour
from cl_theory.phases import Fixed
from cl_theory.statements import System

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

SHADES = ("two_term", "always_on", "isd", "positive_phase", "centred")
TERMS = {
    "the standard step": "reference", "the flow": "isd", "the start": "two_term", "correlation": "centred",
    "memory": "positive_phase", "lag": "always_on",
}  # fmt: skip
SIX_TERMS = (
    "Log-log plot of the six leading terms of a phase against its length. The standard step and the flow are level; "
    "the start and three small terms fall as one over tau; what all six leave, drawn as dots, falls faster and then "
    "stays level, far below the flow."
)
GROWTH_OF_Q = (
    "Log-log plot for the Gibbs chain of a small RBM against the length of a phase: Q_T grows as its square along the "
    "flow term, the three small terms grow linearly, and what is left becomes level after a few steps."
)
BIAS_TERMS = (
    "Two log-log panels. Left, the bias of a phase against the learning rate: straight lines of slope one at small "
    "rates that turn into one common line of slope two; the longer the phase the earlier. Right, against the phase "
    "length: falling as one over tau until a plateau set by the square of the learning rate. Dots lie on the predicted "
    "curves."
)


def six_terms(rate: float = 0.01) -> "Figure":
    """Lengths of the leading terms of the three-state chain from state 0 over tau, and of what they leave."""
    import matplotlib.pyplot as plt

    lengths = 2 ** np.arange(2, 13)
    phases = [three_state_phase(rate, Fixed(int(n)), 5) for n in lengths]
    terms = [LEADING.term_values(phase) for phase in phases]
    figure, axis = plt.subplots(figsize=(6.4, 3.8))
    for name, shade in TERMS.items():
        axis.loglog(lengths, [np.linalg.norm(values[name]) for values in terms], color=colour(shade), label=name)
    axis.loglog(lengths, [phase(rest_size) for phase in phases], "o", ms=4, color=colour("exact"), label="what is left")
    axis.set(xlabel=r"phase length $\tau$", ylabel="length of the term")
    axis.legend(fontsize="small", ncols=2)
    return figure


def growth_of_q() -> "Figure":
    """Q_T of a small RBM's Gibbs chain over T: the flow term, the three small terms together, and what is left."""
    import matplotlib.pyplot as plt

    lengths, at = 2 ** np.arange(1, 9), gibbs_phase()
    rows: dict[str, list[float]] = {"$Q_T$": [], "the flow": [], "correlation, memory, lag": [], "the two ends": []}
    for n in lengths:
        none = {two_ends: np.zeros(11)}
        terms = QUADRATIC.term_values(System("none", phase_values(at, 5, Fixed(int(n)), 1.0) | none))
        small = terms["correlation"] + terms["memory"] + terms["lag"]
        parts = second_order(at.local, 5, Fixed(int(n))).second, terms["the flow"], small, gibbs_rest(int(n))
        for row, part in zip(rows.values(), parts, strict=True):
            row.append(float(np.linalg.norm(part)))
    figure, axis = plt.subplots(figsize=(6.0, 3.5))
    for (name, row), shade in zip(rows.items(), ("exact", "isd", "centred", "two_term"), strict=True):
        axis.loglog(lengths, row, "o" if name == "$Q_T$" else "-", ms=4, color=colour(shade), label=name)
    axis.set(xlabel="phase length $T$", ylabel="length of the vector")
    axis.legend(fontsize="small")
    return figure


def bias_against_rate_and_length() -> "Figure":
    """Left: the AR(1) network's bias over rates, one curve a phase length; right: over lengths, one a rate."""
    import matplotlib.pyplot as plt

    rates, lengths = np.geomspace(1e-3, 0.3, 40), np.unique(np.geomspace(3, 30_000, 40).astype(int))
    by_length = {rf"$\tau$ = {tau:,}": [(rate, tau) for rate in rates] for tau in (10, 100, 10_000)}
    by_rate = {rf"$\eta$ = {rate:g}": [(rate, int(tau)) for tau in lengths] for rate in (0.003, 0.03, 0.3)}
    figure, (left, right) = plt.subplots(1, 2, figsize=(7.6, 3.3), sharey=True)
    _panel(left, rates, by_length)
    _panel(right, lengths, by_rate)
    _slope(left, rates, 2, r"$\propto \eta^2$")
    left.set(xlabel=r"learning rate $\eta$", ylabel=r"$|\mathrm{E}\,\Delta + \eta\,\bar g|$")
    right.set(xlabel=r"phase length $\tau$")
    for axis in (left, right):
        axis.legend(fontsize="small", loc="best", handlelength=1.2)
    return figure


def predicted_bias(rate: float, steps: int) -> float:
    """Bias of a phase of the AR(1) network by its leading terms, started out of equilibrium."""
    values = System("AR(1)", ar_values(NETWORK, START, STATE) | {T: float(steps)})
    first, second = AR_FIRST.term_values(values), AR_SECOND.term_values(values)
    step = rate / steps
    small = second["the flow"] + second["memory"] + second["lag"]
    return float(step * first["the start"] + step**2 * small)


def _panel(axis: "Axes", places: Sequence[float] | np.ndarray, curves: Mapping[str, list[tuple[float, int]]]) -> None:
    exact = partial(ar_bias, state=STATE)
    for shade, (name, cases) in zip(SHADES, curves.items(), strict=False):
        axis.loglog(places, [abs(predicted_bias(*case)) for case in cases], color=colour(shade), label=name)
        axis.loglog(places, [abs(exact(*case)) for case in cases], "o", color=colour(shade), markersize=3)


def _slope(axis: "Axes", places: np.ndarray, power: int, label: str) -> None:
    low = axis.get_ylim()[0]
    start = low * 3 / places[0] ** power
    part = places[: len(places) // 2]
    axis.loglog(part, start * part**power, "--", color=colour("reference"), linewidth=1)
    axis.annotate(label, (part[-1], start * part[-1] ** power), fontsize="small", va="top")
