"""How the cost of the kernels grows, as it was measured."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from cl_theory.figures.style import colour, describe

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

GROWTH_SHADES = ("two_term", "isd", "centred", "positive_phase", "negative_phase", "always_on", "exact")
PANELS = {
    "units": ("visible units", "hidden units"),
    "sweeps, replicas, chains": ("sweeps", "replicas", "chains a replica"),
    "states, batch": ("visible states", "batch"),
}


def growth_figure(series: Sequence[Mapping[str, Any]]) -> "Figure":
    """Microseconds a call against what grows, on logarithmic axes, beside lines of proportional growth.

    `series` are records with `work`, `along`, `values` and `microseconds`, one curve each.
    """
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(1, len(PANELS), figsize=(9.6, 3.9), sharey=True)
    for axis, (title, names) in zip(axes, PANELS.items(), strict=True):
        _panel(axis, title, [one for one in series if one["along"] in names])
    axes[0].set_ylabel("microseconds a call")
    parts = [f"{one['work']} by {one['along']} at the power {one['exponent']} at the end" for one in series]
    return describe(figure, "Cost against size on logarithmic axes: " + "; ".join(parts))


def _panel(axis: "Axes", title: str, series: Sequence[Mapping[str, Any]]) -> None:
    for one, shade in zip(series, GROWTH_SHADES, strict=False):
        label = f"{one['work']}, by {one['along']}"
        axis.loglog(one["values"], one["microseconds"], "o-", ms=3, lw=1.4, color=colour(shade), label=label)
        last, cost = one["values"][-1], one["microseconds"][-1]
        first = one["values"][len(one["values"]) // 2]
        axis.loglog([first, last], [cost * first / last, cost], ls=":", lw=1, color=colour("reference"))
    axis.set_xlabel(title)
    if series:
        axis.legend(fontsize="xx-small", loc="upper center", bbox_to_anchor=(0.5, -0.22))
