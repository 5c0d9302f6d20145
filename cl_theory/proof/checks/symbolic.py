"""Proof by algebra: differences that expand to zero, sums of squares, positive coefficients.

No ``simplify``: for rational functions, a common denominator and an expanded numerator decide. SymPy's ``is_positive``
knows no probability and answers None for most differences; a wrong one has to be refuted by a point.
"""

import itertools
import math
import random
from collections.abc import Iterator, Sequence
from typing import Any

import sympy as sp

from cl_theory.proof.checks.outcome import Outcome
from cl_theory.theory.algebra import remainder


def vanishes(expression: Any, *, scope: str) -> Outcome:
    """Whether `expression` (a scalar, a matrix or nested lists of them) expands to 0, entry by entry.

    An entry vanishes when `remainder` leaves nothing of it. That decides every identity between rational functions.
    TypeError where an entry has a float; ValueError where one is undefined or where there is none.
    """
    entries = [exact_formula(entry) for entry in _entries(expression)]
    if not entries:
        raise ValueError("expression must have at least one entry, got none")
    remainders = remainder(entries)
    values: dict[str, Any] = {
        "expression": str(entries[0]) if len(entries) == 1 else [str(entry) for entry in entries],
        "terms": sum(_terms(entry) for entry in entries),
    }
    if remainders:
        values["remainder"] = str(remainders[0])
    return Outcome("symbolic", scope, not remainders, values, 0.0, cost=len(entries))


def is_sum_of_squares(
    expression: Any, squares: Sequence[tuple[Any, Any]], *, scope: str, probability: sp.Symbol | None = None
) -> Outcome:
    r"""Whether `expression` is :math:`\sum_i c_i\, q_i^2` for `squares` :math:`= [(c_i, q_i), \dots]`, with all
    :math:`c_i \ge 0`.

    The difference must expand to 0, and each coefficient must be a rational function of symbols declared
    positive whose expanded numerator and denominator have no negative coefficient; `probability` is a symbol in
    (0, 1), replaced by u/(1+u) with u > 0 for that question. A coefficient of which neither this nor the
    opposite can be shown leaves the check inconclusive. ValueError if a base is not known to be real.
    """
    if not squares:
        raise ValueError("squares must hold at least one (coefficient, base), got none")
    pairs = [(exact_formula(coefficient), exact_formula(base)) for coefficient, base in squares]
    for _, base in pairs:
        _require_real(base)
    outcome = vanishes(exact_formula(expression) - sum(c * base**2 for c, base in pairs), scope=scope)
    signs = [_sign_certificate(c, probability, allow_zero=True) for c, _ in pairs]
    values = {"expression": str(expression), "squares": [[str(c), str(base)] for c, base in pairs]}
    values |= {name: left for name, left in outcome.values.items() if name == "remainder"}
    passed = False if not outcome.passed or False in signs else (None if None in signs else True)
    return Outcome("symbolic", scope, passed, values, 0.0, cost=len(pairs))


def is_positive(expression: Any, *, scope: str, probability: sp.Symbol | None = None) -> Outcome:
    """Whether a rational function of positive symbols is above 0, by its coefficients.

    `probability`, a symbol in (0, 1), is replaced by u/(1+u) with u > 0. Passes when the expanded numerator and
    denominator have positive coefficients only (enough, not necessary); fails when a rational point is found at
    which the value is not above 0; otherwise inconclusive. ValueError if a symbol is not declared positive.
    """
    formula = exact_formula(expression)
    values: dict[str, Any] = {"expression": str(formula)}
    passed = _sign_certificate(formula, probability, allow_zero=False)
    if passed is None:
        values["reason"] = "no certificate: some coefficients are negative, yet no point with a value <= 0 was found"
    return Outcome("symbolic", scope, passed, values, 0.0)


def exact_formula(entry: Any) -> sp.Expr:
    """`entry` as a SymPy expression without floats, else TypeError; ValueError if it is undefined (0/0)."""
    formula = sp.sympify(entry)
    if not isinstance(formula, (sp.Expr, sp.MatrixExpr)):
        raise TypeError(f"pass a formula, such as left - right, got {entry!r} of type {type(entry).__name__}")
    if formula.has(sp.Float):
        raise TypeError(f"a proof needs exact numbers, got a float in {formula}; write Rational(1, 100) for 0.01")
    if formula.has(sp.nan, sp.zoo, sp.oo):
        raise ValueError(f"expression is undefined, got {formula}; look for a division by zero")
    return formula


def _entries(expression: Any) -> Iterator[Any]:
    if isinstance(expression, (list, tuple, sp.Tuple)):
        for inner in expression:
            yield from _entries(inner)
    elif hasattr(expression, "tolist"):  # explicit matrices and arrays, SymPy's and NumPy's
        yield from _entries(expression.tolist())
    else:
        yield expression


def _terms(formula: sp.Expr) -> int:
    return sum(len(sp.Add.make_args(sp.expand(part))) for part in sp.Add.make_args(formula) if part != 0)


def _require_real(base: sp.Expr) -> None:
    if base.is_extended_real is not True:
        names = ", ".join(str(s) for s in sorted(base.free_symbols, key=str) if not s.is_extended_real)
        raise ValueError(f"a square needs a real base, got {base}; declare {names or 'its parts'} with real=True")


def _sign_certificate(formula: sp.Expr, probability: sp.Symbol | None, *, allow_zero: bool) -> bool | None:
    # True: certified by coefficients; False: a point shows the opposite; None: neither.
    if probability is not None:
        odds = sp.Dummy("odds", positive=True)
        formula = formula.subs(probability, odds / (1 + odds))
    formula = _without_roots(formula)
    symbols = sorted(formula.free_symbols, key=str)
    for symbol in symbols:
        if not symbol.is_positive:
            raise ValueError(f"{symbol} must be declared positive: Symbol({str(symbol)!r}, positive=True)")
    numerator, denominator = (_polynomial(part, symbols) for part in sp.fraction(sp.cancel(formula)))
    if max(denominator.coeffs()) < 0:
        numerator, denominator = -numerator, -denominator
    if numerator.is_zero:
        return allow_zero
    if min(numerator.coeffs()) > 0 and min(denominator.coeffs()) > 0:
        return True
    return False if _counterexample(numerator, denominator, allow_zero) else None


def _without_roots(formula: sp.Expr) -> sp.Expr:
    # sqrt(x) is a polynomial in the positive symbol whose square is x.
    roots = [power.exp.q for power in formula.atoms(sp.Pow) if power.exp.is_Rational and not power.exp.is_Integer]
    degree = math.lcm(*roots)
    if degree == 1:
        return formula
    positive = [symbol for symbol in formula.free_symbols if symbol.is_positive]
    return formula.subs({symbol: sp.Dummy(f"root_{symbol}", positive=True) ** degree for symbol in positive})


def _polynomial(formula: sp.Expr, symbols: Sequence[sp.Symbol]) -> sp.Poly:
    try:
        return sp.Poly(formula, *(symbols or [sp.Dummy()]), domain=sp.QQ)
    except (sp.PolynomialError, sp.CoercionFailed) as error:
        raise ValueError(f"{formula} is not a polynomial with rational coefficients in {symbols}") from error


def _counterexample(numerator: sp.Poly, denominator: sp.Poly, allow_zero: bool) -> bool:
    # Fixed rational points over many orders of magnitude: a negative corner coefficient rules far enough out.
    chooser, n_symbols = random.Random(0), len(numerator.gens)
    grid = [sp.Integer(10) ** power for power in range(-6, 7)]
    near = [sp.Rational(1, 2), sp.Integer(1), sp.Integer(2)]
    points: Iterator[Sequence[sp.Rational]] = itertools.chain(
        itertools.islice(itertools.product(near, repeat=n_symbols), 200),
        ([chooser.choice(grid) for _ in range(n_symbols)] for _ in range(400)),
    )
    for point in points:
        above, below = numerator(*point), denominator(*point)
        if above * below < 0 or (above == 0 and below != 0 and not allow_zero):
            return True
    return False
