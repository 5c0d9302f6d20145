"""The planned checks of the ISD sampler, on a model small enough to be quick."""

import numpy as np

from cl_theory.cases import isd_checks
from cl_theory.cases.real_models import RealModel
from cl_theory.models.rbm import RBM
from cl_theory.states import all_states

SEED = 5


def small_model() -> RealModel:
    rng = np.random.default_rng(3)
    return RealModel("small", RBM.random(rng, 5, 4, scale=1.0), all_states(5)[:9])


def test_the_sampler_agrees_and_every_planted_error_is_caught() -> None:
    outcome, controls = isd_checks.isd_moments_check(SEED, "isd-unbiased", small_model(), 0.3)
    assert outcome.passed is True
    assert set(controls) == set(isd_checks.SEEN_BY_MOMENTS) | {isd_checks.MEAN_ONLY}
    assert [bad.passed for bad in controls.values()] == [False] * len(controls)


def test_the_duty_cycle_agrees_and_a_wrong_coin_is_caught() -> None:
    outcome, controls = isd_checks.duty_cycle_check(SEED, "isd-unbiased", 0.3)
    assert outcome.passed is True
    assert {name: bad.passed for name, bad in controls.items()} == {"coin off by 1 %": False, "b off by 1 %": False}


def test_the_five_named_errors_are_all_seen_by_one_of_the_two_checks() -> None:
    seen = set(isd_checks.SEEN_BY_MOMENTS) | set(isd_checks.SEEN_BY_DUTY_CYCLE)
    assert seen == set(isd_checks.PLANTED_ERRORS)


def test_plans_do_not_depend_on_the_root_of_the_run() -> None:
    first, second = (isd_checks.plan_isd_moments(small_model(), 0.3).plan.n for _ in range(2))
    assert first == second
