"""Estimators side by side at equal drift: what is left of their differences once the size of a step is taken out."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import numpy as np

from cl_theory.experiments.results import ArmResults, Results
from cl_theory.experiments.summaries import tuned
from cl_theory.figures.estimator_colours import arm_colour
from cl_theory.figures.learning_curves import STANDARD_ERRORS, mean_and_error

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Summary = Callable[[ArmResults], np.ndarray]


def drift_a_phase(rate: float, arm: ArmResults) -> float:
    """How far a phase moves along the gradient on average, in units of it: the rate, shared among the phases of an
    update."""
    return rate * float(arm.axes["updates"][-1] / arm.axes["phases"][-1])


def equal_drift(results: Results, estimators: Mapping[str, str], panels: Mapping[str, Summary]) -> "Figure":
    """Summaries of a tuning run, one value a seed, against the mean step a phase; mean and two standard errors.

    `estimators` are names in the arms "name @ rate" with what the legend shows, `panels` summaries by their labels.
    """
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(1, len(panels), figsize=(3.3 * len(panels), 3.5), squeeze=False, layout="constrained")
    for axis, (label, summary) in zip(axes[0], panels.items(), strict=True):
        for name, shown in estimators.items():
            _points(axis, results, name, shown, summary)
        axis.set_xscale("log")
        axis.set_xticks([0.00125, 0.0025, 0.005, 0.01, 0.02], ["0.00125", "0.0025", "0.005", "0.01", "0.02"])
        axis.minorticks_off()
        axis.tick_params(axis="x", labelsize="small")
        axis.set_title(label, fontsize="medium")
        axis.set_xlabel("learning rate a phase")
    handles, labels = axes[0, 0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=len(labels))
    return figure


def _points(axis: "Axes", results: Results, name: str, shown: str, summary: Summary) -> None:
    rates, arms = tuned(results, name)
    places = [drift_a_phase(rate, arm) for rate, arm in zip(rates, arms, strict=True)]
    centre, error = mean_and_error(np.array([summary(arm) for arm in arms]).T)
    axis.errorbar(
        places,
        centre,
        STANDARD_ERRORS * error,
        fmt="o-",
        ms=4,
        lw=1.6,
        capsize=2.5,
        color=arm_colour(name),
        label=shown,
    )
