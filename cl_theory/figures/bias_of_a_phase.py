"""The bias of a phase against its length: a part that falls as 1/tau, and a plateau that does not."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from cl_theory.figures.style import colour

if TYPE_CHECKING:
    from matplotlib.figure import Figure

RATE_COLOURS = ("isd", "centred", "two_term")


def phase_bias_figure(lengths: np.ndarray, biases: Mapping[float, np.ndarray], plateau: float, debt: float) -> "Figure":
    """|E Delta + eta gbar| (by eta, each (n,)) over `lengths` (n,); `plateau` |Dgbar gbar|/2, `debt` |psi(z0)|."""
    import matplotlib.pyplot as plt

    figure, axis = plt.subplots(figsize=(6.4, 3.6))
    for (eta, bias), name in zip(biases.items(), RATE_COLOURS, strict=True):
        axis.loglog(lengths, bias, "o-", ms=3.5, color=colour(name), label=rf"$\eta = {eta:g}$")
        axis.axhline(eta**2 * plateau, color=colour(name), lw=1, ls=":")
        axis.loglog(lengths, eta * debt / lengths, color=colour(name), lw=1, ls="--", alpha=0.7)
    axis.set(xlabel=r"phase length $\tau$", ylabel="bias of a phase", ylim=(min(map(min, biases.values())) / 3, None))
    axis.plot([], [], color=colour("reference"), lw=1, ls="--", label=r"$\frac{\eta}{\tau}|\psi(z_0)|$")
    axis.plot([], [], color=colour("reference"), lw=1, ls=":", label=r"$\frac{\eta^2}{2}|D\bar g\,\bar g|$")
    axis.legend(fontsize="small", ncols=2)
    return figure
