"""What an RBM sees, what it dreams, and the difference that learning follows."""

from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from cl_theory.cases.real_models import digits_model
from cl_theory.figures.style import colour
from cl_theory.models.rbm import RBM, descended, rbm_phase_means

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

SEEN_AND_DREAMT = (
    "Two rows of three 8 by 8 images. Before learning the dreamt pixel means are noise and differ strongly from the "
    "seen ones. Six steps later both show the same blurred digit, and their difference is nearly blank."
)
TITLES = ("seen: $P_+(v_j = 1)$", "dreamt: $P_-(v_j = 1)$", "seen less dreamt")


@cache
def learned_digits(n_steps: int = 6) -> RBM:
    """The RBM on the digits after `n_steps` of exact descent with rate 0.5."""
    model = digits_model()
    return descended(model.rbm, model.data, n_steps, learning_rate=0.5)


def seen_and_dreamt() -> "Figure":
    """Mean of each pixel of the digits as seen and as dreamt, before learning and after six steps."""
    stages = {"before": digits_model().rbm, "6 steps later": learned_digits()}
    return portraits({name: _pixel_means(rbm) for name, rbm in stages.items()})


def _pixel_means(rbm: RBM) -> tuple[np.ndarray, ...]:
    first = rbm.weights.size
    means = rbm_phase_means(rbm, digits_model().data)
    return tuple(-mean[first : first + rbm.n_visible] for mean in means)


def portraits(pixel_means: Mapping[str, tuple[np.ndarray, ...]], side: int = 8) -> "Figure":
    """One row a stage of learning, `pixel_means` [name] = (mean of v in the positive, in the negative phase)."""
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(
        len(pixel_means), 3, figsize=(6.4, 1.95 * len(pixel_means) + 0.25), squeeze=False, sharex=True, sharey=True
    )
    for row, (name, (seen, dreamt)) in zip(axes, pixel_means.items(), strict=True):
        means = [
            _image(axis, pixels, side, "cividis", (0, 1)) for axis, pixels in zip(row, (seen, dreamt), strict=False)
        ]
        difference = _image(row[2], seen - dreamt, side, _phase_colours(), (-0.6, 0.6))
        row[0].set_ylabel(name)
        figure.colorbar(means[1], ax=row[1], shrink=0.8, ticks=[0, 1]).outline.set_visible(False)
        figure.colorbar(difference, ax=row[2], shrink=0.8, ticks=[-0.5, 0, 0.5]).outline.set_visible(False)
    for axis, title in zip(axes[0], TITLES, strict=True):
        axis.set_title(title, size="small")
    return figure


def _image(axis: "Axes", pixels: np.ndarray, side: int, cmap, limits: tuple[float, float]):
    axis.set(xticks=[], yticks=[])
    axis.spines[:].set_visible(False)
    axis.grid(False)
    low, high = limits
    return axis.pcolormesh(
        np.flipud(pixels.reshape(side, side)), cmap=cmap, vmin=low, vmax=high, edgecolors="face", linewidth=0.4
    )


def _phase_colours():
    from matplotlib.colors import LinearSegmentedColormap

    ends = [colour("negative_phase"), "#f7f5f2", colour("positive_phase")]
    return LinearSegmentedColormap.from_list("phases", ends)
