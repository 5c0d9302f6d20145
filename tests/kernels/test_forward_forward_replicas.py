"""Steps of forward-forward nets: the fused kernel against one step after the other in float64."""

import numba
import numpy as np
import pytest

from cl_theory import threads
from cl_theory.learning.forward_forward_replicas import NetReplicas, ShowPlan, learn_shown, learn_shown_numpy
from cl_theory.learning.optimisers import Adam
from cl_theory.models.forward_forward import ForwardForward

SIZES = (30, 17, 9, 5)
ADAM = Adam(0.01)


def _system(n=3, n_steps=25, batch=1, sizes=SIZES):
    rng = np.random.default_rng(4)
    nets = NetReplicas.of([ForwardForward.random(rng, sizes) for _ in range(n)])
    images = (rng.random((12, sizes[0])) * (rng.random((12, sizes[0])) < 0.3)).astype(np.float32)
    shape, b = (n, n_steps, batch), 0.3
    is_positive = rng.random(shape) < b
    weights = np.where(is_positive, 1 / b, -1 / (1 - b)) / batch
    return nets, images, ShowPlan(rng.integers(0, 12, shape), rng.integers(0, 10, shape), is_positive, weights)


@pytest.mark.parametrize("batch", [1, 4])
def test_parameters_are_those_of_the_sibling_to_single_precision(batch):
    nets, images, plan = _system(batch=batch)
    got, expected = learn_shown(nets, images, plan, ADAM), learn_shown_numpy(nets, images, plan, ADAM)
    for r, net in enumerate(expected):
        moved = np.abs(net.flat - nets.parameters[r])
        assert moved.max() > 0.1
        assert np.abs(got.parameters[r] - net.flat).max() < 2e-4 * moved.max()


def test_adam_moments_are_those_of_the_sibling_after_one_step():
    nets, images, plan = _system(n=1, n_steps=1)
    got = learn_shown(nets, images, plan, ADAM)
    shown = images[plan.rows[0, 0]].astype(float)
    shown[:, :10] = np.eye(10)[plan.labels[0, 0]]
    gradient = nets.net(0).weighted_gradient(shown, plan.is_positive[0, 0], plan.weights[0, 0])
    np.testing.assert_allclose(got.first[0], 0.1 * gradient, rtol=1e-5, atol=1e-9)
    np.testing.assert_allclose(got.second[0], 0.001 * gradient**2, rtol=1e-5, atol=1e-12)
    assert got.count == 1


def test_two_calls_are_one_call():
    nets, images, plan = _system()
    parts = [
        ShowPlan(plan.rows[:, s], plan.labels[:, s], plan.is_positive[:, s], plan.weights[:, s])
        for s in (slice(0, 10), slice(10, None))
    ]
    whole, part = learn_shown(nets, images, plan, ADAM), nets
    for one in parts:
        part = learn_shown(part, images, one, ADAM)
    assert part.count == whole.count == 25
    np.testing.assert_array_equal(part.parameters, whole.parameters)


def test_nets_depend_neither_on_threads_nor_on_neighbours(monkeypatch):
    monkeypatch.setattr(threads, "WORTH", 0)
    nets, images, plan = _system()
    before, results = numba.get_num_threads(), []
    for n_threads in (1, numba.config.NUMBA_NUM_THREADS):
        numba.set_num_threads(n_threads)
        results.append(learn_shown(nets, images, plan, ADAM, rates=np.array([0.01, 0.02, 0.03])).parameters)
    numba.set_num_threads(before)
    np.testing.assert_array_equal(*results)
    alone = NetReplicas(nets.shape, nets.parameters[1:2], nets.first[1:2], nets.second[1:2])
    one = ShowPlan(plan.rows[1:2], plan.labels[1:2], plan.is_positive[1:2], plan.weights[1:2])
    np.testing.assert_array_equal(learn_shown(alone, images, one, Adam(0.02)).parameters[0], results[0][1])


def test_an_input_of_zeros_and_a_large_goodness_stay_finite():
    nets, images, plan = _system(n=1, n_steps=3)
    large = NetReplicas(nets.shape, 1000 * nets.parameters, nets.first, nets.second)
    for pictures in (np.zeros_like(images), 1e6 * images):
        assert np.isfinite(learn_shown(large, pictures, plan, ADAM).parameters).all()


def test_bad_input_is_refused_by_name():
    nets, images, plan = _system()
    with pytest.raises(ValueError, match="images must be rows of 30 pixels"):
        learn_shown(nets, images[:, :20], plan, ADAM)
    with pytest.raises(ValueError, match=r"rows must lie in 0\.\.4"):
        learn_shown(nets, images[:5], plan, ADAM)
    with pytest.raises(ValueError, match=r"labels must lie in 0\.\.4"):
        learn_shown(nets, images, plan, ADAM, n_classes=5)
    with pytest.raises(ValueError, match="must be for 3 nets"):
        learn_shown(nets, images, plan, ADAM, rates=np.ones(2))
    with pytest.raises(ValueError, match=r"a plan is \(n, n_steps, batch\)"):
        ShowPlan(plan.rows, plan.labels, plan.is_positive, plan.weights[:, :2])
    with pytest.raises(ValueError, match="parameters must have shape"):
        NetReplicas(nets.shape, nets.parameters[:, :-1], nets.first, nets.second)
