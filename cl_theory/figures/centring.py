"""What a baseline does to the variance of ISD, against b."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from cl_theory.estimators.theory import (
    centred_isd_trace,
    isd_trace,
    neyman_p_positive,
    neyman_trace_minimum,
    two_term_covariance,
)
from cl_theory.figures.style import colour
from cl_theory.laws.moments import PhaseMoments

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

CENTRED_VARIANCE = (
    "Two panels, bars and stripes and digits: total variance at equal compute against b. The curve of ISD lies far "
    "above the horizontal line of the two-term estimator. The curve of centred ISD touches that line at b = 1/2 and "
    "dips just below it at the Neyman b, marked by a dot."
)


def centred_variance(moments: Mapping[str, PhaseMoments]) -> "Figure":
    """Total variance of two averaged phases against b, without and with the best baseline, beside two terms."""
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(1, len(moments), figsize=(7.2, 3.5), squeeze=False)
    for axis, (name, law) in zip(axes[0], moments.items(), strict=True):
        _panel(axis, law)
        axis.set(title=name, xlabel="$b$", xlim=(0.1, 0.9), xticks=[0.1, 0.3, 0.5, 0.7, 0.9])
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
