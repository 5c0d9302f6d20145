"""Learning of forward-forward nets: unbiased for every b, batch and baseline, compiled as readable, and it learns."""

from dataclasses import replace

import numpy as np
import pytest

from cl_theory.learning.learners.energy_learner import phase_signs
from cl_theory.learning.learners.loop import CheckpointError, LearningDiverged, Randomness, TrainingState
from cl_theory.learning.learners.net_kernels import learn_shown_numpy
from cl_theory.learning.learners.net_learner import (
    AVERAGES,
    ForwardForwardLearner,
    LeakyNegativesNetLearner,
    NetReplicaLearner,
    UnweightedNetLearner,
    shuffled_rows,
)
from cl_theory.learning.learners.parts import ISD, SGD, Adam, AlwaysOnISD, CentredISD, Momentum, TwoTerm
from cl_theory.learning.learners.train import net_learner_of, train_forward_forward, train_net_replicas
from cl_theory.learning.models.forward_forward import ForwardForward, predicted_labels
from cl_theory.learning.models.images import labelled_digits, with_label_pixels

RNG = np.random.default_rng(0)
IMAGES = RNG.uniform(0, 1, (5, 6)).astype(np.float32)
LABELS = np.array([0, 1, 2, 1, 0])
RANDOM = ForwardForward.random(RNG, (6, 4, 3), threshold=0.3)
NETWORK = RANDOM.with_flat(np.abs(RANDOM.flat).astype(np.float32).astype(float))  # every unit fires
N = 2000
LIMIT = 6.0  # standard errors: one false alarm in 10^7 runs


def phase_means(
    leaky: bool = False,
    net: ForwardForward = NETWORK,
    images: np.ndarray = IMAGES,
    labels: np.ndarray = LABELS,
    n: int = 3,
) -> tuple[np.ndarray, np.ndarray]:
    """E g+ and E g-, image by image and label by label; `leaky` negatives carry any of the n labels."""
    positive, negative = np.zeros((2, net.flat.size))
    for image, true in zip(images, labels, strict=True):
        x, is_true = with_label_pixels(np.tile(image, (n, 1)), np.arange(n), n), np.arange(n) == true
        shares = np.full(n, 1 / n) if leaky else ~is_true / (n - 1)
        positive += net.weighted_gradient(x, np.ones(n, bool), is_true * 1.0) / len(images)
        negative += net.weighted_gradient(x, np.zeros(n, bool), shares) / len(images)
    return positive, negative


def distance(samples: np.ndarray, target: np.ndarray) -> float:
    """Largest distance of a mean from its target, in standard errors."""
    error = samples.std(axis=0, ddof=1) / np.sqrt(len(samples)) + 1e-8  # float32
    return float((np.abs(samples.mean(axis=0) - target) / error).max())


def updates(schedule, batch_size: int, n: int = N) -> np.ndarray:
    learner = ForwardForwardLearner(NETWORK, IMAGES, LABELS, schedule, SGD(1.0), batch_size, n_classes=3)
    randomness = Randomness(1)
    start = learner.start(randomness)
    states = (TrainingState(k, start.parameters, start.memory) for k in range(n))
    return np.array([start.parameters - learner.step(state, randomness).parameters for state in states])


SCHEDULES = [TwoTerm(), ISD(0.5), ISD(0.2), ISD(0.8), CentredISD(0.3)]


@pytest.mark.parametrize("batch_size", [1, 3])
@pytest.mark.parametrize("schedule", SCHEDULES, ids=repr)
def test_the_mean_update_is_the_gradient_for_every_b_and_batch(schedule, batch_size: int) -> None:
    assert distance(updates(schedule, batch_size), np.subtract(*phase_means())) < LIMIT


def test_weights_of_one_at_another_b_are_seen_as_biased() -> None:
    """The division by the outcome instead of b, which makes both weights 1, fails the same check."""
    samples = updates(ISD(0.2), 1)
    randomness = Randomness(1)
    signs = np.concatenate([phase_signs(randomness, ISD(0.2), 1, k) for k in range(len(samples))])
    wrong = 2 * samples * np.where(signs, 0.2, 0.8)[:, None]  # weights 2, 2: right at b = 1/2 only
    assert distance(wrong, np.subtract(*phase_means())) > LIMIT


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


@pytest.mark.parametrize(("kind", "batch_size"), [(ISD, 1), (ISD, 2), (CentredISD, 1)])
@pytest.mark.parametrize("optimiser", [Adam(0.02), SGD(0.2)], ids=["adam", "sgd"])
def test_a_net_learns_the_same_bits_in_any_company_and_in_any_chunks(optimiser, kind, batch_size: int) -> None:
    parts = {"images": IMAGES, "labels": LABELS, "optimiser": optimiser, "batch_size": batch_size, "n_classes": 3}
    together = NetReplicaLearner((NETWORK,) * 2, schedules=(kind(0.2), kind(0.7)), learning_rates=(0.02, 0.03), **parts)
    alone = NetReplicaLearner((NETWORK,), schedules=(kind(0.7),), learning_rates=(0.03,), numbers=(1,), **parts)
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


# Around a baseline: nets of 30, 9 and 7 units, ten labels.
SIZES, ODDS = (30, 9, 7), (0.5, 0.3, 0.8)
PICTURES, MARKS = np.random.default_rng(11).random((40, 30)), np.random.default_rng(11).integers(0, 10, 40)


def centred(optimiser, n=3, b=ODDS, rates=(1.0, 0.5, 2.0), follow=0.01, **options):
    return NetReplicaLearner(
        tuple(ForwardForward.random(np.random.default_rng(k), SIZES, threshold=0.3) for k in range(n)),
        PICTURES,
        MARKS,
        tuple(CentredISD(value, baseline_rate=follow) for value in b[:n]),
        tuple(optimiser.learning_rate * rate for rate in rates[:n]),
        optimiser,
        **options,
    )


def in_numpy(learner, state, randomness, n=1):
    """Parameters and baseline after `n` steps of the readable sibling."""
    plan, met = learner.plan(state.iteration, n, randomness)
    nets, rates = learner.nets_of(state), np.array(learner.learning_rates)
    after, baseline = learn_shown_numpy(nets, learner.images[met], plan, learner.optimiser, rates=rates)
    return np.array([net.flat for net in after]), baseline


def compiled(learner, n):
    return learner.advance(learner.start(Randomness(4)), n, Randomness(4))


def furthest(found, expected, start):
    """Largest gap of each net's parameters over how far it has come."""
    return np.abs(found - expected).max(axis=1) / np.abs(expected - start).max(axis=1)


@pytest.mark.parametrize("optimiser", [SGD(0.3), Adam(0.01)], ids=["sgd", "adam"])
def test_compiled_nets_learn_as_numpy_does(optimiser):
    nets = centred(optimiser)
    start = nets.start(Randomness(4))
    (expected, baseline), found = in_numpy(nets, start, Randomness(4), 60), compiled(nets, 60)
    assert (furthest(found.parameters, expected, start.parameters) < 1e-4).all()
    for name, averages in zip(AVERAGES, baseline[:2], strict=True):
        np.testing.assert_allclose(found.memory[name], averages, atol=1e-5)
    off = compiled(centred(optimiser, follow=0.0101), 60)
    assert (furthest(off.parameters, expected, start.parameters) > 1e-4).all()


def test_they_meet_what_nets_without_a_baseline_meet_and_learn_alike_if_it_never_moves():
    around, still = centred(SGD(0.3)), centred(SGD(0.3), follow=1e-30)
    schedules = tuple(map(ISD, ODDS))
    plain = NetReplicaLearner(around.nets, PICTURES, MARKS, schedules, around.learning_rates, around.optimiser)
    plans = [of.plan(0, 50, Randomness(4))[0] for of in (around, plain)]
    for part in ("rows", "labels", "is_positive", "weights"):
        np.testing.assert_array_equal(getattr(plans[0], part), getattr(plans[1], part))
    ends = [compiled(of, 40).parameters for of in (around, still, plain)]
    np.testing.assert_allclose(ends[1], ends[2], atol=1e-6)
    assert np.abs(ends[0] - ends[2]).max() > 1e-3


def test_the_estimate_has_no_bias_whatever_the_baseline_is():
    """Mean over images and wrong labels of weight * (gradient - baseline), the phases in their exact shares."""
    nets = replace(centred(SGD(1e-3), 1), schedules=(CentredISD(0.3, "stratified", 0.5),))
    randomness, start = Randomness(9), nets.start(Randomness(9))
    away = {name: np.full_like(start.memory[name], 0.2) for name in AVERAGES}
    moved = []
    for k in range(4000):
        here = replace(start, iteration=k, memory=away)
        moved.append(in_numpy(nets, here, randomness)[0][0] - start.parameters[0])
    exact = np.subtract(*phase_means(False, nets.nets[0], PICTURES, MARKS, 10))
    mean, scale = -np.mean(moved, axis=0) / 1e-3, np.sqrt(np.mean(exact**2))
    assert np.abs(mean - exact).max() < 0.5 * scale < np.abs(mean - 2 * exact).max()


def test_nets_without_a_baseline_and_batches_are_trained_apart():
    for schedule in (TwoTerm(), ISD(0.5)):
        with pytest.raises(ValueError, match="schedules must all be two-term or all ISD, centred or not"):
            replace(centred(SGD(0.1), 2), schedules=(CentredISD(0.5), schedule))
    with pytest.raises(ValueError, match="batch_size 2; use ForwardForwardLearner for batches"):
        centred(SGD(0.1), batch_size=2)


# What released scripts do otherwise: each difference alone, seen in the mean update, and absent from the clean one.
B = 0.2
CLEAN, UNWEIGHTED, LEAKY = NetReplicaLearner, UnweightedNetLearner, LeakyNegativesNetLearner


def variant(kind: type[NetReplicaLearner], schedule, n: int, batch_size: int) -> NetReplicaLearner:
    return kind((NETWORK,) * n, IMAGES, LABELS, (schedule,) * n, (1.0,) * n, SGD(1.0), batch_size, n_classes=3)


def moves(kind: type[NetReplicaLearner], schedule) -> np.ndarray:
    """What N nets descend in their first step of rate one, 20 images each, (N, n_parameters)."""
    learner, randomness = variant(kind, schedule, N, batch_size=20), Randomness(3)
    start = learner.start(randomness)
    return start.parameters.astype(float) - learner.advance(start, 1, randomness).parameters


@pytest.mark.parametrize("schedule", [ISD(B), TwoTerm()], ids=repr)
def test_the_clean_learner_moves_along_the_gradient_and_a_leaky_one_does_not(schedule) -> None:
    gradient, with_leak = (np.subtract(*phase_means(leaky)) for leaky in (False, True))
    clean, leaky = moves(CLEAN, schedule), moves(LEAKY, schedule)
    assert distance(clean, gradient) < LIMIT < distance(leaky, gradient)
    assert distance(leaky, with_leak) < LIMIT < distance(clean, with_leak)


def test_weights_by_outcome_move_along_another_direction_unless_b_is_one_half() -> None:
    positive, negative = phase_means(leaky=False)
    gradient, samples = positive - negative, moves(UNWEIGHTED, ISD(B))
    assert distance(samples, B * positive - (1 - B) * negative) < LIMIT
    best = (samples.mean(axis=0) @ gradient) / (gradient @ gradient)
    assert distance(samples, best * gradient) > LIMIT  # no learning rate makes up for it
    assert distance(moves(UNWEIGHTED, ISD(0.5)), gradient / 2) < LIMIT
    assert distance(moves(UNWEIGHTED, TwoTerm()), gradient) < LIMIT


def test_a_variant_meets_the_same_images_in_the_same_phases() -> None:
    plans = [variant(kind, ISD(B), 3, 2).plan(10, 400, Randomness(4)) for kind in (CLEAN, UNWEIGHTED, LEAKY)]
    (clean, met), (unweighted, _), (leaky, _) = plans
    for plan, found in plans:
        np.testing.assert_array_equal(met[clean.rows], found[plan.rows])
        np.testing.assert_array_equal(clean.is_positive, plan.is_positive)
    np.testing.assert_array_equal(clean.labels, unweighted.labels)
    np.testing.assert_array_equal(clean.weights, leaky.weights)
    np.testing.assert_array_equal(unweighted.weights, np.where(clean.is_positive, 0.5, -0.5))  # a batch of two


def test_one_negative_in_n_classes_carries_the_true_label() -> None:
    plan, met = variant(LEAKY, ISD(B), 3, 2).plan(0, 1000, Randomness(5))
    true, negative = LABELS[met[plan.rows]], ~plan.is_positive
    np.testing.assert_array_equal(plan.labels[~negative], true[~negative])
    for label in range(3):
        drawn = plan.labels[negative & (true == label)]
        counts = np.bincount(drawn, minlength=3)
        assert np.abs(counts / len(drawn) - 1 / 3).max() < 6 * np.sqrt(2 / 9 / len(drawn))


def test_runs_of_a_variant_are_told_from_those_of_the_clean_learner() -> None:
    kinds = (CLEAN, UNWEIGHTED, LEAKY)
    assert len({variant(kind, ISD(B), 1, 1).describe()["learner"] for kind in kinds}) == 3
