"""Phases of random length: their laws, where they lead on average, and what a length that is not independent costs."""

from typing import TYPE_CHECKING

import numpy as np

from cl_theory.cases.length_systems import RARE, divided_by_length, looking_ahead, same_mean, three_state_law
from cl_theory.dynamics import second_order
from cl_theory.dynamics.length_statements import ALWAYS, AT_END, DOOB
from cl_theory.dynamics.symbols import C, M, Psi, eta, mean_decay, phase_bias, tau
from cl_theory.figures.style import colour
from cl_theory.markov import mean_power
from cl_theory.phases import Fixed, Geometric, Uniform
from cl_theory.statements import System

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SHADES = {
    "fixed": "two_term", "s + Poisson": "exact", "s + geometric": "positive_phase", "uniform": "centred",
    "one or many": "always_on", "geometric": "isd",
}  # fmt: skip
WHERE_PHASES_END = (
    "Mean of theta after a phase over theta before it, against x. The end-of-phase line 1 minus x falls below zero at "
    "1. The exponential of minus x stays positive; the uniform law lies above it and the geometric law, one over one "
    "plus x, highest."
)
LAWS_OF_A_LENGTH = (
    "Left, chances that a phase still lasts at time t for six laws with mean 20: a step for the fixed length, a slow "
    "decay for the geometric one. Right, the coefficient of eta squared over that of the flow against the mean "
    "length: curves that level off at 1, 1, 5/4, 4/3, 2 and 2."
)
WHAT_LENGTHS_COST = (
    "Log-log plot of the bias of a phase over eta against the mean length. Learning at the end stays constant. "
    "Looking ahead and dividing by the actual length fall as one over the square root of tau, under Doob's bound. "
    "Always-on learning with an independent length falls as one over tau."
)


def where_phases_end(largest: float = 3.0, steps: int = 400) -> "Figure":
    """Mean of theta_T/theta_0 against x = eta lambda for one state, G = lambda theta: long phases and `steps`."""
    import matplotlib.pyplot as plt

    x, places = np.linspace(1e-6, largest, 200), np.linspace(0.25, 2.75, 6)
    curves = {
        "fixed": (np.exp(-x), r"fixed: $e^{-x}$, the gradient flow", Fixed(steps)),
        "uniform": (-np.expm1(-2 * x) / (2 * x), r"uniform: $(1-e^{-2x})/2x$", Uniform(1, 2 * steps - 1)),
        "geometric": (1 / (1 + x), r"geometric: $1/(1+x)$", Geometric(steps)),
    }
    figure, axis = plt.subplots(figsize=(6.4, 3.4))
    axis.plot(x, 1 - x, color=colour("reference"), ls="--", lw=1.2, label="at the end: $1 - x$")
    axis.axhline(0, color=colour("reference"), lw=0.8)
    for name, (curve, label, length) in curves.items():
        ends = [mean_power(length, np.array([[1 - place / steps]]))[0, 0] for place in places]
        axis.plot(x, curve, color=colour(SHADES[name]), label=label)
        axis.plot(places, ends, "o", ms=4, color=colour(SHADES[name]))
    axis.set(xlabel=r"$x = \eta\lambda$", ylabel=r"$E\,\theta_T / \theta_0$", ylim=(-0.75, 1.02), xlim=(0, largest))
    axis.legend(fontsize="small")
    return figure


def laws_of_a_length(mean: int = 20) -> "Figure":
    """P(T > t) of six laws with the same `mean`; and their coefficients of eta^2 in the three-state chain, over tau."""
    import matplotlib.pyplot as plt

    figure, (left, right) = plt.subplots(1, 2, figsize=(7.6, 3.3))
    at, times, taus = three_state_law(), np.arange(3 * mean), 2 ** np.arange(2, 11)
    flow = at.curvature / 2
    for name, length in same_mean(mean).items():
        seen = [second_order(at.local, at.law, same_mean(int(n))[name]).second / n**2 for n in taus]
        style = {"color": colour(SHADES[name]), "label": name}
        left.step(times, [length.float_tail(int(n)) for n in times], where="post", **style)
        right.semilogx(taus, [part @ flow / (flow @ flow) for part in seen], "o-", ms=3, **style)
    left.set(xlabel="step $t$", ylabel="$P(T > t)$")
    right.set(xlabel=r"mean length $\tau$", ylabel=r"coefficient of $\eta^2$ / $\frac{1}{2}D\bar g\,\bar g$")
    left.legend(fontsize="small")
    return figure


def what_lengths_cost() -> "Figure":
    """Bias of a phase over eta against its mean length: short by chance, looking ahead, dividing by the length."""
    import matplotlib.pyplot as plt

    taus = 4 * 2 ** np.arange(1, 9)
    stay, owed = 0.9, 2 * (1 - float(RARE))
    decay = (stay + stay ** (2.0 * taus - 1)) / 2
    known = {C: owed, M: 1.0, Psi: owed / (1 - stay), eta: 1.0, tau: 1.0 * taus, mean_decay: decay}
    short = System("half of all phases last a step", known)
    curves = {
        "at the end, half of all phases 1 step": (AT_END.right_value(short), "two_term"),
        "always on, the same phases": (ALWAYS.right_value(short), "always_on"),
        "coins, looking ahead": ([float(looking_ahead(int(n))(phase_bias)) for n in taus], "negative_phase"),
        r"coins, rate $\eta/T$": ([float(divided_by_length(int(n))(phase_bias)) for n in taus], "isd"),
    }
    figure, axis = plt.subplots(figsize=(6.4, 3.6))
    for name, (bias, shade) in curves.items():
        axis.loglog(taus, bias, "o-", ms=3, color=colour(shade), label=name)
    doob = [float(DOOB.right_value(looking_ahead(int(n)))) for n in taus]
    axis.loglog(taus, doob, "--", color=colour("reference"), label="Doob's bound, coins")
    axis.set(xlabel=r"mean length $\tau$", ylabel=r"bias of a phase over $\eta$", ylim=(8e-4, 2))
    axis.legend(fontsize="small", loc="lower left")
    return figure
