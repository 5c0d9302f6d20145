"""Where a phase ends: the straight step of standard learning, the curve of the flow, always-on learning between."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from cl_theory.figures.style import colour

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def step_flow_and_phases(flow: np.ndarray, standard: np.ndarray, ends: Mapping[int, np.ndarray]) -> "Figure":
    """Left: parameters (k, 2) along the `flow`, the end (2,) of the `standard` step, mean ends (2,) of always-on phases
    by length. Right: distances of those means to the flow's end and to the standard step's end, over the length."""
    import matplotlib.pyplot as plt

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
