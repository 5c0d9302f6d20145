"""Systems: named values that can say what the symbols of a statement are."""

from collections.abc import Callable, Mapping
from typing import Any

import sympy as sp


class System:
    """What some symbols are on one concrete system, exactly (Fractions) or in floats; values are made when asked for.

    name, family
        This system in a few words, and the kind that it is one of ("random laws"), for the scope of a check.
    values
        A value, or a function without arguments that makes it, for each symbol.
    wrong
        By the name of an error that is no term (a coin off by 1 %): a function that makes the system in whose *left*
        sides it is planted.
    drawn
        For the left sides that can be measured by drawing: how, or a function that says it; see
        `cl_theory.proof.checks.statement_checks.Drawn`.
    only_drawn
        Whether drawing is all that this system can do for left sides.
    """

    def __init__(
        self,
        name: str,
        values: Mapping[sp.Expr, Any],
        *,
        family: str = "",
        wrong: Mapping[str, Callable[[], "System"]] | None = None,
        drawn: Mapping[sp.Expr, Any] | None = None,
        only_drawn: bool = False,
    ) -> None:
        self.name, self.family, self.only_drawn = name, family or name, only_drawn
        self._values, self._known = dict(values), dict[sp.Expr, Any]()
        self._wrong, self.drawn = dict(wrong or {}), dict(drawn or {})
        self._made: dict[str, System] = {}

    def __call__(self, symbol: sp.Expr) -> Any:
        """The value of `symbol`. LookupError, with what this system does supply, if it cannot say."""
        if symbol not in self._values:
            known = ", ".join(sorted(map(str, self._values)))
            raise LookupError(f"system {self.name!r} cannot supply {symbol}; it knows {known}. Add it to its values")
        if symbol not in self._known:
            value = self._values[symbol]
            self._known[symbol] = value() if callable(value) else value
        return self._known[symbol]

    def supplies(self, symbol: sp.Expr) -> bool:
        """Whether this system says itself what `symbol` is."""
        return symbol in self._values

    @property
    def symbols(self) -> tuple[sp.Expr, ...]:
        """What this system can say."""
        return tuple(self._values)

    def with_error(self, name: str) -> "System":
        """This system with an error planted in what it measures; made once."""
        if name not in self._wrong:
            known = ", ".join(sorted(self._wrong)) or "none"
            raise LookupError(f"system {self.name!r} has no planted error {name!r}; it knows {known}")
        if name not in self._made:
            self._made[name] = self._wrong[name]()
        return self._made[name]

    def has_error(self, name: str) -> bool:
        """Whether this system knows how to plant the error `name`."""
        return name in self._wrong

    def __repr__(self) -> str:
        return f"System({self.name!r})"
