"""Chapters 10 to 12 and 24 drawn: leading terms, flows, noise, and two lengths extrapolated."""

from collections.abc import Mapping, Sequence
from functools import cache, partial
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from cl_theory.learning.models.rbm import RBM, descended, rbm_phase_means
from cl_theory.proof.figures.style import bare, colour, describe, phase_colours, subplots
from cl_theory.proof.systems.flow_systems import lag_in_time
from cl_theory.proof.systems.leading_systems import (
    NETWORK,
    START,
    STATE,
    ar_bias,
    ar_values,
    extrapolated_bias,
    extrapolated_network,
    flow_bias,
    gibbs_phase,
    gibbs_rest,
    phase_values,
    three_state_phase,
)
from cl_theory.proof.systems.noise_systems import (
    B_ISD,
    NOISY_NETWORK,
    SHIFT_RATES,
    fixed_point_shifts,
    learn_together_by_isd,
    network_noise,
    phases_at,
    rest_point,
    three_state_pair,
)
from cl_theory.proof.systems.real_models import digits_model
from cl_theory.seeds import FIXED_ROOT, stream
from cl_theory.theory.chains.local_chain import ParametricChain, local_chain
from cl_theory.theory.chains.phase_lengths import Fixed, Geometric
from cl_theory.theory.chains.poisson import Equilibrium
from cl_theory.theory.chains.softmax_chain import three_state_chain
from cl_theory.theory.chains.symbols import T
from cl_theory.theory.dynamics.expansion import isd_fixed_point_shift, second_order
from cl_theory.theory.dynamics.leading_statements import (
    AR_FIRST,
    AR_SECOND,
    BEST_TAU,
    BEST_TAU_2,
    EXTRA_LIMIT,
    GAP,
    LEADING,
    LEAST_ERROR,
    LEAST_ERROR_2,
    QUADRATIC,
    bias_1,
    bias_2,
    n_steps,
    noise_of_phase,
    rest_size,
    two_ends,
)
from cl_theory.theory.dynamics.transfer import TransferOperator, gradient_flow, mean_gradient
from cl_theory.theory.system import System

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


def six_terms(rate: float = 0.01) -> Figure:
    """Lengths of the leading terms of the three-state chain from state 0 over tau, and of what they leave."""
    lengths = 2 ** np.arange(2, 13)
    phases = [three_state_phase(rate, Fixed(int(n)), 5) for n in lengths]
    terms = [LEADING.term_values(phase) for phase in phases]
    figure, axis = subplots(size=(6.4, 3.8))
    for name, shade in TERMS.items():
        axis.loglog(lengths, [np.linalg.norm(values[name]) for values in terms], color=colour(shade), label=name)
    axis.loglog(lengths, [phase(rest_size) for phase in phases], "o", ms=4, color=colour("exact"), label="what is left")
    axis.set(xlabel=r"phase length $\tau$", ylabel="length of the term")
    axis.legend(fontsize="small", ncols=2)
    return figure


def growth_of_q() -> Figure:
    """Q_T of a small RBM's Gibbs chain over T: the flow term, the three small terms together, and what is left."""
    lengths, at = 2 ** np.arange(1, 9), gibbs_phase()
    rows: dict[str, list[float]] = {"$Q_T$": [], "the flow": [], "correlation, memory, lag": [], "the two ends": []}
    for n in lengths:
        none = {two_ends: np.zeros(11)}
        terms = QUADRATIC.term_values(System("none", phase_values(at, 5, Fixed(int(n)), 1.0) | none))
        small = terms["correlation"] + terms["memory"] + terms["lag"]
        parts = second_order(at.local, 5, Fixed(int(n))).second, terms["the flow"], small, gibbs_rest(int(n))
        for row, part in zip(rows.values(), parts, strict=True):
            row.append(float(np.linalg.norm(part)))
    figure, axis = subplots(size=(6.0, 3.5))
    for (name, row), shade in zip(rows.items(), ("exact", "isd", "centred", "two_term"), strict=True):
        axis.loglog(lengths, row, "o" if name == "$Q_T$" else "-", ms=4, color=colour(shade), label=name)
    axis.set(xlabel="phase length $T$", ylabel="length of the vector")
    axis.legend(fontsize="small")
    return figure


def bias_against_rate_and_length() -> Figure:
    """Left: the AR(1) network's bias over rates, one curve a phase length; right: over lengths, one a rate."""
    rates, lengths = np.geomspace(1e-3, 0.3, 40), np.unique(np.geomspace(3, 30_000, 40).astype(int))
    by_length = {rf"$\tau$ = {tau:,}": [(rate, tau) for rate in rates] for tau in (10, 100, 10_000)}
    by_rate = {rf"$\eta$ = {rate:g}": [(rate, int(tau)) for tau in lengths] for rate in (0.003, 0.03, 0.3)}
    figure, (left, right) = subplots(1, 2, size=(7.6, 3.3), sharey=True)
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


def _panel(axis: Axes, places: Sequence[float] | np.ndarray, curves: Mapping[str, list[tuple[float, int]]]) -> None:
    exact = partial(ar_bias, state=STATE)
    for shade, (name, cases) in zip(SHADES, curves.items(), strict=False):
        axis.loglog(places, [abs(predicted_bias(*case)) for case in cases], color=colour(shade), label=name)
        axis.loglog(places, [abs(exact(*case)) for case in cases], "o", color=colour(shade), markersize=3)


def _slope(axis: Axes, places: np.ndarray, power: int, label: str) -> None:
    low = axis.get_ylim()[0]
    start = low * 3 / places[0] ** power
    part = places[: len(places) // 2]
    axis.loglog(part, start * part**power, "--", color=colour("reference"), linewidth=1)
    axis.annotate(label, (part[-1], start * part[-1] ** power), fontsize="small", va="top")


GROWTH_SHADES = ("two_term", "isd", "centred", "positive_phase", "negative_phase", "always_on", "exact")
PANELS = {
    "units": ("visible units", "hidden units"),
    "sweeps, replicas, chains": ("sweeps", "replicas", "chains a replica"),
    "states, batch": ("visible states", "batch"),
}


def growth_figure(series: Sequence[Mapping[str, Any]]) -> Figure:
    """Microseconds a call against what grows, on logarithmic axes, beside lines of proportional growth.

    `series` are records with `work`, `along`, `values` and `microseconds`, one curve each.
    """
    figure, axes = subplots(1, len(PANELS), size=(9.6, 3.9), sharey=True)
    for axis, (title, names) in zip(axes, PANELS.items(), strict=True):
        _panel_growth(axis, title, [one for one in series if one["along"] in names])
    axes[0].set_ylabel("microseconds a call")
    parts = [f"{one['work']} by {one['along']} at the power {one['exponent']} at the end" for one in series]
    return describe(figure, "Cost against size on logarithmic axes: " + "; ".join(parts))


def _panel_growth(axis: Axes, title: str, series: Sequence[Mapping[str, Any]]) -> None:
    for one, shade in zip(series, GROWTH_SHADES, strict=False):
        label = f"{one['work']}, by {one['along']}"
        axis.loglog(one["values"], one["microseconds"], "o-", ms=3, lw=1.4, color=colour(shade), label=label)
        last, cost = one["values"][-1], one["microseconds"][-1]
        first = one["values"][len(one["values"]) // 2]
        axis.loglog([first, last], [cost * first / last, cost], ls=":", lw=1, color=colour("reference"))
    axis.set_xlabel(title)
    if series:
        axis.legend(fontsize="xx-small", loc="upper center", bbox_to_anchor=(0.5, -0.22))


FLOW_PORTRAIT = (
    "Left, the plane of two parameters: the flow is a curve that bends away from the straight standard step; mean ends "
    "of always-on phases start near the step and move to the end of the flow as phases get longer. Right, log-log "
    "distances: to the flow a line of slope minus one, to the standard step a plateau."
)
LAG_BEHIND = (
    "Bias against the current parameters over the step size, against the time of the update: dots on a line that "
    "settles within a few steps at a dashed level."
)


def flow_portrait(rate: float = 1.5) -> Figure:
    """Left: the flow, the standard step, and mean ends of always-on phases. Right: their distances, over the length."""
    chain, place = three_state_chain(), np.array([2.0, -1.0])
    at = Equilibrium.of(local_chain(chain, place))
    flow = np.array([place, *(gradient_flow(chain, place, rate * part) for part in np.linspace(0.1, 1, 10))])
    standard, ends = place - rate * at.mean_gradient, {}
    for length in (2, 4, 8, 16, 64, 256, 1024):
        operator = TransferOperator(chain, place, 2.6, rate / length, degree=9)
        ends[length] = place + operator.mean_displacement(at.law, Fixed(length))
    figure, (plane, distance) = subplots(1, 2, size=(7.6, 3.3))
    plane.plot(*flow.T, color=colour("centred"), label="gradient flow")
    plane.plot(*np.stack([flow[0], standard]).T, "--", color=colour("isd"), label="standard step")
    plane.plot(*standard, "s", color=colour("isd"))
    points = np.array(list(ends.values()))
    plane.plot(*points.T, "o", color=colour("always_on"), markersize=5, label="always on, mean")
    plane.plot(*flow[0], "o", color=colour("exact"), markersize=4)
    plane.annotate(r"$\theta_0$", flow[0], textcoords="offset points", xytext=(5, 4))
    for length, point in ends.items():
        if length <= 4:
            plane.annotate(rf"$\tau={length}$", point, textcoords="offset points", xytext=(6, 3), fontsize="small")
    plane.set(xlabel=r"$\theta_1$", ylabel=r"$\theta_2$")
    plane.legend(fontsize="small", loc="best")
    lengths = np.array(list(ends))
    for name, end, label in (("centred", flow[-1], "to the flow"), ("isd", standard, "to the standard step")):
        distance.loglog(lengths, np.linalg.norm(points - end, axis=1), "o-", color=colour(name), label=label)
    distance.set(xlabel=r"phase length $\tau$", ylabel="distance of the mean")
    distance.legend(fontsize="small")
    return figure


def lag_behind(longest: int = 9) -> Figure:
    """How a gradient's bias against the current parameters settles: paths, second order, and the limit."""
    times = np.arange(1, longest + 1)
    measured, second, limit = lag_in_time(times)
    figure, axis = subplots(size=(5.6, 3.0))
    axis.plot(times, second, color=colour("always_on"), label="to second order")
    axis.plot(times, measured, "o", color=colour("exact"), markersize=5, label="every path listed")
    axis.plot(times, limit, "--", color=colour("reference"), label=r"$\pi\dot P[\bar g]\xi - \Gamma$")
    axis.set(xlabel="$t$", ylabel=r"bias of $G_1$ over $\varepsilon$")
    axis.legend(fontsize="small")
    return figure


SEEN_AND_DREAMT = (
    "Two rows of three 8 by 8 images. Before learning the dreamt pixel means are noise and differ strongly from the "
    "seen ones. Six steps later both show the same blurred digit, and their difference is nearly blank."
)
TITLES = ("seen: $P_+(v_j = 1)$", "dreamt: $P_-(v_j = 1)$", "seen less dreamt")


@cache
def learned_digits(n_steps: int = 6) -> RBM:
    """The RBM on the digits after `n_steps` of exact descent with rate 0.5."""
    model = digits_model()
    return descended(model.rbm, model.data, n_steps, learning_rate=0.5)


def _pixel_means(rbm: RBM) -> tuple[np.ndarray, ...]:
    first = rbm.weights.size
    means = rbm_phase_means(rbm, digits_model().data)
    return tuple(-mean[first : first + rbm.n_visible] for mean in means)


def seen_and_dreamt() -> Figure:
    """Mean of each pixel of the digits as seen and as dreamt, before learning and after six steps."""
    stages = {"before": digits_model().rbm, "6 steps later": learned_digits()}
    figure, axes = subplots(2, 3, size=(6.4, 4.15), sharex=True, sharey=True)
    for row, (name, rbm) in zip(axes, stages.items(), strict=True):
        seen, dreamt = _pixel_means(rbm)
        means = [_image(row[0], seen, "cividis", (0, 1)), _image(row[1], dreamt, "cividis", (0, 1))]
        difference = _image(row[2], seen - dreamt, phase_colours(), (-0.6, 0.6))
        row[0].set_ylabel(name)
        figure.colorbar(means[1], ax=row[1], shrink=0.8, ticks=[0, 1]).outline.set_visible(False)
        figure.colorbar(difference, ax=row[2], shrink=0.8, ticks=[-0.5, 0, 0.5]).outline.set_visible(False)
    for axis, title in zip(axes[0], TITLES, strict=True):
        axis.set_title(title, size="small")
    return figure


def _image(axis: Axes, pixels: np.ndarray, cmap: Any, limits: tuple[float, float]) -> Any:
    bare(axis)
    low, high = limits
    shown = np.flipud(pixels.reshape(8, 8))
    return axis.pcolormesh(shown, cmap=cmap, vmin=low, vmax=high, edgecolors="face", linewidth=0.4)


NAMES = {"fixed": "always_on", "geometric": "isd", "end of phase": "two_term"}
NOISE_OVER_LENGTH = (
    "Log-log plot of the noise of a phase against its length. A fixed length falls as one over tau. Learning at the "
    "end stays constant. A geometric length falls at first and then levels off at the squared mean gradient."
)
REST_POINTS = (
    "Left, shift of the fixed point against the learning rate: a rising line without a baseline, zero when centred. "
    "Right, learning by four thousand copies that share parameters: without a baseline the mean drifts away to the "
    "predicted level, centred it stays."
)
TWO_FLOWS = (
    "Left, without a baseline: two curves leave a cross in opposite directions and bend; the grey mean of their ends "
    "wanders off. Right, centred: nothing leaves the cross."
)


def noise_over_length() -> Figure:
    """Variance of a phase of the AR(1) network over eta^2, by how it learns: theory as lines, exact values as dots."""
    lengths, rate = np.unique(np.geomspace(4, 4000, 16).astype(int)), 0.02
    square, noise = NOISY_NETWORK.mean_gradient(2.0) ** 2, NOISY_NETWORK.long_run_variance / lengths
    at_end = np.full(len(lengths), NOISY_NETWORK.equilibrium_variance)
    predicted = {"fixed": noise, "geometric": (1 - 1 / lengths) * square + noise, "end of phase": at_end}
    exact = {
        "fixed": [network_noise(Fixed(int(n)), rate) for n in lengths],
        "geometric": [network_noise(Geometric(int(n)), rate) for n in lengths],
        "end of phase": at_end,
    }
    figure, axis = subplots(size=(6.0, 3.3))
    for name, shade in NAMES.items():
        axis.loglog(lengths, predicted[name], color=colour(shade), label=name)
        axis.loglog(lengths, exact[name], "o", color=colour(shade), markersize=4)
    axis.set(xlabel=r"phase length $\tau$", ylabel=r"$\mathrm{tr\,Cov}\,\Delta\,/\,\eta^2$")
    axis.legend(fontsize="small")
    return figure


def rest_points(rate: float = 0.1, n_phases: int = 120, n_copies: int = 4000) -> Figure:
    """Left: first coordinate of the fixed point less that of mu = 0, over the rate. Right: mean learning paths."""
    place, baselines = _baselines_at_rest()
    figure, (left, right) = subplots(1, 2, size=(7.6, 3.2))
    for (name, baseline), shade in zip(baselines.items(), ("isd", "centred"), strict=True):
        slope = float(isd_fixed_point_shift(phases_at(place), B_ISD, baseline)[0])
        rng = stream(FIXED_ROOT, "isd-aol-fixed-point", name)
        path = learn_together_by_isd(rng, n_phases, n_copies, rate=rate, length=20, baseline=baseline)
        line = np.array([0.0, SHIFT_RATES.max()])
        left.plot(line, slope * line, "--", color=colour("reference"), linewidth=1.2)
        left.plot(SHIFT_RATES, fixed_point_shifts(baseline)[:, 0], "o-", color=colour(shade), label=name)
        right.plot(path[:, 0] - place[0], color=colour(shade))
        right.axhline(rate * slope, color=colour(shade), linestyle="--", linewidth=1)
    left.set(xlabel=r"learning rate $\eta$", ylabel=r"shift of the fixed point, $\theta_1$")
    right.set(xlabel="phases", ylabel=r"mean of $\theta_1$ less its value at $\mu = 0$")
    left.legend(fontsize="small")
    return figure


def two_flows(longest: float = 0.8) -> Figure:
    """The flow of one positive and of one negative ISD phase from where mu = 0, and the mean of their ends."""
    pair, (place, baselines) = three_state_pair(), _baselines_at_rest()
    figure, axes = subplots(1, 2, size=(7.6, 3.2), sharex=True, sharey=True)
    times = np.linspace(0, longest, 25)
    for axis, (name, baseline) in zip(axes, baselines.items(), strict=True):
        ends = []
        for sign, share, member, shade in zip((1, -1), (B_ISD, 1 - B_ISD), pair, PHASES, strict=True):
            field = partial(_as_learned, member, sign / share, baseline)
            path = np.stack([place, *(gradient_flow(field, place, float(time)) for time in times[1:])])
            axis.plot(*path.T, color=colour(shade), label=shade.replace("_", " "))
            ends.append(share * path)
        axis.plot(*np.sum(ends, axis=0).T, color=colour("reference"), linewidth=2.4, label="mean over the coin")
        axis.plot(*place, "x", color=colour("exact"), markersize=8, markeredgewidth=2)
        axis.set(title=name, xlabel=r"$\theta_1$")
        axis.set_aspect("equal")
    axes[0].set_ylabel(r"$\theta_2$")
    axes[0].legend(fontsize="small")
    return figure


PHASES = ("positive_phase", "negative_phase")


def _as_learned(member: ParametricChain, factor: float, baseline: np.ndarray, point: np.ndarray) -> np.ndarray:
    return factor * (mean_gradient(member, point) - baseline)


def _baselines_at_rest() -> tuple[np.ndarray, dict[str, np.ndarray]]:
    place = rest_point()
    return place, {"without a baseline": np.zeros(2), "centred": phases_at(place).centre(B_ISD)}


TWO_LENGTHS = (
    "Log-log plot of the distance to the gradient flow against the length of the shorter phase. A phase alone falls "
    "along a dashed line of slope minus one, the extrapolated pair along one of slope minus two: at a length of one "
    "hundred it is more than two hundred times closer."
)
SPLIT_STEPS = (
    "Log-log plot of the mean square error against the length of a phase, for a fixed number of steps. Both curves "
    "fall, turn at a dot, and rise. That of single phases turns late, near 170; that of extrapolated pairs near 10, "
    "after a dip at 4, and somewhat lower."
)


def two_lengths(rate: float = 0.5) -> Figure:
    """Distance of the AR(1) network's mean end to the flow over the length, alone and extrapolated, with limits."""
    taus = np.unique(np.geomspace(4, 1000, 18).astype(int))
    at = extrapolated_network(rate)
    figure, axis = subplots(size=(6.4, 3.4))
    alone = [abs(flow_bias(rate, int(n))) for n in taus]
    extrapolated = [abs(extrapolated_bias(rate, int(n))) for n in taus]
    limits = abs(rate * GAP.right_value(at)) / taus, abs(EXTRA_LIMIT.right_value(at)) / taus**2
    arms = zip(("one phase", "extrapolated"), (alone, extrapolated), limits, ("always_on", "centred"), strict=True)
    for name, exact, limit, shade in arms:
        axis.loglog(taus, exact, "o", ms=4, color=colour(shade), label=name)
        axis.loglog(taus, limit, "--", lw=1.2, color=colour(shade))
    axis.set(xlabel=r"length of the shorter phase, $\tau$", ylabel="distance to the flow")
    axis.legend(fontsize="small")
    return figure


def split_system(steps: float = 1e6, noise: float = 1.0, rate: float = 0.5) -> System:
    """The AR(1) network's biases, a noise of a phase, and a number of steps."""
    at = extrapolated_network(rate)
    first, second = abs(rate * GAP.right_value(at)), abs(EXTRA_LIMIT.right_value(at))
    return System("split", {bias_1: first, bias_2: second, noise_of_phase: noise, n_steps: steps})


def split_steps(rate: float = 0.5) -> Figure:
    """Mean square error of N steps in phases of tau, alone and extrapolated, from exact biases of the network."""
    at, taus = split_system(), np.unique(np.geomspace(2, 1000, 60).astype(int))
    spread = at(noise_of_phase) * taus / at(n_steps)
    figure, axis = subplots(size=(6.4, 3.4))
    alone = np.array([flow_bias(rate, int(n)) for n in taus]) ** 2 + spread
    both = np.array([extrapolated_bias(rate, int(n)) for n in taus]) ** 2 + (1 + 2 * 2**0.5) ** 2 * spread
    arms = {
        "single phases": (alone, BEST_TAU, LEAST_ERROR, "always_on"),
        "pairs": (both, BEST_TAU_2, LEAST_ERROR_2, "centred"),
    }
    for name, (error, best, least, shade) in arms.items():
        axis.loglog(taus, error, color=colour(shade), label=name)
        axis.loglog(best.right_value(at), least.right_value(at), "o", color=colour(shade))
    axis.set(xlabel=r"length of a phase, $\tau$", ylabel="mean square error")
    axis.legend(fontsize="small")
    return figure


def length_numbers(rate: float = 0.5, tau: int = 100) -> dict[str, float]:
    """How much closer to the flow extrapolation comes, best lengths, and by how much the least error falls."""
    at = split_system()
    return {
        "closer": abs(flow_bias(rate, tau) / extrapolated_bias(rate, tau)),
        "plain-length": BEST_TAU.right_value(at),
        "pair-length": BEST_TAU_2.right_value(at),
        "gain": LEAST_ERROR.right_value(at) / LEAST_ERROR_2.right_value(at),
    }
