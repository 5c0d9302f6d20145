"""Replicas in lock-step: what the readable sibling does, whatever the threads and the neighbours.

Parameters and step sizes are multiples of powers of two, so that every sum is exact in single precision and kernel and
sibling may be compared for equality although they add in another order; only around a baseline sums are rounded.
"""

import itertools
from collections.abc import Callable
from functools import partial

import numba
import numpy as np
import pytest
from drift import law_stays

from cl_theory import threads
from cl_theory.learning.learners.replicas import (
    Baseline,
    Chains,
    PhasePlan,
    Replicas,
    gibbs_phase,
    gibbs_phase_numpy,
    learn_phases,
    learn_phases_numpy,
)
from cl_theory.learning.models.boltzmann import BoltzmannMachine
from cl_theory.learning.models.rbm import RBM, all_states
from cl_theory.philox import CounterStream

RNG = CounterStream.of(5, 3).later(7)
ODDS, RATES = np.array([0.25, 0.5, 0.7]), np.array([0.1, 0.01, 0.5])
PLAIN, CENTRED, COUPLED = KINDS = ("RBMs", "RBMs around a baseline", "Boltzmann machines")
SIZES = {
    PLAIN: [(1, 1), (3, 5), (16, 16), (17, 70), (40, 100)],
    CENTRED: [(1, 1), (3, 5), (16, 16), (17, 70), (40, 100)],
    COUPLED: [(1, 1), (3, 5), (12, 16), (17, 70)],
}
WAYS = [(PLAIN, True), (PLAIN, False), (CENTRED, True), (COUPLED, True), (COUPLED, False)]
CASES = [(kind, always_on, size) for kind, always_on in WAYS for size in SIZES[kind]]


def system(kind, n_hidden=3, n_visible=5, n=3):
    """(replicas, chains, baseline, data)"""
    rng = np.random.default_rng(1)
    like = (BoltzmannMachine if kind == COUPLED else RBM).random(rng, n_visible, n_hidden)
    replicas = Replicas(like, rng.integers(-64, 65, (n, like.flat.size)) / 128)
    averages = rng.integers(0, 9, (2, n, like.flat.size)) / 8
    v, h, last_h = (rng.integers(0, 2, (n, size)) for size in (n_visible, n_hidden, n_hidden))
    baseline = Baseline(*averages, np.resize(ODDS, n), np.resize(RATES, n)) if kind == CENTRED else None
    return replicas, Chains(v, h, last_h if kind == COUPLED else None), baseline, rng.integers(0, 2, (6, n_visible))


def some_plan(kind=PLAIN, n=3, n_phases=12, unit=1 / 1024):
    rng, shape = np.random.default_rng(2), (n, n_phases)
    hold = (np.arange(n_phases) % 3 == 1) & (kind != CENTRED)
    return PhasePlan(
        rng.random(shape) < 0.5, rng.integers(0, 45, shape), rng.integers(-4, 5, shape) * unit,
        rng.integers(0, 6, shape), np.broadcast_to(hold, shape),
    )  # fmt: skip


def part(plan, which):
    names = ("is_positive", "n_sweeps", "step_size", "data_row", "hold")
    return PhasePlan(*(getattr(plan, name)[which] for name in names))


def learned(rng, replicas, chains, baseline, plan, data, *, by=learn_phases, **options):
    """(parameters, averages of both kinds of phases, states of the chains) after the phases of the plan."""
    after, kept, moved = by(rng, replicas, chains, plan, data, baseline=baseline, **options)
    parameters = after.parameters if isinstance(after, Replicas) else np.array([model.flat for model in after])
    averages = [] if moved is None else [moved.positive, moved.negative]
    return [parameters, *averages], [states for states in kept if states is not None]


def rounding(baseline, plan, expected):
    """Around a baseline three roundings a sweep, each of half a unit in the last place of the largest value."""
    size = max(1, np.abs(expected).max())
    return 0 if baseline is None else plan.n_sweeps.sum(axis=1).max() * 3 * 2.0**-24 * size


def furthest(got, expected):
    return max(np.abs(one - other).max() for one, other in zip(got, expected, strict=True))


def assert_same(got, expected):
    for one, other in zip(itertools.chain(*got), itertools.chain(*expected), strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize(("kind", "always_on", "size"), CASES, ids=str)
def test_learned_parameters_are_those_of_the_sibling(kind, always_on, size):
    *before, baseline, data = system(kind, *size)
    plan = some_plan(kind, unit=1 / 1024 if always_on else 1 / 128)
    for chain, visible_biases in itertools.product(("carried-over", "cd", "persistent"), (True, False)):
        options = {"always_on": always_on, "chain": chain, "visible_biases": visible_biases}
        got, states = learned(RNG, *before, baseline, plan, data, **options)
        expected, expected_states = learned(RNG, *before, baseline, plan, data, by=learn_phases_numpy, **options)
        assert furthest(got, expected) <= rounding(baseline, plan, expected[0])
        assert_same([states], [expected_states])
        assert (got[0] != before[0].parameters).any(axis=1).all()


@pytest.mark.parametrize(
    ("change", "options"),
    [({"p_positive": ODDS + 0.01}, {}), ({"rate": RATES * 1.01}, {}), ({}, {"visible_biases": False})],
    ids=str,
)
def test_the_same_comparison_sees_one_percent_in_b_and_in_the_rate(change, options):
    *before, baseline, data = system(CENTRED)
    plan = some_plan(CENTRED, unit=1 / 64)
    expected, _ = learned(RNG, *before, baseline, plan, data, always_on=True, by=learn_phases_numpy)
    got, _ = learned(RNG, *before, baseline._replace(**change), plan, data, always_on=True, **options)
    assert furthest(got, expected) > rounding(baseline, plan, expected[0])


@pytest.mark.parametrize("positive", [True, False])
def test_the_baseline_in_use_is_the_one_before_the_sweep(positive):
    """Strong biases fix all units at 1, so that every statistic is 1 and both steps follow by hand."""
    b, rho, step = 0.25, 0.5, 1 / 64
    replicas, chains = Replicas.of([RBM([[0.0]], [50.0], [50.0])]), Chains(np.ones((1, 1)), np.ones((1, 1)))
    baseline = Baseline(*np.zeros((2, 1, 3)), b, rho)
    plan = PhasePlan(np.array([[positive]]), np.array([[2]]), np.array([[step]]), np.zeros((1, 1)))
    rng = CounterStream.of(0, 1)
    (parameters, up, down), _ = learned(rng, replicas, chains, baseline, plan, np.ones((1, 1)), always_on=True)
    share = 1 - b if positive else b
    assert parameters[0, 0] == step + step * (1 - share * rho)
    assert (up[0, 0], down[0, 0]) == ((0.75, 0) if positive else (0, 0.75))


@pytest.mark.parametrize("size", SIZES[PLAIN])
def test_gibbs_phases_are_those_of_the_sibling(size):
    (replicas, chains, *_), n_chains = system(PLAIN, *size), 2
    v, h = (np.repeat(states[:, None], n_chains, axis=1) for states in chains[:2])
    for clamped in (False, True):
        got = gibbs_phase(RNG, replicas, v, h, 40, clamped=clamped)
        assert_same([got], [gibbs_phase_numpy(RNG, replicas, v, h, 40, clamped=clamped)])


def test_chains_beyond_one_work_item_are_the_same_as_in_the_sibling():
    replicas, rng = system(PLAIN, n=1)[0], np.random.default_rng(0)
    v, h = rng.integers(0, 2, (1, 70, 5)), rng.integers(0, 2, (1, 70, 3))
    got = gibbs_phase(CounterStream.of(1, 1), replicas, v, h, 2)
    assert_same([got], [gibbs_phase_numpy(CounterStream.of(1, 1), replicas, v, h, 2)])


@pytest.mark.parametrize("kind", KINDS)
def test_replicas_depend_neither_on_threads_nor_on_neighbours(monkeypatch, kind):
    monkeypatch.setattr(threads, "WORTH", 0)
    replicas, chains, baseline, data = system(kind, 12, 16, n=5)
    rng, plan, before = CounterStream.of(3, 5), some_plan(kind, n=5), numba.get_num_threads()
    results = []
    for n_threads in (1, numba.config.NUMBA_NUM_THREADS):
        numba.set_num_threads(n_threads)
        results.append(learned(rng, replicas, chains, baseline, plan, data, always_on=True))
    numba.set_num_threads(before)
    assert_same(*results)
    few = [3, 1]
    some = Replicas(replicas.like, replicas.parameters[few]), Chains(*(x if x is None else x[few] for x in chains))
    around = None if baseline is None else Baseline(*(of[few] for of in baseline))
    alone = learned(rng.only(few), *some, around, part(plan, few), data, always_on=True)
    assert_same(alone, [[of[few] for of in group] for group in results[0]])


@pytest.mark.parametrize(("kind", "always_on"), WAYS)
def test_two_calls_with_later_steps_are_one_call(kind, always_on):
    replicas, chains, baseline, data = system(kind, 12, 16)
    plan, options = some_plan(kind), {"always_on": always_on, "chain": "persistent"}
    whole = learned(RNG, replicas, chains, baseline, plan, data, **options)
    half = learn_phases(RNG, replicas, chains, part(plan, np.s_[:, :6]), data, baseline=baseline, **options)
    assert_same(learned(RNG.later(6), *half, part(plan, np.s_[:, 6:]), data, **options), whole)


RBM_4_3 = RBM.random(np.random.default_rng(3), 4, 3, scale=1.0)
HALVED = RBM(RBM_4_3.weights, RBM_4_3.visible_bias, RBM_4_3.hidden_bias / 2)
MACHINE = BoltzmannMachine.random(np.random.default_rng(3), 3, 4, scale=1.0)
UNCOUPLED = BoltzmannMachine(MACHINE.weights, MACHINE.visible_bias, MACHINE.hidden_bias, 0 * MACHINE.hidden_weights)
V = np.array([1.0, 0, 1])


def stays(law_of, kernel: Callable, held=None, n: int = 20_000):
    """Whether `kernel` leaves the law of `law_of` as it is; of h alone where v is `held`."""
    n_visible = law_of.n_visible
    states = all_states(7) if held is None else all_states(law_of.n_hidden)
    v = states[:, :n_visible] if held is None else np.tile(held, (len(states), 1))
    weight = np.exp(-law_of.energy(v, states[:, -law_of.n_hidden :]))

    return law_stays(states, weight / weight.sum(), kernel, n)


def counter(rng, n):
    return CounterStream(rng.integers(0, 2**32, 2, dtype=np.uint32), np.arange(n, dtype=np.uint32))


def by_gibbs_phase(model, rng, states):
    v, h = states[None, :, : model.n_visible], states[None, :, model.n_visible :]
    return np.concatenate(gibbs_phase(counter(rng, 1), Replicas.of([model]), v, h, 1), axis=2)[0]


def by_learning(model, rng, states, *, step=0.0, around=False, held=None):
    """States after one sweep of one replica a row that learns at a tiny step, or at none."""
    n, positive = len(states), held is not None
    replicas = Replicas.repeated(model, n)
    v, h = (np.zeros((n, model.n_visible)), states) if positive else np.split(states, [model.n_visible], axis=1)
    plan = PhasePlan(np.full((n, 1), positive), np.ones((n, 1)), np.full((n, 1), step), np.zeros((n, 1)))
    baseline = Baseline(0 * replicas.parameters, 0 * replicas.parameters, 0.3, 0.1) if around else None
    chains = Chains(v, h, h if replicas.coupled else None)
    data = np.zeros((1, model.n_visible)) if held is None else held[None]
    _, after = learned(counter(rng, n), replicas, chains, baseline, plan, data, always_on=True)
    return after[2] if positive else np.concatenate(after[:2], axis=1)


DRIFTS = [
    (RBM_4_3, HALVED, by_gibbs_phase, None),
    (RBM_4_3, HALVED, by_learning, None),
    (RBM_4_3, RBM_4_3.with_flat(0.5 * RBM_4_3.flat), partial(by_learning, step=1e-7, around=True), None),
    (MACHINE, UNCOUPLED, by_learning, None),
    (MACHINE, UNCOUPLED, partial(by_learning, held=V), V),
]


@pytest.mark.parametrize(("model", "other", "sweep", "held"), DRIFTS, ids=["sweep", "rate 0", "around", "free", "held"])
def test_the_law_does_not_drift_under_a_sweep_and_does_under_that_of_another_model(model, other, sweep, held):
    assert stays(model, partial(sweep, model), held)
    assert not stays(model, partial(sweep, other), held, n=40_000)


def test_a_clamped_phase_draws_h_given_v():
    n, v = 40_000, np.array([1.0, 0, 1, 1])
    rng, states = CounterStream.of(0, 1), (np.tile(v, (1, n, 1)), np.zeros((1, n, 3)))
    _, h = gibbs_phase(rng, Replicas.of([RBM_4_3]), *states, 1, clamped=True)
    mean = RBM_4_3.mean_h_given_v(v)
    assert (np.abs(h[0].mean(axis=0) - mean) < 5 * np.sqrt(mean * (1 - mean) / n)).all()


REPLICAS, CHAINS, _, DATA = system(COUPLED)
OF_RBMS = system(CENTRED)
LEARN = {"rng": RNG, "replicas": REPLICAS, "chains": CHAINS, "plan": some_plan(), "data": DATA, "always_on": True}
SHAPED = np.zeros((3, 2, 5)), np.zeros((3, 2, 3))
REFUSED = [
    (partial(gibbs_phase, RNG, OF_RBMS[0], SHAPED[0] + 0.5, SHAPED[1], 1), "v must hold only 0 and 1"),
    (partial(gibbs_phase, RNG, OF_RBMS[0], SHAPED[0], SHAPED[1][..., :2], 1), "h must have shape"),
    (partial(gibbs_phase, RNG, OF_RBMS[0], *SHAPED, -1), "n_sweeps must not be negative, got -1"),
    (partial(gibbs_phase, RNG.only([0, 1]), OF_RBMS[0], *SHAPED, 1), "rng is for 2 replicas, got 3"),
    (partial(learn_phases, **LEARN | {"chain": "exact"}), "one of carried-over, cd, persistent, got 'exact'"),
    (partial(learn_phases, **LEARN | {"data": DATA[:2]}), r"data_row must lie in 0\.\.1"),
    (partial(learn_phases, **LEARN | {"rng": RNG.only([0, 1])}), "plan and rng must be for 3 replicas, got 3, 2"),
    (partial(learn_phases, **LEARN | {"chains": CHAINS._replace(v=CHAINS.v + 0.5)}), "v must hold only 0 and 1"),
    (
        partial(learn_phases, **LEARN | {"chains": CHAINS._replace(last_h=CHAINS.last_h[:, 1:])}),
        "last_h must have shape",
    ),
    (
        partial(learn_phases, RNG, *OF_RBMS[:2], some_plan(), DATA, always_on=True, baseline=OF_RBMS[2]),
        "no update of the plan may wait: no hold",
    ),
    (
        partial(learn_phases, RNG, *OF_RBMS[:2], some_plan(CENTRED), DATA, always_on=False, baseline=OF_RBMS[2]),
        "around a baseline learning is always on",
    ),
    (
        partial(
            learn_phases, RNG, *OF_RBMS[:2], some_plan(CENTRED), DATA, always_on=True,
            baseline=OF_RBMS[2]._replace(positive=OF_RBMS[2].positive[:, 1:]),
        ),
        r"positive must have shape \(3, 23\), got \(3, 22\)",
    ),
    (
        partial(
            learn_phases, **LEARN | {"plan": some_plan(CENTRED)},
            baseline=Baseline(0 * REPLICAS.parameters, 0 * REPLICAS.parameters, 0.5, 0.1),
        ),
        "no running baseline is compiled for Boltzmann machines",
    ),
    (partial(Replicas, RBM_4_3, np.zeros((2, 18))), r"parameters must be \(n, 19\) for 4 x 3 units"),
    (partial(Replicas, REPLICAS.like, np.zeros((3, 25))), r"parameters must be \(n, 26\) for 5 x 3 units"),
    (partial(Replicas.of, [MACHINE, RBM_4_3]), "models must all have one kind and size"),
    (partial(PhasePlan, np.zeros((1, 1)), -np.ones((1, 1)), *np.zeros((2, 1, 1))), "n_sweeps must not be negative"),
    (partial(PhasePlan, np.zeros((1, 2)), np.ones((1, 1)), *np.zeros((2, 1, 1))), r"a plan is \(n_replicas, n_phases"),
]  # fmt: skip


@pytest.mark.parametrize(("call", "message"), REFUSED, ids=[message for _, message in REFUSED])
def test_bad_input_is_refused_by_name(call, message):
    with pytest.raises(ValueError, match=message):
        call()
