"""Mini-batches in single precision against the readable learner, bit for bit where units leave chance no room."""

import numpy as np
import pytest
from scipy.sparse import csr_array
from scipy.special import expit

from cl_theory.learning.learners import minibatch
from cl_theory.learning.learners.energy_learner import EndOfPhaseLearner
from cl_theory.learning.learners.loop import LearningDiverged, Randomness, TrainingState
from cl_theory.learning.learners.minibatch import MinibatchLearner, as_rows
from cl_theory.learning.learners.parts import (
    ISD,
    SGD,
    Adam,
    AlwaysOnISD,
    CarriedOver,
    CentredISD,
    ContrastiveDivergence,
    Exact,
    Momentum,
    Persistent,
    TwoTerm,
)
from cl_theory.learning.learners.train import learner_of
from cl_theory.learning.models.rbm import RBM
from cl_theory.philox import philox_key

RNG = np.random.default_rng(0)
STIFF = RBM(RNG.choice([-60.0, 60.0], (21, 70)), np.full(70, 30.0), np.full(21, 30.0))
"""Activations are odd multiples of 30: a unit against its drive once in 10**13 draws."""

ROUNDING = 2 * np.spacing(np.float32(60))
"""Of a parameter in one update, and of what is subtracted from it."""

ROW = RNG.integers(0, 2, (1, 70))


def both_after(n_updates: int, schedule, chain, optimiser, batch_size: int, **options):
    """(fast, readable) states after updates from the same hidden units."""
    fast, slow = (
        kind(STIFF, ROW, schedule, chain, optimiser, batch_size, **options)
        for kind in (MinibatchLearner, EndOfPhaseLearner)
    )
    randomness = Randomness(3)
    begun, readable = fast.start(randomness), slow.start(randomness)
    memory = readable.memory | {"chain.h": begun.memory["chain.h"].astype(float)}
    readable = TrainingState(0, readable.parameters, memory)
    return fast.advance(begun, n_updates, randomness), slow.advance(readable, n_updates, randomness)


@pytest.mark.parametrize("batch_size", [3, 20, 60])
@pytest.mark.parametrize("chain", [ContrastiveDivergence(1), Persistent(1), Persistent(2), CarriedOver(2)], ids=repr)
@pytest.mark.parametrize("schedule", [TwoTerm(), ISD(0.3), CentredISD(0.3, baseline_rate=0.2)], ids=repr)
def test_updates_are_those_of_the_readable_learner(schedule, chain, batch_size: int) -> None:
    fast, slow = both_after(7, schedule, chain, SGD(0.01), batch_size)
    assert np.abs(fast.parameters - slow.parameters).max() <= 7 * ROUNDING
    assert np.abs(slow.parameters - STIFF.flat).max() > 0.005


@pytest.mark.parametrize("optimiser", [SGD(0.01), Momentum(0.01), Adam(0.01)], ids=repr)
@pytest.mark.parametrize("schedule", [TwoTerm(), CentredISD(0.4)], ids=repr)
def test_optimisers_in_place_are_those_of_the_parts(optimiser, schedule) -> None:
    fast, slow = both_after(6, schedule, Persistent(), optimiser, 5, weight_decay=0.01)
    assert np.abs(fast.parameters - slow.parameters).max() <= 6 * ROUNDING


@pytest.mark.parametrize("optimiser", [SGD(0.01), Momentum(0.01), Adam(0.01)], ids=repr)
def test_visible_biases_stay_away_where_they_are_not_wanted(optimiser) -> None:
    network = RBM(STIFF.weights, np.zeros(70), STIFF.hidden_bias)
    learner = MinibatchLearner(network, ROW, TwoTerm(), Persistent(), optimiser, 5, visible_biases=False)
    randomness = Randomness(4)
    after = learner.model(learner.advance(learner.start(randomness), 5, randomness).parameters)
    assert not after.visible_bias.any()
    assert not np.array_equal(after.weights, network.weights)


@pytest.mark.parametrize(("n", "m", "d"), [(1, 4, 64), (2, 5, 70), (3, 21, 100), (7, 33, 784), (11, 16, 65)])
def test_products_in_registers_are_products(n: int, m: int, d: int) -> None:
    rng = np.random.default_rng(n)
    weights, v, h = (rng.normal(size=shape).astype(np.float32) for shape in ((m, d), (n, d), (n, m)))
    up, down = np.empty((n, m), np.float32), np.empty((n, d), np.float32)
    minibatch._few_up(weights, v, up)
    minibatch._few_down(weights, h, down)
    bound = (d + m) * np.finfo(np.float32).eps
    assert np.all(np.abs(up - v @ weights.T.astype(float)) <= bound * (np.abs(v) @ np.abs(weights.T)))
    assert np.all(np.abs(down - h @ weights.astype(float)) <= bound * (np.abs(h) @ np.abs(weights)))


def test_units_are_on_as_often_as_their_activation_says() -> None:
    activation = np.linspace(-4, 4, 9, dtype=np.float32)
    units, bias = np.zeros((40_000, 9), np.float32), activation
    minibatch._draw(units, bias, philox_key(np.random.default_rng(5)), 0, 0, 0, 1)
    p = expit(activation.astype(float))
    z = (units.mean(axis=0) - p) / np.sqrt(p * (1 - p) / len(units))
    assert np.abs(z).max() < 6
    assert np.abs(np.corrcoef(units.T) - np.eye(9)).max() < 6 / np.sqrt(len(units))


def test_the_same_bits_whatever_a_run_is_divided_into() -> None:
    network = RBM.random(np.random.default_rng(1), 70, 21, 0.1)
    data = np.random.default_rng(2).integers(0, 2, (50, 70))
    for schedule in (TwoTerm(), ISD(), CentredISD()):
        learner = MinibatchLearner(network, data, schedule, Persistent(), Adam(0.01), 10)
        randomness = Randomness(6)
        start = learner.start(randomness)
        whole = learner.advance(start, 30, randomness)
        parts = learner.advance(learner.advance(start, 13, randomness), 17, randomness)
        assert whole.parameters.tobytes() == parts.parameters.tobytes()
        assert learner.advance(start, 30, Randomness(7)).parameters.tobytes() != whole.parameters.tobytes()


def test_sparse_rows_learn_the_same_bits_as_dense_ones() -> None:
    network = RBM.random(np.random.default_rng(1), 70, 21, 0.1)
    for data in (np.random.default_rng(2).random((40, 70)) < 0.1, np.random.default_rng(2).random((40, 70)).round(1)):
        ends = []
        for rows in (data, csr_array(data)):
            learner, randomness = MinibatchLearner(network, rows, ISD(), Persistent(), SGD(0.1), 4), Randomness(8)
            ends.append(learner.advance(learner.start(randomness), 25, randomness).parameters.tobytes())
        assert ends[0] == ends[1]


def test_rows_of_other_data_are_drawn_anew() -> None:
    """The same randomness serves one slice of a stream after another, of whatever length."""
    network, randomness = RBM.random(np.random.default_rng(1), 4, 3, 0.1), Randomness(2)
    for n_rows in (2, 50, 3):
        learner = MinibatchLearner(network, np.zeros((n_rows, 4)), TwoTerm(), Persistent(), SGD(0.1), 20)
        drawn = np.concatenate([learner._order(k, randomness)[1] for k in range(40)])
        assert set(drawn) == set(range(n_rows))


def test_batches_without_a_clamped_or_a_free_phase_learn_on() -> None:
    network = RBM.random(np.random.default_rng(1), 4, 3, 0.1)
    for chain in (Persistent(2), ContrastiveDivergence(1), CarriedOver(1)):
        learner, randomness = MinibatchLearner(network, np.eye(4), CentredISD(), chain, SGD(0.1), 2), Randomness(1)
        assert np.isfinite(learner.advance(learner.start(randomness), 50, randomness).parameters).all()


def test_rates_are_drawn_each_time_a_row_is_shown() -> None:
    """Visible units that nothing drives: their biases move by the mean of what was shown, less that of fair coins."""
    rates = np.array([[0.0, 0.2, 0.7, 1.0]])
    learner = MinibatchLearner(
        RBM(np.zeros((1, 4)), np.zeros(4), np.zeros(1)), rates, TwoTerm(), Persistent(), SGD(1.0), 50_000
    )
    randomness = Randomness(9)
    after = learner.run(learner.start(randomness), 1, randomness)
    moved = learner.model(after.parameters).visible_bias
    assert np.abs(moved - (rates[0] - 0.5)).max() < 6 * np.sqrt(0.5 / 50_000)


def test_train_takes_mini_batches_and_leaves_the_rest() -> None:
    network = RBM.random(np.random.default_rng(1), 8, 4)
    data = np.eye(8)
    assert isinstance(learner_of(network, data, batch_size=2), MinibatchLearner)
    assert isinstance(learner_of(network, data, chain=Exact(), batch_size=2), EndOfPhaseLearner)
    assert not isinstance(learner_of(network, data), MinibatchLearner)


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (np.full((2, 70), 1.5), "rates between them"),
        (np.full((2, 70), np.nan), "rates between them"),
        (np.zeros((2, 69)), "rows of 70 numbers"),
        (np.zeros((0, 70)), "non-empty"),
        (np.array([["a"] * 70]), "numbers"),
    ],
)
def test_data_that_are_neither_bits_nor_rates_are_refused(rows, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        as_rows(rows, 70)


def test_what_cannot_be_learned_so_is_refused() -> None:
    with pytest.raises(ValueError, match="end of phases"):
        MinibatchLearner(STIFF, ROW, AlwaysOnISD(), Persistent(), SGD(0.1))
    with pytest.raises(ValueError, match="Exact"):
        MinibatchLearner(STIFF, ROW, ISD(), Exact(), SGD(0.1))
    with pytest.raises(ValueError, match="weight_decay"):
        MinibatchLearner(STIFF, ROW, ISD(), Persistent(), SGD(0.1), weight_decay=-1.0)
    with pytest.raises(ValueError, match="visible_bias 0"):
        MinibatchLearner(STIFF, ROW, ISD(), Persistent(), SGD(0.1), visible_biases=False)


def test_a_rate_that_blows_up_is_stopped_at_its_iteration() -> None:
    learner, randomness = MinibatchLearner(STIFF, ROW, TwoTerm(), Persistent(), SGD(1000.0), 2), Randomness(1)
    with pytest.raises(LearningDiverged, match="iteration 1:"):
        learner.advance(learner.start(randomness), 50, randomness)
