"""Figures that a reader can play with: SymPy formulas printed to JavaScript, beside a picture that stands still.

On a page without JavaScript, in print and in JupyterLab the picture stays, with a sentence that says so. The assets go
to pages that hold such a figure; this module is also the Sphinx extension that sees to it.
"""

import html
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import sympy as sp

from cl_theory.proof.figures.style import colour, describe, inline_svg

if TYPE_CHECKING:
    from matplotlib.figure import Figure

ASSETS = Path(__file__).parent / "assets"
SCRIPTS, STYLE = ("playable.js", "replay.js"), "playable.css"
STANDS_STILL = "Here this picture stands still. On a page of the book, with JavaScript, it can be played with."
N_PLACES = 161
"""Points of a curve."""


@dataclass(frozen=True)
class Slider:
    """A parameter between `low` and `high`, in steps, first at `value`."""

    symbol: sp.Symbol
    label: str
    low: float
    high: float
    step: float
    value: float


@dataclass(frozen=True)
class Choice:
    """A parameter that is 0, 1, ...: the number of the chosen option, first the first."""

    symbol: sp.Symbol
    label: str
    options: tuple[str, ...]

    @property
    def value(self) -> int:
        """The first option."""
        return 0


@dataclass(frozen=True)
class Axis:
    """The horizontal axis: what runs along it from `low` to `high`, if need be on a logarithmic scale."""

    symbol: sp.Symbol
    label: str
    low: float
    high: float
    log: bool = False

    @property
    def places(self) -> np.ndarray:
        """Where curves are drawn."""
        space = np.geomspace if self.log else np.linspace
        return space(self.low, self.high, N_PLACES)


@dataclass(frozen=True)
class Curve:
    """A formula in the parameters and in what runs along the axis, drawn where the condition `where` holds."""

    label: str
    colour: str
    formula: sp.Expr
    dashed: bool = False
    where: sp.Basic = sp.true


@dataclass(frozen=True)
class Recurrence:
    """A recurrence: named states with their starts and what they become, taken `count` times; where a point is drawn.

    `x` and `y` may contain the states and `step`, the number of steps taken.
    """

    label: str
    colour: str
    start: Mapping[sp.Symbol, sp.Expr]
    becomes: Mapping[sp.Symbol, sp.Expr]
    count: sp.Expr
    x: sp.Expr
    y: sp.Expr


STEP = sp.Symbol("step")


@dataclass(frozen=True)
class Mark:
    """A point."""

    label: str
    colour: str
    x: sp.Expr
    y: sp.Expr


@dataclass(frozen=True, repr=False)
class Playable:
    """A figure made of formulas.

    name, alt
        Under which it is glued, and what is read aloud in its place.
    y_label, y_log, middle
        The vertical axis; its ends follow the curves, on a linear scale over the `middle` share of the horizontal axis.
    readings
        Numbers under the figure, by what they are.

    ValueError for a formula in a symbol that no control sets.
    """

    name: str
    alt: str
    x: Axis
    y_label: str
    controls: Sequence[Slider | Choice]
    curves: Sequence[Curve]
    marks: Sequence[Mark] = ()
    paths: Sequence[Recurrence] = ()
    readings: Mapping[str, sp.Expr] = field(default_factory=dict)
    y_log: bool = False
    middle: float = 1

    def __post_init__(self) -> None:
        for what, formula, known in self.formulas():
            unknown = sp.sympify(formula).free_symbols - set(known)
            if unknown:
                names = ", ".join(sorted(map(str, unknown)))
                raise ValueError(
                    f"{self.name}: {what} contains {names}, which no control sets; add one or put a number"
                )

    @property
    def parameters(self) -> list[sp.Symbol]:
        """What the controls set."""
        return [control.symbol for control in self.controls]

    @property
    def first(self) -> dict[sp.Symbol, float]:
        """The parameters as they are before anybody touches them."""
        return {control.symbol: control.value for control in self.controls}

    def formulas(self) -> Iterator[tuple[str, sp.Expr, list[sp.Symbol]]]:
        """Every formula with its name and the symbols that it may contain."""
        set_, along = self.parameters, [*self.parameters, self.x.symbol]
        yield from ((curve.label, part, along) for curve in self.curves for part in (curve.formula, curve.where))
        yield from ((mark.label, formula, set_) for mark in self.marks for formula in (mark.x, mark.y))
        yield from ((label, formula, set_) for label, formula in self.readings.items())
        for path in self.paths:
            moving = [*set_, *path.start, STEP]
            yield from ((path.label, formula, set_) for formula in (*path.start.values(), path.count))
            yield from ((path.label, formula, moving) for formula in (*path.becomes.values(), path.x, path.y))

    def __repr__(self) -> str:
        return f"[figure] {self.alt}"

    def _repr_html_(self) -> str:
        return fragment(
            self.name, "playable", still(self), f"(globalThis.playables ??= {{}})[{self.name!r}] = {payload(self)};"
        )


def fragment(name: str, kind: str, picture: "Figure", script: str) -> str:
    """The HTML of a figure: a picture, what to know where it stands still, and the data that bring it to life."""
    import matplotlib.pyplot as plt

    drawn = inline_svg(picture)
    plt.close(picture)
    return (
        f'<div class="{kind}" data-figure="{html.escape(name, quote=True)}">\n<div class="reader-still">{drawn}</div>\n'
        f'<p class="reader-note">{STANDS_STILL}</p>\n<script>{script}</script>\n</div>'
    )


# JavaScript ----------------------------------------------------------------------------------------


class _Code(str):
    """Text that is JavaScript already."""


def payload(figure: Playable) -> str:
    """`figure` as a JavaScript object: labels, ranges, and a function for each formula."""
    along = [*figure.parameters, figure.x.symbol]
    return literal(
        {
            "alt": figure.alt,
            "x": {**_plain(figure.x), "name": figure.x.symbol.name, "places": N_PLACES},
            "y": {"label": figure.y_label, "log": figure.y_log, "middle": figure.middle},
            "controls": [{**_plain(one), "name": one.symbol.name, "value": one.value} for one in figure.controls],
            "curves": [_curve(one, along) for one in figure.curves],
            "marks": [
                _dressed(one) | {axis: arrow(getattr(one, axis), figure.parameters) for axis in "xy"}
                for one in figure.marks
            ],
            "paths": [_path(one, figure.parameters) for one in figure.paths],
            "readings": [
                {"label": label, "at": arrow(formula, figure.parameters)} for label, formula in figure.readings.items()
            ],
        }
    )


def arrow(formula: Any, symbols: Sequence[sp.Symbol]) -> str:
    """`formula` as a JavaScript function of an object that holds `symbols` by name, as SymPy prints it."""
    expression = sp.sympify(formula)
    printed = sp.jscode(expression)
    used = sorted(symbol.name for symbol in symbols if symbol in expression.free_symbols)
    return _Code(f"({{{', '.join(used)}}}) => {' '.join(printed.split())}")


def literal(value: Any) -> str:
    """`value` as JavaScript: mappings, sequences, text and finite numbers; functions as they are printed."""
    if isinstance(value, _Code):
        return str(value)
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{json.dumps(key)}: {literal(one)}" for key, one in value.items()) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(map(literal, value)) + "]"
    return json.dumps(value, allow_nan=False).replace("</", "<\\/")


def _plain(of: Any) -> dict[str, Any]:
    return {name: value for name, value in vars(of).items() if name != "symbol"}


def _dressed(of: Any) -> dict[str, Any]:
    return {"label": of.label, "colour": colour(of.colour)}


def _curve(curve: Curve, along: list[sp.Symbol]) -> dict[str, Any]:
    where = {} if curve.where is sp.true else {"where": arrow(curve.where, along)}
    return _dressed(curve) | {"dashed": curve.dashed, "at": arrow(curve.formula, along)} | where


def _path(path: Recurrence, parameters: list[sp.Symbol]) -> dict[str, Any]:
    moving = [*parameters, *path.start, STEP]
    return _dressed(path) | {
        "start": {state.name: arrow(formula, parameters) for state, formula in path.start.items()},
        "becomes": {state.name: arrow(formula, moving) for state, formula in path.becomes.items()},
        "count": arrow(path.count, parameters),
        "x": arrow(path.x, moving),
        "y": arrow(path.y, moving),
    }


# The picture that stands still ---------------------------------------------------------------------


def still(figure: Playable) -> "Figure":
    """`figure` as it is before anybody touches it, in the book's style."""
    import matplotlib.pyplot as plt

    drawn, axes = plt.subplots(figsize=(6.4, 3.6))
    places, set_ = figure.x.places, figure.first
    rows = [_row(one, set_, figure.x) for one in figure.curves]
    for one, row in zip(figure.curves, rows, strict=True):
        axes.plot(places, row, color=colour(one.colour), ls="--" if one.dashed else "-", label=one.label)
    for path in figure.paths:
        points = np.array(list(walk(path, set_)))
        axes.plot(*points.T, ".-", color=colour(path.colour), lw=1.2, label=path.label)
    for mark in figure.marks:
        at = (float(sp.N(sp.sympify(part).subs(set_))) for part in (mark.x, mark.y))
        axes.plot(*at, "o", ms=7, color=colour(mark.colour), label=mark.label)
    if figure.x.log:
        axes.set_xscale("log")
    if figure.y_log:
        axes.set_yscale("log")
    else:
        outer = int(N_PLACES * (1 - figure.middle) / 2)
        middle = np.concatenate([row[outer : N_PLACES - outer] for row in rows])
        axes.set_ylim(1.05 * min(np.nanmin(middle), 0), 1.05 * max(np.nanmax(middle), 0))
    axes.set(xlim=(figure.x.low, figure.x.high), xlabel=figure.x.label, ylabel=figure.y_label)
    axes.legend(fontsize="small")
    return describe(drawn, figure.alt)


def walk(path: Recurrence, values: Mapping[sp.Symbol, float]) -> Iterator[tuple[float, float]]:
    """The points of a path in floats, its start first."""
    set_ = dict(values)
    state = {name: float(sp.sympify(start).subs(set_)) for name, start in path.start.items()}
    order = [*state, STEP]
    point = sp.lambdify(order, [sp.sympify(one).subs(set_) for one in (path.x, path.y)])
    after = sp.lambdify(order, [sp.sympify(one).subs(set_) for one in path.becomes.values()])
    for step in range(int(sp.sympify(path.count).subs(set_)) + 1):
        yield tuple(point(*state.values(), step))
        state = dict(zip(state, after(*state.values(), step), strict=True))


def _row(curve: Curve, values: Mapping[sp.Symbol, float], axis: Axis) -> np.ndarray:
    formula, where = (sp.lambdify(axis.symbol, part.subs(dict(values))) for part in (curve.formula, curve.where))
    return np.where(where(axis.places), formula(axis.places), np.full(N_PLACES, np.nan))


# The assets on the pages ---------------------------------------------------------------------------


def setup(app: Any) -> dict[str, Any]:
    """Give the scripts and the style to each page that has something to play with."""
    app.connect("html-page-context", _add_assets)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def _add_assets(app: Any, page: str, template: str, context: dict[str, Any], doctree: Any) -> None:
    if 'class="reader-still"' in context.get("body", ""):
        app.add_css_file(STYLE)
        for script in SCRIPTS:
            app.add_js_file(script, loading_method="defer")
