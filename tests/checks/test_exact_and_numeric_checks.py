"""Comparisons without tolerance, and with one of 1e-10."""

import hashlib
from fractions import Fraction as F

import flint
import numpy as np
import pytest
import sympy as sp

from cl_theory.proof.checks.exact import at_least_exactly, below, close, equal_exactly


def grid(n=10_000):
    return np.array([F(i, i % 97 + 1) for i in range(n)], dtype=object).reshape(100, -1)


def test_ten_thousand_rationals_are_compared_and_digested():
    outcome = equal_exactly(grid(), grid().copy(), scope="grid")
    assert (outcome.level, outcome.passed, outcome.smallest_error, outcome.cost) == ("exact", True, 0.0, 10_000)
    texts = [f"{x.numerator}/{x.denominator}" for x in grid().ravel()]
    assert outcome.values["leading"] == texts[:12]
    assert outcome.values["sha256"] == hashlib.sha256("\n".join(texts).encode()).hexdigest()


def test_one_rational_off_in_ten_thousand_turns_red():
    wrong = grid()
    wrong[3, 4] += F(1, 10**30)
    outcome = equal_exactly(wrong, grid(), scope="planted")
    assert outcome.passed is False
    assert outcome.values["differences"] == 1
    assert outcome.values["first_difference"]["place"] == 304


@pytest.mark.parametrize(
    "third", [F(1, 3), sp.Rational(1, 3), flint.fmpq(1, 3), np.array(F(1, 3), dtype=object), sp.Integer(1) / 3]
)
def test_all_kinds_of_rationals_are_the_same_number(third):
    assert equal_exactly(third, F(1, 3), scope="third").passed is True
    assert equal_exactly(third, F(101, 300), scope="third, 1 % off").passed is False


def test_nested_lists_and_matrices_are_compared_by_place():
    rows = [[1, F(1, 2)], [F(1, 2), 4]]
    for value in (rows, sp.Matrix(rows), np.array(rows, dtype=object), flint.fmpq_mat(2, 2, [1, flint.fmpq(1, 2)] * 2)):
        expected = rows if not isinstance(value, flint.fmpq_mat) else [[1, F(1, 2)], [1, F(1, 2)]]
        assert equal_exactly(value, expected, scope="rows").passed is True
    assert equal_exactly(np.arange(4), [0, 1, 2, 3], scope="integers").passed is True


@pytest.mark.parametrize(
    "value", [0.5, np.array([0.5]), [F(1, 2), 0.5], sp.Float(0.5), sp.sqrt(2), np.float64(1), True]
)
def test_an_exact_comparison_refuses_what_is_not_rational(value):
    with pytest.raises(TypeError, match="needs rationals"):
        equal_exactly(value, value, scope="float")


@pytest.mark.parametrize(
    ("value", "target", "message"),
    [([1, 2], [1, 2, 3], r"\(2,\) and \(3,\)"), ([], [], "empty"), ([[1, 2], [3]], [1, 2], "equal lengths")],
)
def test_an_exact_comparison_refuses_other_shapes(value, target, message):
    with pytest.raises(ValueError, match=message):
        equal_exactly(value, target, scope="shape")


def test_an_exact_bound_holds_up_to_equality_and_strictly_above_it():
    assert at_least_exactly([1, F(3, 2)], 1, scope="bound").passed is True
    strict = at_least_exactly([1, F(3, 2)], 1, scope="bound", strict=True)
    assert (strict.passed, strict.values["least_slack"]) == (False, "0/1")
    assert at_least_exactly([F(99, 100)], [1], scope="1 % below").passed is False


def test_floats_agree_within_the_scale_of_their_target():
    target = np.array([[1e6, 1.0], [-3.0, 0.0]])
    outcome = close(target + 5e-5, target, scope="scaled")
    assert (outcome.passed, outcome.scale, outcome.smallest_error) == (True, 1e6, 1e-10)
    assert outcome.values == {"target": [1e6, 1.0, -3.0, 0.0], "count": 4}
    assert close(target + 2e-4, target, scope="planted").passed is False
    assert close(target + 5e-5, target, scope="own scale", scale=1.0).passed is False


def test_a_zero_target_needs_a_declared_scale():
    with pytest.raises(ValueError, match="declare scale"):
        close([1e-12], [0.0], scope="zero")
    assert close([1e-12], [0.0], scope="zero", scale=1.0).passed is True


def test_nan_in_a_value_turns_red_and_in_a_target_is_refused():
    assert close([np.nan, 1.0], [1.0, 1.0], scope="nan").passed is False
    assert below([np.inf], 1.0, scope="inf").passed is False
    with pytest.raises(ValueError, match=r"target must be finite, got .*nan"):
        close([1.0], [np.nan], scope="nan")


def test_a_bound_records_how_close_it_comes():
    outcome = below([0.5, 0.8], [1.0, 1.0], scope="bound")
    assert (outcome.passed, outcome.values["largest_ratio"]) == (True, 0.8)
    assert outcome.smallest_error == pytest.approx(0.2)
    assert below([1.0], 1.0, scope="tight").passed is True
    assert below([1.01], 1.0, scope="1 % above").passed is False


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: close([1.0], [1.0, 2.0], scope="s"), ValueError, r"value \(1,\) and target \(2,\)"),
        (lambda: close([], [], scope="s"), ValueError, "empty"),
        (lambda: close([1j], [1.0], scope="s"), TypeError, "real"),
        (lambda: close([1.0], [1.0], scope="s", scale=-1.0), ValueError, "scale must be"),
        (lambda: below([1.0], 0.0, scope="s"), ValueError, "above 0, got 0.0"),
        (lambda: below([1.0], [np.nan], scope="s"), ValueError, "finite"),
        (lambda: below([1.0, 2.0], [1.0], scope="s"), ValueError, "shapes must agree"),
        (lambda: close([1.0], [1.0], scope=" "), ValueError, "scope must say"),
    ],
)
def test_bad_numbers_are_refused(call, error, message):
    with pytest.raises(error, match=message):
        call()
