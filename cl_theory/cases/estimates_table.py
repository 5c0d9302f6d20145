"""A quiet table of what a Monte Carlo check drew, beside the exact values."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape

from cl_theory.checks import Outcome

HEAD = ("", "quantity", "exact", "estimate", "standard error", "off by")


@dataclass(frozen=True)
class EstimatesTable:
    """Last stage of each check: exact value, estimate, standard error, and their distance in standard errors.

    `outcomes` by what was drawn from; `quantities` names the coordinates of the statistic, for all of them or by
    outcome; the first few may be enough, and those named "" are left out. Shows as HTML on a page, as text elsewhere.
    """

    outcomes: Mapping[str, Outcome]
    quantities: Sequence[str] | Mapping[str, Sequence[str]]

    @property
    def rows(self) -> list[tuple[str, ...]]:
        """The cells as text."""
        return [row for name, outcome in self.outcomes.items() for row in self._rows_of(name, outcome)]

    def _rows_of(self, name: str, outcome: Outcome) -> list[tuple[str, ...]]:
        columns = [_listed(outcome.details[key]) for key in ("target", "estimate", "standard_error")]
        rows: list[tuple[str, ...]] = []
        names = self.quantities[name] if isinstance(self.quantities, Mapping) else self.quantities
        for quantity, target, estimate, error in zip(names, *columns, strict=False):
            if not quantity:
                continue
            head = f"{name}, n = {outcome.details['n']:,}" if not rows else ""
            texts = (_short(target), _short(estimate), _short(error, 2), f"{(estimate - target) / error:+.1f}")
            rows.append((head, quantity, *texts))
        return rows

    def _repr_html_(self) -> str:
        head = "".join(f"<th>{title}</th>" for title in HEAD)
        body = "".join("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in self.rows)
        return f'<table class="estimates"><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>'

    def __repr__(self) -> str:
        widths = [max(len(cell) for cell in column) for column in zip(HEAD, *self.rows, strict=True)]
        lines = [HEAD, *self.rows]
        return "\n".join("  ".join(c.ljust(w) for c, w in zip(line, widths, strict=True)).rstrip() for line in lines)


def _short(number: float, digits: int = 5) -> str:
    """`digits` significant figures, without an exponent for large numbers."""
    return f"{number:.{digits}g}" if abs(number) < 10**digits else f"{number:,.0f}"


def _listed(value: float | Sequence[float]) -> list[float]:
    return list(value) if isinstance(value, (list, tuple)) else [float(value)]  # type: ignore[arg-type]
