"""Formulas with vectors and matrices of symbolic size: declared symbols, their LaTeX, remainders, values."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from fractions import Fraction
from functools import reduce
from math import comb
from operator import add, matmul, mul
from typing import Any

import numpy as np
import sympy as sp
from sympy.matrices.expressions.matexpr import MatrixElement
from sympy.printing.latex import LatexPrinter

from cl_theory.theory.arithmetic import square_root

DIMENSION = sp.Symbol("d", integer=True, positive=True)
"""The number of parameters: every vector of a formula has it as its length, unless said otherwise."""


_GLOSSARY: dict[sp.Expr, str] = {}


def glossary() -> dict[sp.Expr, str]:
    """Every declared symbol with its meaning in words."""
    return dict(_GLOSSARY)


def scalar(latex: str, meaning: str, **assumptions: bool) -> sp.Symbol:
    """Declare a number; it is real unless `assumptions` say more (``positive=True``, ``integer=True``)."""
    return _declared(sp.Symbol(latex, **({"real": True} | assumptions)), meaning)


def vector(latex: str, meaning: str) -> sp.MatrixSymbol:
    """Declare a column of d numbers."""
    return _declared(sp.MatrixSymbol(latex, DIMENSION, 1), meaning)


def matrix(latex: str, meaning: str, shape: tuple[Any, Any] = (DIMENSION, DIMENSION)) -> sp.MatrixSymbol:
    """Declare a matrix of d by d numbers, or of another `shape` (rows, columns)."""
    return _declared(sp.MatrixSymbol(latex, *shape), meaning)


def _declared(symbol: sp.Expr, meaning: str) -> Any:
    if not meaning.strip():
        raise ValueError(f"{symbol} needs its meaning in words, got an empty text")
    known = _GLOSSARY.setdefault(symbol, meaning)
    if known != meaning:
        raise ValueError(f"{symbol} is declared already, as {known!r}; import it, or choose another symbol")
    return symbol


def symbols_of(formula: sp.Expr) -> set[sp.Expr]:
    """The symbols that `formula` depends on; the dimension d is none of them."""
    return {symbol for symbol in formula.free_symbols if symbol != DIMENSION}


def remainder(formula: Any) -> sp.Tuple:
    """The coefficients that are left when `formula` is expanded, one for each product of symbols; none if it is 0.

    Sums of products of vectors and matrices are read coefficient by coefficient, numbers as one expression over a
    common denominator; lists and tuples of formulas one after the other. A formula vanishes identically just if
    nothing is left of it.
    """
    if isinstance(formula, (list, tuple, sp.Tuple)):
        return sp.Tuple(*(left for part in formula for left in remainder(part)))
    expression = sp.sympify(formula)
    parts = [expression] if not isinstance(expression, sp.MatrixExpr) else list(_coefficients(expression).values())
    numerators = [sp.expand(sp.fraction(sp.together(sp.expand(part)))[0]) for part in parts]
    return sp.Tuple(*(sp.factor(part) for part, top in zip(parts, numerators, strict=True) if top != 0))


def averaged(formula: sp.MatrixExpr, means: Mapping[sp.Expr, sp.Expr]) -> sp.MatrixExpr:
    """`formula`, expanded, with each product of random symbols replaced by its mean; ValueError for one without."""
    total = None
    for product, number in _coefficients(formula).items():
        if product not in means:
            raise ValueError(f"the mean of {product} is not given; give it, got those of {', '.join(map(str, means))}")
        part = number * means[product]
        total = part if total is None else total + part
    return sp.ZeroMatrix(*formula.shape) if total is None else total


def _coefficients(expression: sp.MatrixExpr) -> dict[sp.Expr, sp.Expr]:
    expanded = _unwrapped(sp.expand(expression.doit()))
    found: dict[sp.Expr, sp.Expr] = {}
    for part in map(_unwrapped, expanded.args if isinstance(expanded, sp.MatAdd) else (expanded,)):
        number, product = part.as_coeff_mmul() if isinstance(part, sp.MatMul) else (sp.Integer(1), part)
        product = product.doit()
        if not product.is_ZeroMatrix:
            found[product] = found.get(product, sp.Integer(0)) + number
    return found


def _unwrapped(expression: sp.Expr) -> sp.Expr:
    """What stands in products and sums of a single part, which expanding leaves behind."""
    while isinstance(expression, (sp.MatMul, sp.MatAdd)) and len(expression.args) == 1:
        expression = expression.args[0]
    return expression


# Values ------------------------------------------------------------------------------------------


def value_of(formula: sp.Expr, supply: Callable[[sp.Expr], Any]) -> Any:
    """`formula` in the arithmetic of what `supply` says its symbols are: Fractions stay exact, floats stay floats.

    Numbers may be arrays, which are taken element by element. Vectors are columns (d, 1), matrices (d, d). TypeError
    for an operation that has no value here.
    """
    if isinstance(formula, sp.Rational):
        return Fraction(int(formula.p), int(formula.q))
    if isinstance(formula, sp.ZeroMatrix):
        return Fraction(0)  # of whatever shape it is compared with
    if isinstance(formula, (sp.Symbol, sp.MatrixSymbol)):
        return _shaped(formula, supply(formula))
    parts = [value_of(part, supply) for part in formula.args]
    if isinstance(formula, (sp.Add, sp.MatAdd)):
        return reduce(plus, parts)
    if isinstance(formula, sp.MatMul):  # before Mul, of which it is one
        numbers = [p for p, of in zip(parts, formula.args, strict=True) if not of.is_Matrix]
        arrays = [p for p, of in zip(parts, formula.args, strict=True) if of.is_Matrix]
        return reduce(times, numbers, reduce(matmul, arrays))
    if isinstance(formula, sp.Mul):
        return reduce(times, parts)
    if isinstance(formula, (sp.Pow, sp.MatPow)):
        return _power(*parts)
    if isinstance(formula, sp.Transpose):
        return parts[0].T
    if isinstance(formula, sp.Trace):
        return np.trace(parts[0])
    if isinstance(formula, MatrixElement):
        return parts[0][int(parts[1]), int(parts[2])]
    if isinstance(formula, (sp.exp, sp.log, sp.tanh)):
        return getattr(np, type(formula).__name__)(np.asarray(parts[0], dtype=float))
    if isinstance(formula, sp.Abs):
        return abs(parts[0])
    if isinstance(formula, sp.binomial):
        return Fraction(comb(*map(int, parts)))
    if isinstance(formula, sp.NumberSymbol):
        return float(formula)
    raise TypeError(f"{type(formula).__name__} has no value here, in {formula}; supply a symbol for it")


def plus(first: Any, second: Any) -> Any:
    """Their sum; a Fraction beside an array of floats becomes one."""
    return add(*_alike(first, second))


def times(first: Any, second: Any) -> Any:
    """Their product; a Fraction beside an array of floats becomes one."""
    return mul(*_alike(first, second))


def _alike(first: Any, second: Any) -> tuple[Any, Any]:
    if isinstance(first, Fraction) and isinstance(second, np.ndarray) and second.dtype != object:
        return float(first), second
    if isinstance(second, Fraction) and isinstance(first, np.ndarray) and first.dtype != object:
        return first, float(second)
    return first, second


def _shaped(symbol: sp.Expr, value: Any) -> Any:
    if not symbol.is_Matrix:
        return Fraction(value) if isinstance(value, int) else value
    array = np.asarray(value)
    return array.reshape(-1, 1) if symbol.cols == 1 and array.ndim == 1 else array


def _power(base: Any, exponent: Any) -> Any:
    if isinstance(exponent, Fraction) and exponent.denominator == 1:
        power = int(exponent)
        return base**power if power >= 0 else 1 / base**-power
    if np.ndim(exponent) == 0 and exponent in (Fraction(1, 2), Fraction(-1, 2)):
        root = square_root(base) if np.ndim(base) == 0 else np.sqrt(np.asarray(base, dtype=float))
        return root if exponent > 0 else 1 / root
    if isinstance(base, Fraction) and isinstance(exponent, np.ndarray) and exponent.dtype == object:
        return np.array([base ** int(e) for e in exponent.ravel()], dtype=object).reshape(exponent.shape)
    return np.asarray(base, dtype=float) ** np.asarray(exponent, dtype=float)


# LaTeX -------------------------------------------------------------------------------------------


class _Printer(LatexPrinter):
    """Sums in the order in which they are meant: what is added first, what is taken off after it."""

    def _print_Symbol(self, expr: sp.Symbol, style: str = "plain") -> str:
        return str(expr.name)  # a symbol's name is its LaTeX

    _print_MatrixSymbol = _print_Symbol

    def _print_Transpose(self, expr: sp.Transpose) -> str:
        return self._raised(expr.arg)

    def _raised(self, base: sp.Expr) -> str:
        text = self._print(base)
        return (rf"\left({text}\right)" if isinstance(base, (sp.MatAdd, sp.MatMul)) else f"{{{text}}}") + r"^{\top}"

    def _print_MatAdd(self, expr: sp.MatAdd) -> str:
        if all(isinstance(_without_number(term), sp.Transpose) for term in expr.args):
            return self._raised(expr.T.doit())
        return _joined([self._print(term) for term in sorted(expr.args, key=_is_negative)])

    def _print_MatMul(self, expr: sp.MatMul) -> str:
        number, product = expr.as_coeff_mmul()
        factors = product.args if isinstance(product, sp.MatMul) else (product,)
        return self._quotient(number, "".join(self._factor(factor) for factor in factors))

    def _factor(self, factor: sp.Expr) -> str:
        text = self._print(factor)
        wrapped = isinstance(factor, sp.MatAdd) and not text.endswith(r"\right)^{\top}")
        return (rf"\left({text}\right)" if wrapped else text) + r"\,"

    def _quotient(self, number: sp.Expr, product: str) -> str:
        product = product.removesuffix(r"\,")
        sign = "-" if _is_negative(number) ^ _starts_negative(number) else ""
        top, bottom = sp.fraction(sp.together(-number if sign else number))
        factor = "" if top == 1 else self._product_of(top) + r"\,"
        if bottom == 1:
            return sign + factor + product
        return rf"{sign}\frac{{{factor}{product}}}{{{self._print(bottom)}}}"

    def _product_of(self, number: sp.Expr) -> str:
        text = self._print(number)
        return rf"\left({text}\right)" if number.is_Add else text

    def _print_Add(self, expr: sp.Add, order: Any = None) -> str:
        return _joined([self._print(term) for term in sorted(expr.as_ordered_terms(), key=_is_negative)])


def _is_negative(term: sp.Expr) -> bool:
    if isinstance(term, sp.MatMul):
        number = term.as_coeff_mmul()[0]
        return _is_negative(number) ^ _starts_negative(number)
    if not isinstance(term, sp.Expr) or term.is_Matrix:
        return False
    return bool(term.could_extract_minus_sign()) and not term.is_Add


def _starts_negative(number: sp.Expr) -> bool:
    """Whether a factor above the line is like B - 1, which reads better as -(1 - B)."""
    above = sp.Mul.make_args(sp.fraction(number)[0])
    turned = [factor for factor in above if factor.is_Add and factor.as_coeff_Add()[0].is_negative]
    return not number.is_Add and len(turned) % 2 == 1


def _without_number(term: sp.Expr) -> sp.Expr:
    return term.as_coeff_mmul()[1].doit() if isinstance(term, sp.MatMul) else term


def _joined(texts: list[str]) -> str:
    first, *others = texts
    return first + "".join(f" - {text[1:].lstrip()}" if text.startswith("-") else f" + {text}" for text in others)


def latex_of(formula: sp.Expr) -> str:
    r"""`formula` as LaTeX, with fractions of vectors as :math:`\frac{\Sigma}{b}`."""
    sums = {symbol: _bracketed(symbol) for symbol in symbols_of(formula) if _is_sum(symbol.name)}
    unambiguous = formula if formula in sums else formula.xreplace(sums)
    return _Printer({"mat_symbol_style": "plain", "mul_symbol": None}).doprint(unambiguous)


def _is_sum(latex: str) -> bool:
    """Whether a plus or a minus stands outside all brackets, so that a sign or a factor before it would be misread."""
    bare = latex.replace(r"\{", "(").replace(r"\}", ")")
    while bare != (inner := re.sub(r"\([^()]*\)|\[[^\[\]]*\]|\{[^{}]*\}|\|[^|]*\|", "", bare)):
        bare = inner
    return bool(re.search(r"\S *[-+] ", bare))


def _bracketed(symbol: Any) -> sp.Expr:
    name = rf"\left({symbol.name}\right)"
    return sp.MatrixSymbol(name, *symbol.shape) if symbol.is_Matrix else sp.Symbol(name, **symbol.assumptions0)


def joined_latex(formulas: Iterable[sp.Expr], marks: Sequence[str] = ()) -> str:
    """The sum of `formulas` as LaTeX, in their order; each, but for its sign, inside its macro of `marks`."""
    texts = [latex_of(formula) for formula in formulas]
    return _joined([_marked(text, mark) for text, mark in zip(texts, marks, strict=True)] if marks else texts)


def _marked(text: str, mark: str) -> str:
    return f"-{mark}{{{text[1:].lstrip()}}}" if text.startswith("-") else f"{mark}{{{text}}}"
