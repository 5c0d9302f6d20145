"""The coin of the ISD sampler, and which errors are seen where."""

from cl_theory.learning.models.isd_draws import PLANTED_ERRORS
from cl_theory.proof.checks.planned_means import ERRORS
from cl_theory.proof.systems import real_models as isd_checks

SEED = 5


def test_the_duty_cycle_agrees_and_a_wrong_coin_is_caught() -> None:
    outcome, controls = isd_checks.duty_cycle_check(SEED, "isd-unbiased", 0.3)
    assert outcome.passed is True
    assert {name: bad.passed for name, bad in controls.items()} == {"coin off by 1 %": False, "b off by 1 %": False}


def test_the_five_named_errors_are_all_seen_by_one_of_the_two_checks() -> None:
    seen = set(ERRORS) | set(isd_checks.SEEN_BY_DUTY_CYCLE)
    assert seen == set(PLANTED_ERRORS)
