"""Pivots decide whether a matrix is positive definite, in rationals."""

from fractions import Fraction

import numpy as np
import pytest
import sympy as sp

from cl_theory.theory.arithmetic import exact_array, pivots


def test_their_products_are_the_leading_minors() -> None:
    root = exact_array([[1, 2, 0], [0, 1, 3], [2, 0, 1]])
    matrix = root @ root.T
    minors = [sp.Matrix(matrix[:k, :k].tolist()).det() for k in (1, 2, 3)]
    assert [Fraction(int(m.p), int(m.q)) for m in minors] == list(np.cumprod(pivots(matrix)))


def test_a_singular_and_an_indefinite_matrix_end_in_a_pivot_that_is_not_positive() -> None:
    assert pivots(exact_array([[1, 1], [1, 1]])) == [1, 0]
    assert pivots(exact_array([[1, 2], [2, 1]])) == [1, -3]
    assert pivots(exact_array([[0, 1], [1, 0]])) == [0]


def test_a_matrix_that_is_not_symmetric_is_refused() -> None:
    with pytest.raises(ValueError, match="symmetric"):
        pivots(exact_array([[1, 2], [3, 4]]))
