"""Coefficients of vectors and outer products of symbolic length."""

import pytest
import sympy as sp

from cl_theory.learning.samplers.moments import coefficients

d = sp.Symbol("d", integer=True, positive=True)
g, h = (sp.MatrixSymbol(name, d, 1) for name in "gh")
a, b = sp.symbols("a b")


def test_coefficients_of_a_combination_are_read_off_and_factored() -> None:
    assert coefficients((a**2 - b**2) / (a - b) * g + b * (h - g), g, h) == sp.Tuple(a, b)


def test_what_cancels_is_zero() -> None:
    assert coefficients(a * g - b * h - a * (g - b / a * h), g, h) == sp.Tuple(0, 0)
    assert coefficients(g - g, g, h) == sp.Tuple(0, 0)


def test_outer_products_are_told_from_their_transposes() -> None:
    square = (a * g + b * h) * (a * g + b * h).T
    assert coefficients(square, g * g.T, g * h.T, h * g.T, h * h.T) == sp.Tuple(a**2, a * b, a * b, b**2)


def test_a_term_that_was_not_asked_for_is_not_lost() -> None:
    with pytest.raises(ValueError, match="combination of g, found h"):
        coefficients(a * g + b * h, g)
