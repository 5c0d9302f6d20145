"""Exact mean gradients of an RBM, against its moments and its own slope."""

import numpy as np
import pytest

from cl_theory.learning.models.rbm import RBM, all_states, descended, rbm_phase_means, rbm_phase_moments


def case(n_visible: int, n_hidden: int) -> tuple[RBM, np.ndarray]:
    rng = np.random.default_rng(n_visible * 10 + n_hidden)
    return RBM.random(rng, n_visible, n_hidden), all_states(n_visible)[::3]


@pytest.mark.parametrize(("n_visible", "n_hidden"), [(3, 4), (4, 4), (6, 2)])
def test_means_are_those_of_the_phase_moments(n_visible: int, n_hidden: int) -> None:
    rbm, data = case(n_visible, n_hidden)
    moments = rbm_phase_moments(rbm, data)
    mean_positive, mean_negative = rbm_phase_means(rbm, data)
    np.testing.assert_allclose(mean_positive, moments.mean_positive, rtol=1e-12, atol=1e-14)
    np.testing.assert_allclose(mean_negative, moments.mean_negative, rtol=1e-12, atol=1e-14)


def test_one_small_step_of_descent_lowers_the_loss_by_the_squared_gradient() -> None:
    rbm, data = case(5, 3)
    rate = 1e-6
    positive, negative = rbm_phase_means(rbm, data)
    drop = rbm.negative_log_likelihood(data) - descended(rbm, data, 1, rate).negative_log_likelihood(data)
    assert drop == pytest.approx(rate * ((positive - negative) ** 2).sum(), rel=1e-4)


def test_descent_refuses_no_steps_and_no_rate() -> None:
    rbm, data = case(3, 2)
    with pytest.raises(ValueError, match="n_steps"):
        descended(rbm, data, 0, 0.1)
    with pytest.raises(ValueError, match="learning_rate"):
        descended(rbm, data, 1, 0.0)
