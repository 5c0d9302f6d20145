"""The variance of ISD against b, and why the phase that varies more need not be the one to visit more often."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from cl_theory.cases.best_b_systems import THREE_LAWS
from cl_theory.cases.real_models import real_models
from cl_theory.estimators.theory import isd_trace, isd_trace_minimum, optimal_p_positive, two_term_covariance
from cl_theory.figures.style import colour
from cl_theory.laws.moments import PhaseMoments

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

VALLEYS = (
    "Two panels, bars and stripes and digits. In each the total variance of ISD against b is a valley: a wall from the "
    "positive phase on the left, a wall from the negative phase on the right, a flat floor between 0.3 and 0.6, and a "
    "marked minimum somewhat left of one half."
)
DIRECTION_PLANE = (
    "A diamond in the plane, difference of variances to the right, difference of squared means upwards, with falling "
    "lines of equal b*. Above the line of one half b* is larger, below it smaller. Two wedges between that line and "
    "the vertical axis, where the sign of the variance difference misleads, are shaded; bars and stripes lie in the "
    "lower one."
)
SAME_VARIANCES = (
    "Three valleys of the variance against b, their lowest points marked. The quiet and the shifted law have theirs "
    "left of one half, the centred law right of it, though shifted and centred have the same two variances."
)
WALLS = (("positive_phase", "$m_+/b$"), ("negative_phase", "$m_-/(1-b)$"))


def valleys(laws: Mapping[str, PhaseMoments] | None = None) -> "Figure":
    """tr Cov Z over tr Cov D against b for each law, by default the real models, with its two walls and minimum."""
    import matplotlib.pyplot as plt

    chosen = laws or _real_moments()
    figure, axes = plt.subplots(1, len(chosen), figsize=(7.4, 3.3), sharey=True, layout="constrained")
    for axis, (name, moments) in zip(axes, chosen.items(), strict=True):
        _valley(axis, moments)
        axis.set(title=name, xlim=(0, 1), ylim=(0, 11), xlabel="$b$, probability of a positive phase")
    axes[0].set_ylabel("total variance, two terms = 1")
    handles, labels = axes[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=len(labels))
    return figure


def _valley(axis: "Axes", moments: PhaseMoments) -> None:
    unit = np.trace(two_term_covariance(moments))
    grid = np.linspace(0.02, 0.98, 193)
    walls = moments.m_positive / grid, moments.m_negative / (1 - grid)
    for wall, (tint, label) in zip(walls, WALLS, strict=True):
        axis.plot(grid, wall / unit, "--", color=colour(tint), lw=1.2, label=label)
    curve = np.array([isd_trace(moments, float(b)) for b in grid])
    axis.plot(grid, curve / unit, color=colour("isd"), lw=2.4, label="total variance")
    _mark_best(axis, moments, unit, "centred")


def _mark_best(axis: "Axes", moments: PhaseMoments, unit: float, tint: str, above: int = 12) -> None:
    best = optimal_p_positive(moments), isd_trace_minimum(moments) / unit
    axis.plot(*best, "o", ms=8, color=colour(tint), label="$b^*$")
    axis.annotate(f"{best[0]:.3f}", best, (0, above), textcoords="offset points", ha="center", color=colour(tint))


def same_variances() -> "Figure":
    """Valleys of the three small laws; the two that have the same variances have their best b on opposite sides."""
    import matplotlib.pyplot as plt

    figure, axis = plt.subplots(figsize=(6.4, 3.2), layout="constrained")
    grid = np.linspace(0.06, 0.94, 177)
    tints = {"quiet": "two_term", "shifted": "isd", "centred": "centred"}
    for name, tint in tints.items():
        moments = THREE_LAWS[name].moments.floats()
        curve = [isd_trace(moments, float(b)) for b in grid]
        label = f"{name}: $v_+ = {moments.v_positive:g}$, $v_- = {moments.v_negative:g}$"
        axis.plot(grid, curve, color=colour(tint), lw=2, label=label)
        _mark_best(axis, moments, 1.0, tint, above=-20)
    axis.axvline(0.5, color=colour("reference"), lw=0.9)
    axis.set(xlim=(0, 1), ylim=(0, 40), xlabel="$b$, probability of a positive phase", ylabel="variance of ISD")
    handles, labels = axis.get_legend_handles_labels()
    kept = [(handle, label) for handle, label in zip(handles, labels, strict=True) if label != "$b^*$"]
    figure.legend(*zip(*kept, strict=True), loc="outside lower center", ncols=3, fontsize=9)
    return figure


def plane_place(moments: PhaseMoments) -> tuple[float, float]:
    """(v+ - v-, |mu+|^2 - |mu-|^2) in units of m+ + m-; their sum is above 0 just when b* is above 1/2."""
    m = moments.floats()
    total, spread = m.m_positive + m.m_negative, m.v_positive - m.v_negative
    return spread / total, (m.m_positive - m.m_negative - spread) / total


PLACES = {"bars and\nstripes": (26, -32), "digits": (-28, -4)}
"""Names of the real models in the plane, and where they stand beside their dots."""


def direction_plane(laws: Mapping[str, PhaseMoments] | None = None) -> "Figure":
    """Where each law, by default the real models, lies in the plane of `plane_place`, with lines of equal b*."""
    import matplotlib.pyplot as plt

    chosen = laws or dict(zip(PLACES, _real_moments().values(), strict=True))
    figure, axis = plt.subplots(figsize=(5.6, 5.0), layout="constrained")
    axis.plot([1, 0, -1, 0, 1], [0, 1, 0, -1, 0], color=colour("reference"), lw=1)
    for best in (0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8):
        _line_of_best(axis, best)
    for corners in ([0, 0, 0.5], [0, -1, -0.5]), ([0, 0, -0.5], [0, 1, 0.5]):
        axis.fill(*corners, color=colour("isd"), alpha=0.22, lw=0)
    axis.axvline(0, color=colour("exact"), lw=0.9)
    for name, moments in chosen.items():
        place, beside = plane_place(moments), PLACES.get(name, (0, 9))
        axis.plot(*place, "o", ms=7, color=colour("two_term"), zorder=3)
        axis.annotate(name, place, beside, textcoords="offset points", ha="center", color=colour("two_term"))
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


def valley_numbers() -> dict[str, float]:
    """What the prose quotes of the real models and of the three small laws, by name."""
    numbers: dict[str, float] = {}
    for short, m in zip(("bars", "digits"), _real_moments().values(), strict=True):
        least = isd_trace_minimum(m)
        numbers |= {
            f"{short}-b": optimal_p_positive(m),
            f"{short}-varies-more": 100 * (m.v_positive / m.v_negative - 1),
            f"{short}-half": 100 * (isd_trace(m, 0.5) / least - 1),
            f"{short}-low": isd_trace(m, 0.2) / least,
            f"{short}-high": isd_trace(m, 0.8) / least,
            f"{short}-n": m.dimension,
            f"{short}-m-positive": m.m_positive,
            f"{short}-m-negative": m.m_negative,
            f"{short}-v-positive": m.v_positive,
            f"{short}-v-negative": m.v_negative,
        }
    return numbers | {f"best-{name}": optimal_p_positive(law.moments.floats()) for name, law in THREE_LAWS.items()}


def _real_moments() -> dict[str, PhaseMoments]:
    return {model.name: model.moments for model in real_models()}
