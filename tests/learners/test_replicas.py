"""Replicas in lock-step: bit for bit what the readable sibling does, whatever the threads and the neighbours.

Weights and step sizes are multiples of powers of two, so that every sum is exact in single precision and kernel and
sibling may be compared for equality although they add in another order.
"""

import itertools

import numba
import numpy as np
import pytest
from drift import law_stays

from cl_theory import threads
from cl_theory.learning.learners.replicas import (
    Chains,
    PhasePlan,
    Replicas,
    gibbs_phase,
    gibbs_phase_numpy,
    learn_phases,
    learn_phases_numpy,
)
from cl_theory.learning.models.rbm import RBM
from cl_theory.learning.models.states import all_states
from cl_theory.philox import CounterStream

SIZES = [(1, 1), (3, 5), (16, 16), (17, 70), (40, 100)]
RNG = CounterStream.of(5, 3).later(7)


def _system(n_hidden, n_visible, n=3, n_chains=2):
    rng = np.random.default_rng(1)

    def dyadic(shape, unit):
        return rng.integers(-64, 65, shape) * unit

    rbms = [
        RBM(dyadic((n_hidden, n_visible), 1 / 128), dyadic(n_visible, 1 / 64), dyadic(n_hidden, 1 / 64))
        for _ in range(n)
    ]
    v, h = rng.integers(0, 2, (n, n_chains, n_visible)), rng.integers(0, 2, (n, n_chains, n_hidden))
    return Replicas.of(rbms), v, h, rng.integers(0, 2, (6, n_visible))


def _plan(n=3, n_phases=12, unit=1 / 1024):
    rng, shape = np.random.default_rng(2), (n, n_phases)
    hold = np.arange(n_phases) % 3 == 1
    return PhasePlan(
        rng.random(shape) < 0.5, rng.integers(0, 45, shape), rng.integers(-4, 5, shape) * unit,
        rng.integers(0, 6, shape), np.broadcast_to(hold, shape),
    )  # fmt: skip


@pytest.mark.parametrize("size", SIZES)
def test_gibbs_phases_are_those_of_the_sibling(size):
    replicas, v, h, _ = _system(*size)
    for clamped in (False, True):
        got = gibbs_phase(RNG, replicas, v, h, 40, clamped=clamped)
        expected = gibbs_phase_numpy(RNG, replicas, v, h, 40, clamped=clamped)
        np.testing.assert_array_equal(got[0], expected[0])
        np.testing.assert_array_equal(got[1], expected[1])


@pytest.mark.parametrize("always_on", [True, False], ids=["always on", "end of phase"])
@pytest.mark.parametrize("size", SIZES)
def test_learned_parameters_are_those_of_the_sibling(size, always_on):
    replicas, v, h, data = _system(*size)
    plan = _plan(unit=1 / 1024 if always_on else 1 / 128)
    for chain, visible_biases in itertools.product(("carried-over", "cd", "persistent"), (True, False)):
        options = {"always_on": always_on, "chain": chain, "visible_biases": visible_biases}
        got, states, _ = learn_phases(RNG, replicas, Chains(v[:, 0], h[:, 0]), plan, data, **options)
        expected, expected_states, _ = learn_phases_numpy(
            RNG, replicas, Chains(v[:, 0], h[:, 0]), plan, data, **options
        )
        for r in range(len(replicas)):
            np.testing.assert_array_equal(got.model(r).flat, expected[r].flat)
        np.testing.assert_array_equal(states[0], expected_states[0])
        np.testing.assert_array_equal(states[1], expected_states[1])
        assert np.abs(got.weights - replicas.weights).max() > 0


def test_replicas_depend_neither_on_threads_nor_on_neighbours(monkeypatch):
    monkeypatch.setattr(threads, "WORTH", 0)
    replicas, v, h, data = _system(16, 16, n=5)
    rng, plan, before = CounterStream.of(3, 5), _plan(n=5), numba.get_num_threads()
    results = []
    for n_threads in (1, numba.config.NUMBA_NUM_THREADS):
        numba.set_num_threads(n_threads)
        results.append(learn_phases(rng, replicas, Chains(v[:, 0], h[:, 0]), plan, data, always_on=True))
    numba.set_num_threads(before)
    np.testing.assert_array_equal(results[0][0].weights, results[1][0].weights)
    few = [3, 1]
    part = PhasePlan(*(getattr(plan, name)[few] for name in ("is_positive", "n_sweeps", "step_size", "data_row")))
    whole = PhasePlan(plan.is_positive, plan.n_sweeps, plan.step_size, plan.data_row)
    all_of_them = learn_phases(rng, replicas, Chains(v[:, 0], h[:, 0]), whole, data, always_on=True)[0]
    some = Replicas(replicas.like, replicas.parameters[few])
    alone = learn_phases(rng.only(few), some, Chains(v[few, 0], h[few, 0]), part, data, always_on=True)[0]
    np.testing.assert_array_equal(alone.weights, all_of_them.weights[few])


def test_chains_beyond_one_work_item_are_the_same_as_in_the_sibling():
    replicas, _, _, _ = _system(3, 5, n=1)
    rng = np.random.default_rng(0)
    v, h = rng.integers(0, 2, (1, 70, 5)), rng.integers(0, 2, (1, 70, 3))
    got = gibbs_phase(CounterStream.of(1, 1), replicas, v, h, 2)
    np.testing.assert_array_equal(got[0], gibbs_phase_numpy(CounterStream.of(1, 1), replicas, v, h, 2)[0])


def test_two_calls_with_later_steps_are_one_call():
    replicas, v, h, data = _system(16, 16)
    plan, rng = _plan(), CounterStream.of(4, 3)
    plan = PhasePlan(plan.is_positive, plan.n_sweeps, plan.step_size, plan.data_row)
    halves = [
        PhasePlan(plan.is_positive[:, s], plan.n_sweeps[:, s], plan.step_size[:, s], plan.data_row[:, s])
        for s in (slice(0, 5), slice(5, None))
    ]
    whole = learn_phases(rng, replicas, Chains(v[:, 0], h[:, 0]), plan, data, always_on=True)
    state = learn_phases(rng, replicas, Chains(v[:, 0], h[:, 0]), halves[0], data, always_on=True)
    state = learn_phases(rng.later(5), *state[:2], halves[1], data, always_on=True)
    np.testing.assert_array_equal(state[0].weights, whole[0].weights)
    np.testing.assert_array_equal(state[1].v, whole[1].v)
    np.testing.assert_array_equal(state[1].h, whole[1].h)


def _joint(rbm):
    states = all_states(rbm.n_visible + rbm.n_hidden)
    weight = np.exp(-rbm.energy(states[:, : rbm.n_visible], states[:, rbm.n_visible :]))
    return states, weight / weight.sum()


def _stays(kernel, rbm, n):
    return law_stays(*_joint(rbm), kernel, n)


def _counter(rng, n):
    return CounterStream(rng.integers(0, 2**32, 2, dtype=np.uint32), np.arange(n, dtype=np.uint32))


RBM_3_4 = RBM.random(np.random.default_rng(3), 4, 3, scale=1.0)


def _sweep_of(rbm):
    def kernel(rng, states):
        v, h = states[None, :, :4], states[None, :, 4:]
        return np.concatenate(gibbs_phase(_counter(rng, 1), Replicas.of([rbm]), v, h, 1), axis=2)[0]

    return kernel


def test_the_law_does_not_drift_under_a_sweep_and_does_under_a_halved_bias():
    assert _stays(_sweep_of(RBM_3_4), RBM_3_4, 40_000)
    halved = RBM(RBM_3_4.weights, RBM_3_4.visible_bias, RBM_3_4.hidden_bias / 2)
    assert not _stays(_sweep_of(halved), RBM_3_4, 40_000)


def test_the_law_does_not_drift_under_the_learning_kernel_at_rate_zero():
    n = 20_000
    plan = PhasePlan(np.zeros((n, 1), bool), np.ones((n, 1)), np.zeros((n, 1)), np.zeros((n, 1)))

    def kernel(rng, states):
        replicas = Replicas(RBM_3_4, np.tile(RBM_3_4.flat, (n, 1)))
        chains = Chains(states[:, :4], states[:, 4:])
        after = learn_phases(_counter(rng, n), replicas, chains, plan, np.zeros((1, 4)), always_on=True)[1]
        return np.concatenate([after.v, after.h], axis=1)

    assert _stays(kernel, RBM_3_4, n)


def test_a_clamped_phase_draws_h_given_v():
    n, v = 40_000, np.array([1.0, 0, 1, 1])
    _, h = gibbs_phase(
        CounterStream.of(0, 1), Replicas.of([RBM_3_4]), np.tile(v, (1, n, 1)), np.zeros((1, n, 3)), 1, clamped=True
    )
    mean = RBM_3_4.mean_h_given_v(v)
    assert (np.abs(h[0].mean(axis=0) - mean) < 5 * np.sqrt(mean * (1 - mean) / n)).all()


def test_bad_input_is_refused_by_name():
    replicas, v, h, data = _system(3, 5)
    with pytest.raises(ValueError, match="v must hold only 0 and 1"):
        gibbs_phase(RNG, replicas, v + 0.5, h, 1)
    with pytest.raises(ValueError, match="h must have shape"):
        gibbs_phase(RNG, replicas, v, h[..., :2], 1)
    with pytest.raises(ValueError, match="n_sweeps must not be negative, got -1"):
        gibbs_phase(RNG, replicas, v, h, -1)
    with pytest.raises(ValueError, match="rng is for 2 replicas, got 3"):
        gibbs_phase(RNG.only([0, 1]), replicas, v, h, 1)
    with pytest.raises(ValueError, match="chain must be one of carried-over, cd, persistent, got 'exact'"):
        learn_phases(RNG, replicas, Chains(v[:, 0], h[:, 0]), _plan(), data, always_on=True, chain="exact")
    with pytest.raises(ValueError, match=r"data_row must lie in 0\.\.1"):
        learn_phases(RNG, replicas, Chains(v[:, 0], h[:, 0]), _plan(), data[:2], always_on=True)
    with pytest.raises(ValueError, match=r"parameters must be \(n, 19\) for 4 x 3 units"):
        Replicas(RBM.random(np.random.default_rng(0), 4, 3), np.zeros((2, 18)))
    with pytest.raises(ValueError, match="n_sweeps must not be negative"):
        PhasePlan(np.zeros((1, 1)), -np.ones((1, 1)), np.zeros((1, 1)), np.zeros((1, 1)))
    with pytest.raises(ValueError, match=r"a plan is \(n_replicas, n_phases\)"):
        PhasePlan(np.zeros((1, 2)), np.ones((1, 1)), np.zeros((1, 1)), np.zeros((1, 1)))
