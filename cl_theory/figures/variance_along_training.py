"""The variance of ISD against b along training, the loss beside it, and a toy in which one phase gets noisier."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from cl_theory.cases.quadratic_toy import QuadraticToy, best_b_at_rest
from cl_theory.experiments.measures import Measure
from cl_theory.experiments.results import Results
from cl_theory.experiments.variances import isd_variance, last_variances, least_variance_b, moments_along, shares
from cl_theory.figures.runs import STANDARD_ERRORS, b_colour, mean_and_error
from cl_theory.figures.style import colour

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

GRID = np.linspace(0.08, 0.92, 85)


def valleys_along_training(found: Mapping[str, Results], arm: str = "b = 0.5") -> "Figure":
    """Top: mean of tr Cov Z(b) over the seeds of one arm, one valley a point of training, a dot at its lowest place.

    Bottom: that place along training for every arm, with two standard errors.
    """
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(2, len(found), figsize=(7.6, 5.6), squeeze=False, layout="constrained")
    for column, (name, results) in enumerate(found.items()):
        _valleys(axes[0, column], *moments_along(results[arm]))
        for own in results.arms.values():
            phases, moments = moments_along(own)
            centre, error = mean_and_error(least_variance_b(moments))
            tint = b_colour(float(own.name.removeprefix("b = ")))
            axes[1, column].errorbar(
                phases, centre, STANDARD_ERRORS * error, fmt="o-", ms=3.5, lw=1.4, capsize=2, color=tint, label=own.name
            )
        axes[0, column].set(title=name, xlabel="$b$", yscale="log")
        axes[1, column].set(xlabel="phases", ylim=(0, 1))
    axes[0, 0].set_ylabel("variance of ISD, exact")
    axes[1, 0].set_ylabel("$b$ of least variance")
    figure.legend(*axes[1, 0].get_legend_handles_labels(), loc="outside lower center", ncols=4, fontsize="small")
    return figure


def _valleys(axis: "Axes", phases: np.ndarray, moments: np.ndarray) -> None:
    for place in range(len(phases)):
        mean = moments[:, :, place].mean(axis=1)
        late = 0.25 + 0.75 * place / max(len(phases) - 1, 1)
        axis.plot(GRID, [isd_variance(mean, b) for b in GRID], color=colour("isd"), alpha=late, lw=1.5)
        best = float(least_variance_b(mean))
        axis.plot([best], [isd_variance(mean, best)], "o", ms=5, color=colour("isd"), alpha=late)


def variance_beside_loss(
    found: Mapping[str, Results],
    measures: Mapping[str, Measure],
    expected: Mapping[str, np.ndarray],
) -> "Figure":
    """Top: variance at the end of each arm's own run. Bottom: last values of `measures`.

    `expected` (n_arms,) are losses that theory derives from the variances, for some of the columns.
    """
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(2, len(found), figsize=(7.6, 4.8), sharex=True, squeeze=False, layout="constrained")
    for column, (name, results) in enumerate(found.items()):
        values, measure = shares(results), measures[name]
        ends = np.array([measure(arm) for arm in results.arms.values()])
        _by_b(axes[0, column], values, last_variances(results))
        _by_b(axes[1, column], values, ends)
        if name in expected:
            axes[1, column].plot(values, expected[name], "x--", color=colour("exact"), lw=1, label="from the variance")
            axes[1, column].legend(loc="upper center", fontsize="small")
        axes[0, column].set(title=name, yscale="log")
        axes[1, column].set(
            xlabel="$b$", ylabel=measure.label_at_the_end, xticks=values, xticklabels=[f"{b:g}" for b in values]
        )
    axes[0, 0].set_ylabel("variance at the end")
    return figure


def _by_b(axis: "Axes", values: Sequence[float], table: np.ndarray) -> None:
    """Seeds faintly, means with two standard errors, the least mean ringed; a cross on top where runs diverged."""
    centre, error = mean_and_error(table.T)
    lost = [b for b, middle in zip(values, centre, strict=True) if np.isnan(middle)]
    axis.plot(lost, [0.95] * len(lost), "x", color=colour("exact"), transform=axis.get_xaxis_transform(), label="_lost")
    axis.plot(values, table, ".", ms=3, color=colour("reference"), alpha=0.35, label="_seed")
    axis.plot(values, centre, color=colour("exact"), lw=1, label="_line")
    for b, middle, reach in zip(values, centre, STANDARD_ERRORS * error, strict=True):
        axis.errorbar([b], [middle], [reach], fmt="o", ms=5, capsize=3, color=b_colour(b), label=f"_b = {b:g}")
    best = int(np.nanargmin(centre))
    axis.plot([values[best]], [centre[best]], "o", ms=12, mfc="none", mew=1.6, color=b_colour(values[best]))


def toy_in_b(
    toy: QuadraticToy,
    deviations: Sequence[float],
    rates: Sequence[float],
    drawn: Mapping[float, tuple[np.ndarray, np.ndarray, np.ndarray]],
) -> "Figure":
    """Left: b of least variance against the negative phase's deviation, and the b at which descent rests best.

    Right: error at rest against b at the first of `rates`, exact lines and `drawn`: by deviation (b, mean, error).
    """
    import matplotlib.pyplot as plt

    figure, (left, right) = plt.subplots(1, 2, figsize=(7.6, 3.4), layout="constrained")
    line, fine = np.linspace(min(deviations), max(deviations), 60), np.linspace(0.02, 0.98, 961)
    left.plot(
        line, [toy.with_negative(s).least_variance_b for s in line], color=colour("exact"), label="least variance"
    )
    tints = [colour(name) for name in ("centred", "isd", "positive_phase", "negative_phase")]
    for rate, mark in zip(rates, "os^", strict=False):
        best = [best_b_at_rest(toy.with_negative(s), rate, fine) for s in deviations]
        left.plot(deviations, best, mark, ms=5, label=rf"best at rest, $\eta$ = {rate:g}")
    left.axvline(float(toy.positive), color=colour("reference"), lw=1, ls=":", label="phases alike")
    for tint, (deviation, (places, mean, error)) in zip(tints, drawn.items(), strict=False):
        member = toy.with_negative(deviation)
        right.plot(
            GRID, [member.rest_error(rates[0], b) for b in GRID], color=tint, label=rf"$\sigma_-$ = {deviation:g}"
        )
        right.errorbar(places, mean, STANDARD_ERRORS * error, fmt="o", ms=4, color=tint, label="_drawn")
        best_b = member.least_variance_b
        right.plot([best_b], [member.rest_error(rates[0], best_b)], "D", ms=6, mfc="none", color=tint, label="_least")
    left.set(xlabel=r"$\sigma_-$, deviation of the negative phase", ylabel="$b$")
    right.set(xlabel="$b$", ylabel=r"$\mathrm{E}\,\theta^2$ at rest", yscale="log")
    for axis in (left, right):
        axis.legend(fontsize="small")
    return figure
