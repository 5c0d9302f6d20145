"""How many units of each layer are still of use along runs of forward-forward nets."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from cl_theory.figures.runs import arm_colour, arm_line

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def living_units(traces: Mapping[str, Mapping[int, np.ndarray]]) -> "Figure":
    """A panel a layer: share of units that are on for some image, mean over seeds, and single seeds faintly.

    `traces` hold per estimator and number of phases an array (n_seeds, n_layers).
    """
    import matplotlib.pyplot as plt

    tables = {name: np.array(list(trace.values())) for name, trace in traces.items()}
    n_layers = next(iter(tables.values())).shape[-1]
    figure, axes = plt.subplots(
        1, n_layers, figsize=(3.7 * n_layers, 3.3), sharey=True, squeeze=False, layout="constrained"
    )
    for layer, axis in enumerate(axes[0]):
        for name, trace in traces.items():
            shares, tint = tables[name][..., layer], arm_colour(name)
            axis.plot(list(trace), shares, color=tint, ls=arm_line(name), lw=0.6, alpha=0.35, label="_seed")
            axis.plot(list(trace), shares.mean(axis=1), "o", ls=arm_line(name), ms=4, color=tint, label=name)
        axis.set(xlabel="phases", ylim=(0, 1.03))
        axis.set_title(f"layer {layer + 1}", fontsize="medium")
    axes[0, 0].set_ylabel("share of living units")
    handles, labels = axes[0, 0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=len(labels))
    return figure
