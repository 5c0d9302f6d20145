"""Learning of forward-forward nets: unbiased for every b and batch, no true label in a negative, and it learns."""

import numpy as np
import pytest

from cl_theory.datasets.labelled_digits import labelled_digits
from cl_theory.datasets.labels import with_label_pixels
from cl_theory.learning import ISD, SGD, Adam, AlwaysOnISD, CentredISD, CheckpointError, TwoTerm, train_forward_forward
from cl_theory.learning.forward_forward import ForwardForwardLearner
from cl_theory.learning.isd_estimate import phase_signs
from cl_theory.learning.randomness import Randomness
from cl_theory.learning.state import TrainingState
from cl_theory.models.forward_forward import ForwardForward
from cl_theory.models.label_goodness import predicted_labels

RNG = np.random.default_rng(0)
IMAGES = RNG.uniform(0, 1, (5, 6))
LABELS = np.array([0, 1, 2, 1, 0])
RANDOM = ForwardForward.random(RNG, (6, 4, 3), threshold=0.3)
NETWORK = RANDOM.with_flat(np.abs(RANDOM.flat))  # every unit fires


def exact_gradient() -> np.ndarray:
    """Mean over images of g+ minus the mean over images and both wrong labels of g-."""
    total = np.zeros(NETWORK.flat.size)
    for image, label in zip(IMAGES, LABELS, strict=True):
        for written in range(3):
            x = with_label_pixels(image[None], np.array([written]), 3)
            positive = written == label
            weight = 1 / 5 if positive else -1 / 10
            total += NETWORK.weighted_gradient(x, np.array([positive]), np.array([weight]))
    return total


def updates(schedule, batch_size: int, n: int = 5000) -> np.ndarray:
    learner = ForwardForwardLearner(NETWORK, IMAGES, LABELS, schedule, SGD(1.0), batch_size, n_classes=3)
    randomness = Randomness(1)
    start = learner.start(randomness)
    states = (TrainingState(k, start.parameters, start.memory) for k in range(n))
    return np.array([start.parameters - learner.step(state, randomness).parameters for state in states])


SCHEDULES = [TwoTerm(), ISD(0.5), ISD(0.2), ISD(0.8), CentredISD(0.3)]


@pytest.mark.parametrize("batch_size", [1, 3])
@pytest.mark.parametrize("schedule", SCHEDULES, ids=repr)
def test_the_mean_update_is_the_gradient_for_every_b_and_batch(schedule, batch_size: int) -> None:
    samples, target = updates(schedule, batch_size), exact_gradient()
    error = samples.std(axis=0, ddof=1) / np.sqrt(len(samples))
    assert (np.abs(samples.mean(axis=0) - target) / error).max() < 6  # one false alarm in 10^7 runs


def test_weights_of_one_at_another_b_are_seen_as_biased() -> None:
    """The division by the outcome instead of b, which makes both weights 1, fails the same check."""
    samples = updates(ISD(0.2), 1)
    randomness = Randomness(1)
    signs = np.concatenate([phase_signs(randomness, ISD(0.2), 1, k) for k in range(len(samples))])
    wrong = 2 * samples * np.where(signs, 0.2, 0.8)[:, None]  # weights 2, 2: right at b = 1/2 only
    error = wrong.std(axis=0, ddof=1) / np.sqrt(len(wrong))
    assert (np.abs(wrong.mean(axis=0) - exact_gradient()) / error).max() > 6


@pytest.mark.parametrize("schedule", [TwoTerm(), ISD(0.5)], ids=repr)
def test_digits_are_told_apart_after_a_short_training(schedule) -> None:
    images, labels = labelled_digits(label_units=False)
    images = np.concatenate([np.zeros((len(images), 10)), images], axis=1)  # room for the label
    network = ForwardForward.random(np.random.default_rng(0), (74, 60, 60), threshold=2.0)
    train_images, test_images, train_labels, test_labels = images[:1400], images[1400:], labels[:1400], labels[1400:]
    run = train_forward_forward(
        network, train_images, train_labels, schedule, n_phases=4000, optimiser=Adam(0.01), batch_size=20, seed=3
    )
    error = np.mean(predicted_labels(run.model, test_images) != test_labels)
    assert error < 0.4
    assert np.mean(predicted_labels(network, test_images) != test_labels) > 0.7


def test_an_epoch_shows_every_image_once() -> None:
    learner = ForwardForwardLearner(NETWORK, IMAGES, LABELS, ISD(0.5), SGD(1.0), 2, n_classes=3)
    randomness = Randomness(2)
    shown = np.concatenate([learner._rows(randomness, k) for k in range(10)])
    for epoch in range(4):
        assert sorted(shown[5 * epoch : 5 * epoch + 5]) == [0, 1, 2, 3, 4]


def test_a_stopped_run_goes_on_bit_for_bit(tmp_path) -> None:
    parts = {"n_phases": 40, "batch_size": 2, "seed": 4, "checkpoint_every": 3}
    network = ForwardForward.random(np.random.default_rng(0), (12, 5, 4))
    images = np.random.default_rng(1).uniform(0, 1, (7, 12))
    labels = np.arange(7)

    def stop(done: int, total: int) -> None:
        if done == 11:
            raise KeyboardInterrupt

    whole = train_forward_forward(network, images, labels, CentredISD(0.4), **parts)
    with pytest.raises(KeyboardInterrupt):
        train_forward_forward(network, images, labels, CentredISD(0.4), folder=tmp_path, report=stop, **parts)
    run = train_forward_forward(network, images, labels, CentredISD(0.4), folder=tmp_path, resume=True, **parts)
    assert run.model.flat.tobytes() == whole.model.flat.tobytes()
    with pytest.raises(CheckpointError, match="its data is"):
        train_forward_forward(network, images, labels[::-1], CentredISD(0.4), folder=tmp_path, resume=True, **parts)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"images": np.zeros((0, 6)), "labels": np.zeros(0, int)}, "non-empty rows of 6 pixels"),
        ({"images": np.zeros((5, 7))}, "rows of 6 pixels"),
        ({"images": np.full((5, 6), np.nan)}, "finite"),
        ({"images": np.full((5, 6), "a")}, "numbers"),
        ({"labels": np.array([0, 1, 2, 3, 0])}, "labels must lie in 0 .. 2, got 3"),
        ({"labels": np.array([0, 1])}, "pair up"),
        ({"n_classes": 7}, "at least 7 pixels"),
        ({"batch_size": 0}, "batch_size"),
        ({"schedule": AlwaysOnISD(0.5)}, "single step"),
        ({"weight_decay": -1.0}, "weight_decay"),
    ],
)
def test_input_that_cannot_be_learned_from_is_refused(change, message: str) -> None:
    parts = {
        "network": NETWORK, "images": IMAGES, "labels": LABELS, "schedule": ISD(0.5), "optimiser": SGD(0.1),
        "n_classes": 3,
    }  # fmt: skip
    with pytest.raises(ValueError, match=message):
        ForwardForwardLearner(**{**parts, **change}).start(Randomness(0))
