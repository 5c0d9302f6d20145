"""Exact moments of the gradient against sums over all states, and against the likelihood."""

import numpy as np
import pytest

from cl_theory.learning.models.images import bars_and_stripes
from cl_theory.learning.models.rbm import RBM, all_states, rbm_phase_moments
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
