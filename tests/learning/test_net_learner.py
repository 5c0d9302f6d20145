"""Learning of forward-forward nets: unbiased for every b and batch, no true label in a negative, and it learns."""

import numpy as np
import pytest

from cl_theory.datasets.digits import labelled_digits, with_label_pixels
from cl_theory.learning import (
    ISD,
    SGD,
    Adam,
    AlwaysOnISD,
    CentredISD,
    CheckpointError,
    LearningDiverged,
    Momentum,
    TwoTerm,
    train_forward_forward,
    train_net_replicas,
)
from cl_theory.learning.energy_learner import phase_signs
from cl_theory.learning.loop import Randomness, TrainingState
from cl_theory.learning.net_learner import ForwardForwardLearner, NetReplicaLearner, shuffled_rows
from cl_theory.learning.train import net_learner_of
from cl_theory.models.forward_forward import ForwardForward, predicted_labels

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


def updates(schedule, batch_size: int, n: int = 2000) -> np.ndarray:
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
        network, train_images, train_labels, schedule, n_phases=3000, optimiser=Adam(0.01), batch_size=20, seed=3
    )
    error = np.mean(predicted_labels(run.model, test_images) != test_labels)
    assert error < 0.5
    assert np.mean(predicted_labels(network, test_images) != test_labels) > 0.7


def test_nets_side_by_side_have_a_curve_each() -> None:
    nets = [ForwardForward.random(np.random.default_rng(k), (12, 5, 4)) for k in range(3)]
    images, labels = np.random.default_rng(1).uniform(0, 1, (7, 12)), np.arange(7)

    def error(learned: list[ForwardForward]) -> np.ndarray:
        return np.array([np.mean(predicted_labels(net, images) != labels) for net in learned])

    run = train_net_replicas(
        nets, images, labels, [ISD(0.3), ISD(0.5), ISD(0.7)], n_phases=30, measures={"error": error}, record_every=10
    )
    assert run.curves["error"].shape == (4, 3)
    assert len(run.model) == 3
    with pytest.raises(ValueError, match="all be two-term or all ISD"):
        train_net_replicas(nets, images, labels, [TwoTerm(), ISD(0.5), ISD(0.5)], n_phases=3)
    with pytest.raises(ValueError, match="TwoTerm, ISD or CentredISD"):
        train_net_replicas(nets, images, labels, AlwaysOnISD(0.5), n_phases=3)


def test_an_epoch_shows_every_image_once() -> None:
    randomness = Randomness(2)
    shown = np.concatenate([shuffled_rows(randomness, 5, 2, k) for k in range(10)])
    for epoch in range(4):
        assert sorted(shown[5 * epoch : 5 * epoch + 5]) == [0, 1, 2, 3, 4]


def test_compiled_nets_are_shown_the_same_laws_as_readable_ones() -> None:
    """No negative carries the true label, signs come with probability b, and weights are those of b."""
    learner = NetReplicaLearner(
        (NETWORK,) * 2, IMAGES, LABELS, (ISD(0.2), ISD(0.7)), (0.1, 0.1), Adam(0.1), batch_size=5, n_classes=3
    )
    plan, met = learner.plan(0, 2000, Randomness(5))
    true = LABELS[met[plan.rows]]
    assert ((plan.labels == true) == plan.is_positive).all()
    for r, b in enumerate((0.2, 0.7)):
        assert abs(plan.is_positive[r].mean() - b) < 6 * np.sqrt(b * (1 - b) / 10_000)
        np.testing.assert_allclose(plan.weights[r], np.where(plan.is_positive[r], 1 / b, -1 / (1 - b)) / 5, rtol=1e-6)
        negatives = plan.labels[r][~plan.is_positive[r] & (true[r] == 1)]
        assert abs((negatives == 0).mean() - 0.5) < 6 * 0.5 / np.sqrt(len(negatives))


@pytest.mark.parametrize("optimiser", [Adam(0.02), SGD(0.2)], ids=["adam", "sgd"])
@pytest.mark.parametrize("schedule", [TwoTerm(), ISD(0.3)], ids=repr)
def test_compiled_and_readable_learners_agree_in_distribution(schedule, optimiser) -> None:
    n, rates = 600, (optimiser.learning_rate,) * 600
    nets = NetReplicaLearner((NETWORK,) * n, IMAGES, LABELS, (schedule,) * n, rates, optimiser, 2, n_classes=3)
    randomness = Randomness(6)
    compiled = nets.advance(nets.start(randomness), 5, randomness).parameters.astype(np.float64)
    learner = ForwardForwardLearner(NETWORK, IMAGES, LABELS, schedule, optimiser, 2, n_classes=3)
    own = [Randomness(7, k) for k in range(n)]
    readable = np.array([learner.advance(learner.start(each), 5, each).parameters for each in own])
    for power in (1, 2):
        a, b = compiled**power, readable**power
        error = np.sqrt((a.var(axis=0) + b.var(axis=0)) / n) + 1e-6  # float32
        assert (np.abs(a.mean(axis=0) - b.mean(axis=0)) / error).max() < 6


@pytest.mark.parametrize("batch_size", [1, 2])
@pytest.mark.parametrize("optimiser", [Adam(0.02), SGD(0.2)], ids=["adam", "sgd"])
def test_a_net_learns_the_same_bits_in_any_company_and_in_any_chunks(optimiser, batch_size: int) -> None:
    parts = {"images": IMAGES, "labels": LABELS, "optimiser": optimiser, "batch_size": batch_size, "n_classes": 3}
    together = NetReplicaLearner((NETWORK,) * 2, schedules=(ISD(0.2), ISD(0.7)), learning_rates=(0.02, 0.03), **parts)
    alone = NetReplicaLearner((NETWORK,), schedules=(ISD(0.7),), learning_rates=(0.03,), numbers=(1,), **parts)
    ends = []
    for learner, chunks in ((together, [30]), (alone, [7, 1, 22])):
        randomness = Randomness(8)
        state = learner.start(randomness)
        for n in chunks:
            state = learner.advance(state, n, randomness)
        ends.append(state.parameters[-1])
    assert ends[0].tobytes() == ends[1].tobytes()


def test_nets_are_compiled_where_the_kernels_can_do_the_same() -> None:
    images, labels = np.random.default_rng(1).uniform(0, 1, (7, 12)), np.arange(7)
    net = ForwardForward.random(np.random.default_rng(0), (12, 5, 4))
    for optimiser in (SGD(0.1), Adam(0.1), None):
        for batch_size in (1, 5):
            assert isinstance(net_learner_of(net, images, labels, ISD(0.3), optimiser, batch_size), NetReplicaLearner)
    readable = [(CentredISD(0.3), SGD(0.1), 0.0), (ISD(0.3), Momentum(0.1), 0.0), (ISD(0.3), SGD(0.1), 0.01)]
    for schedule, optimiser, decay in readable:
        learner = net_learner_of(net, images, labels, schedule, optimiser, weight_decay=decay)
        assert isinstance(learner, ForwardForwardLearner)


def test_plain_descent_remembers_nothing() -> None:
    nets = [ForwardForward.random(np.random.default_rng(k), (12, 5, 4)) for k in range(2)]
    images, labels = np.random.default_rng(1).uniform(0, 1, (7, 12)), np.arange(7)
    run = train_net_replicas(nets, images, labels, ISD(0.3), n_phases=20, optimiser=SGD(1.0), learning_rates=[0.1, 0.2])
    alone = train_net_replicas(nets[1:], images, labels, ISD(0.3), n_phases=20, optimiser=SGD(0.2), learning_rates=0.2,
                               numbers=[1])  # fmt: skip
    assert run.model[1].flat.tobytes() == alone.model[0].flat.tobytes()  # the rate is that of the net
    learner = NetReplicaLearner(tuple(nets), images, labels, (ISD(0.3),) * 2, (0.1,) * 2, SGD(0.1))
    start = learner.start(Randomness(0))
    assert start.memory == learner.advance(start, 3, Randomness(0)).memory == {}


def test_a_rate_that_blows_up_plain_descent_is_stopped_at_its_step() -> None:
    learner = NetReplicaLearner((NETWORK,), IMAGES, LABELS, (ISD(0.3),), (1e8,), SGD(1e8), n_classes=3)
    readable = ForwardForwardLearner(NETWORK, IMAGES, LABELS, ISD(0.3), SGD(1e8), n_classes=3)
    for each in (learner, readable):
        with pytest.raises(LearningDiverged, match="lower the learning rate") as caught:
            each.advance(each.start(Randomness(0)), 50, Randomness(0))
        assert caught.value.iteration == 1


@pytest.mark.parametrize("optimiser", [None, SGD(0.1)], ids=["adam", "sgd"])
@pytest.mark.parametrize("schedule", [CentredISD(0.4), ISD(0.4), TwoTerm()], ids=repr)
def test_a_stopped_run_goes_on_bit_for_bit(tmp_path, schedule, optimiser) -> None:
    parts = {"n_phases": 400, "batch_size": 2, "seed": 4, "checkpoint_every": 3, "optimiser": optimiser}
    network = ForwardForward.random(np.random.default_rng(0), (12, 5, 4))
    images = np.random.default_rng(1).uniform(0, 1, (7, 12))
    labels = np.arange(7)

    def stop(done: int, total: int) -> None:
        if done >= 11:
            raise KeyboardInterrupt

    whole = train_forward_forward(network, images, labels, schedule, **parts)
    with pytest.raises(KeyboardInterrupt):
        train_forward_forward(network, images, labels, schedule, folder=tmp_path, report=stop, **parts)
    run = train_forward_forward(network, images, labels, schedule, folder=tmp_path, resume=True, **parts)
    assert run.model.flat.tobytes() == whole.model.flat.tobytes()
    with pytest.raises(CheckpointError, match="its data is"):
        train_forward_forward(network, images, labels[::-1], schedule, folder=tmp_path, resume=True, **parts)


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
