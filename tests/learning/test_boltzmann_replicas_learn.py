"""Boltzmann machines that learn in lock-step: the laws of the readable learners, exact curves, interruptions."""

from functools import cache

import numpy as np
import pytest

from cl_theory.datasets.bars_and_stripes import bars_and_stripes
from cl_theory.learning import (
    ISD,
    SGD,
    AlwaysOnISD,
    CarriedOver,
    CentredISD,
    ContrastiveDivergence,
    Exact,
    Persistent,
    TwoTerm,
    train_replicas,
)
from cl_theory.learning.energy_learner import AlwaysOnLearner, EndOfPhaseLearner
from cl_theory.learning.likelihood import exact_measures, log_likelihood
from cl_theory.learning.loop import Randomness
from cl_theory.models.boltzmann import BoltzmannMachine
from cl_theory.models.exact_law import log_probability_v, total_variation
from cl_theory.phases import Fixed, Geometric
from cl_theory.states import all_states

MACHINE = BoltzmannMachine.random(np.random.default_rng(0), 4, 3, 1.0)
DATA = all_states(4)[[3, 5, 5, 12, 15]]
LIMIT = 6.0  # standard errors, 22 coordinates, two powers: less than one false alarm in 10^7 runs
N = 600


def latch() -> BoltzmannMachine:
    """A machine whose chains do not forget: two hidden units hold each other, and only v_0 = 1 switches them on.

    Where a phase begins decides what they show in it, so that policies of the chain differ in all moments.
    """
    weights, visible_bias, hidden_bias, coupling = (
        np.array(part) for part in (MACHINE.weights, MACHINE.visible_bias, MACHINE.hidden_bias, MACHINE.hidden_weights)
    )
    weights[:2], weights[:2, 0], weights[2, 0] = 0, 40, 0
    visible_bias[0], hidden_bias[:2] = -40, -30
    coupling[:], coupling[0, 1], coupling[1, 0] = 0, 60, 60
    return BoltzmannMachine(weights, visible_bias, hidden_bias, coupling)


LATCH = latch()
SWITCHED = all_states(4)[[3, 5, 12, 10]]  # v_0 = 1 in half of the rows
CHAINS = (Persistent(1), CarriedOver(1), ContrastiveDivergence(1))
ALWAYS_ON = AlwaysOnISD(0.6, length=Fixed(1))
CASES = [(TwoTerm(), CHAINS[2]), (ISD(0.4), CHAINS[0]), (ISD(0.4), CHAINS[1]), (ALWAYS_ON, CHAINS[0])]


def compiled_moves(schedule, chain, n_phases: int = 24) -> np.ndarray:
    parts = {"n_phases": n_phases, "learning_rates": 0.1, "chain": chain, "measures": {}, "seed": 2}
    run = train_replicas(LATCH, SWITCHED, schedule, n_replicas=N, **parts)
    return np.array([machine.flat for machine in run.model]) - LATCH.flat


@cache
def readable_moves(schedule, chain, n_phases: int = 24) -> np.ndarray:
    kind = AlwaysOnLearner if isinstance(schedule, AlwaysOnISD) else EndOfPhaseLearner
    learner, ends = kind(LATCH, SWITCHED, schedule, chain, SGD(0.1)), []
    for k in range(N):
        randomness = Randomness(3, k)
        state = learner.advance(learner.start(randomness), learner.iterations(n_phases), randomness)
        ends.append(state.parameters)
    return np.array(ends) - LATCH.flat


def worst_z(a: np.ndarray, b: np.ndarray) -> float:
    """The largest difference of means and mean squares, in standard errors (and the rounding of float32 at 60)."""
    both = [(a**power, b**power) for power in (1, 2)]
    return max(
        float((np.abs(x.mean(axis=0) - y.mean(axis=0)) / (np.sqrt((x.var(axis=0) + y.var(axis=0)) / N) + 1e-5)).max())
        for x, y in both
    )


@pytest.mark.parametrize(("schedule", "chain"), CASES, ids=repr)
def test_compiled_and_readable_learners_agree_in_distribution(schedule, chain) -> None:
    assert worst_z(compiled_moves(schedule, chain), readable_moves(schedule, chain)) < LIMIT


@pytest.mark.parametrize("schedule", [ISD(0.4), ALWAYS_ON], ids=repr)
def test_the_same_comparison_tells_the_chains_and_two_terms_from_one(schedule) -> None:
    readable = readable_moves(schedule, CHAINS[0])
    others = [(schedule, CHAINS[1]), (schedule, CHAINS[2]), (TwoTerm(), CHAINS[0])]
    assert min(worst_z(compiled_moves(*other), readable) for other in others) > LIMIT


def test_the_mean_move_is_the_exact_gradient_when_phases_are_long() -> None:
    """One phase of 60 sweeps; the target is the exact gradient of the mean negative log-likelihood."""
    run = train_replicas(
        MACHINE, DATA, ISD(0.3), n_replicas=4 * N, n_phases=1, chain=Persistent(60), learning_rates=0.5, measures={},
        seed=4,
    )  # fmt: skip
    moves = (MACHINE.flat - np.array([machine.flat for machine in run.model])) / 0.5
    states = all_states(7)
    v, h = states[:, :4], states[:, 4:]
    law = np.exp(-MACHINE.energy(v, h))
    free = law / law.sum() @ MACHINE.gradient(v, h)
    clamped = np.zeros_like(free)
    for row in DATA:
        here = law * (v == row).all(axis=1)
        clamped += here / here.sum() @ MACHINE.gradient(v, h) / len(DATA)
    error = moves.std(axis=0, ddof=1) / np.sqrt(len(moves)) + 1e-6
    assert (np.abs(moves.mean(axis=0) - (clamped - free)) / error).max() < LIMIT
    assert (np.abs(moves.mean(axis=0)) / error).max() > LIMIT


SCHEDULES = [TwoTerm(), ISD(0.3), AlwaysOnISD(0.4, length=Geometric(7))]


@pytest.mark.parametrize("schedule", SCHEDULES, ids=repr)
def test_a_stopped_run_goes_on_bit_for_bit(tmp_path, schedule) -> None:
    parts = {"n_replicas": 2, "n_phases": 1300, "seed": 6, "chain": Persistent(2), "checkpoint_every": 50}

    def stop(done: int, total: int) -> None:
        if done >= 170:
            raise KeyboardInterrupt

    whole = train_replicas(MACHINE, DATA, schedule, record_every=10**6, **parts)
    with pytest.raises(KeyboardInterrupt):
        train_replicas(MACHINE, DATA, schedule, folder=tmp_path, report=stop, record_every=90, **parts)
    run = train_replicas(MACHINE, DATA, schedule, folder=tmp_path, resume=True, record_every=90, **parts)
    assert run.state.parameters.tobytes() == whole.state.parameters.tobytes()
    for name, array in whole.state.memory.items():
        assert run.state.memory[name].tobytes() == array.tobytes(), name


def test_a_replica_learns_the_same_bits_in_any_company() -> None:
    parts = {"n_phases": 200, "chain": CarriedOver(2), "measures": {}, "seed": 4}
    schedules = [ISD(0.2), TwoTerm(), ISD(0.8)]
    together = train_replicas(MACHINE, DATA, schedules, learning_rates=[0.1, 0.02, 0.03], **parts)
    two = train_replicas([MACHINE] * 2, DATA, schedules[1:], learning_rates=[0.02, 0.03], numbers=[1, 2], **parts)
    assert two.state.parameters.tobytes() == together.state.parameters[1:].tobytes()


def test_machines_learn_bars_and_stripes_and_the_curve_is_exact() -> None:
    start = BoltzmannMachine.random(np.random.default_rng(1), 4, 4, 0.1)
    start = BoltzmannMachine(start.weights, np.zeros(4), start.hidden_bias, start.hidden_weights)
    data = bars_and_stripes(2)
    run = train_replicas(
        start, data, ISD(0.5), n_replicas=3, n_phases=20_000, chain=CarriedOver(20), learning_rates=0.02,
        visible_biases=False, seed=7, record_every=10_000,
    )  # fmt: skip
    assert run.curves["nll"].shape == (3, 3)
    assert (run.curves["nll"][-1] < run.curves["nll"][0] - 0.2).all()
    for r, machine in enumerate(run.model):
        assert run.curves["nll"][-1, r] == pytest.approx(machine.negative_log_likelihood(data), rel=1e-12)
        assert not machine.visible_bias.any()
        assert (machine.hidden_weights != start.hidden_weights)[np.triu_indices(4, 1)].all()


@pytest.mark.parametrize("n_hidden", [1, 2, 7, 12])
@pytest.mark.parametrize("scale", [0.1, 3.0, 60.0], ids=["small", "large", "beyond the range of float64"])
def test_quick_likelihoods_are_those_of_enumeration_in_the_log_domain(n_hidden, scale) -> None:
    machine = BoltzmannMachine.random(np.random.default_rng(n_hidden), 16, n_hidden, scale)
    rows = bars_and_stripes(4)
    np.testing.assert_allclose(log_likelihood(machine, rows), log_probability_v(machine, rows), rtol=1e-12)
    measures = exact_measures(rows)
    assert measures["nll"]([machine]) == pytest.approx([machine.negative_log_likelihood(rows)], rel=1e-12)
    assert measures["tv"]([machine]) == pytest.approx([total_variation(machine, rows)], rel=1e-10, abs=1e-12)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"chain": Exact()}, "CarriedOver, ContrastiveDivergence or Persistent"),
        ({"schedules": [ISD(0.5), AlwaysOnISD(0.5)]}, "all be always on, or none"),
        ({"schedules": CentredISD(0.5)}, "plain descent without a baseline"),
        ({"learning_rates": [0.1, 0.2, 0.3]}, "learning_rates must have one entry for each of 2 replicas"),
        ({"data": np.full((3, 4), 0.5)}, "only 0 and 1"),
        ({"visible_biases": False}, "without visible biases"),
        ({"n_phases": 0}, "n_phases"),
    ],
)
def test_machines_that_cannot_be_trained_are_refused(change, message: str) -> None:
    parts = {"start": MACHINE, "data": DATA, "schedules": ISD(0.5), "n_phases": 4, "n_replicas": 2, **change}
    with pytest.raises(ValueError, match=message):
        train_replicas(**parts)
