"""Steps of forward-forward nets: the fused kernel against one step after the other in float64."""

import numba
import numpy as np
import pytest

from cl_theory import threads
from cl_theory.learning.learners.net_kernels import NetReplicas, ShowPlan, learn_shown, learn_shown_numpy
from cl_theory.learning.learners.parts import SGD, Adam
from cl_theory.learning.models.forward_forward import ForwardForward

SIZES = (30, 17, 9, 5)
ADAM, PLAIN = Adam(0.01), SGD(0.5)
OPTIMISERS = pytest.mark.parametrize("optimiser", [ADAM, PLAIN], ids=["adam", "sgd"])
BATCHES = pytest.mark.parametrize("batch", [1, 4])


def _system(n=3, n_steps=25, batch=1, sizes=SIZES):
    rng = np.random.default_rng(4)
    nets = NetReplicas.of([ForwardForward.random(rng, sizes) for _ in range(n)])
    images = (rng.random((12, sizes[0])) * (rng.random((12, sizes[0])) < 0.3)).astype(np.float32)
    shape, b = (n, n_steps, batch), 0.3
    is_positive = rng.random(shape) < b
    weights = np.where(is_positive, 1 / b, -1 / (1 - b)) / batch
    return nets, images, ShowPlan(rng.integers(0, 12, shape), rng.integers(0, 10, shape), is_positive, weights)


def _error(got, expected, start):
    """Largest distance of each net from its sibling, in units of the way that the sibling went."""
    moved = np.array([np.abs(net.flat - row).max() for net, row in zip(expected, start.parameters, strict=True)])
    assert (moved > 0.1).all()
    return np.array([np.abs(row - net.flat).max() for net, row in zip(expected, got.parameters, strict=True)]) / moved


@OPTIMISERS
@BATCHES
def test_parameters_are_those_of_the_sibling_to_single_precision(batch, optimiser):
    nets, images, plan = _system(batch=batch)
    expected, _ = learn_shown_numpy(nets, images, plan, optimiser)
    assert (_error(learn_shown(nets, images, plan, optimiser), expected, nets) < 2e-4).all()
    faster = np.full(3, 1.001 * optimiser.learning_rate)  # the same look sees a rate off by a thousandth
    assert (_error(learn_shown(nets, images, plan, optimiser, rates=faster), expected, nets) > 2e-4).all()


@pytest.mark.parametrize(("batch", "optimiser"), [(1, ADAM), (1, PLAIN), (4, PLAIN)], ids=str)
def test_one_step_is_the_rate_times_the_gradient_or_sets_the_moments_of_adam(batch, optimiser):
    nets, images, plan = _system(n=1, n_steps=1, batch=batch)
    got = learn_shown(nets, images, plan, optimiser)
    shown = images[plan.rows[0, 0]].astype(float)
    shown[:, :10] = np.eye(10)[plan.labels[0, 0]]
    gradient = nets.net(0).weighted_gradient(shown, plan.is_positive[0, 0], plan.weights[0, 0])
    assert got.count == 1
    if optimiser is ADAM:
        np.testing.assert_allclose(got.first[0], 0.1 * gradient, rtol=1e-5, atol=1e-9)
        np.testing.assert_allclose(got.second[0], 0.001 * gradient**2, rtol=1e-5, atol=1e-12)
        return
    rounding = np.finfo(np.float32).eps * (np.abs(nets.parameters[0]).max() + 20 * np.abs(gradient).max())
    assert np.abs(got.parameters[0] - (nets.parameters[0] - 0.5 * gradient)).max() < rounding
    assert np.abs(0.5 * gradient).max() > 1000 * rounding
    assert got.first.size == got.second.size == 0


@OPTIMISERS
def test_nets_do_not_depend_on_threads(monkeypatch, optimiser):
    monkeypatch.setattr(threads, "WORTH", 0)
    nets, images, plan = _system()
    before, results = numba.get_num_threads(), []
    for n_threads in (1, numba.config.NUMBA_NUM_THREADS):
        numba.set_num_threads(n_threads)
        results.append(learn_shown(nets, images, plan, optimiser, rates=np.array([0.01, 0.02, 0.03])).parameters)
    numba.set_num_threads(before)
    np.testing.assert_array_equal(*results)


@OPTIMISERS
def test_an_input_of_zeros_and_a_large_goodness_stay_finite(optimiser):
    nets, images, plan = _system(n=1, n_steps=3)
    large = NetReplicas(nets.shape, 1000 * nets.parameters, nets.first, nets.second)
    for pictures in (np.zeros_like(images), 1e6 * images):
        assert np.isfinite(learn_shown(large, pictures, plan, optimiser).parameters).all()


NETS, IMAGES, PLAN = _system()
PARTS = PLAN.rows, PLAN.labels, PLAN.is_positive


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: learn_shown(NETS, IMAGES[:, :20], PLAN, ADAM), "images must be rows of 30 pixels"),
        (lambda: learn_shown(NETS, IMAGES[:5], PLAN, ADAM), r"rows must lie in 0\.\.4"),
        (lambda: learn_shown(NETS, IMAGES, PLAN, ADAM, n_classes=5), r"labels must lie in 0\.\.4"),
        (lambda: learn_shown(NETS, IMAGES, PLAN, ADAM, rates=np.ones(2)), "must be for 3 nets"),
        (lambda: learn_shown(learn_shown(NETS, IMAGES, PLAN, PLAIN), IMAGES, PLAN, ADAM), "moments after 25 steps"),
        (lambda: ShowPlan(*PARTS, PLAN.weights[:, :2]), r"a plan is \(n, n_steps, batch\)"),
        (lambda: NetReplicas(NETS.shape, NETS.parameters[:, 1:], NETS.first, NETS.second), "parameters must have"),
        (lambda: NetReplicas(NETS.shape, NETS.parameters, NETS.first, NETS.parameters), r"second .* shape \(3, 0\)"),
    ],
)
def test_bad_input_is_refused_by_name(call, message):
    with pytest.raises(ValueError, match=message):
        call()


@BATCHES
def test_second_moments_that_nobody_sees_any_more_are_none_and_not_subnormal_for_ever(batch):
    nets, images, plan = _system(batch=batch)
    alive = learn_shown(nets, images, plan, ADAM)
    faint = np.full_like(alive.second, 7e-43)
    dead = NetReplicas(nets.shape, np.zeros_like(nets.parameters), np.zeros_like(faint), faint, 100_000)
    after = learn_shown(dead, images, plan, ADAM)
    assert after.second.max() == 0
    assert alive.second.max() > 0
