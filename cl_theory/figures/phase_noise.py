"""Noise of a phase over its length, and where ISD with always-on learning comes to rest: chapter 12's pictures."""

from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from cl_theory.cases.isd_always_on import learn_together_by_isd, mean_phases, rest_point, three_state_pair
from cl_theory.cases.noise_systems import B_ISD, NOISY_NETWORK, SHIFT_RATES, fixed_point_shifts, network_noise
from cl_theory.dynamics import gradient_flow, isd_fixed_point_shift, mean_gradient
from cl_theory.figures.style import colour
from cl_theory.models.local_chain import ParametricChain, local_chain
from cl_theory.phases import Fixed, Geometric
from cl_theory.seeds import FIXED_ROOT, stream

if TYPE_CHECKING:
    from matplotlib.figure import Figure

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


def noise_over_length() -> "Figure":
    """Variance of a phase of the AR(1) network over eta^2, by how it learns: theory as lines, exact values as dots."""
    import matplotlib.pyplot as plt

    lengths, rate = np.unique(np.geomspace(4, 4000, 16).astype(int)), 0.02
    square, noise = NOISY_NETWORK.mean_gradient(2.0) ** 2, NOISY_NETWORK.long_run_variance / lengths
    at_end = np.full(len(lengths), NOISY_NETWORK.equilibrium_variance)
    predicted = {"fixed": noise, "geometric": (1 - 1 / lengths) * square + noise, "end of phase": at_end}
    exact = {
        "fixed": [network_noise(Fixed(int(n)), rate) for n in lengths],
        "geometric": [network_noise(Geometric(int(n)), rate) for n in lengths],
        "end of phase": at_end,
    }
    figure, axis = plt.subplots(figsize=(6.0, 3.3))
    for name, shade in NAMES.items():
        axis.loglog(lengths, predicted[name], color=colour(shade), label=name)
        axis.loglog(lengths, exact[name], "o", color=colour(shade), markersize=4)
    axis.set(xlabel=r"phase length $\tau$", ylabel=r"$\mathrm{tr\,Cov}\,\Delta\,/\,\eta^2$")
    axis.legend(fontsize="small")
    return figure


def rest_points(rate: float = 0.1, n_phases: int = 120, n_copies: int = 4000) -> "Figure":
    """Left: first coordinate of the fixed point less that of mu = 0, over the rate. Right: mean learning paths."""
    import matplotlib.pyplot as plt

    pair, place, baselines = _pair_at_rest()
    figure, (left, right) = plt.subplots(1, 2, figsize=(7.6, 3.2))
    for (name, baseline), shade in zip(baselines.items(), ("isd", "centred"), strict=True):
        phases = mean_phases([local_chain(member, place) for member in pair])
        slope = float(isd_fixed_point_shift(phases, B_ISD, baseline)[0])
        rng = stream(FIXED_ROOT, "isd-aol-fixed-point", name)
        path = learn_together_by_isd(
            rng, pair, place, n_phases, n_copies, learning_rate=rate, phase_length=20, p_positive=B_ISD,
            baseline=baseline,
        )  # fmt: skip
        line = np.array([0.0, SHIFT_RATES.max()])
        left.plot(line, slope * line, "--", color=colour("reference"), linewidth=1.2)
        left.plot(SHIFT_RATES, fixed_point_shifts(baseline)[:, 0], "o-", color=colour(shade), label=name)
        right.plot(path[:, 0] - place[0], color=colour(shade))
        right.axhline(rate * slope, color=colour(shade), linestyle="--", linewidth=1)
    left.set(xlabel=r"learning rate $\eta$", ylabel=r"shift of the fixed point, $\theta_1$")
    right.set(xlabel="phases", ylabel=r"mean of $\theta_1$ less its value at $\mu = 0$")
    left.legend(fontsize="small")
    return figure


def two_flows(longest: float = 0.8) -> "Figure":
    """The flow of one positive and of one negative ISD phase from where mu = 0, and the mean of their ends."""
    import matplotlib.pyplot as plt

    pair, place, baselines = _pair_at_rest()
    figure, axes = plt.subplots(1, 2, figsize=(7.6, 3.2), sharex=True, sharey=True)
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


def _pair_at_rest() -> tuple:
    pair = three_state_pair()
    place = rest_point(pair)
    centre = mean_phases([local_chain(member, place) for member in pair]).centre(B_ISD)
    return pair, place, {"without a baseline": np.zeros(2), "centred": centre}
