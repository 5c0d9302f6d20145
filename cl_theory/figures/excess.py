"""Why one phase costs variance: what the coin multiplies, and when the price is nothing."""

from typing import TYPE_CHECKING

import numpy as np

from cl_theory.cases.real_models import real_models
from cl_theory.estimators.theory import isd_excess_trace, two_term_covariance
from cl_theory.figures.style import colour
from cl_theory.laws.finite import equality_law
from cl_theory.laws.moments import PhaseMoments

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

ONE_PAIR = (
    "Vector diagram. From the origin an arrow D. From its tip two opposite arrows along h: a long one to g plus over "
    "b, marked B = 1, and a shorter one to minus g minus over one minus b, marked B = 0."
)
EXCESS_CURVES = (
    "Excess of the total variance of ISD over that of two terms against b. The curves of the two real models are "
    "U-shaped and stay far above zero. The curve of a law from the equality family touches zero at b = 0.3 and rises "
    "on both sides."
)
PRICE_OVER_PAIRS = (
    "Contours of the price over the plane of g plus and g minus at b = 0.4: parallel straight lines. The price is zero "
    "on a falling line through the origin and grows with the square of the distance from it; along the dashed "
    "diagonal, where both gradients agree, it grows fast although the two-term estimate is zero."
)


def one_pair() -> "Figure":
    """One pair of gradients in the plane: ISD hears D, and adds h to it with a random sign."""
    import matplotlib.pyplot as plt

    b, g_positive, g_negative = 0.4, np.array([2.6, 0.95]), np.array([1.1, 0.8])
    figure, axis = plt.subplots(figsize=(6.8, 2.7))
    difference, ends = g_positive - g_negative, (g_positive / b, -g_negative / (1 - b))
    _arrow(axis, np.zeros(2), difference, "two_term", 2.4)
    _label(axis, "$D$", difference / 2, (-8, 7), "two_term")
    texts = ("$B=1$:  $Z = g^+/b$", "$B=0$:  $Z = -g^-/(1-b)$")
    steps = (r"$+h/b$", r"$-h/(1-b)$")
    for end, text, step, name in zip(ends, texts, steps, ("positive_phase", "negative_phase"), strict=True):
        _arrow(axis, difference, end, name, 1.8)
        _label(axis, text, end, (0, 9 if end[1] > 0 else -16), name, centred=True)
        _label(axis, step, (difference + end) / 2, (6, -15), name)
    axis.scatter(0, 0, s=24, color=colour("exact"), zorder=3)
    axis.annotate("0", (0, 0), (-11, 3), textcoords="offset points")
    axis.set_aspect("equal")
    axis.margins(0.16, 0.2)
    axis.axis("off")
    return figure


def excess_curves() -> "Figure":
    """tr Cov Z - tr Cov D over tr Cov D against b: both real models, and a law of the equality family for b = 0.3."""
    import matplotlib.pyplot as plt

    touching = "$g^+ = 0.3\\,W$, $g^- = -0.7\\,W$"
    laws = {model.name: model.moments for model in real_models()}
    laws[touching] = equality_law(np.array([0.125, 0.125, 0.25, 0.5]), np.array([[3.0], [-1], [2], [-3]]), 0.3).moments
    figure, axis = plt.subplots(figsize=(6.4, 3.2))
    grid = np.linspace(0.03, 0.97, 189)
    for (name, moments), tint in zip(laws.items(), ("isd", "centred", "two_term"), strict=True):
        base = np.trace(two_term_covariance(moments))
        excess = np.array([isd_excess_trace(moments, float(b)) for b in grid]) / base
        axis.plot(grid, excess, color=colour(tint), lw=2.4 if name == touching else 1.8)
        place = int(excess.argmin())
        _label(axis, name, np.array([grid[place], excess[place]]), (0, 11), tint, centred=True)
        if name == touching:
            axis.scatter(grid[place], 0, s=45, color=colour(tint), zorder=3)
    axis.axhline(0, color=colour("reference"), lw=0.8)
    axis.set(xlim=(0, 1), ylim=(-0.25, 6), xlabel="$b$, probability of a positive phase")
    axis.set_ylabel("excess of ISD / variance of two terms")
    return figure


def price_over_pairs(p_positive: float = 0.4) -> "Figure":
    """|h|^2/(b(1-b)) over the plane of two numbers g+ and g-: nothing on one line, and most where they agree."""
    import matplotlib.pyplot as plt

    figure, axis = plt.subplots(figsize=(4.6, 3.6))
    grid = np.linspace(-2, 2, 161)
    plus, minus = np.meshgrid(grid, grid)
    price = ((1 - p_positive) * plus + p_positive * minus) ** 2 / (p_positive * (1 - p_positive))
    levels = [0.25, 1, 2, 4, 8, 12]
    lines = axis.contour(plus, minus, price, levels=levels, colors=colour("isd"), linewidths=1.4)
    axis.clabel(lines, fmt="%g", fontsize=8)
    axis.plot(grid, -grid * (1 - p_positive) / p_positive, color=colour("centred"), lw=2.4)
    axis.annotate("no price", (-1.0, 1.62), color=colour("centred"))
    axis.plot(grid, grid, "--", color=colour("reference"), lw=1)
    axis.annotate("$D = 0$", (1.0, 1.25), (8, -14), textcoords="offset points", color=colour("exact"))
    axis.set(xlim=(-2, 2), ylim=(-2, 2), xlabel="$g^+$", ylabel="$g^-$")
    axis.set_aspect("equal")
    return figure


def price_ratio(moments: PhaseMoments, p_positive: float) -> float:
    """tr Cov Z over tr Cov D."""
    base = np.trace(two_term_covariance(moments))
    return float(1 + isd_excess_trace(moments, p_positive) / base)


def _arrow(axis: "Axes", start: np.ndarray, end: np.ndarray, name: str, width: float) -> None:
    style = {"arrowstyle": "-|>", "color": colour(name), "lw": width, "shrinkA": 0, "shrinkB": 0, "mutation_scale": 16}
    axis.annotate("", (end[0], end[1]), (start[0], start[1]), arrowprops=style)
    axis.plot([start[0], end[0]], [start[1], end[1]], lw=0)  # arrows alone do not widen the view


def _label(
    axis: "Axes", text: str, place: np.ndarray, offset: tuple[float, float], name: str, centred: bool = False
) -> None:
    label = axis.annotate(text, (place[0], place[1]), offset, textcoords="offset points", color=colour(name))
    label.set_horizontalalignment("center" if centred else "left")
