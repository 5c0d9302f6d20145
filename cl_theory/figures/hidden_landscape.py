"""Where the probability of an RBM lies, and where its chain goes."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from cl_theory.figures.runs import arm_colour
from cl_theory.figures.style import colour

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def hidden_landscape(weights: Mapping[str, np.ndarray], visited: Mapping[str, np.ndarray], noise: float) -> "Figure":
    """Above: log weight of all states with k hidden units on; below: how often the chain has k of them on.

    weights, visited
        By the model's name: (n_hidden + 1,) natural logarithms, and shares of the time.
    noise
        Log weight of the state without any hidden unit, drawn as a line.
    """
    import matplotlib.pyplot as plt

    figure, (above, below) = plt.subplots(
        2, 1, figsize=(6.4, 4.6), sharex=True, height_ratios=(3, 1.2), layout="constrained"
    )
    above.axhline(noise, color=colour("exact"), lw=1, ls=":", label="noise: no hidden unit on")
    width = 0.8 / len(visited)
    for place, (name, heights) in enumerate(weights.items()):
        counts = np.arange(len(heights))
        above.plot(counts, heights, "o-", ms=4, color=arm_colour(name), label=name)
        shift = (place - (len(weights) - 1) / 2) * width
        below.bar(counts + shift, visited[name], width, color=arm_colour(name))
    above.set_ylabel("log weight, nats")
    below.set(xlabel="hidden units that are on", ylabel="share of time")
    below.xaxis.get_major_locator().set_params(integer=True)
    handles, labels = above.get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=len(labels))
    return figure
