"""Chapters 3 to 6 drawn: the price of one phase, the best b, equal compute, and centring."""

from fractions import Fraction
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from cl_theory.proof.figures.style import colour, legend_below, subplots
from cl_theory.proof.systems.best_b_systems import THREE_LAWS
from cl_theory.proof.systems.real_models import bars_model, digits_model, real_models
from cl_theory.theory.chains.phase_order import Alternating, Bernoulli, Systematic
from cl_theory.theory.estimators.centred_statements import DRIFT, ONE_EACH, POOLED
from cl_theory.theory.estimators.laws import PhaseMoments, equality_law, folded_moments, independent_moments
from cl_theory.theory.estimators.moments import (
    batch_isd_covariance,
    centred_isd_covariance,
    centred_isd_trace,
    isd_centre,
    isd_excess_trace,
    isd_trace,
    isd_trace_minimum,
    neyman_equal_compute_gain,
    neyman_p_positive,
    neyman_trace_minimum,
    optimal_p_positive,
    phase_noise_covariance,
    two_term_covariance,
)
from cl_theory.theory.estimators.symbols import alpha, delta_squared, phase_values
from cl_theory.theory.statement import Statement
from cl_theory.theory.system import System

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


def one_pair() -> Figure:
    """One pair of gradients in the plane: ISD hears D, and adds h to it with a random sign."""
    b, g_positive, g_negative = 0.4, np.array([2.6, 0.95]), np.array([1.1, 0.8])
    figure, axis = subplots(size=(6.8, 2.7))
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


def excess_curves() -> Figure:
    """tr Cov Z - tr Cov D over tr Cov D against b: both real models, and a law of the equality family for b = 0.3."""
    touching = "$g^+ = 0.3\\,W$, $g^- = -0.7\\,W$"
    laws = {model.name: model.moments for model in real_models()}
    laws[touching] = equality_law(np.array([0.125, 0.125, 0.25, 0.5]), np.array([[3.0], [-1], [2], [-3]]), 0.3).moments
    figure, axis = subplots(size=(6.4, 3.2))
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


def price_over_pairs(p_positive: float = 0.4) -> Figure:
    """|h|^2/(b(1-b)) over the plane of two numbers g+ and g-: nothing on one line, and most where they agree."""
    figure, axis = subplots(size=(4.6, 3.6))
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


def _arrow(axis: Axes, start: np.ndarray, end: np.ndarray, name: str, width: float) -> None:
    style = {"arrowstyle": "-|>", "color": colour(name), "lw": width, "shrinkA": 0, "shrinkB": 0, "mutation_scale": 16}
    axis.annotate("", (end[0], end[1]), (start[0], start[1]), arrowprops=style)
    axis.plot([start[0], end[0]], [start[1], end[1]], lw=0)  # arrows alone do not widen the view


def _label(
    axis: Axes, text: str, place: np.ndarray, offset: tuple[float, float], name: str, centred: bool = False
) -> None:
    label = axis.annotate(text, (place[0], place[1]), offset, textcoords="offset points", color=colour(name))
    label.set_horizontalalignment("center" if centred else "left")


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


def valleys() -> Figure:
    """tr Cov Z over tr Cov D against b for the real models, with its two walls and minimum."""
    figure, panels = _panel_a_model((7.4, 3.3), sharey=True)
    for name, (axis, moments) in panels.items():
        _valley(axis, moments)
        axis.set(title=name, xlim=(0, 1), ylim=(0, 11), xlabel="$b$, probability of a positive phase")
    figure.axes[0].set_ylabel("total variance, two terms = 1")
    legend_below(figure)
    return figure


def _valley(axis: Axes, moments: PhaseMoments) -> None:
    unit = np.trace(two_term_covariance(moments))
    grid = np.linspace(0.02, 0.98, 193)
    walls = moments.m_positive / grid, moments.m_negative / (1 - grid)
    for wall, (tint, label) in zip(walls, WALLS, strict=True):
        axis.plot(grid, wall / unit, "--", color=colour(tint), lw=1.2, label=label)
    curve = np.array([isd_trace(moments, float(b)) for b in grid])
    axis.plot(grid, curve / unit, color=colour("isd"), lw=2.4, label="total variance")
    _mark_best(axis, moments, unit, "centred", label="$b^*$")


def _mark_best(
    axis: Axes, moments: PhaseMoments, unit: float, tint: str, *, above: int = 12, label: str | None = None
) -> None:
    best = optimal_p_positive(moments), isd_trace_minimum(moments) / unit
    axis.plot(*best, "o", ms=8, color=colour(tint), label=label)
    axis.annotate(f"{best[0]:.3f}", best, (0, above), textcoords="offset points", ha="center", color=colour(tint))


def same_variances() -> Figure:
    """Valleys of the three small laws; the two that have the same variances have their best b on opposite sides."""
    figure, axis = subplots(size=(6.4, 3.2))
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
    legend_below(figure, fontsize=9)
    return figure


def plane_place(moments: PhaseMoments) -> tuple[float, float]:
    """(v+ - v-, |mu+|^2 - |mu-|^2) in units of m+ + m-; their sum is above 0 just when b* is above 1/2."""
    m = moments.floats()
    total, spread = m.m_positive + m.m_negative, m.v_positive - m.v_negative
    return spread / total, (m.m_positive - m.m_negative - spread) / total


PLACES = {"bars and\nstripes": (26, -32), "digits": (-28, -4)}
"""Names of the real models in the plane, and where they stand beside their dots."""


def direction_plane() -> Figure:
    """Where the real models lie in the plane of `plane_place`, with lines of equal b*."""
    figure, axis = subplots(size=(5.6, 5.0))
    axis.plot([1, 0, -1, 0, 1], [0, 1, 0, -1, 0], color=colour("reference"), lw=1)
    for best in (0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8):
        _line_of_best(axis, best)
    for corners in ([0, 0, 0.5], [0, -1, -0.5]), ([0, 0, -0.5], [0, 1, 0.5]):
        axis.fill(*corners, color=colour("isd"), alpha=0.22, lw=0)
    axis.axvline(0, color=colour("exact"), lw=0.9)
    for (name, beside), model in zip(PLACES.items(), real_models(), strict=True):
        place = plane_place(model.moments)
        axis.plot(*place, "o", ms=7, color=colour("two_term"), zorder=3)
        axis.annotate(name, place, beside, textcoords="offset points", ha="center", color=colour("two_term"))
    axis.text(0.68, -1.0, "$g^+$ varies more,\nis to be visited less", ha="center", color=colour("isd"))
    axis.text(-0.62, 0.8, "$g^+$ varies less,\nis to be visited more", ha="center", color=colour("isd"))
    axis.set(xlabel="$(v_+ - v_-)/(m_+ + m_-)$", ylabel=r"$(|\mu_+|^2 - |\mu_-|^2)/(m_+ + m_-)$", aspect="equal")
    axis.grid(visible=False)
    return figure


def _line_of_best(axis: Axes, best: float) -> None:
    # b* depends on x + y alone: (b/(1-b))^2 = m+/m- = (1 + x + y)/(1 - x - y).
    odds = (best / (1 - best)) ** 2
    total = (odds - 1) / (odds + 1)
    ends = np.array([[(total - 1) / 2, (total + 1) / 2], [(total + 1) / 2, (total - 1) / 2]])
    axis.plot(*ends.T, color=colour("exact"), lw=2 if best == 0.5 else 0.9, alpha=1 if best == 0.5 else 0.6)
    text, place = (f"{best:g}", (9, -9)) if best != 0.5 else ("$b^*=0.5$", (19, -19))
    axis.annotate(text, ends[1], place, textcoords="offset points", ha="center", va="center", rotation=-45)


def _by_short_name() -> dict[str, PhaseMoments]:
    return {model.name.split()[0]: model.moments for model in real_models()}


def valley_numbers() -> dict[str, float]:
    """What the prose quotes of the real models and of the three small laws, by name."""
    numbers: dict[str, float] = {}
    for short, m in _by_short_name().items():
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


def _panel_a_model(size: tuple[float, float], **how: Any) -> tuple[Figure, dict[str, tuple[Axes, PhaseMoments]]]:
    """A figure with a panel for each real model: by its name, the panel and the moments."""
    models = real_models()
    figure, axes = subplots(1, len(models), size=size, **how)
    return figure, {model.name: (axis, model.moments) for axis, model in zip(axes, models, strict=True)}


SEVEN = 7
TWO_FIFTHS = Fraction(2, 5)
DESIGNS = (
    "Two panels, bars and stripes and digits: variance of a batch times its number of phases, against that number, 1 "
    "to 24. Independent coins stay on a flat line high up. Evenly spread phases swing below it and sink to the floor, "
    "which they touch at every fifth batch size. Alternating phases lie on the floor at even sizes."
)
MISCOUNTS = (
    "Two panels, a plane with c* to the right. Independent coins: a row of ellipses along c*, one for each number of "
    "positive phases, and around them a long dashed ellipse, the spread of the batch. Evenly spread phases: two "
    "ellipses side by side, and a dashed ellipse hardly longer than one of them. A cross marks mu."
)
SAME_BUDGET = (
    "Horizontal bars for bars and stripes and for digits, in units of two terms. Two terms: 1, all of it noise within "
    "the phases. Two phases of ISD, at one half and at the best b: about the same noise within the phases, and about "
    "as much again from counting, 1.3 for the bars and 0.8 for the digits."
)


def design_curves(b: Fraction = TWO_FIFTHS, most: int = 24) -> Figure:
    """n tr Cov of a batch of n phases against n for the real models, in units of what is left with fixed counts."""
    figure, panels = _panel_a_model((7.4, 3.3), sharey=True)
    designs = {
        "independent coins": (Bernoulli(b), "isd", "-", "o"),
        "evenly spread": (Systematic(b), "centred", "-", "o"),
        "alternating, $b=1/2$": (Alternating(), "two_term", ":", "s"),
    }
    for name, (axis, moments) in panels.items():
        small, _ = folded_moments(moments, np.zeros((0, moments.dimension)))
        for label, (design, tint, line, mark) in designs.items():
            curve = [_noise(small, design, n) for n in range(1, most + 1)]
            axis.plot(range(1, most + 1), curve, line, marker=mark, ms=4, lw=1.4, color=colour(tint), label=label)
        axis.axhline(1, color=colour("exact"), lw=1, ls="--")
        axis.set(title=name, xlabel="$n$, phases in a batch", ylim=(0, 2.6))
    figure.axes[0].set_ylabel("$n$ × variance, fixed counts = 1")
    legend_below(figure)
    return figure


def _noise(moments: PhaseMoments, design: Any, n: int) -> float:
    b = float(design.p_positive)
    covariance = batch_isd_covariance(moments, b, n, float(design.count_variance(n)))
    return float(np.trace(covariance) / np.trace(batch_isd_covariance(moments, b, n, 0.0)))


def same_budget() -> Figure:
    """Total variance of two phases' worth of work, split into noise within the phases and noise of counting them."""
    figure, panels = _panel_a_model((7.4, 2.3), sharey=True, sharex=True)
    for name, (axis, moments) in panels.items():
        unit = moments.v_positive + moments.v_negative
        parts = [(1.0, 0.0)] + [_two_phases(moments, b) for b in (0.5, optimal_p_positive(moments))]
        within, counting = np.array(parts).T / [unit if k else 1 for k in range(3)]
        places = range(3)
        axis.barh(places, within, lw=0, color=colour("two_term"), label="noise within phases")
        axis.barh(places, counting, left=within, lw=0, color=colour("isd"), label="noise of counting")
        axis.set(title=name, xlabel="total variance, two terms = 1")
        axis.grid(visible=False, axis="y")
    figure.axes[0].set_yticks(range(3), ["two terms", "two ISD phases, $b=1/2$", "two ISD phases, $b=b^*$"])
    figure.axes[0].invert_yaxis()
    legend_below(figure)
    return figure


def _two_phases(moments: PhaseMoments, b: float) -> tuple[float, float]:
    within = centred_isd_trace(moments, b) / 2
    return within, isd_trace(moments, b) / 2 - within


def miscounts(b: Fraction = TWO_FIFTHS, n: int = SEVEN) -> Figure:
    """Where a batch of n phases of bars and stripes lands, for each number of positive ones: one-sigma ellipses.

    The plane is spanned by c* and the rest of mu. Dashed: the whole batch, with a cross at mu.
    """
    moments = bars_model().moments
    figure, axes = subplots(2, 1, size=(7.4, 3.1), sharex=True, sharey=True)
    designs = {"independent coins": Bernoulli(b), "evenly spread": Systematic(b)}
    for axis, (name, design) in zip(axes, designs.items(), strict=True):
        _landings(axis, moments, design, n)
        axis.set_title(f"{n} phases, {name}", fontsize=10)
        axis.set(aspect="equal", yticks=[0, 5], ylim=(0, 6.5))
    axes[-1].set_xlabel("along $c^*$")
    figure.supylabel("along the rest of $\\mu$", fontsize=10)
    return figure


def _landings(axis: Axes, moments: PhaseMoments, design: Any, n: int) -> None:
    b = float(design.p_positive)
    centre = isd_centre(moments, b)
    plane = np.linalg.qr(np.stack([centre, moments.mean], axis=1))[0].T
    plane *= np.sign(plane @ np.stack([centre, moments.mean], axis=1)).diagonal()[:, None]
    for count, chance in design.count_law(n):
        place = moments.mean + (count - n * b) / (n * b * (1 - b)) * centre
        within = count * moments.covariance_positive / (n * b) ** 2
        within = within + (n - count) * moments.covariance_negative / (n * (1 - b)) ** 2
        x, y = _ellipse(plane @ place, plane @ within @ plane.T)
        axis.fill(x, y, color=colour("isd"), alpha=0.15 + 0.6 * float(chance), lw=0)
        axis.annotate(f"$N={count}$", (x.mean(), y.min() - 0.2), ha="center", va="top", fontsize=8)
    covariance = batch_isd_covariance(moments, b, n, float(design.count_variance(n)))
    axis.plot(*_ellipse(plane @ moments.mean, plane @ covariance @ plane.T), "--", color=colour("exact"), lw=1.4)
    axis.plot(*(plane @ moments.mean), "+", ms=10, mew=2, color=colour("two_term"))


def _ellipse(centre: np.ndarray, covariance: np.ndarray) -> np.ndarray:
    angle = np.linspace(0, 2 * np.pi, 129)
    return centre[:, None] + np.linalg.cholesky(covariance) @ np.stack([np.cos(angle), np.sin(angle)])


def budget_numbers() -> dict[str, float]:
    """What the prose quotes of the real models, by name."""
    numbers: dict[str, float] = {}
    for short, m in _by_short_name().items():
        two_terms = m.v_positive + m.v_negative
        numbers |= {
            f"{short}-half": isd_trace(m, 0.5) / 2 / two_terms,
            f"{short}-shared": float(np.linalg.norm(m.mean_positive + m.mean_negative)),
            f"{short}-n": m.dimension,
            f"{short}-apart": abs(np.sqrt(m.m_positive) - np.sqrt(m.m_negative)),
        }
    m, b = bars_model().moments, float(TWO_FIFTHS)
    floor = np.trace(phase_noise_covariance(m, b))
    seven = batch_isd_covariance(m, b, SEVEN, float(Systematic(TWO_FIFTHS).count_variance(SEVEN)))
    return numbers | {
        "coins-over-floor": isd_trace(m, b) / floor,
        "seven-over-floor": 100 * (SEVEN * np.trace(seven) / floor - 1),
    }


CENTRED_VARIANCE = (
    "Two panels, bars and stripes and digits: total variance at equal compute against b. The curve of ISD lies far "
    "above the horizontal line of the two-term estimator. The curve of centred ISD touches that line at b = 1/2 and "
    "dips just below it at the Neyman b, marked by a dot."
)
BASELINES_IN_A_PLANE = (
    "Two panels. Left, a plane of baselines: mean gradients of both phases, a segment between them on which c* sits, "
    "and rings of equal total variance around c*. Right, three ellipses around the same mean gradient, one within the "
    "other: the outermost without a baseline, the next with half of c*, the innermost with c*."
)
LEARNED_BASELINES = (
    "Two panels against the rate of the running mean. Left, the price rises with the rate, more steeply for one pooled "
    "mean than for one mean in each phase. Right, with a drift added, valleys whose lowest point moves to larger rates "
    "and upwards as the drift grows."
)


def centred_variance() -> Figure:
    """Total variance of two averaged phases against b, without and with the best baseline, beside two terms."""
    figure, panels = _panel_a_model((7.2, 3.0))
    for name, (axis, moments) in panels.items():
        _panel(axis, moments)
        axis.set(title=name, xlabel="$b$", xlim=(0.1, 0.9), xticks=[0.1, 0.3, 0.5, 0.7, 0.9])
    figure.axes[0].set_ylabel("total variance, two phases")
    figure.axes[-1].legend(loc="upper center", fontsize="small")
    return figure


def _panel(axis: Axes, law: PhaseMoments) -> None:
    grid = np.linspace(0.1, 0.9, 161)
    plain, centred = (np.array([trace(law, b) / 2 for b in grid]) for trace in (isd_trace, centred_isd_trace))
    two_terms = float(np.trace(two_term_covariance(law)))
    axis.fill_between(grid, centred, plain, color=colour("isd"), alpha=0.13, linewidth=0)
    axis.plot(grid, plain, color=colour("isd"), label="ISD")
    axis.plot(grid, centred, color=colour("centred"), label="centred ISD")
    axis.axhline(two_terms, color=colour("two_term"), linestyle=(0, (4, 2)), label="two terms")
    best = neyman_p_positive(law), neyman_trace_minimum(law) / 2
    axis.plot(*best, "o", color=colour("centred"), markersize=6, label="Neyman $b$", zorder=4)
    axis.set_ylim(0, 1.15 * plain[[0, -1]].max())


def _two_parameters() -> PhaseMoments:
    plus, minus = np.array([2.6, 1.2]), np.array([1.6, 2.0])
    noise = np.array([[0.5, 0.2], [0.2, 0.3]]), np.array([[0.3, -0.1], [-0.1, 0.5]])
    return independent_moments(plus, noise[0] + np.outer(plus, plus), minus, noise[1] + np.outer(minus, minus))


def baselines_in_a_plane(p_positive: float = 0.35) -> Figure:
    """Left: total variance over the plane of baselines. Right: Cov Z_c as an ellipse around mu for three of them."""
    law = _two_parameters()
    centre = isd_centre(law, p_positive)
    figure, (left, right) = subplots(1, 2, size=(7.4, 3.1))
    x, y = np.meshgrid(np.linspace(-0.6, 3.6, 81), np.linspace(-0.6, 3.2, 81))
    traces = [
        np.trace(centred_isd_covariance(law, p_positive, np.array(point)))
        for point in zip(x.ravel(), y.ravel(), strict=True)
    ]
    rings = left.contour(
        x, y, np.reshape(traces, x.shape), levels=[5, 8, 12, 18, 26, 48], colors=[colour("reference")], linewidths=1
    )
    left.clabel(rings, fontsize=8)
    ends = np.stack([law.mean_positive, law.mean_negative])
    left.plot(*ends.T, color=colour("exact"), lw=1)
    for place, name, beside in (
        (law.mean_positive, r"$\mu_+$", (9, -8)),
        (law.mean_negative, r"$\mu_-$", (-14, 7)),
        (centre, "$c^*$", (8, 6)),
    ):
        left.plot(*place, "o", color=colour("centred" if name == "$c^*$" else "exact"), ms=6)
        left.annotate(name, place, beside, textcoords="offset points")
    angle = np.linspace(0, 2 * np.pi, 181)
    circle = np.stack([np.cos(angle), np.sin(angle)])
    for share, tint, name in ((0.0, "isd", "$c = 0$"), (0.5, "two_term", "$c = c^*/2$"), (1.0, "centred", "$c = c^*$")):
        root = np.linalg.cholesky(centred_isd_covariance(law, p_positive, share * centre))
        right.plot(*(law.mean[:, None] + root @ circle), color=colour(tint), label=name)
        left.plot(*(share * centre), "s" if share < 1 else "o", color=colour(tint), ms=5)
    right.plot(*law.mean, "+", color=colour("exact"), ms=8)
    right.legend(loc="upper left", fontsize="small")
    left.set(xlabel="first parameter", ylabel="second parameter", title="baselines $c$", aspect="equal")
    right.set(xlabel="first parameter", title=r"$Z_c$ around $\mu$", aspect="equal")
    for axis in (left, right):
        axis.grid(visible=False)
    return figure


def _price(statement: Statement, rates: Any, **more: float) -> Any:
    """Per cent that a learned baseline of these rates adds to the variance on the digits at b = 1/2."""
    m = digits_model().moments
    values = phase_values(m, 0.5) | {alpha: rates} | ({delta_squared: more["drift"]} if more else {})
    return 100 * statement.right_value(System("digits", values)) / centred_isd_trace(m, 0.5)


DRIFTS = (1e-4, 1e-3, 1e-2)
"""Ways that c* moves in one phase, as shares of the noise sigma of a phase."""


def learned_baselines() -> Figure:
    """Left: price of learned baselines against their rate. Right: with a drift of c* added, best rates marked."""
    rates = np.geomspace(0.003, 0.5, 181)
    figure, (left, right) = subplots(1, 2, size=(7.4, 2.9))
    left.loglog(rates, _price(POOLED, rates), color=colour("isd"), label="one pooled mean")
    left.loglog(rates, _price(ONE_EACH, rates), color=colour("centred"), label="one mean in each phase")
    each, noise = _price(ONE_EACH, rates), digits_model().moments.v_positive
    for share, style in zip(DRIFTS, ((0, (1, 1.5)), (0, (4, 2)), "-"), strict=True):
        total = each + _price(DRIFT, rates, drift=share**2 * noise)
        lowest = int(np.argmin(total))
        right.loglog(rates, total, color=colour("centred"), linestyle=style, label=rf"$|\delta| = {share:g}\,\sigma_+$")
        right.plot(rates[lowest], total[lowest], "o", color=colour("centred"), ms=6)
    right.loglog(rates, each, color=colour("reference"), lw=1, label="no drift")
    for axis in (left, right):
        axis.set(xlabel=r"rate $\alpha$")
        axis.legend(fontsize="small", loc="upper left" if axis is left else "upper right")
    left.set_ylabel("added variance, per cent")
    right.set_ylim(0.05, 3e3)
    return figure


def centring_numbers() -> dict[str, float]:
    """What the prose quotes of the real models, by name."""
    numbers: dict[str, float] = {}
    for word, m in _by_short_name().items():
        centre, two_terms, plain = isd_centre(m, 0.5), float(np.trace(two_term_covariance(m))), isd_trace(m, 0.5)
        numbers |= {
            f"{word}-times": plain / two_terms,
            f"{word}-mean-share": 100 * 4 * (centre @ centre) / (plain - two_terms),
            f"{word}-two-terms": two_terms,
            f"{word}-plain": plain / 2,
            f"{word}-centred": centred_isd_trace(m, 0.5) / 2,
            f"{word}-neyman": neyman_p_positive(m),
            f"{word}-gain": neyman_equal_compute_gain(m),
        }
    return numbers | {"loss-each": _price(ONE_EACH, 0.1), "loss-pooled": _price(POOLED, 0.1)}
