"""What released scripts do otherwise: each difference alone, seen in the mean update, and absent from the clean one."""

import numpy as np
import pytest

from cl_theory.datasets.digits import with_label_pixels
from cl_theory.learning import ISD, SGD, TwoTerm
from cl_theory.learning.loop import Randomness
from cl_theory.learning.net_learner import LeakyNegativesNetLearner, NetReplicaLearner, UnweightedNetLearner
from cl_theory.models.forward_forward import ForwardForward

RNG = np.random.default_rng(0)
IMAGES = RNG.uniform(0, 1, (5, 6)).astype(np.float32)
LABELS = np.array([0, 1, 2, 1, 0])
RANDOM = ForwardForward.random(RNG, (6, 4, 3), threshold=0.3)
NETWORK = RANDOM.with_flat(np.abs(RANDOM.flat).astype(np.float32).astype(float))  # every unit fires
B, N = 0.2, 2000
CLEAN, UNWEIGHTED, LEAKY = NetReplicaLearner, UnweightedNetLearner, LeakyNegativesNetLearner


def learner_of(kind: type[NetReplicaLearner], schedule, n: int, batch_size: int) -> NetReplicaLearner:
    return kind((NETWORK,) * n, IMAGES, LABELS, (schedule,) * n, (1.0,) * n, SGD(1.0), batch_size, n_classes=3)


def phase_means(leaky: bool) -> tuple[np.ndarray, np.ndarray]:
    """E g+ and E g-, image by image and label by label."""
    positive, negative = np.zeros((2, NETWORK.flat.size))
    for image, true in zip(IMAGES, LABELS, strict=True):
        for label in range(3):
            x = with_label_pixels(image[None], np.array([label]), 3)
            share = 1 / 3 if leaky else (label != true) / 2
            positive += NETWORK.weighted_gradient(x, np.array([True]), np.array([float(label == true)])) / 5
            negative += NETWORK.weighted_gradient(x, np.array([False]), np.array([share])) / 5
    return positive, negative


def updates(kind: type[NetReplicaLearner], schedule) -> np.ndarray:
    """What N nets descend in their first step of rate one, 20 images each, (N, n_parameters)."""
    learner, randomness = learner_of(kind, schedule, N, batch_size=20), Randomness(3)
    start = learner.start(randomness)
    return start.parameters.astype(float) - learner.advance(start, 1, randomness).parameters


def distance(samples: np.ndarray, target: np.ndarray) -> float:
    """Largest distance of a mean from its target, in standard errors; beyond 6 once in 10^7 runs by chance."""
    error = samples.std(axis=0, ddof=1) / np.sqrt(N) + 1e-8  # float32
    return float((np.abs(samples.mean(axis=0) - target) / error).max())


@pytest.mark.parametrize("schedule", [ISD(B), TwoTerm()], ids=repr)
def test_the_clean_learner_moves_along_the_gradient_and_a_leaky_one_does_not(schedule) -> None:
    gradient, with_leak = (np.subtract(*phase_means(leaky)) for leaky in (False, True))
    clean, leaky = updates(CLEAN, schedule), updates(LEAKY, schedule)
    assert distance(clean, gradient) < 6 < distance(leaky, gradient)
    assert distance(leaky, with_leak) < 6 < distance(clean, with_leak)


def test_weights_by_outcome_move_along_another_direction_unless_b_is_one_half() -> None:
    positive, negative = phase_means(leaky=False)
    gradient, samples = positive - negative, updates(UNWEIGHTED, ISD(B))
    assert distance(samples, B * positive - (1 - B) * negative) < 6
    best = (samples.mean(axis=0) @ gradient) / (gradient @ gradient)
    assert distance(samples, best * gradient) > 6  # no learning rate makes up for it
    assert distance(updates(UNWEIGHTED, ISD(0.5)), gradient / 2) < 6
    assert distance(updates(UNWEIGHTED, TwoTerm()), gradient) < 6


def test_a_variant_meets_the_same_images_in_the_same_phases() -> None:
    plans = [learner_of(kind, ISD(B), 3, 2).plan(10, 400, Randomness(4)) for kind in (CLEAN, UNWEIGHTED, LEAKY)]
    (clean, met), (unweighted, _), (leaky, _) = plans
    for plan, found in plans:
        np.testing.assert_array_equal(met[clean.rows], found[plan.rows])
        np.testing.assert_array_equal(clean.is_positive, plan.is_positive)
    np.testing.assert_array_equal(clean.labels, unweighted.labels)
    np.testing.assert_array_equal(clean.weights, leaky.weights)
    np.testing.assert_array_equal(unweighted.weights, np.where(clean.is_positive, 0.5, -0.5))  # a batch of two


def test_one_negative_in_n_classes_carries_the_true_label() -> None:
    plan, met = learner_of(LEAKY, ISD(B), 3, 2).plan(0, 1000, Randomness(5))
    true, negative = LABELS[met[plan.rows]], ~plan.is_positive
    np.testing.assert_array_equal(plan.labels[~negative], true[~negative])
    for label in range(3):
        drawn = plan.labels[negative & (true == label)]
        counts = np.bincount(drawn, minlength=3)
        assert np.abs(counts / len(drawn) - 1 / 3).max() < 6 * np.sqrt(2 / 9 / len(drawn))


def test_runs_of_a_variant_are_told_from_those_of_the_clean_learner() -> None:
    kinds = (CLEAN, UNWEIGHTED, LEAKY)
    assert len({learner_of(kind, ISD(B), 1, 1).describe()["learner"] for kind in kinds}) == 3
