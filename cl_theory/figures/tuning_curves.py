"""How the end of learning depends on the learning rate, and which rate was chosen."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from cl_theory.experiments.results import Results
from cl_theory.experiments.summaries import best_rate, final_by_rate
from cl_theory.figures.estimator_colours import arm_colour
from cl_theory.figures.learning_curves import STANDARD_ERRORS, mean_and_error
from cl_theory.figures.style import colour

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


def tuning_curves(
    results: Results,
    estimators: Sequence[str] | Mapping[str, str],
    measure: str,
    *,
    factor: float = 1.0,
    label: str,
    floor: float | None = None,
    log: bool = False,
) -> "Figure":
    """`factor` times the last values against the rate, with two standard errors over seeds; the best rate is ringed.

    `estimators` are names in the arms "name @ rate", or what the legend shows for each: {"isd": "ISD"}. A rate at
    which a run diverged is marked by a cross at the top.
    """
    import matplotlib.pyplot as plt

    words = estimators if isinstance(estimators, Mapping) else {name: name for name in estimators}
    figure, axis = plt.subplots(figsize=(6.4, 3.6), layout="constrained")
    every = [_curve(axis, results, name, shown, measure, factor) for name, shown in words.items()]
    ticks = np.unique(np.concatenate(every))
    if floor is not None:
        axis.axhline(floor, color=colour("exact"), lw=1, ls=":", label=f"best there can be, {floor:.1f}")
    axis.set_xscale("log")
    axis.set_xticks(ticks, [f"{rate:g}" for rate in ticks], fontsize="small")
    axis.minorticks_off()
    axis.set(xlabel="learning rate", ylabel=label, yscale="log" if log else "linear")
    figure.legend(loc="outside lower center", ncols=4)
    return figure


def _curve(axis: "Axes", results: Results, name: str, shown: str, measure: str, factor: float) -> np.ndarray:
    rates, values = final_by_rate(results, name, measure)
    tint, whole = arm_colour(name), np.isfinite(values).all(axis=1)
    centre, error = mean_and_error(factor * values[whole].T)
    axis.errorbar(
        rates[whole], centre, STANDARD_ERRORS * error, fmt="o-", ms=4, lw=1.7, capsize=2.5, color=tint, label=shown
    )
    best = best_rate(results, name, measure)
    axis.plot([best], centre[rates[whole] == best], "o", ms=12, mfc="none", mew=1.6, color=tint, label="_chosen")
    lost = rates[~whole]
    axis.plot(lost, np.full(lost.size, 0.97), "x", color=tint, transform=axis.get_xaxis_transform(), label="_diverged")
    return rates
