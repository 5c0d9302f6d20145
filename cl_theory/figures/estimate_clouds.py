"""Single-phase estimates as two clouds, far apart, that balance on the gradient."""

from typing import TYPE_CHECKING

import numpy as np

from cl_theory.cases.real_models import RealModel
from cl_theory.figures.style import colour
from cl_theory.samplers.isd_statistics import gradient_projections
from cl_theory.seeds import FIXED_ROOT, stream

if TYPE_CHECKING:
    from matplotlib.figure import Figure

ESTIMATE_CLOUDS = (
    "Scatter plot in a plane. Estimates from positive phases form one cloud on the far right, estimates from negative "
    "phases another on the left. A dashed line joins the centres of the clouds. The gradient lies on it, where the "
    "line would balance if the clouds weighed b and one minus b; no estimate is near it."
)


def model_clouds(model: RealModel, p_positive: float = 0.3, n: int = 400) -> "Figure":
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


def estimate_clouds(positive: np.ndarray, negative: np.ndarray, centres: np.ndarray, p_positive: float) -> "Figure":
    """Clouds of estimates Z in a plane, (n, 2) a phase, with their exact `centres` (2, 2) and the gradient between."""
    import matplotlib.pyplot as plt

    figure, axis = plt.subplots(figsize=(6.8, 3.1))
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
