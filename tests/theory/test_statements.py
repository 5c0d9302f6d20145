"""Statements: what is printed, proved and checked is one object; and what is refused."""

from fractions import Fraction

import numpy as np
import pytest
import sympy as sp

from cl_theory.proof.checks.statement_checks import proof_check, systems_check
from cl_theory.theory.algebra import averaged, latex_of, remainder, scalar, value_of, vector
from cl_theory.theory.estimators.isd_statements import COVARIANCE, COVARIANCE_BY_SECOND_MOMENTS
from cl_theory.theory.estimators.laws import FiniteLaw
from cl_theory.theory.estimators.symbols import SECOND_MOMENTS, Sigma_plus, b, cov_Z, mu, phase_values
from cl_theory.theory.statement import bound, equation
from cl_theory.theory.system import System

DERIVED = COVARIANCE_BY_SECOND_MOMENTS.right.xreplace(SECOND_MOMENTS)
x = scalar("x_{test}", "a number of these tests", positive=True)
y = scalar("y_{test}", "another number of these tests", positive=True)


@pytest.fixture
def system() -> System:
    law = FiniteLaw.random(np.random.default_rng(7), 4, 2)
    values = phase_values(law.moments, Fraction(3, 10))
    return System("a law", values | {cov_Z: lambda: COVARIANCE_BY_SECOND_MOMENTS.right_value(System("m", values))})


def test_a_changed_term_changes_page_proof_and_every_check_at_once(system: System) -> None:
    right, wrong = COVARIANCE, COVARIANCE.off("noise of the positive phase")
    assert right.latex != wrong.latex
    assert right.fingerprint != wrong.fingerprint
    assert (proof_check(right, DERIVED)[0].passed, proof_check(wrong, DERIVED)[0].passed) == (True, False)
    assert (systems_check(right, [system])[0].passed, systems_check(wrong, [system])[0].passed) == (True, False)


def test_each_term_is_planted_and_seen_without_being_asked_for(system: System) -> None:
    for outcome, controls in (proof_check(COVARIANCE, DERIVED), systems_check(COVARIANCE, [system])):
        assert outcome.passed is True
        assert list(controls) == [f"{term}: 1 % more" for term in COVARIANCE.terms]
        assert all(control.passed is False for control in controls.values())


def test_an_equation_is_printed_as_it_is_written() -> None:
    assert COVARIANCE.latex == (
        r"\operatorname{Cov} Z = \frac{\Sigma_+}{b} + \frac{\Sigma_-}{1 - b}"
        r" + \frac{c^*\,{c^*}^{\top}}{b \left(1 - b\right)}"
    )
    assert latex_of(-mu) == r"-\mu"


@pytest.mark.parametrize("number", [Fraction(2, 3), 0.25])
def test_values_keep_the_arithmetic_of_the_system(number: Fraction | float) -> None:
    formula = (x + 1) ** 2 / x - sp.Rational(1, 3)
    value = value_of(formula, {x: number}.__getitem__)
    assert value == (number + 1) ** 2 / number - (Fraction(1, 3) if isinstance(number, Fraction) else 1 / 3)
    assert type(value) is type(number)


def test_products_of_matrices_are_products_of_matrices() -> None:
    values = {Sigma_plus: np.array([[1.0, 2], [3, 4]]), mu: np.array([1.0, -1]), b: 0.5}
    assert value_of(Sigma_plus * mu / b, values.__getitem__).ravel().tolist() == [-2.0, -2.0]


def test_what_is_left_of_a_formula_is_told_coefficient_by_coefficient() -> None:
    assert remainder((mu + mu) - 2 * mu) == ()
    assert remainder(Sigma_plus / b - 2 * Sigma_plus / b) == (-1 / b,)
    assert averaged(b * mu * mu.T, {mu * mu.T: Sigma_plus}) == b * Sigma_plus


def test_a_bound_is_broken_where_a_needed_term_is_left_out() -> None:
    stated = bound("test-bound", x, {"small": y / 4, "large": y})
    near = System("nearly attained", {x: Fraction(9, 8), y: Fraction(1)})
    outcome, controls = systems_check(stated, [near])
    assert outcome.passed is True
    assert {name: control.passed for name, control in controls.items()} == {
        "small: left out": False,
        "large: left out": False,
    }


def test_a_lower_bound_is_broken_where_a_term_is_doubled() -> None:
    stated = bound("test-lower-bound", x, {"all": y}, relation=">=")
    _, controls = systems_check(stated, [System("attained", {x: Fraction(1), y: Fraction(1)})])
    assert {name: control.passed for name, control in controls.items()} == {"all: twice": False}


def test_a_symbol_that_nobody_declared_is_refused_by_its_name() -> None:
    with pytest.raises(ValueError, match="nobody declared the symbol q; declare it with scalar"):
        equation("test-unknown", x, {"a": sp.Symbol("q")})


def test_a_term_that_is_identically_zero_is_refused_by_its_name() -> None:
    with pytest.raises(ValueError, match="'nothing' is identically zero"):
        equation("test-zero", x, {"nothing": (x + 1) ** 2 - x**2 - 2 * x - 1, "all": x})


def test_two_statements_of_one_name_are_refused_and_the_same_again_is_not() -> None:
    equation("test-twice", x, {"all": y})
    equation("test-twice", x, {"all": y})
    with pytest.raises(ValueError, match="two statements have the name 'test-twice'"):
        equation("test-twice", x, {"all": 2 * y})


def test_one_symbol_has_one_meaning() -> None:
    with pytest.raises(ValueError, match="declared already"):
        vector(r"\mu", "something else")


def test_a_system_that_cannot_supply_a_symbol_says_what_it_knows(system: System) -> None:
    with pytest.raises(LookupError, match=r"system 'a law' cannot supply y_\{test\}; it knows .*Add it"):
        system(y)
    with pytest.raises(LookupError, match="no planted error 'coin'; it knows none"):
        system.with_error("coin")


def test_an_unknown_term_is_refused_with_those_there_are() -> None:
    with pytest.raises(ValueError, match=r"no term 'x'; its terms are 'noise of the positive phase'"):
        COVARIANCE.off("x")


def test_a_bound_is_proved_by_squares_where_coefficients_do_not_show_the_sign() -> None:
    below = bound("test-product", x * y, {"squares": (x**2 + y**2) / 2})
    outcome, controls = proof_check(below, x * y, slack=[(sp.Rational(1, 2), x - y)])
    assert outcome.passed is True
    assert [control.passed for control in controls.values()] == [False]
    assert proof_check(below, x * y, slack=[(sp.Rational(1, 2), x + y)])[0].passed is False
    assert proof_check(below, x**2 + y**2, slack=[(-sp.Rational(1, 2), x), (-sp.Rational(1, 2), y)])[0].passed is False


def test_a_numerator_that_starts_with_less_has_its_sign_in_front() -> None:
    assert latex_of(-(1 - x) / y * mu) == r"-\frac{\left(1 - x_{test}\right)\,\mu}{y_{test}}"


def test_a_vector_whose_coefficient_is_a_vanishing_sum_vanishes() -> None:
    assert not len(remainder((1 - x / (1 + x)) * mu - mu / (1 + x)))


def test_a_symbol_that_is_a_sum_is_bracketed_where_a_sign_or_a_factor_would_be_misread() -> None:
    growth = vector("y_{t+1} - y_t", "test: growth")
    assert latex_of(growth) == "y_{t+1} - y_t"
    assert latex_of(mu - growth) == r"\mu - \left(y_{t+1} - y_t\right)"
