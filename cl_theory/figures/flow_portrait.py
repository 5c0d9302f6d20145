"""Where a phase ends, where small steps lead, and how far a gradient lags behind: chapter 11's pictures."""

from typing import TYPE_CHECKING

import numpy as np

from cl_theory.cases.flow_systems import lag_in_time
from cl_theory.dynamics import TransferOperator, euler_path, gradient_flow
from cl_theory.figures.style import colour
from cl_theory.markov import Equilibrium
from cl_theory.models.local_chain import local_chain
from cl_theory.models.softmax_chain import three_state_chain
from cl_theory.phases import Fixed

if TYPE_CHECKING:
    from matplotlib.figure import Figure

FLOW_PORTRAIT = (
    "Left, the plane of two parameters: the flow is a curve that bends away from the straight standard step; mean ends "
    "of always-on phases start near the step and move to the end of the flow as phases get longer. Right, log-log "
    "distances: to the flow a line of slope minus one, to the standard step a plateau."
)
EULER_STEPS = (
    "A parameter against time. The curve decays towards zero. One straight step crosses zero; two steps end above it; "
    "four and sixteen steps follow the curve more and more closely."
)
LAG_BEHIND = (
    "Bias against the current parameters over the step size, against the time of the update: dots on a line that "
    "settles within a few steps at a dashed level."
)


def flow_portrait(rate: float = 1.5) -> "Figure":
    """Left: the flow, the standard step, and mean ends of always-on phases. Right: their distances, over the length."""
    import matplotlib.pyplot as plt

    chain, place = three_state_chain(), np.array([2.0, -1.0])
    at = Equilibrium.of(local_chain(chain, place))
    flow = np.array([place, *(gradient_flow(chain, place, rate * part) for part in np.linspace(0.1, 1, 10))])
    standard, ends = place - rate * at.mean_gradient, {}
    for length in (2, 4, 8, 16, 64, 256, 1024):
        operator = TransferOperator(chain, place, 2.6, rate / length, degree=9)
        ends[length] = place + operator.mean_displacement(at.law, Fixed(length))
    figure, (plane, distance) = plt.subplots(1, 2, figsize=(7.6, 3.3))
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


def euler_steps(time: float = 1.5) -> "Figure":
    """One parameter with mean gradient theta: paths of 1, 2, 4 and 16 steps, and the flow."""
    import matplotlib.pyplot as plt

    figure, axis = plt.subplots(figsize=(5.6, 3.1))
    grid = np.linspace(0, time, 100)
    axis.plot(grid, np.exp(-grid), color=colour("centred"), linewidth=2.6, label="flow")
    for steps, shade in ((1, "isd"), (2, "two_term"), (4, "always_on"), (16, "reference")):
        times = np.linspace(0, time, steps + 1)
        values = [1.0] + [float(euler_path(lambda x: x, [1.0], t, k)[0]) for k, t in enumerate(times[1:], start=1)]
        axis.plot(times, values, "o-", color=colour(shade), markersize=3.5, linewidth=1.2, label=f"{steps} steps")
    axis.axhline(0, color=colour("reference"), linewidth=0.8)
    axis.set(xlabel="time", ylabel=r"$\theta$")
    axis.legend(fontsize="small")
    return figure


def lag_behind(longest: int = 9) -> "Figure":
    """How a gradient's bias against the current parameters settles: paths, second order, and the limit."""
    import matplotlib.pyplot as plt

    times = np.arange(1, longest + 1)
    measured, second, limit = lag_in_time(times)
    figure, axis = plt.subplots(figsize=(5.6, 3.0))
    axis.plot(times, second, color=colour("always_on"), label="to second order")
    axis.plot(times, measured, "o", color=colour("exact"), markersize=5, label="every path listed")
    axis.plot(times, limit, "--", color=colour("reference"), label=r"$\pi\dot P[\bar g]\xi - \Gamma$")
    axis.set(xlabel="$t$", ylabel=r"bias of $G_1$ over $\varepsilon$")
    axis.legend(fontsize="small")
    return figure
