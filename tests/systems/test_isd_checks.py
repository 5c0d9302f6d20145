"""The coin of the ISD sampler, and which errors are seen where."""

from cl_theory.learning.samplers.planted import PLANTED_ERRORS
from cl_theory.proof.checks.planned_means import ERRORS
from cl_theory.proof.systems import real_models as isd_checks


def test_the_five_named_errors_are_all_seen_by_one_of_the_two_checks() -> None:
    seen = set(ERRORS) | set(isd_checks.SEEN_BY_DUTY_CYCLE)
    assert seen == set(PLANTED_ERRORS)
