"""Statements as objects: sides made of named terms, printed, proved and checked from the same expression."""

import hashlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from functools import reduce
from operator import add
from typing import Any, Literal

import sympy as sp

from cl_theory.theory.algebra import glossary, joined_latex, latex_of, plus, remainder, symbols_of, times, value_of

ONE_PERCENT = sp.Rational(101, 100)
"""What is wrong with a term that is put off on purpose."""

WRONG = ("1 % more", "left out", "twice")
"""How a term is wrong on purpose: after its name and a colon."""

_FACTORS = {"1 % more": ONE_PERCENT, "left out": sp.Integer(0), "twice": sp.Integer(2)}

Relation = Literal["=", "<=", ">="]
_SIGN: Mapping[str, str] = {"=": "=", "<=": r"\le", ">=": r"\ge"}


@dataclass(frozen=True, eq=False)
class Statement:
    """``left (= | <= | >=) sum of terms``, each a SymPy formula in declared symbols.

    name
        How it is referred to, on pages and in evidence; one statement has it.
    left
        The quantity that is claimed about; systems supply its value by another way than the terms.
    terms
        The right side, term by term, each with a name in words.
    where
        Symbols that are short for a formula of others: printed short, written out in proofs, and evaluated by their
        formula where a system does not supply them.

    ValueError for a symbol that nobody declared, for a term that is identically zero, for a side without a term, and
    for a name that another statement has.
    """

    name: str
    left: sp.Expr
    terms: Mapping[str, sp.Expr]
    where: Mapping[sp.Expr, sp.Expr] = field(default_factory=dict)
    relation: Relation = "="

    def __post_init__(self) -> None:
        if not self.terms:
            raise ValueError(f"{self.name}: the right side must have at least one term, got none")
        object.__setattr__(self, "terms", {name: sp.sympify(term) for name, term in self.terms.items()})
        declared = glossary()
        for formula in (self.left, *self.terms.values(), *self.where, *self.where.values()):
            for symbol in symbols_of(formula):
                if symbol not in declared:
                    raise ValueError(
                        f"{self.name}: nobody declared the symbol {symbol}; declare it with scalar, vector or matrix"
                    )
        for name, term in self.terms.items():
            if not len(remainder(self.written_out(term))):
                raise ValueError(f"{self.name}: the term {name!r} is identically zero; leave it out or mend it")
        _register(self)

    def written_out(self, formula: sp.Expr) -> sp.Expr:
        """`formula` with the short symbols of `where` replaced by what they stand for."""
        for _ in self.where:
            formula = formula.subs(dict(self.where)) if not formula.is_Matrix else formula.xreplace(dict(self.where))
        return formula

    @property
    def right(self) -> sp.Expr:
        """The sum of the terms."""
        return reduce(add, self.terms.values())

    def minus(self, derived: Any) -> sp.Tuple:
        """What is left of `derived` when the right side is taken off, coefficient by coefficient; () if it agrees."""
        return remainder(self.written_out(sp.sympify(derived) - self.right))

    def off(self, term: str, factor: Any = ONE_PERCENT) -> "Statement":
        """The same statement with one term wrong by `factor`; 0 leaves it out."""
        if term not in self.terms:
            raise ValueError(f"{self.name} has no term {term!r}; its terms are {', '.join(map(repr, self.terms))}")
        others = {name: value for name, value in self.terms.items() if name != term}
        if factor == 0:
            if not others:
                others = {"nothing": 0 * self.terms[term]}
            return _Planted(self.name, self.left, others, self.where, self.relation)
        wrong = {name: factor * value if name == term else value for name, value in self.terms.items()}
        return _Planted(self.name, self.left, wrong, self.where, self.relation)

    def replaced_by(self, instead: Any) -> "Statement":
        """``left = instead``: what is predicted where an assumption of this statement does not hold."""
        return _Planted(self.name, self.left, {"instead": instead}, self.where, "=")

    def planted_errors(self) -> Iterator[tuple[str, "Statement"]]:
        """Each term wrong in turn, as `usual_error` says."""
        for term in self.terms:
            yield f"{term}: {self.usual_error}", self.off(term, _FACTORS[self.usual_error])

    @property
    def usual_error(self) -> str:
        """How terms are wrong on purpose: 1 % more in an equation, left out of an upper bound, twice in a lower one."""
        return {"=": "1 % more", "<=": "left out", ">=": "twice"}[self.relation]

    @property
    def is_bound(self) -> bool:
        """Whether this is an inequality."""
        return self.relation != "="

    def left_value(self, supply: Callable[[sp.Expr], Any]) -> Any:
        """The left side on a system."""
        return value_of(self.left, self._supplied(supply))

    def right_value(self, supply: Callable[[sp.Expr], Any]) -> Any:
        """The right side on a system."""
        return reduce(plus, self.term_values(supply).values())

    def term_values(self, supply: Callable[[sp.Expr], Any]) -> dict[str, Any]:
        """Each term on a system."""
        known = self._supplied(supply)
        return {name: value_of(term, known) for name, term in self.terms.items()}

    def wrong_values(self, supply: Callable[[sp.Expr], Any]) -> dict[str, Any]:
        """The right side on a system with each of `planted_errors` in it, by name; its terms are evaluated once."""
        terms = self.term_values(supply)
        right = reduce(plus, terms.values())
        more = _FACTORS[self.usual_error] - 1
        part = Fraction(int(more.p), int(more.q))
        return {f"{name}: {self.usual_error}": plus(right, times(part, value)) for name, value in terms.items()}

    def _supplied(self, supply: Callable[[sp.Expr], Any]) -> Callable[[sp.Expr], Any]:
        def known(symbol: sp.Expr) -> Any:
            if symbol in self.where and not getattr(supply, "supplies", lambda _: False)(symbol):
                return value_of(self.where[symbol], known)
            return supply(symbol)

        return known

    @property
    def latex(self) -> str:
        """The statement as LaTeX: left side, relation, terms in their order."""
        return f"{latex_of(self.left)} {_SIGN[self.relation]} {joined_latex(self.terms.values())}"

    @property
    def marked_latex(self) -> str:
        r"""`latex` with term k, from 0, in ``\class{term-k}{...}``, by which a page can point at it."""
        marks = [rf"\class{{term-{k}}}" for k in range(len(self.terms))]
        return f"{latex_of(self.left)} {_SIGN[self.relation]} {joined_latex(self.terms.values(), marks)}"

    @property
    def fingerprint(self) -> str:
        """A digest of everything that is stated, to tell whether what was printed is what was checked."""
        parts = [self.relation, sp.srepr(self.left), *(f"{n}: {sp.srepr(t)}" for n, t in self.terms.items())]
        parts += [f"{sp.srepr(s)} = {sp.srepr(f)}" for s, f in self.where.items()]
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]

    def _repr_latex_(self) -> str:
        return f"$$\n{self.latex}\n$$"

    def __str__(self) -> str:
        return f"{self.name}: {self.left} {self.relation} {' + '.join(map(str, self.terms.values()))}"


class _Planted(Statement):
    """A statement that is wrong on purpose: it is not checked, and takes no name."""

    def __post_init__(self) -> None:
        pass


_STATEMENTS: dict[str, Statement] = {}


def _register(statement: Statement) -> None:
    known = _STATEMENTS.setdefault(statement.name, statement)
    if known.fingerprint != statement.fingerprint:
        raise ValueError(
            f"two statements have the name {statement.name!r}: {known} and {statement}; give one of them another name"
        )


def statements() -> Mapping[str, Statement]:
    """Every statement that was made, by name."""
    return dict(_STATEMENTS)


def equation(
    name: str, left: sp.Expr, terms: Mapping[str, Any], *, where: Mapping[sp.Expr, sp.Expr] | None = None
) -> Statement:
    """``left = sum of terms``; see `Statement`."""
    return Statement(name, left, terms, where or {})


def bound(
    name: str,
    left: sp.Expr,
    terms: Mapping[str, Any],
    *,
    relation: Relation = "<=",
    where: Mapping[sp.Expr, sp.Expr] | None = None,
) -> Statement:
    """``left <= sum of terms`` (or ``>=``); see `Statement`."""
    return Statement(name, left, terms, where or {}, relation)
