"""The systems on which the mean of ISD is tried: coins that know, other weights, pairs of real states."""

from fractions import Fraction

import pytest

from cl_theory.proof.checks.statement_checks import drawing_check, systems_check
from cl_theory.proof.systems import isd_systems as systems
from cl_theory.theory.estimators import isd_statements as stated
from cl_theory.theory.estimators.symbols import b, cov_coin_h, mean_Z, mu_plus


def test_a_coin_that_knows_has_a_mean_of_one_where_the_gradient_is_zero() -> None:
    knowing = systems.knowing_coin()
    assert (knowing(b), knowing(mean_Z)[0], knowing(mu_plus)[0]) == (Fraction(1, 2), 1, 0)


@pytest.mark.parametrize(
    ("statement", "on"),
    [
        (stated.MEAN_OF_KNOWING_COIN, systems.knowing_coins),
        (stated.MEAN_AT_OTHER_WEIGHTS, systems.weights_for_another_coin),
    ],
)
def test_biased_means_are_as_stated_and_every_term_is_needed(statement, on) -> None:  # type: ignore[no-untyped-def]
    outcome, controls = systems_check(statement, on())
    assert (outcome.passed, outcome.level) == (True, "exact")
    assert [control.passed for control in controls.values()] == [False] * len(controls)


def test_the_covariance_with_the_mixture_is_that_with_its_parts() -> None:
    for coin in systems.knowing_coins():
        parts = systems_check(stated.MEAN_OF_KNOWING_COIN, [coin])[0]
        assert parts.passed
        assert any(coin(cov_coin_h))


def test_drawn_means_of_a_real_model_show_one_per_cent_of_either_phase() -> None:
    bars = systems.real_phases(0.3)[0]
    outcome, controls, hidden = drawing_check(stated.UNBIASED, bars, 20230723, ("tests", "mean"))
    assert outcome.passed
    assert not hidden
    assert all(control.passed is False for control in controls.values())
