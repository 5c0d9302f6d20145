"""The drift of always-on ISD on an RBM, against flows that are composed row by row and against finite differences."""

import numpy as np
import pytest

from cl_theory.learning.models.rbm import RBM, FreePhase, descended, rbm_phase_means
from cl_theory.learning.models.rbm_phases import always_on_drift, always_on_flow, phase_turns
from cl_theory.proof.systems.chain_systems import limit_at_zero
from cl_theory.proof.systems.run_systems import coefficient_of_flows, flow_without_rows
from cl_theory.seeds import stream


@pytest.fixture(params=[(4, 3), (3, 4)], ids=["fewer hidden", "fewer visible"])
def case(request):
    rng = stream(1, "rbm drift", str(request.param))
    rbm = RBM.random(rng, *request.param, scale=0.8)
    return rbm, (rng.random((5, rbm.n_visible)) < 0.6).astype(float)


@pytest.mark.parametrize("centred", [False, True])
def test_the_coefficient_is_what_flows_of_single_rows_add_up_to(case, centred):
    rbm, data = case
    b, turns = 0.3, phase_turns(rbm, data)
    baseline = turns.centre(b) if centred else 0.0
    limit, scale = coefficient_of_flows(rbm, data, b, baseline), np.abs(turns.coefficient(b, centred=centred)).max()
    np.testing.assert_allclose(limit, turns.coefficient(b, centred=centred), atol=1e-5 * scale)
    for planted in (turns.row_term(b), turns.baseline_term(b)):
        assert np.abs(limit - turns.coefficient(b, centred=centred) + planted).max() > 1e-3 * scale


def test_directional_derivatives_agree_with_finite_differences(case):
    rbm, data = case
    turns, step = phase_turns(rbm, data), 1e-5
    for along, clamped, free in (
        (turns.positive, turns.positive_along_positive, turns.negative_along_positive),
        (turns.negative, turns.positive_along_negative, turns.negative_along_negative),
    ):
        after, before = (rbm_phase_means(rbm.with_flat(rbm.flat + s * along), data) for s in (step, -step))
        for k, stated in enumerate((clamped, free)):
            np.testing.assert_allclose((after[k] - before[k]) / (2 * step), stated, atol=1e-8)


def test_the_table_of_the_free_phase_has_the_exact_mean_gradient_also_at_large_weights():
    for scale in (0.5, 50.0):
        rbm = RBM.random(stream(2, "free phase", str(scale)), 5, 4, scale)
        stated = rbm_phase_means(rbm, np.ones((1, 5)))[1]
        np.testing.assert_allclose(FreePhase.of(rbm).mean, stated, atol=1e-12)


@pytest.mark.parametrize("centred", [False, True])
def test_the_drift_in_one_go_is_that_of_the_parts(case, centred):
    rbm, data = case
    how = {"centred": centred, "second_moment": 1.7}
    parts = phase_turns(rbm, data, visible_biases=False).drift(0.1, 0.3, **how)
    np.testing.assert_allclose(always_on_drift(rbm, data, 0.1, 0.3, visible_biases=False, **how), parts, atol=1e-13)


def test_biases_that_are_not_learned_do_not_move_and_bend_nothing(case):
    rbm, data = case
    without = phase_turns(rbm, data, visible_biases=False)
    visible = slice(rbm.weights.size, rbm.weights.size + rbm.n_visible)
    drift = without.drift(0.1, 0.5, centred=False)
    assert not drift[visible].any()
    step = 1e-5 * without.negative
    ends = [rbm_phase_means(rbm.with_flat(rbm.flat + s * step), data)[1] for s in (1, -1)]
    learned = np.delete(np.arange(rbm.n_parameters), np.arange(visible.start, visible.stop))
    np.testing.assert_allclose((ends[0] - ends[1])[learned] / 2e-5, without.negative_along_negative[learned], atol=1e-8)


def test_rows_that_are_all_alike_have_no_row_term():
    rbm = RBM.random(stream(3, "alike"), 4, 3, 0.8)
    assert np.abs(phase_turns(rbm, np.tile([1.0, 0.0, 1.0, 1.0], (6, 1))).rows).max() < 1e-15


def test_a_flow_without_second_order_is_gradient_descent_of_small_steps(case):
    rbm, data = case
    _, end = always_on_flow(rbm, data, [0.0, 1.0], 0.1, 0.5, centred=False, second_moment=0.0, tolerance=1e-9)
    euler = [descended(rbm, data, n, 1.0 / n).flat for n in (100, 200, 400)]
    limit = limit_at_zero(1 / np.array([100, 200, 400]), euler)
    np.testing.assert_allclose(end.flat, limit, atol=1e-6)


def test_without_the_row_term_a_flow_is_that_of_data_in_which_all_rows_are_alike():
    rbm = RBM.random(stream(4, "alike"), 4, 3, 0.5)
    alike, mixed = np.tile([1.0, 0.0, 1.0, 1.0], (6, 1)), np.eye(4)
    rbm = RBM(rbm.weights, np.zeros(4), rbm.hidden_bias)
    for data, same in ((alike, True), (mixed, False)):
        how = {"centred": False, "tolerance": 1e-8}
        whole = always_on_flow(rbm, data, [0.0, 1.0], 0.2, 0.4, visible_biases=False, **how)[1].flat
        assert np.allclose(flow_without_rows(rbm, data, [0.0, 1.0], 0.2, 0.4, **how)[1].flat, whole, atol=1e-6) is same
