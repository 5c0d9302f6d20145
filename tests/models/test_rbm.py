"""Everything an RBM says follows from its energy."""

import numpy as np
import pytest

from cl_theory.learning.models.rbm import RBM, all_states
from cl_theory.seeds import stream

MODEL = RBM.random(stream(20230723, "tests", "rbm"), n_visible=3, n_hidden=2, scale=1.0)
V, H = all_states(3), all_states(2)
DATA = np.array([[1.0, 0, 1], [0, 1, 1], [1, 1, 1]])


def table():
    """Energies of all pairs by a loop over units, (8, 4)."""
    energy = np.zeros((8, 4))
    for i, v in enumerate(V):
        for k, h in enumerate(H):
            energy[i, k] -= sum(MODEL.weights[a, b] * h[a] * v[b] for a in range(2) for b in range(3))
            energy[i, k] -= sum(MODEL.visible_bias * v) + sum(MODEL.hidden_bias * h)
    return energy


def test_energy_is_the_double_sum_over_units():
    np.testing.assert_allclose(MODEL.energy(V[:, None], H[None]), table(), rtol=1e-13, atol=1e-13)


def test_free_energy_sums_out_the_hidden_units():
    np.testing.assert_allclose(MODEL.free_energy(V), -np.log(np.exp(-table()).sum(axis=1)), rtol=1e-13)


def test_the_partition_function_sums_out_everything():
    assert MODEL.log_partition() == pytest.approx(np.log(np.exp(-table()).sum()), rel=1e-13)
    assert MODEL.transposed.log_partition() == pytest.approx(MODEL.log_partition(), rel=1e-13)


def test_conditionals_are_ratios_of_boltzmann_factors():
    joint = np.exp(-table())
    np.testing.assert_allclose(MODEL.mean_h_given_v(V), joint @ H / joint.sum(axis=1)[:, None], rtol=1e-12)
    np.testing.assert_allclose(MODEL.mean_v_given_h(H), joint.T @ V / joint.sum(axis=0)[:, None], rtol=1e-12)


def test_gradient_is_the_finite_difference_of_the_energy():
    v, h, step = V[5], H[3], 1e-4
    for index, value in enumerate(MODEL.gradient(v, h)):
        moved = step * np.eye(MODEL.n_parameters)[index]
        high, low = (MODEL.with_flat(MODEL.flat + sign * moved).energy(v, h) for sign in (1, -1))
        assert (high - low) / (2 * step) == pytest.approx(value, abs=1e-9)


def test_gradient_rows_are_ordered_weights_visible_hidden():
    row = MODEL.gradient(np.array([1.0, 0, 1]), np.array([0.0, 1]))
    assert row.tolist() == [0, 0, 0, -1, 0, -1, -1, 0, -1, 0, -1]


def test_gradient_keeps_batch_axes():
    assert MODEL.gradient(np.ones((4, 2, 3)), np.ones((4, 2, 2))).shape == (4, 2, MODEL.n_parameters)


def test_states_may_be_boolean():
    v, h = np.array([True, False, True]), np.array([False, True])
    np.testing.assert_array_equal(MODEL.gradient(v, h), MODEL.gradient(v.astype(float), h.astype(float)))
    assert MODEL.energy(v, h) == pytest.approx(MODEL.energy(v.astype(float), h.astype(float)), rel=1e-15)


def test_the_likelihood_is_normalised():
    log_p = [-MODEL.negative_log_likelihood(v[None]) for v in V]
    assert np.exp(log_p).sum() == pytest.approx(1, rel=1e-13)


def test_large_weights_stay_finite():
    steep = MODEL.with_flat(2000 * MODEL.flat)
    assert np.isfinite(steep.negative_log_likelihood(DATA))
    assert np.isfinite(steep.mean_h_given_v(V)).all()


def test_flat_and_back_is_the_same_model():
    again = MODEL.with_flat(MODEL.flat)
    for name in ("weights", "visible_bias", "hidden_bias"):
        np.testing.assert_array_equal(getattr(again, name), getattr(MODEL, name))


def test_samples_have_the_conditional_mean():
    rng, n = stream(20230723, "tests", "rbm-conditional"), 20_000
    v, h = np.tile(DATA[0], (n, 1)), np.tile(H[1], (n, 1))
    for draws, mean in (
        (MODEL.sample_h_given_v(rng, v), MODEL.mean_h_given_v(DATA[0])),
        (MODEL.sample_v_given_h(rng, h), MODEL.mean_v_given_h(H[1])),
    ):
        assert set(np.unique(draws)) <= {0.0, 1.0}
        z = (draws.mean(axis=0) - mean) / np.sqrt(mean * (1 - mean) / n)
        assert np.abs(z).max() < 5


def test_the_model_cannot_be_changed_from_outside():
    weights = np.zeros((2, 3))
    model = RBM(weights, np.zeros(3), np.zeros(2))
    weights[0, 0] = 7
    assert model.weights[0, 0] == 0
    with pytest.raises(ValueError, match="read-only"):
        model.weights[0, 0] = 1


def test_bad_parameters_and_data_are_refused():
    with pytest.raises(ValueError, match=r"weights must have shape \(n_hidden, n_visible\), got \(3, 2\)"):
        RBM(np.zeros((3, 2)), np.zeros(3), np.zeros(2))
    with pytest.raises(ValueError, match="hidden_bias must be finite"):
        RBM(np.zeros((2, 3)), np.zeros(3), np.array([0, np.nan]))
    with pytest.raises(ValueError, match=r"shape \(11,\)"):
        MODEL.with_flat(np.zeros(10))
    with pytest.raises(ValueError, match="only 0 and 1"):
        MODEL.negative_log_likelihood(np.array([[0, 0.5, 1]]))
    with pytest.raises(ValueError, match="rows of 3 units"):
        MODEL.negative_log_likelihood(np.zeros((2, 4)))
    with pytest.raises(ValueError, match="scale"):
        RBM.random(stream(1, "x"), 2, 2, scale=0)
