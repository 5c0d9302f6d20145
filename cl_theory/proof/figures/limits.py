"""Chapters 21 and 22 drawn: the floor under estimators of one phase at a time, and what the order of phases does."""

from dataclasses import replace
from fractions import Fraction

import numpy as np
from matplotlib.figure import Figure
from scipy.stats import binom

from cl_theory.proof.figures.style import colour, phase_colours, subplots
from cl_theory.proof.systems.best_b_systems import both_phases, quieter_phase, unbiased_estimators, without_weights
from cl_theory.proof.systems.compute_systems import (
    Chain,
    as_float_learner,
    block_order,
    linear_learner,
    long_run_count,
    sticky_order,
)
from cl_theory.proof.systems.real_models import digits_model
from cl_theory.seeds import FIXED_ROOT, stream
from cl_theory.theory.chains.ordered_learner import OrderedLearner
from cl_theory.theory.chains.phase_order import Stratified
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


NOISE_OF_STICKING = (
    "Stationary noise against the correlation of a phase with the next. Without a baseline it climbs from the level of "
    "the best baseline, at correlation minus one, ever more steeply; around the best baseline it is a flat line. Dots, "
    "exact at a small learning rate, lie on both."
)
SHIFT_OF_ORDER = (
    "Stationary shift over the learning rate against the long-run variance of the count of positive phases: a straight "
    "line through zero where phases are independent coins, negative where counts are steadier. Around the best "
    "baseline it is zero throughout."
)
ORDERS = (
    "Six rows of coloured cells, one cell a phase. Alternating and systematic rows are regular, the stratified row is "
    "irregular in small blocks, coins are irregular, and sticky rows form long runs."
)


def noise_of_sticking(rate: float = 0.001) -> Figure:
    """(HV + VH)/eta of a scalar learner at b = 1/2 against the stickiness of phases: 0 and c* as baselines."""
    figure, axis = subplots(size=(6.2, 3.1))
    fine, coarse = np.linspace(-1, 0.85, 75), np.linspace(-0.9, 0.8, 8)
    for name, share, text in (("isd", 0, "no baseline"), ("centred", 1, "around $c^*$")):
        limits = [float(_scalar(x, share).slow()[1][0, 0]) for x in fine]
        axis.plot(fine, limits, color=colour(name), label=text)
        learners = [_scalar(x, share) for x in coarse]
        slopes = [float((of.slopes_positive - of.slopes_negative)[0, 0]) for of in learners]
        exact = [2 * h * of.settled(rate)[1][0, 0] / rate for h, of in zip(slopes, learners, strict=True)]
        axis.scatter(coarse, exact, s=22, color=colour(name), zorder=3)
    axis.set(xlabel=r"correlation $\lambda$ of a phase with the next", ylabel=r"$2HV/\eta$", yscale="log")
    axis.legend()
    return figure


def _scalar(correlation: float, share: int) -> OrderedLearner:
    exact = as_float_learner(linear_learner(sticky_order(Fraction(1, 2), Fraction(0)), 1, share))
    return replace(exact, transition=sticky_order(0.5, float(correlation))[0])


def shift_of_order() -> Figure:
    """H E theta / eta of a scalar learner in every order against the long-run variance of counts over b(1-b)."""
    figure, axis = subplots(size=(6.2, 3.0))
    for name, share, text in (("isd", 0, "no baseline"), ("centred", 1, "around $c^*$")):
        places = [
            (float(variance / Fraction(1, 4)), float(linear_learner(chain, 1, share).slow()[0][0]))
            for chain, variance in fair_orders().values()
        ]
        axis.plot(*zip(*sorted(places), strict=True), "o-", markersize=5, color=colour(name), label=text)
    axis.axvline(1, color=colour("reference"), lw=0.9)
    axis.set(xlabel="$S_B(0)/b(1-b)$, 1 for coins", ylabel=r"$H\,\mathbb{E}\theta/\eta$")
    axis.legend()
    return figure


def fair_orders() -> dict[str, tuple[Chain, Fraction]]:
    """Orders at b = 1/2, from alternating to sticky, with the long-run variance of their counts."""
    half = Fraction(1, 2)
    correlations: dict[str, int | Fraction] = {
        "alternating": -1,
        "switching": Fraction(-1, 2),
        "coins": 0,
        "sticky": half,
        "very sticky": Fraction(3, 4),
    }
    chains = {name: sticky_order(half, Fraction(x)) for name, x in correlations.items()}
    chains["in blocks of four"] = block_order(Stratified(half), 4)
    return {name: (chain, long_run_count(chain)) for name, chain in chains.items()}


def drawn_orders(n_phases: int = 60) -> Figure:
    """A stretch of each of `fair_orders`, a cell a phase."""
    figure, axis = subplots(size=(6.8, 2.3))
    rows, names = [], []
    for k, (name, ((transition, is_positive), variance)) in enumerate(fair_orders().items()):
        rng, state, found = stream(FIXED_ROOT, "drawn orders", k), 0, []
        for _ in range(n_phases):
            found.append(is_positive[state])
            state = int(rng.choice(len(is_positive), p=transition[state].astype(float)))
        rows.append(found)
        names.append(f"{name}, {float(variance / Fraction(1, 4)):.2g}")
    axis.imshow(np.array(rows), aspect="auto", cmap=phase_colours(), interpolation="nearest")
    axis.set(yticks=range(len(rows)), yticklabels=names, xlabel="phase")
    axis.grid(visible=False)
    return figure
