"""Noise of a phase over its length, and where ISD with always-on learning comes to rest."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from cl_theory.figures.style import colour

if TYPE_CHECKING:
    from matplotlib.figure import Figure

NAMES = {"fixed": "always_on", "geometric": "isd", "end of phase": "two_term"}


def noise_over_length(
    lengths: np.ndarray, predicted: Mapping[str, np.ndarray], exact: Mapping[str, np.ndarray]
) -> "Figure":
    """Total variance of a phase over eta^2, by how it learns: predicted lines and exact dots."""
    import matplotlib.pyplot as plt

    figure, axis = plt.subplots(figsize=(6.0, 3.3))
    for name, shade in NAMES.items():
        axis.loglog(lengths, predicted[name], color=colour(shade), label=name)
        axis.loglog(lengths, exact[name], "o", color=colour(shade), markersize=4)
    axis.set(xlabel=r"phase length $\tau$", ylabel=r"$\mathrm{tr\,Cov}\,\Delta\,/\,\eta^2$")
    axis.legend(fontsize="small")
    return figure


def rest_points(
    rates: np.ndarray, exact: Mapping[str, np.ndarray], slope: float, paths: Mapping[str, np.ndarray],
    levels: Mapping[str, float],
) -> "Figure":  # fmt: skip
    """Left: first coordinate of the fixed point less that of mu = 0, over the rate. Right: mean learning paths."""
    import matplotlib.pyplot as plt

    figure, (left, right) = plt.subplots(1, 2, figsize=(7.6, 3.2))
    line = np.array([0.0, rates.max()])
    left.plot(line, slope * line, "--", color=colour("reference"), linewidth=1.2, label="predicted slope")
    for name, shade in (("without a baseline", "isd"), ("centred", "centred")):
        left.plot(rates, exact[name], "o-", color=colour(shade), label=name)
        right.plot(paths[name], color=colour(shade), label=name)
        right.axhline(levels[name], color=colour(shade), linestyle="--", linewidth=1)
    left.set(xlabel=r"learning rate $\eta$", ylabel=r"shift of the fixed point, $\theta_1$")
    right.set(xlabel="phases", ylabel=r"mean of $\theta_1$ less its value at $\mu = 0$")
    left.legend(fontsize="small")
    return figure
