"""Exact moments, means and slopes of an RBM against sums over all states; weights of its hidden states."""

from fractions import Fraction

import numpy as np
import pytest
from scipy.special import logsumexp

from cl_theory.learning.models.images import bars_and_stripes
from cl_theory.learning.models.rational_rbm import RationalRBM, loss_slopes_by_calculus
from cl_theory.learning.models.rbm import (
    RBM,
    all_states,
    descended,
    hidden_log_weights,
    log_weights_by_count,
    loss_slope,
    rbm_phase_means,
    rbm_phase_moments,
)
from cl_theory.seeds import stream

SIZES = [(3, 2), (2, 3), (4, 4)]


def brute_force(rbm, data):
    """(mean+, second+, mean-, second-) by a loop over all joint states."""
    v, h = all_states(rbm.n_visible), all_states(rbm.n_hidden)
    weight = np.exp(-rbm.energy(v[:, None], h[None]))
    rows = rbm.gradient(
        np.broadcast_to(v[:, None], (len(v), len(h), v.shape[1])), np.broadcast_to(h, (len(v), len(h), h.shape[1]))
    )
    data_share = np.array([(data == state).all(axis=1).mean() for state in v])
    positive = data_share[:, None] * weight / weight.sum(axis=1, keepdims=True)
    return [
        moment
        for p in (positive, weight / weight.sum())
        for moment in (np.einsum("vh,vhi->i", p, rows), np.einsum("vh,vhi,vhj->ij", p, rows, rows))
    ]


@pytest.mark.parametrize(("n_visible", "n_hidden"), SIZES)
def test_moments_agree_with_a_loop_over_all_states(n_visible, n_hidden):
    rng = stream(20230723, "tests", "rbm-moments", n_visible)
    rbm = RBM.random(rng, n_visible, n_hidden, scale=1.0)
    data = rng.integers(0, 2, size=(5, n_visible)).astype(float)
    moments = rbm_phase_moments(rbm, data)
    expected = brute_force(rbm, data)
    found = (moments.mean_positive, moments.second_positive, moments.mean_negative, moments.second_negative)
    for value, target in zip(found, expected, strict=True):
        np.testing.assert_allclose(value, target, rtol=0, atol=1e-14)
    np.testing.assert_array_equal(moments.cross, np.outer(moments.mean_positive, moments.mean_negative))


def test_the_mean_is_the_slope_of_the_likelihood_in_every_parameter():
    rng = stream(20230723, "tests", "rbm-slope")
    rbm = RBM.random(rng, 4, 3, scale=0.7)
    data = bars_and_stripes(2)
    slope = []
    for unit in np.eye(rbm.n_parameters):
        high, low = (rbm.with_flat(rbm.flat + step * unit).negative_log_likelihood(data) for step in (1e-5, -1e-5))
        slope.append((high - low) / 2e-5)
    moments = rbm_phase_moments(rbm, data)
    np.testing.assert_allclose(moments.mean, slope, rtol=0, atol=1e-9)
    assert np.abs(1.01 * moments.mean_positive - moments.mean_negative - slope).max() > 1e-3


def test_a_model_that_is_the_data_has_no_gradient():
    rbm = RBM(np.zeros((3, 4)), np.zeros(4), np.array([0.3, -1.0, 2.0]))
    moments = rbm_phase_moments(rbm, all_states(4))
    np.testing.assert_allclose(moments.mean, 0, atol=1e-14)


def test_sixteen_by_sixteen_units_are_enumerated():
    rng = stream(20230723, "tests", "rbm-bars")
    rbm, data = RBM.random(rng, 16, 16, scale=0.3), bars_and_stripes()
    moments = rbm_phase_moments(rbm, data)
    direction = rng.standard_normal(rbm.n_parameters)
    high, low = (rbm.with_flat(rbm.flat + step * direction).negative_log_likelihood(data) for step in (1e-6, -1e-6))
    assert direction @ moments.mean == pytest.approx((high - low) / 2e-6, rel=1e-6, abs=1e-7)
    ones = -moments.mean_negative  # products and units are 0/1: a coordinate is its own square
    np.testing.assert_allclose(np.diagonal(moments.second_negative), ones, rtol=1e-12)
    assert np.linalg.eigvalsh(moments.covariance_negative)[0] > -1e-12


def test_states_too_many_to_list_are_refused():
    with pytest.raises(ValueError, match="at most 20"):
        rbm_phase_moments(RBM(np.zeros((21, 22)), np.zeros(22), np.zeros(21)), np.zeros((1, 22)))


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


@pytest.mark.parametrize(("n_visible", "n_hidden"), [(2, 1), (3, 2)])
def test_calculus_gives_the_difference_of_phase_means(n_visible: int, n_hidden: int) -> None:
    rbm = RationalRBM.random(np.random.default_rng(1), n_visible, n_hidden)
    data = all_states(n_visible)[[1, 1, 2]]
    assert loss_slopes_by_calculus(rbm, data) == rbm.phase_moments(data).mean.tolist()


def test_one_unit_by_hand() -> None:
    rbm = RationalRBM([[1]], [3], [1])  # v is on with probability 3/4, whatever h does
    slope = loss_slopes_by_calculus(rbm, np.array([[1.0]]))
    assert slope == [Fraction(-1, 8), Fraction(-1, 4), Fraction(0)]


def test_finite_differences_give_the_slope() -> None:
    rbm = RBM.random(np.random.default_rng(4), 4, 3)
    data, direction = all_states(4)[::5], np.random.default_rng(5).standard_normal(rbm.n_parameters)
    positive, negative = rbm_phase_means(rbm, data)
    assert loss_slope(rbm, data, direction / 4) == pytest.approx(direction @ (positive - negative) / 4, rel=1e-11)


def test_a_direction_of_another_length_is_refused() -> None:
    rbm = RBM.random(np.random.default_rng(4), 4, 3)
    with pytest.raises(ValueError, match="direction must have shape"):
        loss_slope(rbm, all_states(4), np.ones(3))


RNG = np.random.default_rng(11)


def test_weights_are_sums_over_visible_states():
    rbm = RBM.random(RNG, 5, 3)
    v = all_states(5)
    summed = [logsumexp(-rbm.energy(v, np.broadcast_to(h, (len(v), 3)))) for h in all_states(3)]
    np.testing.assert_allclose(hidden_log_weights(rbm), summed, rtol=1e-12)


def test_blocks_of_states_join_without_a_seam():
    rbm = RBM.random(RNG, 3, 13)
    assert logsumexp(hidden_log_weights(rbm)) == pytest.approx(rbm.log_partition(), rel=1e-12)


def test_without_visible_biases_no_learning_moves_the_weight_of_silence():
    for scale in (0.01, 1.0, 10.0):
        rbm = RBM(RNG.normal(0, scale, (4, 30)), np.zeros(30), RNG.normal(0, scale, 4))
        assert hidden_log_weights(rbm)[0] == pytest.approx(30 * np.log(2), rel=1e-12)
    biased = RBM(np.zeros((4, 30)), np.ones(30), np.zeros(4))
    assert hidden_log_weights(biased)[0] > 31 * np.log(2)


def test_counts_of_equal_weights_are_binomial():
    silent = RBM(np.zeros((4, 2)), np.zeros(2), np.zeros(4))
    found = np.exp(log_weights_by_count(hidden_log_weights(silent))) / 4
    np.testing.assert_allclose(found, [1, 4, 6, 4, 1])


def test_too_many_units_are_refused():
    with pytest.raises(ValueError, match=r"n_units must be at most 20 .*, got 21"):
        hidden_log_weights(RBM(np.zeros((21, 1)), np.zeros(1), np.zeros(21)))
