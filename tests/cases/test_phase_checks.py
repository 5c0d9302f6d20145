"""The planned check of both phases, on a model small enough to be quick."""

import numpy as np

from cl_theory.cases.phase_checks import PHASE_ERRORS, phase_means_check
from cl_theory.cases.real_models import RealModel
from cl_theory.models.rbm import RBM
from cl_theory.states import all_states


def small_model(data: np.ndarray) -> RealModel:
    return RealModel("small", RBM.random(np.random.default_rng(3), 5, 4, scale=1.0), data)


def test_both_phases_agree_and_every_planted_error_is_caught() -> None:
    outcome, controls = phase_means_check(2, "cl-gradient", small_model(all_states(5)[:9]))
    assert outcome.passed is True
    assert {name: bad.passed for name, bad in controls.items()} == dict.fromkeys(PHASE_ERRORS, False)


def test_a_sampler_of_other_data_is_caught() -> None:
    model, other = small_model(all_states(5)[:9]), small_model(all_states(5)[1:10])
    model.__dict__["sampler"] = other.sampler  # the plan and the target come from the moments of this sampler
    honest, _ = phase_means_check(2, "cl-gradient", model)
    model.sampler._data_thresholds = model.sampler._data_thresholds[::-1]  # h answers another row than v shows
    broken, _ = phase_means_check(2, "cl-gradient", model)
    assert (honest.passed, broken.passed) == (True, False)
