"""The systems on which the variance of ISD is tried as a function of b."""

from fractions import Fraction

import pytest

from cl_theory.proof.checks.statement_checks import systems_check
from cl_theory.proof.systems import best_b_systems as systems
from cl_theory.seeds import stream
from cl_theory.theory.arithmetic import square_root
from cl_theory.theory.estimators import best_b_statements as stated
from cl_theory.theory.estimators.laws import FiniteLaw
from cl_theory.theory.estimators.symbols import b_star, trace_at_best, trace_Z

LAW = FiniteLaw.random(stream(20230723, "tests", "best b"), 4, dimension=2)
ON_LAWS = [stated.TRACE, stated.CHORD_GAP, stated.LEAST, stated.PRICE_OF_B, stated.MOVE, stated.MOVE_IN_PARTS]


def test_a_constant_more_makes_both_roots_rational() -> None:
    moments = systems.rooted(LAW).moments
    assert all(isinstance(square_root(m), Fraction) for m in (moments.m_positive, moments.m_negative))
    assert (moments.covariance_positive[:2, :2] == LAW.moments.covariance_positive).all()
    assert not moments.covariance_positive[2].any()


@pytest.mark.parametrize("statement", ON_LAWS, ids=lambda x: x.name)
def test_listed_valleys_have_what_is_stated_and_see_every_error(statement: object) -> None:
    valley = systems.valley(systems.rooted(LAW))
    outcome, controls = systems_check(statement, [valley], errors=[systems.WEIGHT_OFF])  # type: ignore[arg-type]
    assert (outcome.passed, outcome.level) == (True, "exact")
    assert [control.passed for control in controls.values()] == [False] * len(controls)


def test_no_listed_b_is_below_the_least_variance() -> None:
    for valley in systems.listed_valleys(2):
        assert valley(trace_Z) > valley(trace_at_best)


def test_only_the_second_moment_gives_the_right_advice() -> None:
    right = {rule: systems.rule_saves_variance(rule, scope="a test").passed for rule in systems.RULES}
    assert right == {"larger second moment": True, "lower variance": False, "higher variance": False}


def test_the_searched_best_b_is_the_stated_one_and_not_that_of_the_variances() -> None:
    for real in systems.real_valleys():
        assert real(b_star) == pytest.approx(stated.BEST_B.right_value(real), rel=1e-12)
        assert real.with_error(systems.BY_VARIANCE)(b_star) != pytest.approx(real(b_star), rel=0.01)
