"""Where a phase of always-on learning ends on average, by the law of its length."""

from typing import TYPE_CHECKING

import numpy as np

from cl_theory.figures.style import colour

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def where_phases_end(marked: dict[str, tuple[np.ndarray, np.ndarray]], largest: float = 3.0) -> "Figure":
    """Mean of theta_T/theta_0 against x = eta lambda for one state with G = lambda theta, long phases.

    `marked` adds computed points (name -> (x, mean)) in the curves' colours: fixed, uniform, geometric.
    """
    import matplotlib.pyplot as plt

    x = np.linspace(1e-6, largest, 200)
    curves = {
        "fixed": (np.exp(-x), "two_term", r"fixed: $e^{-x}$, the gradient flow"),
        "uniform": (-np.expm1(-2 * x) / (2 * x), "centred", r"uniform: $(1-e^{-2x})/2x$"),
        "geometric": (1 / (1 + x), "isd", r"geometric: $1/(1+x)$"),
    }
    figure, axis = plt.subplots(figsize=(6.4, 3.4))
    axis.plot(x, 1 - x, color=colour("reference"), ls="--", lw=1.2, label="at the end: $1 - x$")
    axis.axhline(0, color=colour("reference"), lw=0.8)
    for name, (curve, shade, label) in curves.items():
        axis.plot(x, curve, color=colour(shade), label=label)
        axis.plot(*marked[name], "o", ms=4, color=colour(shade))
    axis.set(xlabel=r"$x = \eta\lambda$", ylabel=r"$E\,\theta_T / \theta_0$", ylim=(-0.75, 1.02), xlim=(0, largest))
    axis.legend(fontsize="small")
    return figure
