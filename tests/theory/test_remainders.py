"""What is left of a formula in vectors and outer products of symbolic length."""

import sympy as sp

from cl_theory.theory.algebra import remainder

d = sp.Symbol("d", integer=True, positive=True)
g, h = (sp.MatrixSymbol(name, d, 1) for name in "gh")
a, b = sp.symbols("a b")


def test_coefficients_of_a_combination_are_read_off_and_factored() -> None:
    assert set(remainder((a**2 - b**2) / (a - b) * g + b * (h - g))) == {a, b}


def test_what_cancels_is_zero() -> None:
    assert remainder(a * g - b * h - a * (g - b / a * h)) == sp.Tuple()
    assert remainder(g - g) == sp.Tuple()


def test_outer_products_are_told_from_their_transposes() -> None:
    square = (a * g + b * h) * (a * g + b * h).T
    assert remainder(square - a**2 * g * g.T - b**2 * h * h.T) == sp.Tuple(a * b, a * b)


def test_a_term_that_was_not_asked_for_is_not_lost() -> None:
    assert remainder(a * g + b * h - a * g) == sp.Tuple(b)
