"""What a baseline does to the variance of ISD: against b, in the plane of two parameters, and while it is learned."""

from typing import TYPE_CHECKING, Any

import numpy as np

from cl_theory.cases.real_models import digits_model, real_models
from cl_theory.estimators.centred_statements import DRIFT, ONE_EACH, POOLED
from cl_theory.estimators.symbols import alpha, delta_squared, phase_values
from cl_theory.estimators.theory import (
    centred_isd_covariance,
    centred_isd_trace,
    isd_centre,
    isd_trace,
    neyman_equal_compute_gain,
    neyman_p_positive,
    neyman_trace_minimum,
    two_term_covariance,
)
from cl_theory.figures.style import colour
from cl_theory.laws.moments import PhaseMoments, independent_moments
from cl_theory.statements import Statement, System

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

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


def centred_variance() -> "Figure":
    """Total variance of two averaged phases against b, without and with the best baseline, beside two terms."""
    import matplotlib.pyplot as plt

    models = real_models()
    figure, axes = plt.subplots(1, len(models), figsize=(7.2, 3.0), squeeze=False)
    for axis, model in zip(axes[0], models, strict=True):
        _panel(axis, model.moments)
        axis.set(title=model.name, xlabel="$b$", xlim=(0.1, 0.9), xticks=[0.1, 0.3, 0.5, 0.7, 0.9])
    axes[0, 0].set_ylabel("total variance, two phases")
    axes[0, -1].legend(loc="upper center", fontsize="small")
    return figure


def _panel(axis: "Axes", law: PhaseMoments) -> None:
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


def baselines_in_a_plane(p_positive: float = 0.35) -> "Figure":
    """Left: total variance over the plane of baselines. Right: Cov Z_c as an ellipse around mu for three of them."""
    import matplotlib.pyplot as plt

    law = _two_parameters()
    centre = isd_centre(law, p_positive)
    figure, (left, right) = plt.subplots(1, 2, figsize=(7.4, 3.1), layout="constrained")
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


def learned_baselines() -> "Figure":
    """Left: price of learned baselines against their rate. Right: with a drift of c* added, best rates marked."""
    import matplotlib.pyplot as plt

    rates = np.geomspace(0.003, 0.5, 181)
    figure, (left, right) = plt.subplots(1, 2, figsize=(7.4, 2.9), layout="constrained")
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
    for model in real_models():
        m, word = model.moments, model.name.split()[0]
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
