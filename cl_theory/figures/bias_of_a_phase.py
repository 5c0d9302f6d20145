"""How far always-on learning is off: an update in the course of a phase, a phase against its length, both to bounds."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from cl_theory.cases.phase_systems import three_states
from cl_theory.dynamics.phase_statements import PHASE_BIAS, UPDATE, UPDATE_BIAS
from cl_theory.dynamics.symbols import D_g_bar, g_bar, psi_start, t
from cl_theory.figures.style import colour
from cl_theory.phases import Fixed
from cl_theory.statements.system import System

if TYPE_CHECKING:
    from matplotlib.figure import Figure

RATES = {0.4: 10, 0.1: 6, 0.025: 5}
"""Learning rates, with the degree of the polynomials that is enough for each."""
RATE_COLOURS = ("isd", "centred", "two_term")
PHASE_BIAS_ALT = (
    "Log-log plot of the bias of a phase against its length for three learning rates. Each curve first falls along a "
    "dashed line of slope minus one, dips, and then settles on a dotted plateau, sixteen times lower for a four times "
    "lower rate."
)
TWO_CLOCKS_ALT = (
    "Lengths of three parts of a gradient's bias against the time of the update. What is left of the start falls to "
    "nothing within ten steps. What learning does through the gradient rises on a straight line, what it does through "
    "the kernel on a flatter one. The whole bias follows the first at first, and the other two later."
)
BOUNDS_ALT = (
    "Log-log scatter plot of biases against their bounds, updates left and phases right. All points are on or below "
    "the diagonal. Those of the frozen chains with a rare start lie on it; those of the three-state chain lie one or "
    "two powers of ten below."
)


def phase_bias_figure(longest: int = 6000) -> "Figure":
    """|E Delta + eta gbar| of the three-state chain over the length at three rates, with its two leading terms."""
    import matplotlib.pyplot as plt

    lengths = np.unique(np.geomspace(4, longest, 12).astype(int))
    figure, axis = plt.subplots(figsize=(6.4, 3.6))
    lowest = np.inf
    for (rate, degree), name in zip(RATES.items(), RATE_COLOURS, strict=True):
        systems = [three_states(0, Fixed(int(tau)), rate, degree=degree) for tau in lengths]
        bias = [PHASE_BIAS.left_value(system) for system in systems]
        plateau = float(np.linalg.norm(systems[0](D_g_bar) @ systems[0](g_bar))) / 2
        axis.loglog(lengths, bias, "o-", ms=3.5, color=colour(name), label=rf"$\eta = {rate:g}$")
        axis.axhline(rate**2 * plateau, color=colour(name), lw=1, ls=":")
        debt = rate * np.linalg.norm(systems[0](psi_start)) / lengths
        axis.loglog(lengths, debt, color=colour(name), lw=1, ls="--", alpha=0.7)
        lowest = min(lowest, *bias)
    axis.set(xlabel=r"phase length $\tau$", ylabel="bias of a phase", ylim=(lowest / 3, None))
    axis.plot([], [], color=colour("reference"), lw=1, ls="--", label=r"$\frac{\eta}{\tau}|\psi(z_0)|$")
    axis.plot([], [], color=colour("reference"), lw=1, ls=":", label=r"$\frac{\eta^2}{2}|D\bar g\,\bar g|$")
    axis.legend(fontsize="small", ncols=2)
    return figure


def two_clocks(steps: int = 60) -> "Figure":
    """Lengths of the parts of E G(z_t, theta_t) - gbar over the steps of a phase of the three-state chain."""
    import matplotlib.pyplot as plt

    system = three_states(0, Fixed(steps), max(RATES), range(steps))
    figure, axis = plt.subplots(figsize=(6.4, 3.2))
    times, parts = system(t), UPDATE.term_values(system)
    parts.pop("the mean gradient")
    whole = np.linalg.norm(sum(parts.values()), axis=0)
    axis.plot(times, whole, color=colour("exact"), lw=2.6, alpha=0.8, label="the bias")
    labels = ("the gradient moved", "the kernel moved", "the start, not yet forgotten")
    for part, label, name in zip(parts.values(), labels, ("isd", "centred", "two_term"), strict=True):
        axis.plot(times, np.linalg.norm(part, axis=0), color=colour(name), label=label)
    axis.set(xlabel="time $t$ of the update", ylabel="length", xlim=(0, times[-1]), ylim=(0, None))
    axis.legend(fontsize="small")
    return figure


def biases_to_bounds(phases: Mapping[str, Sequence[System]]) -> "Figure":
    """Bias against its bound for updates and for whole phases of the systems of `phases`, by name."""
    import matplotlib.pyplot as plt

    kinds = {"three states": "two_term", "rare start": "isd", "no state": "centred", "kernel responds": "always_on"}
    figure, axes = plt.subplots(1, 2, figsize=(7.4, 3.4))
    for axis, statement, title in zip(axes, (UPDATE_BIAS, PHASE_BIAS), ("an update", "a phase"), strict=True):
        for kind, name in kinds.items():
            systems = [system for of, each in phases.items() if of.startswith(kind) for system in each]
            bounds = np.concatenate([np.ravel(statement.right_value(system)) for system in systems]).astype(float)
            biases = np.concatenate([np.ravel(statement.left_value(system)) for system in systems]).astype(float)
            seen = biases > 1e-12  # of frozen chains that have forgotten, nothing but rounding is left
            axis.loglog(bounds[seen], biases[seen], "o", ms=3.6, alpha=0.75, color=colour(name), label=kind)
        ends = axis.get_xlim()
        axis.plot(ends, ends, color=colour("reference"), lw=1, zorder=0)
        axis.set(xlabel="bound", title=title)
    axes[0].set(ylabel="bias")
    axes[1].legend(fontsize="small")
    return figure
