"""Chapter 21 drawn: the floor under every estimator that sees one phase at a time, and what lies beneath it."""

import numpy as np
from matplotlib.figure import Figure
from scipy.stats import binom

from cl_theory.proof.figures.style import colour, subplots
from cl_theory.proof.systems.best_b_systems import both_phases, quieter_phase, unbiased_estimators, without_weights
from cl_theory.proof.systems.real_models import digits_model
from cl_theory.theory.estimators import bound_statements as bound
from cl_theory.theory.estimators.laws import PhaseMoments
from cl_theory.theory.estimators.moments import (
    centred_isd_trace,
    isd_trace,
    neyman_p_positive,
    neyman_trace_minimum,
    two_term_covariance,
)
from cl_theory.theory.system import System

FLOOR_OVER_B = (
    "Total variance against b, for the network on the digits. The floor is a valley, and everything below it is "
    "shaded; its lowest point is marked. ISD without a baseline runs far above it. The level line of the two-term "
    "estimate lies in the shaded part."
)
PRICE_OF_NOT_KNOWING = (
    "Variance over the floor against the number of phases, on a log scale. ISD without a baseline stays at a "
    "constant height. ISD around the means of earlier phases starts there and falls towards one. The difference of "
    "phase means, which gives no answer until both phases came, starts a little below one, rises, and reaches one "
    "sooner from above."
)
BELOW_THE_FLOOR = (
    "Nine estimators on a log scale of variance over the floor. Six unbiased ones that see one phase an update lie at "
    "one or to its right; only ISD around the best baseline lies at one. Three lie to the left: weights left out, "
    "both phases seen, and a coin that picks the quieter phase."
)


def floor_over_b() -> Figure:
    """tr Cov of centred ISD, of plain ISD, and of a two-term step on the digits, one phase an update."""
    moments = digits_model().moments
    figure, axis = subplots(size=(6.2, 3.3))
    grid = np.linspace(0.06, 0.94, 177)
    floor = np.array([centred_isd_trace(moments, b) for b in grid])
    plain = np.array([isd_trace(moments, b) for b in grid])
    axis.fill_between(grid, 0, floor, color=colour("centred"), alpha=0.13, lw=0)
    axis.plot(grid, floor, color=colour("centred"))
    axis.plot(grid, plain, color=colour("isd"))
    two_terms = float(np.trace(two_term_covariance(moments)))
    axis.axhline(two_terms, color=colour("two_term"), lw=1.4, ls="--")
    best, least = float(neyman_p_positive(moments)), float(neyman_trace_minimum(moments))
    axis.scatter(best, least, s=42, color=colour("centred"), zorder=3)
    labels = {"isd": ("ISD", plain), "centred": ("floor = ISD around $c^*$", floor)}
    for name, (text, curve) in labels.items():
        axis.annotate(text, (0.5, curve[88]), (0, 9), textcoords="offset points", ha="center", color=colour(name))
    axis.annotate("two terms", (0.08, two_terms), (0, 4), textcoords="offset points", color=colour("two_term"))
    axis.set(xlim=(0, 1), yscale="log", ylim=(0.6 * two_terms, 1.2 * plain.max()))
    axis.set(xlabel="$b$, probability of a positive phase", ylabel="total variance of an update")
    return figure


def price_of_not_knowing(p_positive: float = 0.4, most: int = 256) -> Figure:
    """Variance of n phases over the floor on the digits: no baseline, means of earlier phases, the ratio estimator."""
    figure, axis = subplots(size=(6.2, 3.1))
    n = np.arange(1, most + 1)
    running, ratio = prices(digits_model().moments, p_positive, most)
    plain = np.full(most, running[0])
    curves = {
        "isd": (plain, "ISD", 30, -14),
        "centred": (running, "around means of earlier phases", 9, 14),
        "two_term": (ratio, "difference of phase means", 2, 32),
    }
    for name, (curve, text, at, above) in curves.items():
        axis.semilogx(n, curve, color=colour(name))
        axis.annotate(text, (n[at], curve[at]), (4, above), textcoords="offset points", color=colour(name))
    axis.axhline(1, color=colour("reference"), lw=0.9)
    axis.set(xlabel="$n$, number of phases", ylabel="variance / floor")
    return figure


def prices(moments: PhaseMoments, p_positive: float, most: int) -> tuple[np.ndarray, np.ndarray]:
    """(running, ratio), each (most,): total variance over the floor after 1, 2, ... phases; the ratio's first is NaN.

    Estimates around the means of earlier phases are uncorrelated, so that their mean adds the mean of their misses. The
    ratio is that of the phase means given that both came.
    """
    b, v_plus, v_minus = p_positive, float(moments.v_positive), float(moments.v_negative)
    means = moments.mean_positive, moments.mean_negative
    floor = v_plus / b + v_minus / (1 - b)
    missed, ratio = [], [np.nan]
    for n in range(1, most + 1):
        counts = np.arange(n)
        missed.append(mean_square_miss(b, counts, (v_plus, v_minus), means))
        if n > 1:
            chance = binom.pmf(counts[1:], n, b) / binom.pmf(counts[1:], n, b).sum()
            spread = chance @ (v_plus / counts[1:] + v_minus / (n - counts[1:]))
            ratio.append(n * spread / floor)
    running = 1 + np.cumsum(missed) / np.arange(1, most + 1) / (b * (1 - b) * floor)
    return running, np.array(ratio)


def mean_square_miss(
    b: float, counts: np.ndarray, variances: tuple[float, float], means: tuple[np.ndarray, np.ndarray]
) -> float:
    """E |c* - c|^2 of the baseline from as many earlier phases as the largest of `counts`; a mean of none is 0."""
    before = counts[-1]
    if before == 0:
        centre = (1 - b) * means[0] + b * means[1]
        return float(centre @ centre)
    total = 0.0
    for share, chance, v, mean in zip((1 - b, b), (b, 1 - b), variances, means, strict=True):
        weights = binom.pmf(counts, before, chance)
        total += share**2 * float(weights[1:] @ (v / counts[1:]) + weights[0] * (mean @ mean))
    return total


def below_the_floor() -> Figure:
    """Total variance over the floor: six unbiased estimators on all histories, and three that break an assumption."""
    rows = {name: (ratio, "centred") for name, ratio in over_the_floor().items()}
    broken = {"without weights": without_weights(), "both phases": both_phases(), "the quieter phase": quieter_phase()}
    rows |= {name: (_over_floor(system), "isd") for name, system in broken.items()}
    figure, axis = subplots(size=(6.4, 3.3))
    for place, (name, (ratio, shade)) in enumerate(rows.items()):
        axis.plot([1, ratio], [-place, -place], color=colour(shade), lw=1.2)
        axis.scatter(ratio, -place, s=42, color=colour(shade), zorder=3)
        ahead = ratio >= 1
        axis.annotate(
            name,
            (min(ratio, 1), -place) if ahead else (1, -place),
            (-8, 0) if ahead else (8, 0),
            textcoords="offset points",
            ha="right" if ahead else "left",
            va="center",
            size=9,
        )
    axis.axvline(1, color=colour("reference"), lw=0.9)
    axis.set(xscale="log", xlabel="total variance / floor", yticks=[])
    axis.spines["left"].set_visible(False)
    return figure


def over_the_floor() -> dict[str, float]:
    """Total variance over the floor of each unbiased estimator on all histories of three phases."""
    return {system.name: _over_floor(system) for system in unbiased_estimators()}


def _over_floor(system: System) -> float:
    floor = bound.COMMON.right_value(system)
    return float(np.trace(system(bound.cov_delta)) / np.trace(floor))
