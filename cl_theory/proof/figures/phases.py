"""Chapters 7 to 9 and 23 drawn: what a phase owes, its bias, laws of its length, and pairs of phases in any order."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from cl_theory.proof.figures.style import colour, subplots
from cl_theory.proof.systems.leading_systems import three_states as three_states_at_rest
from cl_theory.proof.systems.length_systems import RARE, divided_by_length, looking_ahead, same_mean
from cl_theory.proof.systems.phase_systems import three_state_phase, three_states
from cl_theory.proof.systems.run_systems import (
    COINS,
    POSITIVE_FIRST,
    TOSSED,
    floats_of,
    image_values,
    plane_images,
    scalar_images,
)
from cl_theory.theory.chains.phase_lengths import Fixed, Geometric, Uniform
from cl_theory.theory.chains.stationary import mean_power
from cl_theory.theory.chains.symbols import (
    C,
    D_g_bar,
    M,
    Psi,
    eta,
    g_bar,
    mean_decay,
    mean_T,
    phase_bias,
    psi_start,
    t,
    tau,
)
from cl_theory.theory.dynamics.expansion import second_order
from cl_theory.theory.dynamics.length_statements import ALWAYS, AT_END, DOOB
from cl_theory.theory.dynamics.linear import settled_moments
from cl_theory.theory.dynamics.noise_statements import COIN_NOISE, FIXED_ORDER, PAIR_NOISE, PAIR_SHIFT, D_mu
from cl_theory.theory.dynamics.phase_statements import PHASE, PHASE_BIAS, UPDATE, UPDATE_BIAS
from cl_theory.theory.system import System

OWED_ALT = (
    "Three curves, one for each start, of the mean summed gradient less n times its equilibrium mean. Each settles "
    "within about five steps at a dotted level: psi of 0 near 0.7, psi of 2 near 0, psi of 1 near minus 0.9."
)
TERMS_ALT = (
    "Mean displacement of the first parameter against the length of the phase, and the four terms that add up to it. "
    "The standard step falls on a straight line. What is owed to the start settles after five steps. What learning "
    "does through the gradient rises like a parabola and bends the displacement; what it does through the kernel is "
    "smaller."
)
START_COLOURS = ("two_term", "isd", "centred")


def owed_to_the_start(s: int, n_steps: int = 16) -> Figure:
    """Mean excess of the summed gradient over n gbar for each start (first component); it settles at psi(z0).

    `s` is an equilibration time, drawn as a line.
    """
    at_rest = three_state_phase(0, Fixed(n_steps), 0.1).equilibrium
    local, psi = at_rest.local, at_rest.psi
    gradient = local.gradient[:, 0] - at_rest.mean_gradient[0]
    excess, later = [0 * gradient], gradient
    for _ in range(n_steps):
        excess.append(excess[-1] + later)
        later = local.transition_matrix @ later
    figure, axis = subplots(size=(6.4, 3.0))
    for z, name in enumerate(START_COLOURS[: len(psi)]):
        axis.plot([row[z] for row in excess], "o-", ms=3.2, color=colour(name), clip_on=False)
        axis.axhline(psi[z, 0], color=colour(name), ls=":", lw=1)
        where: dict[str, Any] = {"xytext": (6, 0), "textcoords": "offset points", "va": "center"}
        axis.annotate(rf"$\psi({z})$", (n_steps, psi[z, 0]), color=colour(name), **where)
    axis.axvline(s, color=colour("reference"), lw=1, ls="--")
    axis.text(s + 0.15, axis.get_ylim()[1], f"s = {s}", va="top", color=colour("reference"))
    axis.set(xlabel="steps of the phase, $n$", ylabel=r"$E\,S_n - n\,\bar g$", xlim=(0, n_steps))
    axis.grid(False)
    return figure


def terms_of_a_phase(longest: int = 12, step_size: float = 0.05) -> Figure:
    """The first component of E Delta and of each term of its identity, for phases of 1 to `longest` steps."""
    phases = [three_states(0, Fixed(n), n * step_size, degree=12) for n in range(1, longest + 1)]
    lengths = [float(phase(mean_T)) for phase in phases]
    terms = [PHASE.term_values(phase) for phase in phases]
    figure, axis = subplots(size=(6.4, 3.4))
    moved = [np.ravel(PHASE.left_value(phase))[0] for phase in phases]
    axis.plot(lengths, moved, "o", ms=4, color=colour("exact"), label=r"$E\,\Delta$, and the sum of the terms")
    axis.plot(lengths, [sum(values.values())[0, 0] for values in terms], color=colour("exact"), lw=1)
    for term, name in zip(PHASE.terms, ("two_term", "always_on", "isd", "centred"), strict=True):
        axis.plot(lengths, [values[term][0, 0] for values in terms], color=colour(name), label=term)
    axis.axhline(0, color=colour("reference"), lw=0.8)
    axis.set(xlabel="length of the phase, $T$", ylabel="displacement", xlim=(0, lengths[-1]))
    axis.legend(fontsize="small")
    return figure


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


def phase_bias_figure(longest: int = 6000) -> Figure:
    """|E Delta + eta gbar| of the three-state chain over the length at three rates, with its two leading terms."""
    lengths = np.unique(np.geomspace(4, longest, 12).astype(int))
    figure, axis = subplots(size=(6.4, 3.6))
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


def two_clocks(steps: int = 60) -> Figure:
    """Lengths of the parts of E G(z_t, theta_t) - gbar over the steps of a phase of the three-state chain."""
    system = three_states(0, Fixed(steps), max(RATES), range(steps))
    figure, axis = subplots(size=(6.4, 3.2))
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


def biases_to_bounds(phases: Mapping[str, Sequence[System]]) -> Figure:
    """Bias against its bound for updates and for whole phases of the systems of `phases`, by name."""
    kinds = {"three states": "two_term", "rare start": "isd", "no state": "centred", "kernel responds": "always_on"}
    figure, axes = subplots(1, 2, size=(7.4, 3.4))
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


def where_phases_end(largest: float = 3.0, steps: int = 400) -> Figure:
    """Mean of theta_T/theta_0 against x = eta lambda for one state, G = lambda theta: long phases and `steps`."""
    x, places = np.linspace(1e-6, largest, 200), np.linspace(0.25, 2.75, 6)
    curves = {
        "fixed": (np.exp(-x), r"fixed: $e^{-x}$, the gradient flow", Fixed(steps)),
        "uniform": (-np.expm1(-2 * x) / (2 * x), r"uniform: $(1-e^{-2x})/2x$", Uniform(1, 2 * steps - 1)),
        "geometric": (1 / (1 + x), r"geometric: $1/(1+x)$", Geometric(steps)),
    }
    figure, axis = subplots(size=(6.4, 3.4))
    axis.plot(x, 1 - x, color=colour("reference"), ls="--", lw=1.2, label="at the end: $1 - x$")
    axis.axhline(0, color=colour("reference"), lw=0.8)
    for name, (curve, label, length) in curves.items():
        ends = [mean_power(length, np.array([[1 - place / steps]]))[0, 0] for place in places]
        axis.plot(x, curve, color=colour(SHADES[name]), label=label)
        axis.plot(places, ends, "o", ms=4, color=colour(SHADES[name]))
    axis.set(xlabel=r"$x = \eta\lambda$", ylabel=r"$E\,\theta_T / \theta_0$", ylim=(-0.75, 1.02), xlim=(0, largest))
    axis.legend(fontsize="small")
    return figure


def laws_of_a_length(mean: int = 20) -> Figure:
    """P(T > t) of six laws with the same `mean`; and their coefficients of eta^2 in the three-state chain, over tau."""
    figure, (left, right) = subplots(1, 2, size=(7.6, 3.3))
    at, times, taus = three_states_at_rest(), np.arange(3 * mean), 2 ** np.arange(2, 11)
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


def what_lengths_cost() -> Figure:
    """Bias of a phase over eta against its mean length: short by chance, looking ahead, dividing by the length."""
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
    figure, axis = subplots(size=(6.4, 3.6))
    for name, (bias, shade) in curves.items():
        axis.loglog(taus, bias, "o-", ms=3, color=colour(shade), label=name)
    doob = [float(DOOB.right_value(looking_ahead(int(n)))) for n in taus]
    axis.loglog(taus, doob, "--", color=colour("reference"), label="Doob's bound, coins")
    axis.set(xlabel=r"mean length $\tau$", ylabel=r"bias of a phase over $\eta$", ylim=(8e-4, 2))
    axis.legend(fontsize="small", loc="lower left")
    return figure


TWO_ROADS = (
    "Two panels, the learning rate halved on the right. From one point two roads of two arrows each lead to almost the "
    "same end, a parallelogram that does not quite close: one shows the positive phase first, the other the negative. "
    "A cross marks where a two-term step ends; its distance to the two ends is a quarter on the right."
)
SETTLED_NOISE = (
    "Log plot of the settled variance over the learning rate, against the learning rate; four curves that start at "
    "dots on the axis. Independent phases without a baseline lie highest, at about 9; with it they start at 1. Pairs "
    "in a tossed order, with and without a baseline, start at one and the same dot, at one half."
)
SETTLED_SHIFT = (
    "Shift of the settled mean over the learning rate against the share of c star that is subtracted: three straight "
    "lines with dots on them. Independent phases stay at zero. Pairs in a tossed and in a fixed order start below "
    "zero, by different amounts, and meet just above it at the share one."
)


def two_roads(rates: Sequence[float] = (0.2, 0.1), image: int = 0) -> Figure:
    """One image in both orders, from one point of the plane, and the end of its two-term step."""
    images, start, none = floats_of(plane_images()), np.array([0.9, 0.6]), np.zeros(2)
    figure, axes = subplots(1, len(rates), size=(7.4, 3.2))
    difference = np.subtract(*images.at(start)[image])
    for axis, rate in zip(axes, rates, strict=True):
        for order in TOSSED:
            road = [start]
            for phase in order:
                power, moved = images.update(image, (phase,), rate, none)
                road.append(power @ road[-1] + moved)
            for here, there, phase in zip(road, road[1:], order, strict=False):
                shade = colour(("positive_phase", "negative_phase")[phase])
                axis.annotate("", there, here, arrowprops={"arrowstyle": "->", "color": shade, "lw": 2})
            axis.plot(*np.transpose(road), "o", ms=4, color=colour("exact"))
        axis.plot(*(start - 2 * rate * difference), "x", ms=9, mew=2, color=colour("two_term"), label="two-term step")
        axis.set(title=rf"$\eta = {rate:g}$", xlabel=r"$\theta_1$")
        axis.margins(0.15)
    axes[0].set_ylabel(r"$\theta_2$")
    axes[0].legend(fontsize="small")
    return figure


def settled_noise(highest: float = 0.2) -> Figure:
    """Exact settled variance of the scalar learner over the rate, with its limits by theory."""
    exact = scalar_images()
    images, centre = floats_of(exact), np.array([2.0])
    rates = np.linspace(highest / 40, highest, 40)
    figure, axis = subplots(size=(6.4, 3.4))
    arms = {
        "independent phases": (COINS, 0 * centre, COIN_NOISE, "isd", "-"),
        "independent, centred": (COINS, centre, COIN_NOISE, "centred", "-"),
        "pairs": (TOSSED, 0 * centre, PAIR_NOISE, "two_term", "-"),
        "pairs, centred": (TOSSED, centre, PAIR_NOISE, "always_on", "--"),
    }
    for name, (orders, baseline, statement, shade, line) in arms.items():
        variances = [settled_moments(images, orders, rate, baseline)[1].item() / rate for rate in rates]
        axis.semilogy(rates, variances, ls=line, color=colour(shade), label=name)
        known = System(name, image_values(images, 0 * centre, baseline))
        limit = statement.right_value(known).item() / (2 * known(D_mu).item())
        axis.plot(0, limit, "o", color=colour(shade), clip_on=False)
    axis.set(xlabel=r"learning rate $\eta$", ylabel=r"settled variance over $\eta$", xlim=(0, highest))
    axis.legend(fontsize="small", ncols=2)
    return figure


def settled_shift(rate: float = 0.01) -> Figure:
    """Exact settled mean over the rate against the share of c* that is taken off, and theory's line."""
    images = floats_of(plane_images())
    centre, shares = images.mean(images.gradients)[0], np.linspace(0, 1.4, 8)
    figure, axis = subplots(size=(6.4, 3.4))
    arms = {
        "positive phase first": (POSITIVE_FIRST, FIXED_ORDER, "positive_phase"),
        "order tossed": (TOSSED, PAIR_SHIFT, "two_term"),
        "independent phases": (COINS, None, "isd"),
    }
    for name, (orders, statement, shade) in arms.items():
        settled = [settled_moments(images, orders, rate, share * centre)[0][0] / rate for share in shares]
        axis.plot(shares, settled, "o", ms=4.5, color=colour(shade), label=name)
        known = [System(name, image_values(images, 0 * centre, share * centre)) for share in shares]
        line = [np.linalg.solve(at(D_mu), statement.right_value(at))[0, 0] if statement else 0.0 for at in known]
        axis.plot(shares, line, lw=1.2, color=colour(shade))
    axis.axvline(1, color=colour("reference"), lw=0.8, ls=":")
    axis.set(xlabel=r"share of $c^*$ that is subtracted", ylabel=r"shift of the mean of $\theta_1$ over $\eta$")
    axis.legend(fontsize="small")
    return figure


def pair_numbers(rate: float = 0.005) -> dict[str, float]:
    """Settled variances and means of the scalar learner at this rate."""
    images, none, centre = floats_of(scalar_images()), np.zeros(1), np.array([2.0])
    arms = {
        "coins": (COINS, none),
        "centred": (COINS, centre),
        "pairs": (TOSSED, none),
        "pairs-centred": (TOSSED, centre),
    }
    settled = {name: settled_moments(images, *arm[:1], rate, arm[1]) for name, arm in arms.items()}
    found = {f"{name}-variance": spread.item() for name, (_, spread) in settled.items()}
    found |= {f"{name}-mean": mean.item() for name, (mean, _) in settled.items()}
    return found | {"ratio": found["coins-variance"] / found["pairs-variance"]}
