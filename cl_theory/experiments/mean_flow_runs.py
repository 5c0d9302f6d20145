"""Always-on ISD of an RBM on bars and stripes without its noise: the exact mean drift, integrated."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from cl_theory.datasets.bars_and_stripes import bars_and_stripes
from cl_theory.dynamics.rbm_drift import always_on_flow
from cl_theory.experiments.definition import Seeds, Settings
from cl_theory.experiments.rbm_runs import first_rbm


def run_mean_flow(settings: Settings, seeds: Seeds, points: Sequence[int]) -> dict[str, Any]:
    """The exact loss at `points` (phases) along the flow from the first weights of each seed, as plain JSON.

    `second_moment` is E T^2/tau^2 of the phases; 0 leaves the gradient of the loss.
    """
    data, b, rate = bars_and_stripes(4), float(settings["b"]), float(settings["rate"])
    times = [rate * phases for phases in points]
    losses = []
    for seed in seeds:
        start = first_rbm(seed, data.shape[1], settings["hidden"])
        path = always_on_flow(
            start, data, times, rate, b, centred=settings["centred"], second_moment=settings["second_moment"],
            visible_biases=False,
        )  # fmt: skip
        losses.append([rbm.negative_log_likelihood(data) for rbm in path])
    return {
        "axes": {"phases": list(points), "time": times},
        "curves": {"nll": [[float(f"{value:.7g}") for value in at_point] for at_point in np.transpose(losses)]},
        "final": {},
        "diverged": None,
    }
