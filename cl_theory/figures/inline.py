"""Figures as inline SVG: text and axes in the page's own colour, identical bytes for identical figures."""

import hashlib
import html
import io
import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
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
