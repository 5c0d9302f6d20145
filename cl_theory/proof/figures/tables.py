"""What was fixed before the runs, as quiet tables: the definition of an experiment, and the criteria of claims."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from html import escape
from typing import Any

import numpy as np

from cl_theory.proof.checks.comparisons import Effect
from cl_theory.proof.experiments.definition import Experiment
from cl_theory.proof.ledger.registry import claim


@dataclass(frozen=True)
class StatedTable:
    """Rows of text under a head; shows as HTML on a page, as text elsewhere."""

    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]

    @classmethod
    def of(cls, head: tuple[str, ...], *rows: tuple[str, ...]) -> "StatedTable":
        """A table of `rows` under `head`."""
        return cls(head, rows)

    def _repr_html_(self) -> str:
        head = "".join(f"<th>{escape(title)}</th>" for title in self.head)
        body = "".join("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in self.rows)
        return f'<table class="estimates"><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>'

    def __repr__(self) -> str:
        lines = [self.head, *self.rows]
        widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
        return "\n".join("  ".join(c.ljust(w) for c, w in zip(line, widths, strict=True)).rstrip() for line in lines)


def plus_minus(values: np.ndarray) -> str:
    """The mean over seeds and the reach of its interval of 95 %, as text."""
    return f"{values.mean():.1f} ± {1.96 * values.std(ddof=1) / len(values) ** 0.5:.1f}"


def mean_and_spread(values: np.ndarray) -> str:
    """The mean over seeds and their standard deviation, as text."""
    return f"{values.mean():.3f} ± {values.std(ddof=1):.3f}"


def effects_table(of: str, effects: Mapping[str, Effect]) -> StatedTable:
    """Effects with their intervals, a row each; `of` says what the rows are."""
    intervals = {name: (effect.estimate, effect.low, effect.high) for name, effect in effects.items()}
    return intervals_table((of, "effect", "interval"), intervals, "+.1f")


def intervals_table(
    head: tuple[str, str, str], intervals: Mapping[str, tuple[float, float, float]], form: str
) -> StatedTable:
    """Rows of a name, an estimate and the interval around it, from (estimate, low, high)."""
    rows = ((name, f"{x:{form}}", f"[{low:{form}}, {high:{form}}]") for name, (x, low, high) in intervals.items())
    return StatedTable(head, tuple(rows))


def definition_table(defined: Experiment) -> StatedTable:
    """An experiment as it is registered: what all arms share, and what each has of its own."""
    first, last = defined.points[0], defined.points[-1]
    rows = [
        ("question", defined.question),
        ("all arms", _words(defined.settings)),
        *((arm, _words(own)) for arm, own in defined.arms.items()),
        ("measured", f"at {len(defined.points)} points from {first} to {last:,} phases"),
        ("seeds", f"{defined.seeds.first} to {defined.seeds.first + len(defined.seeds) - 1}, the same for all arms"),
    ]
    return StatedTable((defined.name, "as registered"), tuple(rows))


def criteria_table(*claims: str) -> StatedTable:
    """What each of `claims` asks of the data, as it is registered; KeyError for an unknown claim."""
    rows = [
        (name if k == 0 else "", criterion.name, criterion.statement, criterion.words)
        for name in claims
        for k, criterion in enumerate(claim(name).criteria)
    ]
    return StatedTable(("claim", "criterion", "effect", "must be"), tuple(rows))


def _words(settings: Mapping[str, Any]) -> str:
    """Plain settings as ``name value``, inner ones in brackets."""
    return ", ".join(f"{name} {_value(value)}" for name, value in settings.items())


def _value(value: Any) -> str:
    if isinstance(value, Mapping):
        return f"({_words(value)})"
    return value if isinstance(value, str) else json.dumps(value)
