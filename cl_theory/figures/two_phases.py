"""What the difference of two phases says: one unit that learns how often to be on, and dreams cut short."""

from typing import TYPE_CHECKING

import numpy as np

from cl_theory.cases.contrastive_systems import moody, sweep_chain
from cl_theory.estimators.contrastive_statements import AFTER_ONE_SWEEP
from cl_theory.estimators.symbols import start, sweep
from cl_theory.figures.style import colour
from cl_theory.statements import System

if TYPE_CHECKING:
    from matplotlib.figure import Figure

ONE_UNIT = (
    "Two panels over theta. Left, the dreamt rate rises as a sigmoid and crosses the level line of the seen rate 0.7; "
    "arrows of the slope point from the curve to the line and shorten towards the crossing. Right, the loss, a valley "
    "whose lowest point is at the same theta."
)
SHORT_DREAMS = (
    "Length of the mean estimate over that of the gradient against the number of sweeps, for a network with two moods. "
    "After one sweep it is a small part; it rises steadily and comes close to one after some twenty."
)


def one_unit(seen: float = 0.7) -> "Figure":
    """One unit with energy -theta s: rates of being on, seen and dreamt, and the loss whose slope is their distance."""
    import matplotlib.pyplot as plt

    theta = np.linspace(-4, 4, 161)
    dreamt, loss = 1 / (1 + np.exp(-theta)), np.log1p(np.exp(theta)) - seen * theta
    figure, (rates, losses) = plt.subplots(1, 2, figsize=(7.0, 2.6))
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


def short_dreams(n_sweeps: int = 30) -> "Figure":
    """|E D| over the gradient's length when the negative phase stops after 1, 2, ... sweeps from the data."""
    import matplotlib.pyplot as plt

    shares = short_dream_shares(n_sweeps)
    figure, axis = plt.subplots(figsize=(5.6, 2.7))
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
