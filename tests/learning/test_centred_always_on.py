"""Replicas that are always on around a running baseline: the readable learner's law, whatever is interrupted."""

import numpy as np
import pytest

from cl_theory.learning import (
    ISD,
    SGD,
    Adam,
    AlwaysOnISD,
    CarriedOver,
    ContrastiveDivergence,
    Exact,
    Persistent,
    train,
    train_replicas,
)
from cl_theory.learning.energy_learner import AlwaysOnLearner
from cl_theory.learning.loop import Randomness
from cl_theory.learning.replica_learner import ReplicaLearner
from cl_theory.learning.replicas import Replicas
from cl_theory.learning.train import learner_of
from cl_theory.models.rbm import RBM
from cl_theory.phases import Fixed, Geometric
from cl_theory.states import all_states

NETWORK = RBM.random(np.random.default_rng(0), 4, 3, 0.7)
DATA = all_states(4)[[3, 5, 5, 12, 15]]
LIMIT = 6.0  # standard errors, 19 coordinates, two powers: less than one false alarm in 10^7 runs
N = 600


def centred(b: float, length=None, rate: float = 0.6) -> AlwaysOnISD:
    return AlwaysOnISD(b, length=length or Geometric(4), baseline_rate=rate)


def compiled_moves(schedule, chain, rate: float, n_phases: int) -> np.ndarray:
    parts = {"n_phases": n_phases, "learning_rates": rate, "chain": chain, "measures": {}, "seed": 2}
    run = train_replicas(NETWORK, DATA, schedule, n_replicas=N, **parts)
    return np.array([run.model.rbm(r).flat for r in range(N)]) - NETWORK.flat


def readable_moves(schedule, chain, rate: float, n_steps: int) -> np.ndarray:
    learner = AlwaysOnLearner(NETWORK, DATA, schedule, chain, SGD(rate))
    ends = []
    for k in range(N):
        randomness = Randomness(3, k)
        ends.append(learner.advance(learner.start(randomness), n_steps, randomness).parameters)
    return np.array(ends) - NETWORK.flat


def worst_z(a: np.ndarray, b: np.ndarray) -> float:
    """The largest difference of means and mean squares, in standard errors."""
    both = [(a**power, b**power) for power in (1, 2)]
    return max(
        float((np.abs(x.mean(axis=0) - y.mean(axis=0)) / np.sqrt((x.var(axis=0) + y.var(axis=0)) / N)).max())
        for x, y in both
    )


@pytest.mark.parametrize(
    "chain", [CarriedOver(), Persistent(), ContrastiveDivergence()], ids=["carried over", "persistent", "cd"]
)
def test_small_steps_have_the_law_of_the_readable_learner_and_not_that_of_uncentred_ones(chain) -> None:
    """Six phases of three steps: phases that end at the same time, so that both learners have run as long."""
    rate, length = 0.01, Fixed(3)
    readable = readable_moves(centred(0.3, length), chain, rate, 18)
    assert worst_z(compiled_moves(centred(0.3, length), chain, rate, 6), readable) < LIMIT
    assert worst_z(compiled_moves(AlwaysOnISD(0.3, length=length), chain, rate, 6), readable) > LIMIT


def test_a_replica_learns_the_same_bits_in_any_company() -> None:
    parts = {"n_phases": 200, "chain": Persistent(2), "measures": {}, "seed": 4}
    schedules = [centred(b) for b in (0.2, 0.5, 0.8)]
    together = train_replicas(NETWORK, DATA, schedules, learning_rates=[0.1, 0.02, 0.03], **parts)
    alone = train_replicas(NETWORK, DATA, [centred(0.8)], learning_rates=[0.03], numbers=[2], **parts)
    assert alone.model.weights[0].tobytes() == together.model.weights[2].tobytes()
    assert together.model.weights[0].tobytes() != together.model.weights[1].tobytes()


def test_a_stopped_run_goes_on_bit_for_bit(tmp_path) -> None:
    parts = {"n_replicas": 2, "n_phases": 1300, "seed": 6, "chain": CarriedOver(), "checkpoint_every": 50}

    def stop(done: int, total: int) -> None:
        if done >= 170:
            raise KeyboardInterrupt

    whole = train_replicas(NETWORK, DATA, centred(0.4), record_every=10**6, **parts)
    with pytest.raises(KeyboardInterrupt):
        train_replicas(NETWORK, DATA, centred(0.4), folder=tmp_path, report=stop, record_every=7, **parts)
    run = train_replicas(NETWORK, DATA, centred(0.4), folder=tmp_path, resume=True, record_every=7, **parts)
    for name, array in whole.state.memory.items():
        assert run.state.memory[name].tobytes() == array.tobytes(), name
    assert run.state.parameters.tobytes() == whole.state.parameters.tobytes()


def test_the_compiled_learner_is_chosen_for_plain_descent_only() -> None:
    def kind(schedule, **parts):
        return type(learner_of(NETWORK, DATA, schedule, **parts))

    assert kind(centred(0.4)) is ReplicaLearner
    assert kind(centred(0.4), optimiser=Adam(0.1)) is AlwaysOnLearner
    assert kind(centred(0.4), weight_decay=0.1) is AlwaysOnLearner
    assert kind(centred(0.4), batch_size=2) is AlwaysOnLearner
    assert kind(centred(0.4, rate=1e-6)) is AlwaysOnLearner


def test_visible_biases_stay_at_zero_where_they_are_not_learned() -> None:
    start = NETWORK.with_flat(np.where(np.arange(19) // 4 == 3, 0.0, NETWORK.flat))
    run = train(start, DATA, centred(0.4), n_phases=50, visible_biases=False, measures={}, seed=1)
    assert not run.model.visible_bias.any()
    assert (run.model.hidden_bias != start.hidden_bias.astype(np.float32)).all()


@pytest.mark.parametrize(
    ("schedules", "chain", "message"),
    [
        ((centred(0.4), centred(0.4, rate=0.5)), Persistent(), "with one baseline_rate"),
        ((centred(0.4), ISD(0.4)), Persistent(), "must all be always on, or none"),
        ((centred(0.4, rate=1e-6),) * 2, Persistent(), "at least 9.5e-07 times the mean length"),
        ((centred(0.4),) * 2, Exact(), "CarriedOver, ContrastiveDivergence or Persistent"),
    ],
)
def test_replicas_without_a_common_baseline_are_refused(schedules, chain, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        ReplicaLearner(Replicas.of([NETWORK] * 2), DATA, schedules, (0.1, 0.1), chain)
