"""Why one phase at a time has the right mean: the lever that balances, and what a coin that is off does to it."""

from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from cl_theory.cases.real_models import bars_model
from cl_theory.estimators.isd_statements import MEAN_AT_OTHER_WEIGHTS
from cl_theory.estimators.symbols import b, b_believed, mu_minus, mu_plus
from cl_theory.figures.style import colour
from cl_theory.models.rbm import rbm_phase_means

if TYPE_CHECKING:
    from matplotlib.figure import Figure

LEVERS = (
    "Three levers, for b of 0.2, 0.5 and 0.8. At the right end of each is the mean of the positive phase over b, at "
    "the left end minus that of the negative phase over one minus b, as discs whose areas are b and one minus b. The "
    "rarer a phase, the longer its arm and the smaller its disc. All three balance at the same point, mu."
)
UNFAIR_COIN = (
    "Lengths of gradient and bias, on a log scale, against steps of exact descent. The gradient falls steeply; the "
    "bias of a coin of 0.49 with weights for a fair one stays where it is, far below at first, within reach at the end."
)


def levers(mean_positive: float = 1.6, mean_negative: float = 1.0) -> "Figure":
    """Two means on a line, blown up by 1/b and -1/(1-b): whatever b is, they balance at their difference."""
    import matplotlib.pyplot as plt

    chances = (0.2, 0.5, 0.8)
    figure, axis = plt.subplots(figsize=(6.6, 2.5))
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


def unfair_coin(coin: float = 0.49, n_steps: int = 10) -> "Figure":
    """Lengths of the gradient and of the bias on bars and stripes, over `n_steps` of exact descent."""
    import matplotlib.pyplot as plt

    gradient, bias = unfair_lengths(coin, n_steps)
    figure, axis = plt.subplots(figsize=(5.6, 2.7))
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
