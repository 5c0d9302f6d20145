"""Two phases of ISD against one two-term step, and what a designed order of phases saves."""

from collections.abc import Mapping
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np

from cl_theory.estimators.theory import batch_isd_covariance, centred_isd_trace, isd_trace, optimal_p_positive
from cl_theory.figures.style import colour
from cl_theory.laws.folded import folded_moments
from cl_theory.laws.moments import PhaseMoments
from cl_theory.phases.order import Alternating, Bernoulli, Systematic

if TYPE_CHECKING:
    from matplotlib.figure import Figure

DESIGNS = (
    "Two panels, bars and stripes and digits: variance of a batch times its number of phases, against that number, 1 "
    "to 24. Independent coins stay on a flat line high up. Evenly spread phases swing below it and sink to the floor, "
    "which they touch at every fifth batch size. Alternating phases lie on the floor at even sizes."
)
SAME_BUDGET = (
    "Horizontal bars for bars and stripes and for digits, in units of two terms. Two terms: 1, all of it noise within "
    "the phases. Two phases of ISD, at one half and at the best b: about the same noise within the phases, and about "
    "as much again from counting, 1.3 for the bars and 0.8 for the digits."
)


def design_curves(laws: Mapping[str, PhaseMoments], b: Fraction = Fraction(2, 5), most: int = 24) -> "Figure":
    """n tr Cov of a batch of n phases against n, in units of what is left when the counts are fixed."""
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(1, len(laws), figsize=(7.4, 3.3), sharey=True, layout="constrained")
    designs = {
        "independent coins": (Bernoulli(b), "isd", "-", "o"),
        "evenly spread": (Systematic(b), "centred", "-", "o"),
        "alternating, $b=1/2$": (Alternating(), "two_term", ":", "s"),
    }
    for axis, (name, moments) in zip(axes, laws.items(), strict=True):
        small, _ = folded_moments(moments, np.zeros((0, moments.dimension)))
        for label, (design, tint, line, mark) in designs.items():
            curve = [_noise(small, design, n) for n in range(1, most + 1)]
            axis.plot(range(1, most + 1), curve, line, marker=mark, ms=4, lw=1.4, color=colour(tint), label=label)
        axis.axhline(1, color=colour("exact"), lw=1, ls="--")
        axis.set(title=name, xlabel="$n$, phases in a batch", ylim=(0, 2.6))
    axes[0].set_ylabel("$n$ × variance, fixed counts = 1")
    figure.legend(*axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=3)
    return figure


def _noise(moments: PhaseMoments, design: Any, n: int) -> float:
    b = float(design.p_positive)
    covariance = batch_isd_covariance(moments, b, n, float(design.count_variance(n)))
    return float(np.trace(covariance) / np.trace(batch_isd_covariance(moments, b, n, 0.0)))


def same_budget(laws: Mapping[str, PhaseMoments]) -> "Figure":
    """Total variance of two phases' worth of work, split into noise within the phases and noise of counting them."""
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(1, len(laws), figsize=(7.4, 2.3), sharey=True, sharex=True, layout="constrained")
    for axis, (name, moments) in zip(axes, laws.items(), strict=True):
        unit = moments.v_positive + moments.v_negative
        parts = [(1.0, 0.0)] + [_two_phases(moments, b) for b in (0.5, optimal_p_positive(moments))]
        within, counting = np.array(parts).T / [unit if k else 1 for k in range(3)]
        places = range(3)
        axis.barh(places, within, lw=0, color=colour("two_term"), label="noise within phases")
        axis.barh(places, counting, left=within, lw=0, color=colour("isd"), label="noise of counting")
        axis.set(title=name, xlabel="total variance, two terms = 1")
        axis.grid(visible=False, axis="y")
    axes[0].set_yticks(range(3), ["two terms", "two ISD phases, $b=1/2$", "two ISD phases, $b=b^*$"])
    axes[0].invert_yaxis()
    figure.legend(*axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=2)
    return figure


def _two_phases(moments: PhaseMoments, b: float) -> tuple[float, float]:
    within = centred_isd_trace(moments, b) / 2
    return within, isd_trace(moments, b) / 2 - within
