"""Planned checks of centred ISD: green as stated, red for each planted error, and an exact 0 at equal compute."""

import numpy as np
import pytest

from cl_theory.cases.centring_checks import (
    CENTRED_QUANTITIES,
    EQUAL_COMPUTE_QUANTITIES,
    RUNNING_QUANTITIES,
    centred_check,
    centred_equal_compute_check,
)
from cl_theory.cases.phase_slots import PhaseSlots
from cl_theory.cases.real_models import RealModel
from cl_theory.cases.running_baselines import RunningBaselines
from cl_theory.datasets.bars_and_stripes import bars_and_stripes
from cl_theory.models.rbm import RBM
from cl_theory.samplers import NOTHING_PLANTED

MODEL = RealModel("tiny", RBM.random(np.random.default_rng(3), 4, 3, 1.0), bars_and_stripes(2))
CASES = {
    CENTRED_QUANTITIES: lambda: centred_check(4, "a test", MODEL, 0.4),
    EQUAL_COMPUTE_QUANTITIES: lambda: centred_equal_compute_check(4, "a test", MODEL),
}


@pytest.mark.parametrize("names", CASES)
def test_check_is_green_and_catches_every_planted_error(names: tuple[str, ...]) -> None:
    outcome, controls = CASES[names]()
    assert outcome.passed is True
    assert len(outcome.details["target"]) == len(names)
    assert controls
    assert [bad.passed for bad in controls.values()] == [False] * len(controls)


def test_two_centred_phases_and_two_terms_differ_by_exactly_nothing() -> None:
    outcome, _ = centred_equal_compute_check(4, "a test", MODEL)
    assert outcome.details["target"][3:] == [0.0, 0.0]


def test_learned_baselines_have_a_name_for_each_coordinate() -> None:
    nothing = np.empty((0, MODEL.rbm.n_parameters))
    running = RunningBaselines(PhaseSlots(MODEL, 3, MODEL.moments.mean[None], nothing), 0.5, 0.5)
    assert len(running.target(NOTHING_PLANTED)) == len(RUNNING_QUANTITIES)
