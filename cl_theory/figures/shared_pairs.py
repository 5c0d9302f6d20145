"""What the two phases of a forward-forward pair share, and what that does to the pace of ISD under Adam."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from cl_theory.cases.pairs_of_images import PairMoments
from cl_theory.figures.runs import arm_colour
from cl_theory.figures.style import colour

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def shared_pairs(
    moments: Mapping[str, Mapping[int, PairMoments]], measured: Mapping[str, tuple[int, float, float]]
) -> "Figure":
    """Left: shared part of a pair along runs, by the run's name; right: drift of ISD a phase under Adam.

    Solid and dotted on the left: both phases on one image, on two. Solid and dashed on the right: without and with a
    baseline. Two-term learning drifts by 1. `moments` are by the number of phases, `measured` adds (phases, relative
    drift, standard error) for some runs.
    """
    import matplotlib.pyplot as plt

    figure, (left, right) = plt.subplots(1, 2, figsize=(7.4, 3.5), layout="constrained")
    for name, along in moments.items():
        phases, tint = list(along), arm_colour(name)
        lines = ((of.shared, of.shared_by_all, of.drift, of.centred_drift) for of in along.values())
        same, other, drift, centred = zip(*lines, strict=True)
        left.plot(phases, same, "o-", ms=4, color=tint, label=f"nets of {name}")
        left.plot(phases, other, "o:", ms=3, lw=1.3, color=tint)
        right.plot(phases, drift, "o-", ms=4, color=tint)
        right.plot(phases, centred, "o--", ms=3, lw=1.3, color=tint)
    for name, (after, seen, error) in measured.items():
        right.errorbar([after], [seen], [2 * error], fmt="D", ms=6, mfc="none", capsize=3, color=arm_colour(name))
    right.axhline(1, color=colour("exact"), lw=1, ls=":")
    left.set(ylabel="shared part of a pair", ylim=(0, 1.03))
    right.set(ylabel="relative drift of ISD", ylim=(0, None))
    for axis in (left, right):
        axis.set_xlabel("phases")
    handles, labels = left.get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=len(labels))
    return figure
