"""The planned draws of what one phase costs, on a model small enough to be quick."""

import numpy as np
import pytest

from cl_theory.learning.models.isd_draws import PLANTED_ERRORS
from cl_theory.learning.models.rbm import RBM, all_states
from cl_theory.proof.checks.outcome import Outcome
from cl_theory.proof.systems.isd_systems import real_phases
from cl_theory.proof.systems.real_models import RealModel
from cl_theory.theory.estimators import moments as exact_moments
from cl_theory.theory.estimators.symbols import trace_D, trace_Z

QUANTITIES = ("P(B = 1)", "u·Z", "|Z|²−|D|²", "|D|²", "(u·Z)²−(u·D)²", "(u·D)²")


def excess_check(model: RealModel) -> tuple[Outcome, dict[str, Outcome]]:
    (system,) = real_phases(0.3, (model,))
    return system.drawn[trace_Z - trace_D]().planned.check(4, "isd-excess-variance", scope="small")


@pytest.fixture(scope="module")
def model() -> RealModel:
    return RealModel("small", RBM.random(np.random.default_rng(3), 5, 4, scale=1.0), all_states(5)[:9])


def test_the_price_agrees_and_every_planted_error_is_caught(model: RealModel) -> None:
    outcome, controls = excess_check(model)
    assert outcome.passed is True
    assert set(controls) == set(PLANTED_ERRORS) - {"coin off by 1 %"}
    assert not any(bad.passed for bad in controls.values())
    assert None not in {bad.passed for bad in controls.values()}


def test_its_target_is_the_excess_of_the_traces(model: RealModel) -> None:
    outcome, _ = excess_check(model)
    target = dict(zip(QUANTITIES, outcome.details["target"], strict=True))
    assert target["P(B = 1)"] == 0.3
    assert target["|Z|²−|D|²"] == pytest.approx(exact_moments.isd_excess_trace(model.moments, 0.3), rel=1e-10)
    two_term = np.trace(exact_moments.two_term_covariance(model.moments)) + model.moments.mean @ model.moments.mean
    assert target["|D|²"] == pytest.approx(two_term, rel=1e-10)
