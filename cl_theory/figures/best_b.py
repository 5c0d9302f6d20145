"""The variance of ISD against b, and why the phase that varies more need not be the one to visit more often."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from cl_theory.estimators.theory import isd_trace, isd_trace_minimum, optimal_p_positive, two_term_covariance
from cl_theory.figures.style import colour
from cl_theory.laws.moments import PhaseMoments

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

VALLEYS = (
    "Two panels, bars and stripes and digits. In each the total variance of ISD against b is a valley: a wall from the "
    "positive phase on the left, a wall from the negative phase on the right, a flat floor between 0.3 and 0.6, and a "
    "marked minimum somewhat left of one half. Simulated points lie on the curve."
)
DIRECTION_PLANE = (
    "A diamond in the plane, difference of variances to the right, difference of squared means upwards, with falling "
    "lines of equal b*. Above the line of one half b* is larger, below it smaller. Two wedges between that line and "
    "the vertical axis, where the sign of the variance difference misleads, are shaded; bars and stripes lie in the "
    "lower one."
)
WALLS = (("positive_phase", "$m_+/b$"), ("negative_phase", "$m_-/(1-b)$"))


def valleys(
    laws: Mapping[str, PhaseMoments], simulated: Mapping[str, tuple[Sequence[float], Sequence[float]]]
) -> "Figure":
    """tr Cov Z over tr Cov D against b for each law, with its two walls, its minimum and `simulated` (b, variance)."""
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(1, len(laws), figsize=(7.4, 3.3), sharey=True, layout="constrained")
    for axis, (name, moments) in zip(axes, laws.items(), strict=True):
        _valley(axis, moments, *simulated[name])
        axis.set(title=name, xlim=(0, 1), ylim=(0, 11), xlabel="$b$, probability of a positive phase")
    axes[0].set_ylabel("total variance, two terms = 1")
    handles, labels = axes[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=len(labels))
    return figure


def _valley(axis: "Axes", moments: PhaseMoments, b_simulated: Sequence[float], variance: Sequence[float]) -> None:
    unit = np.trace(two_term_covariance(moments))
    grid = np.linspace(0.02, 0.98, 193)
    walls = moments.m_positive / grid, moments.m_negative / (1 - grid)
    for wall, (tint, label) in zip(walls, WALLS, strict=True):
        axis.plot(grid, wall / unit, "--", color=colour(tint), lw=1.2, label=label)
    curve = np.array([isd_trace(moments, float(b)) for b in grid])
    axis.plot(grid, curve / unit, color=colour("isd"), lw=2.4, label="exact")
    axis.plot(b_simulated, np.asarray(variance) / unit, "o", ms=5, mfc="none", color=colour("isd"), label="simulated")
    best = optimal_p_positive(moments), isd_trace_minimum(moments) / unit
    axis.plot(*best, "o", ms=8, color=colour("centred"), label="$b^*$")
    axis.annotate(f"{best[0]:.3f}", best, (0, 12), textcoords="offset points", ha="center", color=colour("centred"))


def plane_place(moments: PhaseMoments) -> tuple[float, float]:
    """(v+ - v-, |mu+|^2 - |mu-|^2) in units of m+ + m-; their sum is above 0 just when b* is above 1/2."""
    m = moments.floats()
    total, spread = m.m_positive + m.m_negative, m.v_positive - m.v_negative
    return spread / total, (m.m_positive - m.m_negative - spread) / total


def direction_plane(laws: Mapping[str, PhaseMoments], offsets: Mapping[str, tuple[int, int]]) -> "Figure":
    """Where each law lies in the plane of `plane_place`, with lines of equal b*; `offsets` place the names."""
    import matplotlib.pyplot as plt

    figure, axis = plt.subplots(figsize=(5.6, 5.0), layout="constrained")
    axis.plot([1, 0, -1, 0, 1], [0, 1, 0, -1, 0], color=colour("reference"), lw=1)
    for best in (0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8):
        _line_of_best(axis, best)
    for corners in ([0, 0, 0.5], [0, -1, -0.5]), ([0, 0, -0.5], [0, 1, 0.5]):
        axis.fill(*corners, color=colour("isd"), alpha=0.22, lw=0)
    axis.axvline(0, color=colour("exact"), lw=0.9)
    for name, moments in laws.items():
        place = plane_place(moments)
        axis.plot(*place, "o", ms=7, color=colour("two_term"), zorder=3)
        axis.annotate(name, place, offsets[name], textcoords="offset points", ha="center", color=colour("two_term"))
    axis.text(0.68, -1.0, "$g^+$ varies more,\nis to be visited less", ha="center", color=colour("isd"))
    axis.text(-0.62, 0.8, "$g^+$ varies less,\nis to be visited more", ha="center", color=colour("isd"))
    axis.set(xlabel="$(v_+ - v_-)/(m_+ + m_-)$", ylabel=r"$(|\mu_+|^2 - |\mu_-|^2)/(m_+ + m_-)$", aspect="equal")
    axis.grid(visible=False)
    return figure


def _line_of_best(axis: "Axes", best: float) -> None:
    # b* depends on x + y alone: (b/(1-b))^2 = m+/m- = (1 + x + y)/(1 - x - y).
    odds = (best / (1 - best)) ** 2
    total = (odds - 1) / (odds + 1)
    ends = np.array([[(total - 1) / 2, (total + 1) / 2], [(total + 1) / 2, (total - 1) / 2]])
    axis.plot(*ends.T, color=colour("exact"), lw=2 if best == 0.5 else 0.9, alpha=1 if best == 0.5 else 0.6)
    text, place = (f"{best:g}", (9, -9)) if best != 0.5 else ("$b^*=0.5$", (19, -19))
    axis.annotate(text, ends[1], place, textcoords="offset points", ha="center", va="center", rotation=-45)
