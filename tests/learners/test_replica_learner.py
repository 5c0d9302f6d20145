"""Compiled learning of replicas: the laws of the readable learners, whatever is interrupted and whoever is beside."""

from functools import partial

import numpy as np
import pytest

from cl_theory.learning.learners.energy_learner import AlwaysOnLearner, EndOfPhaseLearner
from cl_theory.learning.learners.loop import LearningDiverged, Randomness
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
from cl_theory.learning.learners.replica_learner import OfflineISDLearner, ReplicaLearner, block_of_phases
from cl_theory.learning.learners.replicas import Replicas
from cl_theory.learning.learners.train import learner_of, train, train_replicas
from cl_theory.learning.models.boltzmann import BoltzmannMachine
from cl_theory.learning.models.images import bars_and_stripes
from cl_theory.learning.models.rbm import RBM, all_states
from cl_theory.theory.chains.phase_lengths import Fixed, Geometric

NETWORK = RBM.random(np.random.default_rng(0), 4, 3, 0.7)
MACHINE = BoltzmannMachine.random(np.random.default_rng(0), 4, 3, 1.0)
DATA = all_states(4)[[3, 5, 5, 12, 15]]
LIMIT = 6.0  # standard errors, up to 22 coordinates, two powers: less than one false alarm in 10^7 runs


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
N = {NETWORK: 600, LATCH: 300}  # replicas that tell every other chain apart, by 8 standard errors at least
SWITCHED = all_states(4)[[3, 5, 12, 10]]  # v_0 = 1 in half of the rows


def centred(b: float, length=None, rate: float = 0.6) -> AlwaysOnISD:
    return AlwaysOnISD(b, length=length or Geometric(4), baseline_rate=rate)


def named(part) -> str:
    """A short name of a case."""
    if isinstance(part, list):
        return f"{len(part)} others"
    if isinstance(part, tuple):
        return "-".join(map(named, part))
    if isinstance(part, partial):
        return part.func.__name__
    return type(part).__name__ if isinstance(part, RBM | BoltzmannMachine) else str(part)


def rows(model) -> np.ndarray:
    return SWITCHED if model is LATCH else DATA


def flat(run) -> np.ndarray:
    """Parameters of all replicas of a run, (n, n_parameters)."""
    return run.state.parameters.astype(np.float64)


def compiled_moves(model, schedule, chain, optimiser, n_phases: int, n: int = 0) -> np.ndarray:
    run = train_replicas(
        model, rows(model), schedule, n_replicas=n or N[model], n_phases=n_phases, chain=chain,
        optimiser=optimiser, learning_rates=optimiser.learning_rate, measures={}, seed=2,
    )  # fmt: skip
    return flat(run) - model.flat


def readable_moves(model, schedule, chain, optimiser, n_phases: int) -> np.ndarray:
    kind = AlwaysOnLearner if isinstance(schedule, AlwaysOnISD) else EndOfPhaseLearner
    learner, ends = kind(model, rows(model), schedule, chain, optimiser), []
    for k in range(N[model]):
        randomness = Randomness(3, k)
        ends.append(learner.advance(learner.start(randomness), learner.iterations(n_phases), randomness).parameters)
    return np.array(ends) - model.flat


def worst_z(a: np.ndarray, b: np.ndarray, rounding: float) -> float:
    """The largest difference of means and mean squares, in standard errors; `rounding` is that of float32."""
    off = []
    for x, y in ((a, b), (a**2, b**2)):
        error = np.sqrt((x.var(axis=0) + y.var(axis=0)) / len(x)) + rounding
        off.append(np.abs(x.mean(axis=0) - y.mean(axis=0)) / error)
    return float(np.max(off))


# Small steps around a baseline have phases that end at the same time, so that both learners have run as long.
SMALL, THREE, ONE = SGD(0.01), Fixed(3), AlwaysOnISD(0.6, length=Fixed(1))
UNCENTRED = AlwaysOnISD(0.3, length=THREE)


def unlike(schedule) -> list[tuple]:
    """What a persistent chain of `schedule` is to be told from: both other chains, and two terms."""
    return [(schedule, CarriedOver()), (schedule, ContrastiveDivergence()), (TwoTerm(), Persistent())]


AS_READABLE = [
    ((NETWORK, ISD(0.4), ContrastiveDivergence(2), SGD(0.3), 4), []),
    ((NETWORK, AlwaysOnISD(0.4, length=THREE), ContrastiveDivergence(2), SGD(0.3), 4), []),
    ((NETWORK, TwoTerm(), ContrastiveDivergence(2), Adam(0.1), 4), []),
    ((NETWORK, CentredISD(0.3, baseline_rate=0.2), CarriedOver(2), Momentum(0.1), 4), []),
    ((NETWORK, ISD(0.6), Persistent(2), Adam(0.1), 4), []),
    *(
        ((NETWORK, centred(0.3, THREE), chain, SMALL, 6), [(UNCENTRED, chain)])
        for chain in (CarriedOver(), Persistent(), ContrastiveDivergence())
    ),
    ((LATCH, TwoTerm(), ContrastiveDivergence(), SGD(0.1), 24), []),
    ((LATCH, ISD(0.4), Persistent(), SGD(0.1), 24), unlike(ISD(0.4))),
    ((LATCH, ISD(0.4), CarriedOver(), SGD(0.1), 24), []),
    ((LATCH, ONE, Persistent(), SGD(0.1), 24), unlike(ONE)),
]
ROUNDING = {NETWORK: 0.0, LATCH: 1e-5}  # of weights of size 1 and 60


@pytest.mark.parametrize(("case", "others"), AS_READABLE, ids=named)
def test_compiled_and_readable_learners_agree_in_distribution_and_others_are_told_apart(case, others) -> None:
    model, _, _, optimiser, n_phases = case
    readable = readable_moves(*case)
    assert worst_z(compiled_moves(*case), readable, ROUNDING[model]) < LIMIT
    for other in others:
        assert worst_z(compiled_moves(model, *other, optimiser, n_phases), readable, ROUNDING[model]) > LIMIT


def exact_gradient(model) -> np.ndarray:
    """Of the mean negative log-likelihood of the data, by summing over all states of all units."""
    v, h = np.split(all_states(7), [4], axis=1)
    law = np.exp(-model.energy(v, h))
    clamped = [law * (v == row).all(axis=1) for row in DATA]
    return np.mean([of / of.sum() for of in clamped] - law / law.sum(), axis=0) @ model.gradient(v, h)


@pytest.mark.parametrize(
    ("model", "schedule", "chain", "n_phases"),
    [
        (NETWORK, TwoTerm(), ContrastiveDivergence(60), 2),
        (NETWORK, ISD(0.5), CarriedOver(60), 1),
        (NETWORK, ISD(0.2), Persistent(60), 1),
        (MACHINE, ISD(0.3), Persistent(60), 1),
    ],
    ids=named,
)
def test_the_mean_move_is_the_exact_gradient_when_phases_are_long(model, schedule, chain, n_phases) -> None:
    moves = -compiled_moves(model, schedule, chain, SGD(0.5), n_phases, n=2500) / 0.5
    error = moves.std(axis=0, ddof=1) / np.sqrt(len(moves)) + 1e-6  # float32
    assert (np.abs(moves.mean(axis=0) - exact_gradient(model)) / error).max() < LIMIT
    assert (np.abs(moves.mean(axis=0) / 2 - exact_gradient(model)) / error).max() > LIMIT


COMPANY = [
    (NETWORK, [ISD(b) for b in (0.2, 0.5, 0.8)], None, Persistent(2)),
    (NETWORK, [ISD(b) for b in (0.2, 0.5, 0.8)], Adam(0.01), Persistent(2)),
    (NETWORK, [CentredISD(b) for b in (0.2, 0.5, 0.8)], Momentum(0.01), Persistent(2)),
    (NETWORK, [centred(b) for b in (0.2, 0.5, 0.8)], None, Persistent(2)),
    (MACHINE, [ISD(0.2), TwoTerm(), ISD(0.8)], None, CarriedOver(2)),
]


@pytest.mark.parametrize(("model", "schedules", "optimiser", "chain"), COMPANY, ids=named)
def test_a_replica_learns_the_same_bits_in_any_company(model, schedules, optimiser, chain) -> None:
    parts = {"n_phases": 200, "chain": chain, "optimiser": optimiser, "measures": {}, "seed": 4}
    all_of_them = train_replicas(model, DATA, schedules, learning_rates=[0.1, 0.02, 0.03], **parts).state.parameters
    few = train_replicas([model] * 2, DATA, schedules[1:], learning_rates=[0.02, 0.03], numbers=[1, 2], **parts)
    assert few.state.parameters.tobytes() == all_of_them[1:].tobytes()
    assert all_of_them[0].tobytes() != all_of_them[1].tobytes()


SCHEDULES = [TwoTerm(), ISD(0.3), AlwaysOnISD(0.4, length=Geometric(7))]
ONE_RBM, TWO_MACHINES = partial(train, NETWORK, DATA), partial(train_replicas, MACHINE, DATA, n_replicas=2)
TWO_RBMS = partial(train_replicas, NETWORK, DATA, n_replicas=2)
STOPPED = [
    *((ONE_RBM, schedule, o) for schedule in (*SCHEDULES, CentredISD(0.3)) for o in (SGD(0.05), Adam(0.01))),
    *((TWO_MACHINES, schedule, None) for schedule in SCHEDULES),
    (TWO_RBMS, centred(0.4), None),
]


@pytest.mark.parametrize(("learned", "schedule", "optimiser"), STOPPED, ids=named)
def test_a_stopped_run_goes_on_bit_for_bit_and_recording_does_not_touch_it(tmp_path, learned, schedule, optimiser):
    compiled = not (isinstance(schedule, AlwaysOnISD) and optimiser == Adam(0.01))
    n_phases = 1300 if compiled else 300
    parts = {"n_phases": n_phases, "seed": 6, "chain": Persistent(2), "checkpoint_every": 50, "optimiser": optimiser}

    def stop(done: int, total: int) -> None:
        if done >= 170:
            raise KeyboardInterrupt

    whole = learned(schedule, record_every=90, **parts)
    rarely = learned(schedule, record_every=10**6, **parts)
    with pytest.raises(KeyboardInterrupt):
        learned(schedule, folder=tmp_path, report=stop, record_every=90, **parts)
    run = learned(schedule, folder=tmp_path, resume=True, record_every=90, **parts)
    assert run.curves.csv() == whole.curves.csv()
    assert run.state.parameters.tobytes() == whole.state.parameters.tobytes() == rarely.state.parameters.tobytes()
    for name, array in whole.state.memory.items():
        assert run.state.memory[name].tobytes() == array.tobytes(), name


def test_one_chain_of_an_rbm_learns_bars_and_stripes_at_the_papers_setting() -> None:
    """Sixteen hidden units, no visible biases, 200 sweeps a phase, eta 0.005, b = 1/2, a batch of one."""
    start = RBM(np.random.default_rng(1).normal(0, 0.01, (16, 16)), np.zeros(16), np.zeros(16))
    run = train(
        start, bars_and_stripes(4), ISD(0.5), n_phases=20_000, chain=CarriedOver(200), optimiser=SGD(0.005),
        visible_biases=False, seed=7, record_every=10**6,
    )  # fmt: skip
    assert run.curves["nll"][-1] < 0.8 * run.curves["nll"][0]
    assert not run.model.visible_bias.any()


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


def test_visible_biases_stay_at_zero_where_they_are_not_learned_around_a_baseline() -> None:
    start = NETWORK.with_flat(np.where(np.arange(19) // 4 == 3, 0.0, NETWORK.flat))
    run = train(start, DATA, centred(0.4), n_phases=50, visible_biases=False, measures={}, seed=1)
    assert not run.model.visible_bias.any()
    assert (run.model.hidden_bias != start.hidden_bias.astype(np.float32)).all()


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


def advance_for_ever(learner, state, chunk: int, randomness: Randomness) -> None:
    while True:
        state = learner.advance(state, chunk, randomness)


def test_curves_of_replicas_have_a_column_each() -> None:
    run = train_replicas(NETWORK, DATA, [ISD(0.3), ISD(0.6)], n_phases=20, record_every=10, seed=9)
    assert run.curves["nll"].shape == (3, 2)
    head, *lines = run.curves.csv().splitlines()
    assert head == "iteration,phases,steps,nll 0,nll 1,tv 0,tv 1"
    assert len(lines) == 3


@pytest.mark.parametrize(
    ("schedule", "parts", "kind"),
    [
        (ISD(0.4), {}, ReplicaLearner),
        (CentredISD(0.4), {"optimiser": Adam(0.1), "weight_decay": 0.1}, ReplicaLearner),
        (centred(0.4), {}, ReplicaLearner),
        (centred(0.4), {"optimiser": Adam(0.1)}, AlwaysOnLearner),
        (centred(0.4), {"weight_decay": 0.1}, AlwaysOnLearner),
        (centred(0.4), {"batch_size": 2}, AlwaysOnLearner),
        (centred(0.4, rate=1e-6), {}, AlwaysOnLearner),
        (ISD(0.4), {"chain": Exact()}, EndOfPhaseLearner),
    ],
    ids=named,
)
def test_the_compiled_learner_is_chosen_where_it_does_the_same(schedule, parts, kind) -> None:
    assert type(learner_of(NETWORK, DATA, schedule, **parts)) is kind


def test_a_single_replica_is_a_model() -> None:
    learner = ReplicaLearner(Replicas.of([NETWORK]), DATA, (ISD(0.5),), (0.1,), Persistent(1), single=True)
    assert isinstance(learner.model(learner.start(Randomness(0)).parameters), RBM)


ALIKE = [
    ({"chain": Exact()}, "CarriedOver, ContrastiveDivergence or Persistent"),
    ({"schedules": [ISD(0.5), AlwaysOnISD(0.5)]}, "all be always on, or none"),
    ({"learning_rates": [0.1, 0.2, 0.3]}, "learning_rates must have one entry for each of 2 replicas"),
    ({"learning_rates": 0.0}, "learning_rate"),
    ({"numbers": [1]}, "numbers must have one entry"),
    ({"data": np.full((3, 4), 0.5)}, "only 0 and 1"),
    ({"visible_biases": False}, "without visible biases"),
    ({"n_phases": 0}, "n_phases"),
]
OF_RBMS = [
    ({"schedules": [CentredISD(0.5), ISD(0.5)]}, "all be two-term, all ISD"),
    ({"schedules": [centred(0.5), AlwaysOnISD(0.5)]}, "always on learn by plain descent"),
    ({"schedules": [centred(0.4), centred(0.4, rate=0.5)]}, "with one baseline_rate"),
    ({"schedules": [centred(0.4), ISD(0.4)]}, "all be always on, or none"),
    ({"schedules": centred(0.4, rate=1e-6)}, "at least 9.5e-07 times the mean length"),
    ({"schedules": centred(0.4), "chain": Exact()}, "CarriedOver, ContrastiveDivergence or Persistent"),
    ({"schedules": AlwaysOnISD(0.5), "optimiser": Adam(0.1)}, "always on learn by plain descent"),
    ({"optimiser": Adam(0.1), "weight_decay": -1.0}, "weight_decay"),
    ({"optimiser": Adam(0.1), "chain": Exact()}, "CarriedOver, ContrastiveDivergence or Persistent"),
]
OF_MACHINES = [({"schedules": kind(0.5)}, "plain descent without a baseline") for kind in (CentredISD, centred)]
REFUSED = [(m, *case) for m, cases in ((NETWORK, ALIKE + OF_RBMS), (MACHINE, ALIKE + OF_MACHINES)) for case in cases]


@pytest.mark.parametrize(("model", "change", "message"), REFUSED, ids=named)
def test_replicas_that_cannot_be_trained_are_refused(model, change, message: str) -> None:
    parts = {"start": model, "data": DATA, "schedules": ISD(0.5), "n_phases": 4, "n_replicas": 2, **change}
    with pytest.raises(ValueError, match=message):
        train_replicas(**parts)


# Offline ISD: parameters rest until enough phases were positive, then take the sum that ISD would have taken.
BARS = bars_and_stripes(2)
START = NETWORK.with_flat(np.where(np.arange(19) // 4 == 3, 0.0, NETWORK.flat))
CHAIN = Persistent(5)


def offline(b: float, n_positive: int, n: int, rate: float, schedule=None) -> OfflineISDLearner:
    parts = Replicas.repeated(START, n), BARS, (schedule or ISD(b),) * n, (rate,) * n, CHAIN, False
    return OfflineISDLearner(*parts, n_positive=n_positive)


def signs_of(learner: OfflineISDLearner, replica: int, n_phases: int) -> np.ndarray:
    own = Randomness(0).of(replica)
    return block_of_phases(own, learner.schedules[replica], CHAIN, len(BARS), 0)[0][:n_phases]


def test_parameters_move_exactly_when_the_nth_positive_phase_ends() -> None:
    learner, randomness = offline(0.4, 3, 2, 0.1), Randomness(0)
    state = learner.start(randomness)
    for phase in range(60):
        after = learner.advance(state, 1, randomness)
        moved = (after.parameters != state.parameters).any(axis=1)
        signs = [signs_of(learner, r, phase + 1) for r in range(2)]
        assert moved.tolist() == [bool(s[-1]) and s.sum() % 3 == 0 for s in signs]
        state = after


def test_at_a_vanishing_rate_a_step_is_the_sum_of_what_isd_adds_in_the_same_phases() -> None:
    tiny = 1e-6
    learner, in_float64 = offline(0.2, 4, 3, tiny), Momentum(1.0, 0.0)
    stated = ReplicaLearner(
        learner.start_from, BARS, learner.schedules, (tiny,) * 3, CHAIN, False, optimiser=in_float64
    )
    for r in range(3):
        fourth = np.flatnonzero(signs_of(learner, r, 500))[3] + 1
        summed, one_by_one = (
            each.advance(each.start(Randomness(0)), fourth, Randomness(0)).parameters[r] for each in (learner, stated)
        )
        step = one_by_one - START.flat.astype(np.float32)
        np.testing.assert_allclose(summed - one_by_one, 0, atol=1e-5 * np.abs(step).max())
        assert np.abs(step).max() > 0


def test_a_step_takes_n_over_b_phases_on_average() -> None:
    b, n_positive, n = 0.2, 3, 400
    learner = offline(b, n_positive, n, 1.0)
    phases = [np.flatnonzero(signs_of(learner, r, 1000))[n_positive - 1] + 1 for r in range(n)]
    spread = np.sqrt(n_positive * (1 - b)) / b / np.sqrt(n)
    assert abs(np.mean(phases) - n_positive / b) < 5 * spread
    assert abs(np.mean(phases) - n_positive / 0.25) > 5 * spread


@pytest.mark.parametrize(
    ("change", "message"),
    [({"n_positive": 0}, "n_positive"), ({"schedule": TwoTerm()}, "ISD"), ({"schedule": CentredISD(0.5)}, "ISD")],
    ids=named,
)
def test_what_cannot_be_offline_is_refused(change: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        offline(**{"b": 0.5, "n_positive": 3, "n": 1, "rate": 0.1, **change})
