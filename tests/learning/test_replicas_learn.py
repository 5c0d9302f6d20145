"""Compiled learning of replicas: the right estimates, independent of company and of interruptions."""

import numpy as np
import pytest

from cl_theory.datasets.bars_and_stripes import bars_and_stripes
from cl_theory.learning import (
    ISD,
    SGD,
    Adam,
    AlwaysOnISD,
    CarriedOver,
    CentredISD,
    ContrastiveDivergence,
    Exact,
    LearningDiverged,
    Momentum,
    Persistent,
    TwoTerm,
    train,
    train_replicas,
)
from cl_theory.learning.energy_learner import AlwaysOnLearner, EndOfPhaseLearner
from cl_theory.learning.likelihood import exact_measures, log_likelihood
from cl_theory.learning.loop import Randomness, TrainingState
from cl_theory.learning.replica_learner import ReplicaLearner
from cl_theory.learning.replicas import Replicas
from cl_theory.models.boltzmann import BoltzmannMachine
from cl_theory.models.exact_law import log_probability_v, total_variation
from cl_theory.models.rbm import RBM, rbm_phase_moments
from cl_theory.phases import Fixed, Geometric
from cl_theory.states import all_states

NETWORK = RBM.random(np.random.default_rng(0), 4, 3, 0.7)
DATA = all_states(4)[[3, 5, 5, 12, 15]]
BAS = bars_and_stripes(4)
N = 2500
LIMIT = 6.0  # standard errors, 19 coordinates: less than one false alarm in 10^7 runs


def first_moves(schedule, chain, n_phases: int, rate: float = 1e-3) -> np.ndarray:
    """Minus the move of N replicas over the rate, which estimates the gradient."""
    learner = ReplicaLearner(Replicas.repeated(NETWORK, N), DATA, (schedule,) * N, (rate,) * N, chain)
    randomness = Randomness(1)
    state = learner.start(randomness)
    after = learner.advance(state, learner.iterations(n_phases), randomness)
    return (state.parameters.astype(np.float64) - after.parameters) / rate


def worst_z(samples: np.ndarray, target: np.ndarray) -> float:
    error = samples.std(axis=0, ddof=1) / np.sqrt(len(samples)) + 1e-4  # float32 differences over the rate
    return float((np.abs(samples.mean(axis=0) - target) / error).max())


CASES = [
    (TwoTerm(), ContrastiveDivergence(60), 2),
    (ISD(0.5), CarriedOver(60), 1),
    (ISD(0.2), Persistent(60), 1),
]


@pytest.mark.parametrize(("schedule", "chain", "n_phases"), CASES, ids=repr)
def test_the_mean_move_is_the_exact_gradient_when_phases_are_long(schedule, chain, n_phases) -> None:
    assert worst_z(first_moves(schedule, chain, n_phases), rbm_phase_moments(NETWORK, DATA).mean) < LIMIT


def test_the_same_check_sees_weights_that_are_halved() -> None:
    moved = first_moves(ISD(0.2), Persistent(60), 1) / 2
    assert worst_z(moved, rbm_phase_moments(NETWORK, DATA).mean) > LIMIT


@pytest.mark.parametrize(
    ("schedule", "optimiser", "chain"),
    [
        (ISD(0.4), SGD(0.3), ContrastiveDivergence(2)),
        (AlwaysOnISD(0.4, length=Fixed(3)), SGD(0.3), ContrastiveDivergence(2)),
        (TwoTerm(), Adam(0.1), ContrastiveDivergence(2)),
        (CentredISD(0.3, baseline_rate=0.2), Momentum(0.1), CarriedOver(2)),
        (ISD(0.6), Adam(0.1), Persistent(2)),
    ],
    ids=repr,
)
def test_compiled_and_readable_learners_agree_in_distribution(schedule, optimiser, chain) -> None:
    """Mean and mean square after four phases, float32 kernels against float64 NumPy."""
    n, rate = 600, optimiser.learning_rate
    run = train_replicas(
        NETWORK, DATA, schedule, n_replicas=n, n_phases=4, learning_rates=rate, optimiser=optimiser, chain=chain,
        measures={}, seed=2,
    )  # fmt: skip
    compiled = np.array([run.model.rbm(r).flat for r in range(n)])
    kind = AlwaysOnLearner if isinstance(schedule, AlwaysOnISD) else EndOfPhaseLearner
    learner, readable = kind(NETWORK, DATA, schedule, chain, optimiser), []
    n_iterations = learner.iterations(4)
    for k in range(n):
        randomness = Randomness(3, k)
        readable.append(learner.advance(learner.start(randomness), n_iterations, randomness).parameters)
    for power in (1, 2):
        a, b = compiled**power, np.array(readable) ** power
        error = np.sqrt((a.var(axis=0) + b.var(axis=0)) / n)
        assert (np.abs(a.mean(axis=0) - b.mean(axis=0)) / error).max() < LIMIT


@pytest.mark.parametrize(("kind", "optimiser"), [(ISD, None), (ISD, Adam(0.01)), (CentredISD, Momentum(0.01))])
def test_a_replica_learns_the_same_bits_in_any_company(kind, optimiser) -> None:
    parts = {"n_phases": 200, "chain": Persistent(2), "measures": {}, "seed": 4, "optimiser": optimiser}
    schedules = [kind(b) for b in (0.2, 0.5, 0.8)]
    together = train_replicas(NETWORK, DATA, schedules, learning_rates=[0.1, 0.02, 0.03], **parts)
    alone = train_replicas(NETWORK, DATA, [kind(0.8)], learning_rates=[0.03], numbers=[2], **parts)
    assert alone.model.weights[0].tobytes() == together.model.weights[2].tobytes()
    assert together.model.weights[0].tobytes() != together.model.weights[1].tobytes()


SCHEDULES = [TwoTerm(), ISD(0.3), AlwaysOnISD(0.4, length=Geometric(7))]


@pytest.mark.parametrize("schedule", SCHEDULES, ids=repr)
def test_recording_and_checkpoints_do_not_touch_what_is_learned(tmp_path, schedule) -> None:
    parts = {"n_replicas": 2, "n_phases": 1300, "seed": 5, "chain": CarriedOver(2)}
    once = train_replicas(NETWORK, DATA, schedule, record_every=10**6, **parts)
    often = train_replicas(NETWORK, DATA, schedule, record_every=7, checkpoint_every=64, folder=tmp_path, **parts)
    assert once.model.weights.tobytes() == often.model.weights.tobytes()


@pytest.mark.parametrize("optimiser", [SGD(0.05), Adam(0.01)], ids=repr)
@pytest.mark.parametrize("schedule", [*SCHEDULES[:2], CentredISD(0.3), SCHEDULES[2]], ids=repr)
def test_a_stopped_run_goes_on_bit_for_bit(tmp_path, schedule, optimiser) -> None:
    parts = {"n_phases": 500, "seed": 6, "chain": Persistent(2), "checkpoint_every": 50, "record_every": 90}
    parts |= {"optimiser": optimiser}

    def stop(done: int, total: int) -> None:
        if done >= 170:
            raise KeyboardInterrupt

    whole = train(NETWORK, DATA, schedule, **parts)
    with pytest.raises(KeyboardInterrupt):
        train(NETWORK, DATA, schedule, folder=tmp_path, report=stop, **parts)
    run = train(NETWORK, DATA, schedule, folder=tmp_path, resume=True, **parts)
    assert run.model.flat.tobytes() == whole.model.flat.tobytes()
    assert run.curves.csv() == whole.curves.csv()


def test_one_chain_of_an_rbm_learns_bars_and_stripes_at_the_papers_setting() -> None:
    """Sixteen hidden units, no visible biases, 200 sweeps a phase, eta 0.005, b = 1/2, a batch of one."""
    start = RBM(np.random.default_rng(1).normal(0, 0.01, (16, 16)), np.zeros(16), np.zeros(16))
    run = train(
        start, BAS, ISD(0.5), n_phases=20_000, chain=CarriedOver(200), optimiser=SGD(0.005), visible_biases=False,
        seed=7, record_every=10**6,
    )  # fmt: skip
    assert run.curves["nll"][-1] < 0.8 * run.curves["nll"][0]
    assert not run.model.visible_bias.any()


def test_exact_measures_agree_with_enumeration_for_every_kind_of_model() -> None:
    measures = exact_measures(DATA)
    machine = BoltzmannMachine.random(np.random.default_rng(2), 4, 3, 0.8)
    for model in (NETWORK, machine):
        assert measures["nll"](model) == pytest.approx(model.negative_log_likelihood(DATA), rel=1e-12)
        assert measures["tv"](model) == pytest.approx(total_variation(model, DATA), rel=1e-12)
    replicas = Replicas.of([NETWORK, NETWORK.with_flat(2 * NETWORK.flat)])
    exact = [log_probability_v(replicas.rbm(r), DATA) for r in (0, 1)]
    np.testing.assert_allclose(log_likelihood(replicas, DATA), exact, rtol=1e-12)
    assert measures["nll"](replicas).shape == measures["tv"](replicas).shape == (2,)


def advance_for_ever(learner, state, chunk: int, randomness: Randomness) -> None:
    while True:
        state = learner.advance(state, chunk, randomness)


def test_a_blow_up_is_traced_to_its_phase_whatever_the_chunks() -> None:
    places = []
    for chunk in (1, 64, 500):
        learner = ReplicaLearner(Replicas.of([NETWORK]), DATA, (ISD(0.5),), (30.0,), Persistent(1))
        randomness = Randomness(8)
        state = learner.start(randomness)
        with pytest.raises(LearningDiverged) as caught:
            advance_for_ever(learner, state, chunk, randomness)
        places.append(caught.value.iteration)
    assert places[0] == places[1] == places[2]


def test_curves_of_replicas_have_a_column_each() -> None:
    run = train_replicas(NETWORK, DATA, [ISD(0.3), ISD(0.6)], n_phases=20, record_every=10, seed=9)
    assert run.curves["nll"].shape == (3, 2)
    head, *lines = run.curves.csv().splitlines()
    assert head == "iteration,phases,steps,nll 0,nll 1,tv 0,tv 1"
    assert len(lines) == 3


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"chain": Exact()}, "CarriedOver, ContrastiveDivergence or Persistent"),
        ({"schedules": [ISD(0.5), AlwaysOnISD(0.5)]}, "all be always on, or none"),
        ({"schedules": [CentredISD(0.5), ISD(0.5)]}, "all be two-term, all ISD"),
        ({"schedules": [AlwaysOnISD(0.5, baseline_rate=0.1), AlwaysOnISD(0.5)]}, "always on learn by plain descent"),
        ({"schedules": AlwaysOnISD(0.5), "optimiser": Adam(0.1)}, "always on learn by plain descent"),
        ({"optimiser": Adam(0.1), "weight_decay": -1.0}, "weight_decay"),
        ({"optimiser": Adam(0.1), "chain": Exact()}, "CarriedOver, ContrastiveDivergence or Persistent"),
        ({"learning_rates": [0.1, 0.2, 0.3]}, "learning_rates must have one entry for each of 2 replicas"),
        ({"learning_rates": 0.0}, "learning_rate"),
        ({"numbers": [1]}, "numbers must have one entry"),
        ({"data": np.full((3, 4), 0.5)}, "only 0 and 1"),
        ({"visible_biases": False}, "without visible biases"),
        ({"n_phases": 0}, "n_phases"),
    ],
)
def test_replicas_that_cannot_be_trained_are_refused(change, message: str) -> None:
    parts = {"start": NETWORK, "data": DATA, "schedules": ISD(0.5), "n_phases": 4, "n_replicas": 2, **change}
    with pytest.raises(ValueError, match=message):
        train_replicas(**parts)


def test_a_state_of_the_readable_learner_is_no_state_of_the_compiled_one() -> None:
    learner = ReplicaLearner(Replicas.of([NETWORK]), DATA, (ISD(0.5),), (0.1,), Persistent(1), single=True)
    assert isinstance(learner.start(Randomness(0)), TrainingState)
    assert isinstance(learner.model(learner.start(Randomness(0)).parameters), RBM)
