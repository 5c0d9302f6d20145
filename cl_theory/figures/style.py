"""One look for every figure: colour-blind safe, transparent, and readable on a light and on a dark page."""

import html
from typing import TYPE_CHECKING

from cl_theory.figures.inline import figure_html, show_figures_as_html

if TYPE_CHECKING:
    from matplotlib.figure import Figure

INK = "#7b7b7b"
"""Text and axes. Has the same contrast (4.2) to a white and to a dark page; inline it follows the page's text."""

COLOURS: dict[str, str] = {
    "two_term": "#2a80c4",
    "isd": "#d55e00",
    "centred": "#009e73",
    "positive_phase": "#c48a00",
    "negative_phase": "#b565a7",
    "always_on": "#7d74d8",
    "exact": INK,
    "reference": "#9a9a9a",
}
"""Named colours (after Okabe and Ito), each with a contrast of at least 2.8 to both pages."""

_RC = {
    "figure.figsize": (6.4, 3.4),
    "figure.dpi": 120,
    "savefig.dpi": 200,
    "figure.constrained_layout.use": True,
    "axes.titlesize": "medium",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.alpha": 0.22,
    "grid.linewidth": 0.6,
    "lines.linewidth": 1.8,
    "legend.frameon": False,
    "font.size": 10.5,
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans"],  # ships with matplotlib, so that every machine draws the same
    "mathtext.fontset": "dejavusans",
    "svg.fonttype": "path",
    "svg.hashsalt": "cl-theory",
}
_TRANSPARENT = ("figure.facecolor", "figure.edgecolor", "axes.facecolor", "savefig.facecolor", "savefig.edgecolor")
_INKED = ("text.color", "axes.edgecolor", "axes.labelcolor", "axes.titlecolor", "xtick.color", "ytick.color")


def use() -> None:
    """Set the book's style, and show figures as inline SVG whose text follows the page's colour.

    Call it once, in the second cell of a chapter. ``colour("isd")`` gives a named colour. To place a figure::

        glue_figure("fig-variance", fig, alt="Variance of ISD against b, convex, lowest at 0.6")

    in a cell tagged ``remove-output`` (JupyterLab shows it there, the book shows it once, where it is pasted), then
    ``{glue:figure} fig-variance`` with ``:name: fig-variance`` and a caption that stands alone.
    """
    import seaborn

    colours = [value for name, value in COLOURS.items() if name not in ("exact", "reference")]
    rc = {**_RC, **dict.fromkeys(_TRANSPARENT, "none"), **dict.fromkeys(_INKED, INK), "grid.color": INK}
    seaborn.set_theme(context="notebook", style="ticks", palette=colours, rc=rc)
    show_figures_as_html(INK)


def colour(name: str) -> str:
    """Hex code of a named colour. ValueError lists the names."""
    if name not in COLOURS:
        raise ValueError(f"colour must be one of {', '.join(COLOURS)}, got {name!r}")
    return COLOURS[name]


def describe(figure: "Figure", alt: str) -> "Figure":
    """Give `figure` the alternative text that is read aloud in its place; ValueError if it is empty."""
    if not alt.strip():
        raise ValueError(f"alt must say what the figure shows, got {alt!r}")
    figure.set_label(" ".join(alt.split()))
    return figure


def glue_figure(name: str, figure: "Figure", *, alt: str, display: bool = True) -> None:
    """Glue `figure` under `name` with its alternative text, and close it so that it is not shown again."""
    import matplotlib.pyplot as plt
    from myst_nb import glue

    glue(name, describe(figure, alt), display=display)
    plt.close(figure)


def inline_svg(figure: "Figure") -> str:
    """`figure` as an HTML fragment whose text and axes take the page's text colour."""
    return figure_html(figure, INK, html.escape(str(figure.get_label()), quote=True))
