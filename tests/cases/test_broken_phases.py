"""Phases that break an assumption: both ways to the exact bias agree, and it is there."""

import numpy as np
import pytest

from cl_theory.cases.broken_phases import (
    bias_of_answers,
    mean_after_one_sweep,
    mean_after_one_sweep_by_paths,
    mean_with_answers,
)
from cl_theory.models.rational_rbm import RationalRBM
from cl_theory.states import all_states


def pair(n_visible: int, n_hidden: int) -> tuple[RationalRBM, RationalRBM, np.ndarray]:
    rng = np.random.default_rng(n_visible)
    models = (RationalRBM.random(rng, n_visible, n_hidden) for _ in range(2))
    return *models, all_states(n_visible)[[0, 1, 3, 3]]


@pytest.mark.parametrize(("n_visible", "n_hidden"), [(3, 2), (2, 3)])
def test_the_bias_of_other_answers_is_the_formula(n_visible: int, n_hidden: int) -> None:
    rbm, answers, data = pair(n_visible, n_hidden)
    bias = mean_with_answers(rbm, answers, data) - rbm.phase_moments(data).mean_positive
    assert bias.tolist() == bias_of_answers(rbm, answers, data).tolist()
    assert any(bias)


def test_its_own_answers_bring_no_bias() -> None:
    rbm, _, data = pair(3, 2)
    assert not any(bias_of_answers(rbm, rbm, data))


@pytest.mark.parametrize(("n_visible", "n_hidden"), [(3, 2), (2, 3)])
def test_one_sweep_by_matrices_is_one_sweep_by_paths(n_visible: int, n_hidden: int) -> None:
    rbm, _, data = pair(n_visible, n_hidden)
    assert mean_after_one_sweep(rbm, data).tolist() == mean_after_one_sweep_by_paths(rbm, data).tolist()


def test_one_sweep_that_starts_at_equilibrium_is_unbiased() -> None:
    rbm = RationalRBM([[1, 1]], [1, 1], [1])  # all states equally likely: each row once is the model itself
    data = all_states(2)
    assert mean_after_one_sweep(rbm, data).tolist() == rbm.phase_moments(data).mean_negative.tolist()
