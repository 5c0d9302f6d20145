"""Pictures of states and weights, and of the landscape of hidden units."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure

from cl_theory.learning.models.gibbs_chain import FreeChains
from cl_theory.proof.figures.runs import arm_colour, arm_line
from cl_theory.proof.figures.style import bare, colour, legend_below, phase_colours, subplots

SIDE, N_LABELS = 28, 10
LABEL_WIDTH, LABEL_HEIGHT = 3, 4
"""Pixels that a label unit takes in the strip under an image, so that ten fill its width."""

GAP = 2
INK_ON_PAPER = LinearSegmentedColormap.from_list("ink", ["#f4f1ea", "#2b3a4a"])
"""The same on a light and on a dark page."""


def receptive_fields(weights: Mapping[str, np.ndarray]) -> Figure:
    """Weights of every hidden unit, a block a model: its pixels as an image, its ten label units 0 to 9 as a strip.

    weights
        By the model's name, (n_hidden, 794) each; eight units a line. One colour scale for all models reaches to the
        99.5th percentile of the absolute weights.
    """
    reach = float(np.percentile(np.abs(np.concatenate(list(weights.values()))), 99.5))
    figure, blocks = _blocks(weights, 8)
    for name, (axis, block) in blocks.items():
        drawn = _shown(axis, name, block, phase_colours(), (-reach, reach))
    bar = figure.colorbar(drawn, ax=figure.axes, shrink=0.6, aspect=32, label="weight")
    bar.outline.set_visible(False)
    return figure


def samples(images: Mapping[str, np.ndarray]) -> Figure:
    """Images with their label units, a block a row of names: (n, 794) each, in [0, 1], ten a line."""
    figure, blocks = _blocks(images, 10)
    for name, (axis, block) in blocks.items():
        _shown(axis, name, block, INK_ON_PAPER, (0, 1))
    return figure


def with_strip(row: np.ndarray) -> np.ndarray:
    """One row of visible units as an image with its label units below it; NaN is left empty.

    ValueError unless the row holds 28^2 pixels and ten label units.
    """
    if np.shape(row) != (SIDE**2 + N_LABELS,):
        raise ValueError(f"a row must hold {SIDE**2} pixels and {N_LABELS} label units, got shape {np.shape(row)}")
    picture = np.full((SIDE + 1 + LABEL_HEIGHT, N_LABELS * LABEL_WIDTH), np.nan)
    picture[:SIDE, 1:-1] = row[: SIDE**2].reshape(SIDE, SIDE)
    picture[SIDE + 1 :] = np.repeat(row[SIDE**2 :], LABEL_WIDTH)
    return picture


def mosaic(pictures: list[np.ndarray], columns: int) -> np.ndarray:
    """Pictures of one size side by side, `columns` a line, with empty (NaN) gaps between them."""
    height, width = pictures[0].shape
    lines = -(-len(pictures) // columns)
    whole = np.full((lines * (height + GAP) - GAP, columns * (width + GAP) - GAP), np.nan)
    for number, picture in enumerate(pictures):
        top, left = (number // columns) * (height + GAP), (number % columns) * (width + GAP)
        whole[top : top + height, left : left + width] = picture
    return whole


def _blocks(rows: Mapping[str, np.ndarray], columns: int) -> tuple[Figure, dict[str, tuple[Axes, np.ndarray]]]:
    """A figure with an axis below the other for each of `rows`, by name, and the mosaic that belongs there."""
    blocks = {name: mosaic([with_strip(row) for row in of], columns) for name, of in rows.items()}
    heights = [block.shape[0] for block in blocks.values()]
    width = max(block.shape[1] for block in blocks.values())
    size = (7.4, 0.25 + 6.6 * (sum(heights) / width) + 0.12 * len(blocks))
    figure, axes = subplots(len(blocks), 1, size=size, height_ratios=heights, squeeze=False)
    return figure, dict(zip(blocks, zip(axes[:, 0], blocks.values(), strict=True), strict=True))


def _shown(axis: Axes, name: str, block: np.ndarray, colours: Any, limits: tuple[float, float]) -> Any:
    bare(axis)
    axis.set_ylabel(name)
    shown, (low, high) = np.ma.masked_invalid(block), limits
    return axis.imshow(shown, cmap=colours, vmin=low, vmax=high, interpolation="none", aspect="equal")


def hidden_landscape(chains: Mapping[str, FreeChains]) -> Figure:
    """Above: log weight of all states with k hidden units on; below: how often the chains have k of them on.

    `chains` are by the model's name. A line is drawn at the log weight of noise, the state without any hidden unit.
    """
    figure, (above, below) = subplots(2, 1, size=(6.4, 4.6), sharex=True, height_ratios=(3, 1.2))
    noise = next(iter(chains.values())).log_weights[0]
    above.axhline(noise, color=colour("exact"), lw=1, ls=":", label="noise: no hidden unit on")
    width = 0.8 / len(chains)
    for place, (name, of) in enumerate(chains.items()):
        heights = of.log_weights_by_count
        counts = np.arange(len(heights))
        above.plot(counts, heights, "o-", ms=4, color=arm_colour(name), label=name)
        shift = (place - (len(chains) - 1) / 2) * width
        below.bar(counts + shift, of.visited, width, color=arm_colour(name))
    above.set_ylabel("log weight, nats")
    below.set(xlabel="hidden units that are on", ylabel="share of time")
    below.xaxis.get_major_locator().set_params(integer=True)
    legend_below(figure)
    return figure


def living_units(traces: Mapping[str, Mapping[int, np.ndarray]]) -> Figure:
    """A panel a layer: share of units that are on for some image, mean over seeds, and single seeds faintly.

    `traces` hold per estimator and number of phases an array (n_seeds, n_layers).
    """
    tables = {name: np.array(list(trace.values())) for name, trace in traces.items()}
    n_layers = next(iter(tables.values())).shape[-1]
    figure, axes = subplots(1, n_layers, size=(3.7 * n_layers, 3.3), sharey=True, squeeze=False)
    for layer, axis in enumerate(axes[0]):
        for name, trace in traces.items():
            shares, tint = tables[name][..., layer], arm_colour(name)
            axis.plot(list(trace), shares, color=tint, ls=arm_line(name), lw=0.6, alpha=0.35, label="_seed")
            axis.plot(list(trace), shares.mean(axis=1), "o", ls=arm_line(name), ms=4, color=tint, label=name)
        axis.set(xlabel="phases", ylim=(0, 1.03))
        axis.set_title(f"layer {layer + 1}", fontsize="medium")
    axes[0, 0].set_ylabel("share of living units")
    legend_below(figure)
    return figure
