"""The look of every figure, and how it is put on a page: as SVG that follows the page in the dark."""

import hashlib
import html
import io
import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.colors import LinearSegmentedColormap
    from matplotlib.figure import Figure


_NO_METADATA = {"Date": None, "Creator": None, "Format": None, "Type": None}
_PROLOGUE = re.compile(r"^.*?(?=<svg)", re.DOTALL)
_METADATA = re.compile(r"<metadata>.*?</metadata>\s*", re.DOTALL)
# Inside a page, matplotlib's rule for "*" would reach every element of the page.
_STYLE_ALL = re.compile(r"<style type=\"text/css\">\*\{[^}]*\}</style>")
_ROOT = re.compile(r"<svg [^>]*?viewBox=\"([^\"]*)\"[^>]*>", re.DOTALL)
_REFERENCE = re.compile(r"(\bid=\"|url\(#|href=\"#)")
_GROUP = re.compile(r"<g id=\"([^\"]*)\"")


def figure_svg(figure: "Figure") -> str:
    """`figure` as a stand-alone SVG document without a date."""
    buffer = io.StringIO()
    figure.savefig(buffer, format="svg", bbox_inches="tight", metadata=_NO_METADATA)
    return buffer.getvalue()


def figure_html(figure: "Figure", ink: str, alt: str) -> str:
    """`figure` as ``<svg>`` for an HTML page; the colour `ink` becomes the page's text colour.

    Ids get a prefix made from the drawing, so that two figures on one page do not take each other's clips.
    """
    text = _STYLE_ALL.sub("", _METADATA.sub("", _PROLOGUE.sub("", figure_svg(figure))))
    text = _without_idle_ids(text).replace(ink, "currentColor")
    prefix = "f" + hashlib.sha256(text.encode()).hexdigest()[:8]
    text = _REFERENCE.sub(rf"\g<1>{prefix}-", text)
    return _ROOT.sub(lambda root: _svg_tag(root[1], alt, prefix), text, count=1).strip()


def show_figures_as_html(ink: str) -> None:
    """In a notebook, display every figure through `figure_html` instead of as a bitmap; elsewhere do nothing.

    NumPy's numbers are shown as numbers, without their type, so that prose can format what is glued.
    """
    import sys

    from matplotlib.figure import Figure

    shell = sys.modules["IPython"].get_ipython() if "IPython" in sys.modules else None
    if shell is None or shell.display_formatter is None:
        return
    import numpy as np
    from matplotlib_inline.config import InlineBackend

    InlineBackend.instance(parent=shell).figure_formats = set()
    formatter = shell.display_formatter.formatters["text/html"]
    formatter.for_type(Figure, lambda figure: figure_html(figure, ink, html.escape(str(figure.get_label()))))
    plain = shell.display_formatter.formatters["text/plain"]
    plain.for_type(Figure, _say_figure)
    for kind in (np.float64, np.float32, np.int64, np.int32):
        plain.for_type(kind, _say_number)


def _without_idle_ids(text: str) -> str:
    return _GROUP.sub(lambda group: group[0] if f"#{group[1]}" in text else "<g", text)


def _say_figure(figure: "Figure", printer: Any, cycle: bool) -> None:
    printer.text(f"[figure] {figure.get_label()}".rstrip())  # the default text holds a memory address


def _say_number(number: Any, printer: Any, cycle: bool) -> None:
    printer.text(repr(number.item()))


def _svg_tag(view_box: str, alt: str, name: str) -> str:
    width, height = view_box.split()[2:]
    return (
        f'<svg class="figure-svg" id="{name}" role="img" aria-label="{alt}" viewBox="{view_box}" '
        f'style="width:100%;max-width:{float(width) * 4 / 3:.0f}px;height:auto;aspect-ratio:{width}/{height};'
        'stroke-linejoin:round;stroke-linecap:butt" xmlns="http://www.w3.org/2000/svg" '
        'xmlns:xlink="http://www.w3.org/1999/xlink">'
    )


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


def subplots(rows: int = 1, columns: int = 1, *, size: tuple[float, float], **how: Any) -> tuple["Figure", Any]:
    """A figure of `size` in inches and its axes, one or an array of them, as from ``pyplot.subplots``."""
    import matplotlib.pyplot as plt

    return plt.subplots(rows, columns, figsize=size, layout="constrained", **how)


def legend_below(figure: "Figure", *, ncols: int | None = None, **how: Any) -> None:
    """What the axes of `figure` have labelled, each label once: below them, by default in one row."""
    found: dict[str, Any] = {}
    for axis in figure.axes:
        for handle, label in zip(*axis.get_legend_handles_labels(), strict=True):
            found.setdefault(label, handle)
    columns = ncols or len(found)
    figure.legend(list(found.values()), list(found), loc="outside lower center", ncols=columns, **how)


def bare(axis: "Axes") -> None:
    """Leave out ticks, frame and grid."""
    axis.set(xticks=[], yticks=[])
    axis.spines[:].set_visible(False)
    axis.grid(visible=False)


def phase_colours() -> "LinearSegmentedColormap":
    """From the colour of the negative phase by light to that of the positive one."""
    from matplotlib.colors import LinearSegmentedColormap

    ends = [colour("negative_phase"), "#f7f5f2", colour("positive_phase")]
    return LinearSegmentedColormap.from_list("phases", ends)


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


def glue_figure(name: str, figure: "Figure", *, alt: str) -> None:
    """Glue `figure` under `name` with its alternative text, and close it so that it is not shown again."""
    import matplotlib.pyplot as plt
    from myst_nb import glue

    glue(name, describe(figure, alt), display=True)
    plt.close(figure)


def inline_svg(figure: "Figure") -> str:
    """`figure` as an HTML fragment whose text and axes take the page's text colour."""
    return figure_html(figure, INK, html.escape(str(figure.get_label()), quote=True))
