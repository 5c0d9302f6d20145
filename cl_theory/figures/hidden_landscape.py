"""Where the probability of an RBM lies, and where its chain goes."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from cl_theory.figures.runs import arm_colour
from cl_theory.figures.style import colour
from cl_theory.models.free_chains import FreeChains

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def hidden_landscape(chains: Mapping[str, FreeChains]) -> "Figure":
    """Above: log weight of all states with k hidden units on; below: how often the chains have k of them on.

    `chains` are by the model's name. A line is drawn at the log weight of noise, the state without any hidden unit.
    """
    import matplotlib.pyplot as plt

    figure, (above, below) = plt.subplots(
        2, 1, figsize=(6.4, 4.6), sharex=True, height_ratios=(3, 1.2), layout="constrained"
    )
    noise = next(iter(chains.values())).log_weights[0]
    above.axhline(noise, color=colour("exact"), lw=1, ls=":", label="noise: no hidden unit on")
    width = 0.8 / len(chains)
    for place, (name, of) in enumerate(chains.items()):
        heights = of.log_weights_by_count
        counts = np.arange(len(heights))
        above.plot(counts, heights, "o-", ms=4, color=arm_colour(name), label=name)
        shift = (place - (len(chains) - 1) / 2) * width
        below.bar(counts + shift, of.visited, width, color=arm_colour(name))
    above.set_ylabel("log weight, nats")
    below.set(xlabel="hidden units that are on", ylabel="share of time")
    below.xaxis.get_major_locator().set_params(integer=True)
    handles, labels = above.get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=len(labels))
    return figure
