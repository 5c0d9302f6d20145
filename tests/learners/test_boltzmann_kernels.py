"""Boltzmann machines in lock-step: bit for bit what the readable sibling does, whatever the threads and neighbours.

As in the tests of RBM replicas, parameters and step sizes are multiples of powers of two: all sums are exact.
"""

import itertools

import numba
import numpy as np
import pytest
from drift import law_stays

from cl_theory import threads
from cl_theory.learning.learners.replicas import Baseline, Chains, PhasePlan, Replicas, learn_phases, learn_phases_numpy
from cl_theory.learning.models.boltzmann import BoltzmannMachine
from cl_theory.learning.models.states import all_states
from cl_theory.philox import CounterStream

SIZES = [(1, 1), (3, 5), (12, 16), (17, 70)]
RNG = CounterStream.of(5, 3).later(7)


def _machine(n_visible, n_hidden):
    return BoltzmannMachine.random(np.random.default_rng(0), n_visible, n_hidden)


def _system(n_hidden, n_visible, n=3):
    rng = np.random.default_rng(1)
    n_parameters = n_hidden * n_visible + n_visible + n_hidden + n_hidden * (n_hidden - 1) // 2
    replicas = Replicas(_machine(n_visible, n_hidden), rng.integers(-64, 65, (n, n_parameters)) / 128)
    v, h, last_h = (rng.integers(0, 2, (n, size)) for size in (n_visible, n_hidden, n_hidden))
    return replicas, Chains(v, h, last_h), rng.integers(0, 2, (6, n_visible))


def _plan(n=3, n_phases=12, unit=1 / 1024, hold=False):
    rng, shape = np.random.default_rng(2), (n, n_phases)
    held = np.broadcast_to((np.arange(n_phases) % 3 == 1) & hold, shape)
    return PhasePlan(
        rng.random(shape) < 0.5, rng.integers(0, 45, shape), rng.integers(-4, 5, shape) * unit,
        rng.integers(0, 6, shape), held,
    )  # fmt: skip


def _part(plan, which):
    names = ("is_positive", "n_sweeps", "step_size", "data_row", "hold")
    return PhasePlan(*(getattr(plan, name)[which] for name in names))


@pytest.mark.parametrize("always_on", [True, False], ids=["always on", "end of phase"])
@pytest.mark.parametrize("size", SIZES)
def test_learned_parameters_are_those_of_the_sibling(size, always_on):
    replicas, chains, data = _system(*size)
    plan = _plan(unit=1 / 1024 if always_on else 1 / 128, hold=not always_on)
    for chain, visible_biases in itertools.product(("carried-over", "cd", "persistent"), (True, False)):
        options = {"always_on": always_on, "chain": chain, "visible_biases": visible_biases}
        got, states, _ = learn_phases(RNG, replicas, chains, plan, data, **options)
        expected, expected_states, _ = learn_phases_numpy(RNG, replicas, chains, plan, data, **options)
        np.testing.assert_array_equal(got.parameters, [machine.flat for machine in expected])
        for one, other in zip(states, expected_states, strict=True):
            np.testing.assert_array_equal(one, other)
        assert (got.parameters != replicas.parameters).any(axis=1).all()


def test_replicas_depend_neither_on_threads_nor_on_neighbours(monkeypatch):
    monkeypatch.setattr(threads, "WORTH", 0)
    replicas, chains, data = _system(12, 16, n=5)
    rng, plan, before = CounterStream.of(3, 5), _plan(n=5), numba.get_num_threads()
    results = []
    for n_threads in (1, numba.config.NUMBA_NUM_THREADS):
        numba.set_num_threads(n_threads)
        results.append(learn_phases(rng, replicas, chains, plan, data, always_on=True)[0].parameters)
    numba.set_num_threads(before)
    np.testing.assert_array_equal(*results)
    few = [3, 1]
    some, states = Replicas(replicas.like, replicas.parameters[few]), Chains(*(part[few] for part in chains))
    alone = learn_phases(rng.only(few), some, states, _part(plan, few), data, always_on=True)[0]
    np.testing.assert_array_equal(alone.parameters, results[0][few])


@pytest.mark.parametrize("always_on", [True, False])
def test_two_calls_with_later_steps_are_one_call(always_on):
    replicas, chains, data = _system(12, 16)
    plan, options = _plan(hold=not always_on), {"always_on": always_on, "chain": "persistent"}
    whole, ends, _ = learn_phases(RNG, replicas, chains, plan, data, **options)
    half = learn_phases(RNG, replicas, chains, _part(plan, np.s_[:, :6]), data, **options)[:2]
    both, states, _ = learn_phases(RNG.later(6), *half, _part(plan, np.s_[:, 6:]), data, **options)
    np.testing.assert_array_equal(both.parameters, whole.parameters)
    for one, other in zip(ends, states, strict=True):
        np.testing.assert_array_equal(one, other)


MACHINE = BoltzmannMachine.random(np.random.default_rng(3), 3, 4, scale=1.0)
UNCOUPLED = BoltzmannMachine(MACHINE.weights, MACHINE.visible_bias, MACHINE.hidden_bias, 0 * MACHINE.hidden_weights)
V = np.array([1.0, 0, 1])


def _swept(machine, counter, v, h, *, positive):
    """States after one sweep of one replica a row, at step size 0."""
    n = len(v)
    replicas = Replicas(machine, np.tile(machine.flat, (n, 1)))
    plan = PhasePlan(np.full((n, 1), positive), np.ones((n, 1)), np.zeros((n, 1)), np.zeros((n, 1)))
    chains = Chains(v, h, h)
    return learn_phases(counter, replicas, chains, plan, V[None], always_on=True)[1]


def _counter(rng, n):
    return CounterStream(rng.integers(0, 2**32, 2, dtype=np.uint32), np.arange(n, dtype=np.uint32))


def _free_law_stays(machine, n=20_000):
    states = all_states(7)
    weight = np.exp(-MACHINE.energy(states[:, :3], states[:, 3:]))
    law = weight / weight.sum()

    def kernel(rng, now):
        after = _swept(machine, _counter(rng, n), now[:, :3], now[:, 3:], positive=False)
        return np.concatenate([after.v, after.h], axis=1)

    return law_stays(states, law, kernel, n)


def _clamped_law_stays(machine, n=20_000):
    states = all_states(4)
    weight = np.exp(-MACHINE.energy(np.tile(V, (16, 1)), states))
    law = weight / weight.sum()

    def kernel(rng, now):
        return _swept(machine, _counter(rng, n), np.zeros((n, 3)), now, positive=True).last_h

    return law_stays(states, law, kernel, n)


@pytest.mark.parametrize("stays", [_free_law_stays, _clamped_law_stays])
def test_the_law_does_not_drift_under_a_sweep_and_does_without_the_coupling(stays):
    assert stays(MACHINE)
    assert not stays(UNCOUPLED)


def test_bad_input_is_refused_by_name():
    replicas, chains, data = _system(3, 5)

    def learn(rng=RNG, replicas=replicas, chains=chains, data=data, **options):
        return learn_phases(rng, replicas, chains, _plan(), data, always_on=True, **options)

    with pytest.raises(ValueError, match="last_h must have shape"):
        learn(chains=chains._replace(last_h=chains.last_h[:, 1:]))
    with pytest.raises(ValueError, match="v must hold only 0 and 1"):
        learn(chains=chains._replace(v=chains.v + 0.5))
    with pytest.raises(ValueError, match="plan and rng must be for 3 replicas, got 3, 2"):
        learn(rng=RNG.only([0, 1]))
    with pytest.raises(ValueError, match="chain must be one of carried-over, cd, persistent, got 'exact'"):
        learn(chain="exact")
    with pytest.raises(ValueError, match=r"data_row must lie in 0\.\.1"):
        learn(data=data[:2])
    with pytest.raises(ValueError, match=r"parameters must be \(n, 26\) for 5 x 3 units, got \(3, 25\)"):
        Replicas(replicas.like, replicas.parameters[:, 1:])
    with pytest.raises(ValueError, match="models must all have one kind and size"):
        Replicas.of([MACHINE, BoltzmannMachine.random(np.random.default_rng(0), 4, 3)])
    baseline = Baseline(0 * replicas.parameters, 0 * replicas.parameters, 0.5, 0.1)
    plan = PhasePlan(*(np.ones((3, 1)) for _ in range(4)))
    with pytest.raises(ValueError, match="no running baseline is compiled for Boltzmann machines"):
        learn_phases(RNG, replicas, chains, plan, data, always_on=True, baseline=baseline)
