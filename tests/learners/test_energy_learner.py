"""One update of each schedule against the exact gradient and the exact covariance of its estimator."""

import numpy as np
import pytest

from cl_theory.learning.learners.energy_learner import AlwaysOnLearner, EndOfPhaseLearner
from cl_theory.learning.learners.loop import Randomness, TrainingState
from cl_theory.learning.learners.parts import ISD, SGD, AlwaysOnISD, CentredISD, Exact, TwoTerm
from cl_theory.learning.models.rbm import RBM, all_states, rbm_phase_moments
from cl_theory.theory.chains.phase_lengths import Fixed, Geometric
from cl_theory.theory.estimators import moments as exact_moments

NETWORK = RBM.random(np.random.default_rng(0), 4, 3, 0.7)
DATA = all_states(4)[[3, 5, 5, 12, 15]]
MOMENTS = rbm_phase_moments(NETWORK, DATA)
N = 2500


def updates(schedule, n: int = N, baseline: np.ndarray | None = None) -> np.ndarray:
    """`n` independent estimates of the gradient, read off single steps of the learner from the same state."""
    learner = EndOfPhaseLearner(NETWORK, DATA, schedule, Exact(), SGD(1.0))
    randomness = Randomness(1)
    start = learner.start(randomness)
    memory = dict(start.memory)
    if baseline is not None:
        memory |= {"baseline.positive": baseline, "baseline.negative": baseline}
    states = (TrainingState(k, start.parameters, memory) for k in range(n))
    return np.array([start.parameters - learner.step(state, randomness).parameters for state in states])


def worst_z(samples: np.ndarray, target: np.ndarray) -> float:
    error = samples.std(axis=0, ddof=1) / np.sqrt(len(samples))
    return float((np.abs(samples.mean(axis=0) - target) / error).max())


SCHEDULES = [TwoTerm(), ISD(0.5), ISD(0.2), ISD(0.8), CentredISD(0.3), ISD(0.3, order="systematic")]
LIMIT = 6.0  # 19 coordinates beyond six standard errors: less than one false alarm in 10^7 runs


@pytest.mark.parametrize("schedule", SCHEDULES, ids=repr)
def test_the_mean_update_is_the_exact_gradient(schedule) -> None:
    assert worst_z(updates(schedule), MOMENTS.mean) < LIMIT


def test_the_same_check_sees_a_weight_of_one_instead_of_one_over_b() -> None:
    wrong = updates(ISD(0.2)) * 0.2  # as if the positive phase were not divided by b
    assert worst_z(wrong, MOMENTS.mean) > LIMIT


@pytest.mark.parametrize(
    ("schedule", "covariance"),
    [
        (TwoTerm(), exact_moments.two_term_covariance(MOMENTS)),
        (ISD(0.5), exact_moments.isd_covariance(MOMENTS, 0.5)),
        (ISD(0.25), exact_moments.isd_covariance(MOMENTS, 0.25)),
    ],
    ids=["two-term", "b = 0.5", "b = 0.25"],
)
def test_the_variance_of_an_update_is_the_predicted_one(schedule, covariance) -> None:
    squares = ((updates(schedule) - MOMENTS.mean) ** 2).sum(axis=1)
    assert worst_z(squares[:, None], np.trace(covariance)) < LIMIT


def test_at_its_best_baseline_a_centred_update_has_the_predicted_smaller_variance() -> None:
    centre = exact_moments.isd_centre(MOMENTS, 0.4)
    squares = ((updates(CentredISD(0.4), baseline=centre) - MOMENTS.mean) ** 2).sum(axis=1)
    predicted = np.trace(exact_moments.centred_isd_covariance(MOMENTS, 0.4, centre))
    assert worst_z(squares[:, None], predicted) < LIMIT
    assert worst_z(squares[:, None], np.trace(exact_moments.isd_covariance(MOMENTS, 0.4))) > LIMIT


def test_a_batch_averages_as_many_independent_phases() -> None:
    learner = EndOfPhaseLearner(NETWORK, DATA, ISD(0.4), Exact(), SGD(1.0), batch_size=8)
    randomness = Randomness(2)
    start = learner.start(randomness)
    moved = [learner.step(TrainingState(k, start.parameters, start.memory), randomness).parameters for k in range(3000)]
    samples = start.parameters - np.array(moved)
    assert worst_z(samples, MOMENTS.mean) < LIMIT
    squares = ((samples - MOMENTS.mean) ** 2).sum(axis=1)
    assert worst_z(squares[:, None], np.trace(exact_moments.isd_covariance(MOMENTS, 0.4)) / 8) < LIMIT


def test_an_always_on_phase_moves_by_the_gradient_when_the_rate_is_small() -> None:
    """At a vanishing rate the steps of a phase that starts in equilibrium add up to one unbiased estimate."""
    length, rate = 5, 1e-6
    learner = AlwaysOnLearner(NETWORK, DATA, AlwaysOnISD(0.3, length=Fixed(length)), Exact(), SGD(rate), 200)
    randomness = Randomness(3)
    state = learner.start(randomness)
    totals = []
    for _ in range(150):
        before = state.parameters
        for _ in range(length):
            state = learner.step(state, randomness)
        totals.append((before - state.parameters) / rate)
    assert worst_z(np.array(totals), MOMENTS.mean) < LIMIT


def test_always_on_phases_have_the_lengths_and_signs_that_were_asked_for() -> None:
    learner = AlwaysOnLearner(NETWORK, DATA, AlwaysOnISD(0.3, length=Fixed(4)), Exact(), SGD(0.1), batch_size=50)
    randomness = Randomness(4)
    state = learner.start(randomness)
    signs = []
    for t in range(80):
        state = learner.step(state, randomness)
        assert (state.memory["phase.number"] == t // 4).all()
        signs.append(state.memory["phase.positive"])
    by_phase = np.array(signs).reshape(20, 4, 50)
    assert (by_phase == by_phase[:, :1]).all()
    assert abs(by_phase[:, 0].mean() - 0.3) < 6 * np.sqrt(0.21 / 1000)
    on = state.memory["phase.positive"]
    assert (state.memory["chain.v"][on][:, None] == DATA).all(axis=2).any(axis=1).all()  # clamped to a data row


def test_phases_of_random_length_last_as_long_as_their_law_on_average() -> None:
    schedule = AlwaysOnISD(0.5, length=Geometric(6))
    learner = AlwaysOnLearner(NETWORK, DATA, schedule, Exact(), SGD(0.01), batch_size=100)
    randomness = Randomness(5)
    state = learner.advance(learner.start(randomness), 300, randomness)
    phases = state.memory["phase.number"] + 1
    assert len(set(phases.tolist())) > 5  # chains end their phases at their own times
    expected, sd = 300 / 6, np.sqrt(300 * (5 / 6) / 6)  # a phase ends at each step with probability 1/6
    assert abs(phases.mean() - expected - 5 / 6) < 6 * sd / 10


def test_an_exact_free_phase_of_always_on_learning_begins_in_equilibrium() -> None:
    """The first update of an exact free phase sees the model's own statistics, one step after an exact draw."""
    learner = AlwaysOnLearner(NETWORK, DATA, AlwaysOnISD(0.5, length=Fixed(1)), Exact(), SGD(1e-9), batch_size=20_000)
    randomness = Randomness(6)
    state = learner.advance(learner.start(randomness), 1, randomness)
    off = ~state.memory["phase.positive"]
    v, h = state.memory["chain.v"][off], state.memory["chain.h"][off]
    assert worst_z(NETWORK.gradient(v, h), MOMENTS.mean_negative) < LIMIT
