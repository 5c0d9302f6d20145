"""Two phases of ISD against one two-term step, and what a designed order of phases saves."""

from collections.abc import Mapping
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np

from cl_theory.cases.real_models import bars_model, real_models
from cl_theory.estimators.theory import (
    batch_isd_covariance,
    centred_isd_trace,
    isd_centre,
    isd_trace,
    optimal_p_positive,
    phase_noise_covariance,
)
from cl_theory.figures.style import colour
from cl_theory.laws.folded import folded_moments
from cl_theory.laws.moments import PhaseMoments
from cl_theory.phases.order import Alternating, Bernoulli, Systematic

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

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


def design_curves(laws: Mapping[str, PhaseMoments] | None = None, b: Fraction = TWO_FIFTHS, most: int = 24) -> "Figure":
    """n tr Cov of a batch of n phases against n for each law, by default the real models.

    The unit is what is left when the counts are fixed.
    """
    import matplotlib.pyplot as plt

    chosen = laws or _real_moments()
    figure, axes = plt.subplots(1, len(chosen), figsize=(7.4, 3.3), sharey=True, layout="constrained")
    designs = {
        "independent coins": (Bernoulli(b), "isd", "-", "o"),
        "evenly spread": (Systematic(b), "centred", "-", "o"),
        "alternating, $b=1/2$": (Alternating(), "two_term", ":", "s"),
    }
    for axis, (name, moments) in zip(axes, chosen.items(), strict=True):
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


def same_budget(laws: Mapping[str, PhaseMoments] | None = None) -> "Figure":
    """Total variance of two phases' worth of work, split into noise within the phases and noise of counting them.

    One panel for each law, by default the real models.
    """
    import matplotlib.pyplot as plt

    chosen = laws or _real_moments()
    figure, axes = plt.subplots(1, len(chosen), figsize=(7.4, 2.3), sharey=True, sharex=True, layout="constrained")
    for axis, (name, moments) in zip(axes, chosen.items(), strict=True):
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


def miscounts(law: PhaseMoments | None = None, b: Fraction = TWO_FIFTHS, n: int = SEVEN) -> "Figure":
    """Where a batch of n phases lands, for each number of positive ones: one-sigma ellipses in a plane with c*.

    The plane is spanned by c* and the rest of mu; `law` is by default that of the bars and stripes. Dashed: the whole
    batch, with a cross at mu.
    """
    import matplotlib.pyplot as plt

    moments = law or bars_model().moments
    figure, axes = plt.subplots(2, 1, figsize=(7.4, 3.1), sharex=True, sharey=True, layout="constrained")
    designs = {"independent coins": Bernoulli(b), "evenly spread": Systematic(b)}
    for axis, (name, design) in zip(axes, designs.items(), strict=True):
        _landings(axis, moments, design, n)
        axis.set_title(f"{n} phases, {name}", fontsize=10)
        axis.set(aspect="equal", yticks=[0, 5], ylim=(0, 6.5))
    axes[-1].set_xlabel("along $c^*$")
    figure.supylabel("along the rest of $\\mu$", fontsize=10)
    return figure


def _landings(axis: "Axes", moments: PhaseMoments, design: Any, n: int) -> None:
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
    for short, m in zip(("bars", "digits"), _real_moments().values(), strict=True):
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


def _real_moments() -> dict[str, PhaseMoments]:
    return {model.name: model.moments for model in real_models()}
