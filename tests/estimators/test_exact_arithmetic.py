"""Rationals stay rational."""

from fractions import Fraction

import numpy as np
import pytest

from cl_theory.theory.arithmetic import as_floats, exact_array, is_exact, number_like, square_root


@pytest.mark.parametrize(("value", "root"), [(Fraction(9, 16), Fraction(3, 4)), (0, Fraction(0)), (49, Fraction(7))])
def test_the_root_of_a_rational_square_is_rational(value, root):
    assert square_root(value) == root
    assert isinstance(square_root(value), Fraction)


def test_the_root_of_another_number_is_a_float():
    assert square_root(Fraction(1, 2)) == pytest.approx(0.7071067811865476, rel=1e-15)
    assert isinstance(square_root(2.25), float)


def test_a_negative_number_has_no_root_here():
    with pytest.raises(ValueError, match="at least 0"):
        square_root(Fraction(-1, 4))


def test_exact_arrays_hold_fractions_of_python_integers():
    array = exact_array(np.array([[1, 2], [3, 4]]))
    assert array.shape == (2, 2)
    assert all(type(x) is Fraction and type(x.numerator) is int for x in array.flat)
    assert exact_array(["1/3", 2, Fraction(1, 7)]).tolist() == [Fraction(1, 3), 2, Fraction(1, 7)]


def test_floats_are_no_exact_numbers():
    with pytest.raises(TypeError, match="got a float"):
        exact_array([1, 0.5])


def test_a_number_takes_the_kind_of_its_company():
    assert number_like(Fraction(1, 3), np.zeros(2)) == 1 / 3
    assert number_like(Fraction(1, 3), exact_array([1, 2])) == Fraction(1, 3)
    assert is_exact(exact_array([1]))
    assert as_floats(exact_array(["1/3"])).dtype == np.float64
