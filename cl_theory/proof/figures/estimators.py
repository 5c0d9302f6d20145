"""Chapters 1 and 2 drawn: what is seen and dreamt, and clouds of estimates, and a coin that learns (24)."""

from functools import cache

import numpy as np
from matplotlib.figure import Figure

from cl_theory.learning.models.exact_phases import gradient_projections
from cl_theory.learning.models.rbm import rbm_phase_means
from cl_theory.proof.figures.style import colour, subplots
from cl_theory.proof.systems.best_b_systems import LOUD, MILD, running_excess
from cl_theory.proof.systems.real_models import RealModel, bars_model, moody, sweep_chain
from cl_theory.seeds import FIXED_ROOT, stream
from cl_theory.theory.estimators.best_b_statements import RUNNING, spread_minus, spread_plus
from cl_theory.theory.estimators.contrastive_statements import AFTER_ONE_SWEEP
from cl_theory.theory.estimators.isd_statements import MEAN_AT_OTHER_WEIGHTS
from cl_theory.theory.estimators.symbols import b, b_believed, mu_minus, mu_plus, sigma_minus, sigma_plus, start, sweep
from cl_theory.theory.system import System

ONE_UNIT = (
    "Two panels over theta. Left, the dreamt rate rises as a sigmoid and crosses the level line of the seen rate 0.7; "
    "arrows of the slope point from the curve to the line and shorten towards the crossing. Right, the loss, a valley "
    "whose lowest point is at the same theta."
)
SHORT_DREAMS = (
    "Length of the mean estimate over that of the gradient against the number of sweeps, for a network with two moods. "
    "After one sweep it is a small part; it rises steadily and comes close to one after some twenty."
)


def one_unit(seen: float = 0.7) -> Figure:
    """One unit with energy -theta s: rates of being on, seen and dreamt, and the loss whose slope is their distance."""
    theta = np.linspace(-4, 4, 161)
    dreamt, loss = 1 / (1 + np.exp(-theta)), np.log1p(np.exp(theta)) - seen * theta
    figure, (rates, losses) = subplots(1, 2, size=(7.0, 2.6))
    rates.plot(theta, dreamt, color=colour("negative_phase"))
    rates.axhline(seen, color=colour("positive_phase"), lw=1.8)
    for at in range(10, 160, 20):
        ends = (theta[at], seen), (theta[at], dreamt[at])
        rates.annotate("", *ends, arrowprops={"arrowstyle": "->", "color": colour("two_term"), "lw": 1.4})
    rates.text(-4, seen + 0.03, "seen: $q$", color=colour("positive_phase"))
    rates.text(0.5, 0.35, r"dreamt: $\sigma(\theta)$", color=colour("negative_phase"))
    rates.set(xlabel=r"$\theta$", ylabel="rate of being on", ylim=(0, 1.05))
    losses.plot(theta, loss, color=colour("exact"))
    best = np.log(seen / (1 - seen))
    losses.scatter(best, np.log1p(np.exp(best)) - seen * best, color=colour("two_term"), zorder=3)
    losses.annotate("seen = dreamt", (best, loss.min()), (0, -14), textcoords="offset points", ha="center")
    losses.set(xlabel=r"$\theta$", ylabel=r"loss $L(\theta)$", ylim=(loss.min() - 0.5, None))
    return figure


def short_dreams(n_sweeps: int = 30) -> Figure:
    """|E D| over the gradient's length when the negative phase stops after 1, 2, ... sweeps from the data."""
    shares = short_dream_shares(n_sweeps)
    figure, axis = subplots(size=(5.6, 2.7))
    axis.plot(np.arange(1, n_sweeps + 1), 100 * shares, "o-", markersize=4, color=colour("two_term"))
    axis.scatter(1, 100 * shares[0], s=42, color=colour("isd"), zorder=3)
    axis.annotate(f"{100 * shares[0]:.0f} % after one sweep", (1, 100 * shares[0]), (8, -3), textcoords="offset points")
    axis.axhline(100, color=colour("reference"), lw=0.8)
    axis.set(xlabel="sweeps of the negative phase", ylabel="estimate / gradient, %", ylim=(0, 108))
    return figure


def short_dream_shares(n_sweeps: int) -> np.ndarray:
    """|E D| over |gradient| of the network with two moods after each number of sweeps up to `n_sweeps`."""
    rbm, data = moody()
    moments = rbm.phase_moments(data)
    plus, gradient = (np.asarray(part, dtype=float) for part in (moments.mean_positive, moments.mean))
    chain = {symbol: np.asarray(value, dtype=float) for symbol, value in sweep_chain(rbm, data).items()}
    shares = []
    for _ in range(n_sweeps):
        system = System("chain", chain)
        estimate = plus - AFTER_ONE_SWEEP.right_value(system).ravel()
        shares.append(np.linalg.norm(estimate) / np.linalg.norm(gradient))
        chain = chain | {start: chain[start] @ chain[sweep]}
    return np.array(shares)


LEVERS = (
    "Three levers, for b of 0.2, 0.5 and 0.8. At the right end of each is the mean of the positive phase over b, at "
    "the left end minus that of the negative phase over one minus b, as discs whose areas are b and one minus b. The "
    "rarer a phase, the longer its arm and the smaller its disc. All three balance at the same point, mu."
)
UNFAIR_COIN = (
    "Lengths of gradient and bias, on a log scale, against steps of exact descent. The gradient falls steeply; the "
    "bias of a coin of 0.49 with weights for a fair one stays where it is, far below at first, within reach at the end."
)


def levers(mean_positive: float = 1.6, mean_negative: float = 1.0) -> Figure:
    """Two means on a line, blown up by 1/b and -1/(1-b): whatever b is, they balance at their difference."""
    chances = (0.2, 0.5, 0.8)
    figure, axis = subplots(size=(6.6, 2.5))
    for row, chance in enumerate(chances):
        ends = {
            "positive_phase": (mean_positive / chance, chance),
            "negative_phase": (-mean_negative / (1 - chance), 1 - chance),
        }
        axis.plot([place for place, _ in ends.values()], [-row, -row], color=colour("exact"), lw=1.2, zorder=1)
        for name, (place, load) in ends.items():
            axis.scatter(place, -row, s=420 * load, color=colour(name), zorder=2)
        balance = sum(place * load for place, load in ends.values())
        axis.scatter(balance, -row - 0.2, marker="^", s=90, color=colour("isd"), zorder=3)
        axis.text(-7.4, -row, f"$b = {chance}$", va="center")
    axis.axvline(mean_positive - mean_negative, color=colour("isd"), lw=0.8, ls=":", zorder=0)
    axis.text(mean_positive - mean_negative, 0.55, r"$\mu$", color=colour("isd"), ha="center", size=13)
    axis.text(mean_positive / chances[0], 0.4, r"$\mu_+/b$", color=colour("positive_phase"), ha="center")
    axis.text(-mean_negative / 0.8, 0.4, r"$-\mu_-/(1-b)$", color=colour("negative_phase"), ha="center")
    axis.set(xlim=(-7.5, 9), ylim=(-2.6, 0.95), xticks=[], yticks=[])
    axis.spines[:].set_visible(False)
    return figure


def unfair_coin(coin: float = 0.49, n_steps: int = 10) -> Figure:
    """Lengths of the gradient and of the bias on bars and stripes, over `n_steps` of exact descent."""
    gradient, bias = unfair_lengths(coin, n_steps)
    figure, axis = subplots(size=(5.6, 2.7))
    texts = {"two_term": (gradient, r"gradient $|\mu|$", 8), "isd": (bias, f"bias of a coin of {coin}", -16)}
    for shade, (lengths, text, above) in texts.items():
        axis.semilogy(lengths, "o-", color=colour(shade), markersize=4)
        axis.annotate(text, (3, lengths[3]), (0, above), textcoords="offset points", color=colour(shade))
    axis.set(xlabel="steps of exact descent", ylabel="length", ylim=(0.08, 8))
    return figure


@cache
def unfair_lengths(coin: float = 0.49, n_steps: int = 10) -> np.ndarray:
    """|mu| and |bias|, (2, n_steps + 1), before each step and after the last; the weights take `coin` to be fair."""
    model, found = bars_model(), []
    rbm = model.rbm
    for _ in range(n_steps + 1):
        plus, minus = rbm_phase_means(rbm, model.data)
        supply = {b: coin, b_believed: 0.5, mu_plus: plus, mu_minus: minus}.__getitem__
        bias = MEAN_AT_OTHER_WEIGHTS.term_values(supply)["what the phases share"]
        found.append([np.linalg.norm(plus - minus), np.linalg.norm(bias)])
        rbm = rbm.with_flat(rbm.flat - 0.5 * (plus - minus))
    return np.array(found).T


ESTIMATE_CLOUDS = (
    "Scatter plot in a plane. Estimates from positive phases form one cloud on the far right, estimates from negative "
    "phases another on the left. A dashed line joins the centres of the clouds. The gradient lies on it, where the "
    "line would balance if the clouds weighed b and one minus b; no estimate is near it."
)


def model_clouds(model: RealModel, p_positive: float = 0.3, n: int = 400) -> Figure:
    """`n` estimates of each sign from a real model, in the plane of its exact means."""
    rng = stream(FIXED_ROOT, "isd-unbiased", "clouds")
    plane = plane_of_means(model, p_positive)
    weights = 1 / p_positive, -1 / (1 - p_positive)
    phases = model.sampler.positive(rng, n), model.sampler.negative(rng, n)
    clouds = [w * gradient_projections(model.rbm, *states, plane) for w, states in zip(weights, phases, strict=True)]
    means = model.moments.mean_positive, model.moments.mean_negative
    centres = np.stack([w * plane @ mean for w, mean in zip(weights, means, strict=True)])
    return estimate_clouds(clouds[0], clouds[1], centres, p_positive)


def plane_of_means(model: RealModel, p_positive: float) -> np.ndarray:
    """Orthonormal rows (2, n_parameters): along c*, what the phases share, and along what is left of the gradient."""
    m = model.moments
    shared = (1 - p_positive) * m.mean_positive + p_positive * m.mean_negative
    first = shared / np.linalg.norm(shared)
    left = m.mean - (m.mean @ first) * first
    return np.stack([first, left / np.linalg.norm(left)])


def estimate_clouds(positive: np.ndarray, negative: np.ndarray, centres: np.ndarray, p_positive: float) -> Figure:
    """Clouds of estimates Z in a plane, (n, 2) a phase, with their exact `centres` (2, 2) and the gradient between."""
    figure, axis = subplots(size=(6.8, 3.1))
    names = ("positive_phase", "negative_phase")
    labels = ("$g^+/b$", "$-g^-/(1-b)$")
    axis.axhline(0, color=colour("reference"), lw=0.6)
    axis.axvline(0, color=colour("reference"), lw=0.6)
    for points, name, centre, label in zip((positive, negative), names, centres, labels, strict=True):
        axis.scatter(points[:, 0], points[:, 1], s=9, color=colour(name), alpha=0.45, lw=0)
        axis.scatter(centre[0], centre[1], s=70, color=colour(name), edgecolor="white", lw=1.2, zorder=3)
        axis.annotate(label, (centre[0], points[:, 1].max() + 1), ha="center", va="bottom", size=13, color=colour(name))
    gradient = p_positive * centres[0] + (1 - p_positive) * centres[1]
    axis.plot(*centres.T, color=colour("exact"), ls=(0, (4, 3)), lw=1, zorder=2)
    axis.scatter(gradient[0], gradient[1], marker="*", s=170, color=colour("isd"), edgecolor="white", lw=0.8, zorder=4)
    axis.annotate("$\\mu$", gradient, (0, -18), textcoords="offset points", color=colour("isd"), size=14, ha="center")
    axis.set(xlabel="along $c^*$, which the phases share", ylabel="rest of the gradient")
    axis.margins(y=0.16)
    axis.grid(False)
    return figure


LEARNED_COIN = (
    "Log-log plot of the excess variance against the number of phases that the coin has learned from, for two laws of "
    "the louder phase. Both curves start near a level, bend down, and from some hundred phases on run along "
    "dashed lines that fall as one over n."
)


def learned_coin(longest: int = 300) -> Figure:
    """Exact excess of a coin that learns b over the least variance, in per cent, and its leading term over n."""
    n = np.unique(np.geomspace(4, longest, 24).astype(int))
    counts = [int(count) for count in n]
    figure, axis = subplots(size=(6.4, 3.4))
    laws = {"mild": (MILD, "two_term"), "loud": (LOUD, "isd")}
    for name, (sides, shade) in laws.items():
        squares = np.array([(float(chance), float(x) ** 2) for chance, x in sides])
        mean = squares[:, 0] @ squares[:, 1]
        spread = squares[:, 0] @ squares[:, 1] ** 2 / mean**2 - 1
        known = {sigma_plus: mean**0.5, sigma_minus: 1.0, spread_plus: spread, spread_minus: 0.0}
        least = (mean**0.5 + 1) ** 2 / 100
        axis.loglog(
            n, running_excess(sides, counts) / least, "o-", ms=3.5, color=colour(shade), label=f"{name} squares"
        )
        leading = RUNNING.right_value(System(name, known))
        axis.loglog(n, leading / n / least, "--", lw=1.2, color=colour(shade))
    axis.set(xlabel="phases that the coin has learned from, $n$", ylabel="excess, per cent of the least")
    axis.legend(fontsize="small")
    return figure


def coin_numbers(n: int = 100) -> dict[str, float]:
    """What a coin that has learned from n phases costs more than the best, in per cent, and a fair coin."""
    least = (3**0.5 + 1) ** 2
    return {
        "learned": 100 * running_excess(MILD, [n])[0] / least,
        "fair": 100 * (2 * (3 + 1) / least - 1),
    }
