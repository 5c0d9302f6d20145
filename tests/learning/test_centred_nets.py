"""Compiled nets around a baseline learn as their readable sibling does, and as the reference learner's rule says."""

from dataclasses import replace

import numpy as np
import pytest

from cl_theory.learning.loop import Randomness
from cl_theory.learning.net_kernels import learn_shown_numpy
from cl_theory.learning.net_learner import AVERAGES, NetReplicaLearner
from cl_theory.learning.parts import ISD, SGD, Adam, CentredISD, TwoTerm
from cl_theory.models.forward_forward import ForwardForward

RNG = np.random.default_rng(11)
SIZES = (30, 9, 7)
IMAGES, LABELS = RNG.random((40, 30)), RNG.integers(0, 10, 40)
B = (0.5, 0.3, 0.8)
OPTIMISERS = [SGD(0.3), Adam(0.01)]


def learner(optimiser, n=3, b=B, rates=(1.0, 0.5, 2.0), follow=0.01, **options):
    return NetReplicaLearner(
        tuple(ForwardForward.random(np.random.default_rng(k), SIZES, threshold=0.3) for k in range(n)),
        IMAGES,
        LABELS,
        tuple(CentredISD(value, baseline_rate=follow) for value in b[:n]),
        tuple(optimiser.learning_rate * rate for rate in rates[:n]),
        optimiser,
        **options,
    )


def in_numpy(learner, n):
    """Parameters and baseline after `n` steps of the readable sibling."""
    return step_numpy(learner, learner.start(Randomness(4)), Randomness(4), n)


def step_numpy(learner, state, randomness, n=1):
    plan, met = learner.plan(state.iteration, n, randomness)
    nets, rates = learner.nets_of(state), np.array(learner.learning_rates)
    after, baseline = learn_shown_numpy(nets, learner.images[met], plan, learner.optimiser, rates=rates)
    return np.array([net.flat for net in after]), baseline


def compiled(learner, *counts):
    randomness = Randomness(4)
    state = learner.start(randomness)
    for n in counts:
        state = learner.advance(state, n, randomness)
    return state


def furthest(found, expected, start):
    """Largest gap of each net's parameters over how far it has come."""
    return np.abs(found - expected).max(axis=1) / np.abs(expected - start).max(axis=1)


@pytest.mark.parametrize("optimiser", OPTIMISERS)
def test_compiled_nets_learn_as_numpy_does(optimiser):
    nets = learner(optimiser)
    start = nets.start(Randomness(4)).parameters
    (expected, baseline), found = in_numpy(nets, 60), compiled(nets, 60)
    assert (furthest(found.parameters, expected, start) < 1e-4).all()
    for name, averages in zip(AVERAGES, baseline[:2], strict=True):
        np.testing.assert_allclose(found.memory[name], averages, atol=1e-5)
    off = compiled(learner(optimiser, follow=0.0101), 60)
    assert (furthest(off.parameters, expected, start) > 1e-4).all()


@pytest.mark.parametrize("optimiser", OPTIMISERS)
def test_pieces_threads_and_other_nets_change_nothing(optimiser):
    whole = compiled(learner(optimiser), 40)
    parts = compiled(learner(optimiser), 1, 14, 25)
    np.testing.assert_array_equal(parts.parameters, whole.parameters)
    alone = compiled(learner(optimiser, 1), 40)
    np.testing.assert_array_equal(alone.parameters[0], whole.parameters[0])


def test_images_and_phases_are_those_without_a_baseline():
    centred = learner(SGD(0.3))
    plain = NetReplicaLearner(
        centred.nets, IMAGES, LABELS, tuple(map(ISD, B)), centred.learning_rates, centred.optimiser
    )
    plans = [of.plan(0, 50, Randomness(4))[0] for of in (centred, plain)]
    for part in ("rows", "labels", "is_positive", "weights"):
        np.testing.assert_array_equal(getattr(plans[0], part), getattr(plans[1], part))


def test_around_a_baseline_that_never_moves_they_learn_as_without_one():
    centred = learner(SGD(0.3), follow=1e-30)
    plain = NetReplicaLearner(
        centred.nets, IMAGES, LABELS, tuple(map(ISD, B)), centred.learning_rates, centred.optimiser
    )
    np.testing.assert_allclose(compiled(centred, 40).parameters, compiled(plain, 40).parameters, atol=1e-6)
    assert np.abs(compiled(learner(SGD(0.3)), 40).parameters - compiled(plain, 40).parameters).max() > 1e-3


def test_the_estimate_has_no_bias_whatever_the_baseline_is():
    """Mean over images and wrong labels of weight * (gradient - baseline), the phases in their exact shares."""
    nets = replace(learner(SGD(1e-3), 1), schedules=(CentredISD(0.3, "stratified", 0.5),))
    randomness, start = Randomness(9), nets.start(Randomness(9))
    away = {name: np.full_like(start.memory[name], 0.2) for name in AVERAGES}
    moved = []
    for k in range(4000):
        here = replace(start, iteration=k, memory=away)
        moved.append(step_numpy(nets, here, randomness)[0][0] - start.parameters[0])
    mean, scale = -np.mean(moved, axis=0) / 1e-3, np.sqrt(np.mean(exact_gradient(nets.nets[0]) ** 2))
    assert np.abs(mean - exact_gradient(nets.nets[0])).max() < 0.5 * scale
    assert np.abs(mean - 2 * exact_gradient(nets.nets[0])).max() > 0.5 * scale


def exact_gradient(net):
    """Mean over all images and wrong labels, image by image."""
    total = np.zeros(net.flat.size)
    for image, label in zip(IMAGES, LABELS, strict=True):
        shown = np.tile(image, (10, 1))
        shown[:, :10] = np.eye(10)
        is_true = np.arange(10) == label
        total += net.weighted_gradient(shown, is_true, np.where(is_true, 1.0, -1 / 9))
    return total / len(IMAGES)


@pytest.mark.parametrize("schedule", [TwoTerm(), ISD(0.5)])
def test_nets_without_a_baseline_are_trained_apart(schedule):
    with pytest.raises(ValueError, match="schedules must all be two-term or all ISD, centred or not"):
        replace(learner(SGD(0.1), 2), schedules=(CentredISD(0.5), schedule))


def test_batches_are_refused():
    with pytest.raises(ValueError, match="batch_size 2; use ForwardForwardLearner for batches"):
        learner(SGD(0.1), batch_size=2)
