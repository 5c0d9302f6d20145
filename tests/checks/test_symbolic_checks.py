"""Proof by algebra: what it decides, what it leaves open, and the planted errors that turn it red."""

import numpy as np
import pytest
import sympy as sp

from cl_theory.proof.checks.symbolic import is_positive, is_sum_of_squares, vanishes

A, C = sp.symbols("A_test C_test", positive=True)
D, Z = sp.Symbol("D", real=True), sp.Symbol("z")
p = sp.Symbol("p_test", positive=True)  # no name of the book: SymPy takes equal symbols for each other
PERCENT = sp.Rational(1, 100)


def cauchy_schwarz(error=0):
    slack = sp.Symbol("E", positive=True)  # A C - D^2
    left = A * ((1 - p) ** 2 * A + p**2 * (slack + D**2) / A + 2 * p * (1 - p) * D)
    return left, [(1, (1 - p) * A + p * D), ((1 + error) * p**2, sp.sqrt(slack))]


def test_an_identity_between_rational_functions_vanishes_and_one_off_by_one_percent_leaves_a_remainder():
    outcome = vanishes(1 / p + 1 / (1 - p) - 1 / (p * (1 - p)), scope="partial fractions")
    assert (outcome.level, outcome.passed, outcome.smallest_error) == ("symbolic", True, 0.0)
    assert outcome.values == {"expression": "1/(1 - p_test) + 1/p_test - 1/(p_test*(1 - p_test))", "terms": 3}
    outcome = vanishes(1 / p + (1 + PERCENT) / (1 - p) - 1 / (p * (1 - p)), scope="planted")
    assert outcome.passed is False
    assert outcome.values["remainder"] != "0"


@pytest.mark.parametrize("shape", [list, sp.Matrix, sp.ImmutableMatrix, lambda rows: np.array(rows, dtype=object)])
def test_every_entry_of_a_matrix_must_vanish(shape):
    zero = (p + 1) ** 2 - p**2 - 2 * p - 1
    assert vanishes(shape([[zero, 0], [zero, zero]]), scope="zeros").passed is True
    assert vanishes(shape([[zero, 0], [zero, PERCENT * p]]), scope="one is not").passed is False


def test_matrix_symbols_and_noncommutative_symbols_are_expanded():
    X, Y, Z = (sp.MatrixSymbol(name, 3, 3) for name in "XYZ")
    assert vanishes((X + Y) * Z - X * Z - Y * Z, scope="matrices").passed is True
    assert vanishes((X + Y) * Z - X * Z - Z * Y, scope="wrong order").passed is False
    P, Q = sp.symbols("P Q", commutative=False)
    assert vanishes((P + Q) ** 2 - P**2 - Q**2 - P * Q - Q * P, scope="operators").passed is True
    assert vanishes((P + Q) ** 2 - P**2 - Q**2 - 2 * P * Q, scope="wrong order").passed is False


def test_a_coefficient_with_a_probability_is_certified_through_its_odds():
    excess = A / p + C / (1 - p) - (sp.sqrt(A) + sp.sqrt(C)) ** 2
    squares = [(1 / (p * (1 - p)), (1 - p) * sp.sqrt(A) - p * sp.sqrt(C))]
    assert is_sum_of_squares(excess, squares, scope="excess", probability=p).passed is True


@pytest.mark.parametrize("error", [0, PERCENT, -PERCENT])
def test_a_sum_of_squares_is_certified_and_one_off_by_one_percent_turns_red(error):
    expression, squares = cauchy_schwarz(error)
    assert is_sum_of_squares(expression, squares, scope="Cauchy-Schwarz").passed is (error == 0)


def test_a_negative_coefficient_is_no_sum_of_squares():
    assert is_sum_of_squares(A - p**2 * A, [(A, 1), (-A, p)], scope="negative").passed is False


def test_positive_coefficients_prove_positivity():
    assert is_positive(2 * A / p**3 + 2 * C / (1 - p) ** 3, scope="curvature", probability=p).passed is True
    assert is_positive(A * C / (A + C), scope="no probability").passed is True
    assert is_positive((A**3 - C**3) / (A - C), scope="a common factor").passed is True
    assert is_positive(sp.sqrt(A * C) + sp.cbrt(A), scope="roots").passed is True


@pytest.mark.parametrize(
    "expression",
    [2 * A / p**3 - 2 * C / (1 - p) ** 3, -A, sp.sqrt(A) - A, A - A, A - 1000 * C, A - PERCENT * PERCENT * p, 0 * A],
)
def test_what_is_not_positive_everywhere_turns_red(expression):
    assert is_positive(expression, scope="planted", probability=p).passed is False


def test_a_positive_form_without_a_certificate_is_inconclusive():
    outcome = is_positive(A**2 - A * C + C**2, scope="not by coefficients")
    assert outcome.passed is None
    assert "no certificate" in outcome.values["reason"]


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: vanishes(0.01 * p, scope="s"), TypeError, "write Rational"),
        (lambda: vanishes(sp.Eq(A, C), scope="s"), TypeError, "left - right"),
        (lambda: vanishes([], scope="s"), ValueError, "at least one entry"),
        (lambda: vanishes(sp.nan, scope="s"), ValueError, "undefined"),
        (lambda: is_positive(D, scope="s"), ValueError, "D must be declared positive"),
        (lambda: is_positive(sp.sqrt(A + C), scope="s"), ValueError, "polynomial"),
        (lambda: is_sum_of_squares(A, [], scope="s"), ValueError, "at least one"),
        (lambda: is_sum_of_squares(Z**2, [(1, Z)], scope="s"), ValueError, "declare z with real=True"),
    ],
)
def test_bad_formulas_are_refused(call, error, message):
    with pytest.raises(error, match=message):
        call()
