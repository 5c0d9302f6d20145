"""Always-on learning around a running baseline: what the readable sibling does, whatever the threads and neighbours."""

import itertools

import numba
import numpy as np
import pytest
from drift import law_stays

from cl_theory import threads
from cl_theory.learning.learners.replicas import Baseline, Chains, PhasePlan, Replicas, learn_phases, learn_phases_numpy
from cl_theory.learning.models.rbm import RBM
from cl_theory.learning.models.states import all_states
from cl_theory.philox import CounterStream

SIZES = [(1, 1), (3, 5), (16, 16), (17, 70), (40, 100)]
RNG = CounterStream.of(5, 3).later(7)
ODDS, RATES = np.array([0.25, 0.5, 0.7]), np.array([0.1, 0.01, 0.5])


def _system(n_hidden, n_visible, n=3):
    rng = np.random.default_rng(1)
    shape = (n, n_hidden * n_visible + n_visible + n_hidden)
    parameters = rng.integers(-64, 65, shape) / 128
    averages = rng.integers(0, 9, (2, *shape)) / 8
    v, h = rng.integers(0, 2, (n, n_visible)), rng.integers(0, 2, (n, n_hidden))
    data = rng.integers(0, 2, (6, n_visible))
    replicas = Replicas(RBM.random(rng, n_visible, n_hidden), parameters)
    return replicas, Chains(v, h), Baseline(*averages, np.resize(ODDS, n), np.resize(RATES, n)), data


def _plan(n=3, n_phases=12, unit=1 / 1024):
    rng, shape = np.random.default_rng(2), (n, n_phases)
    return PhasePlan(
        rng.random(shape) < 0.5, rng.integers(0, 45, shape), rng.integers(-4, 5, shape) * unit,
        rng.integers(0, 6, shape),
    )  # fmt: skip


def _part(plan, which):
    return PhasePlan(*(getattr(plan, name)[which] for name in ("is_positive", "n_sweeps", "step_size", "data_row")))


def _learned(rng, replicas, chains, baseline, plan, data, **options):
    """(parameters, averages of positive and of negative phases, v, h) after the phases of the plan."""
    after, kept, moved = learn_phases(rng, replicas, chains, plan, data, always_on=True, baseline=baseline, **options)
    return after.parameters, moved.positive, moved.negative, kept.v, kept.h


def _learned_numpy(rng, replicas, chains, baseline, plan, data, **options):
    models, kept, moved = learn_phases_numpy(
        rng, replicas, chains, plan, data, always_on=True, baseline=baseline, **options
    )
    return np.array([model.flat for model in models]), moved.positive, moved.negative, kept.v, kept.h


def _rounding(plan, expected):
    """Three roundings a sweep, each of half a unit in the last place of the largest value there is."""
    return plan.n_sweeps.sum(axis=1).max() * 3 * 2.0**-24 * max(1, np.abs(expected[0]).max())


def _differs(got, expected, tolerance):
    return [bool(np.abs(got[k] - expected[k]).max() > tolerance) for k in range(3)]


@pytest.mark.parametrize("size", SIZES)
def test_parameters_and_averages_are_those_of_the_sibling(size):
    *before, data = _system(*size)
    plan = _plan()
    for chain, visible_biases in itertools.product(("carried-over", "cd", "persistent"), (True, False)):
        options = {"chain": chain, "visible_biases": visible_biases}
        got = _learned(RNG, *before, plan, data, **options)
        expected = _learned_numpy(RNG, *before, plan, data, **options)
        assert _differs(got, expected, _rounding(plan, expected)) == [False] * 3
        np.testing.assert_array_equal(got[3], expected[3])
        np.testing.assert_array_equal(got[4], expected[4])


@pytest.mark.parametrize(
    ("change", "options"),
    [({"p_positive": ODDS + 0.01}, {}), ({"rate": RATES * 1.01}, {}), ({}, {"visible_biases": False})],
    ids=str,
)
def test_the_same_comparison_sees_one_percent_in_b_and_in_the_rate(change, options):
    replicas, chains, baseline, data = _system(3, 5)
    plan = _plan(unit=1 / 64)
    expected = _learned_numpy(RNG, replicas, chains, baseline, plan, data)
    got = _learned(RNG, replicas, chains, baseline._replace(**change), plan, data, **options)
    assert any(_differs(got, expected, _rounding(plan, expected)))


@pytest.mark.parametrize("positive", [True, False])
def test_the_baseline_in_use_is_the_one_before_the_sweep(positive):
    """Strong biases fix all units at 1, so that every statistic is 1 and both steps follow by hand."""
    b, rho, step = 0.25, 0.5, 1 / 64
    replicas, chains = Replicas.of([RBM([[0.0]], [50.0], [50.0])]), Chains(np.ones((1, 1)), np.ones((1, 1)))
    baseline = Baseline(*np.zeros((2, 1, 3)), b, rho)
    plan = PhasePlan(np.array([[positive]]), np.array([[2]]), np.array([[step]]), np.zeros((1, 1)))
    after = _learned(CounterStream.of(0, 1), replicas, chains, baseline, plan, np.ones((1, 1)))
    share = 1 - b if positive else b
    assert after[0][0, 0] == step + step * (1 - share * rho)
    assert (after[1][0, 0], after[2][0, 0]) == ((0.75, 0) if positive else (0, 0.75))


def test_replicas_depend_neither_on_threads_nor_on_neighbours(monkeypatch):
    monkeypatch.setattr(threads, "WORTH", 0)
    replicas, chains, baseline, data = _system(16, 16, n=5)
    rng, plan, n_threads = CounterStream.of(3, 5), _plan(n=5), numba.get_num_threads()
    baseline, results = baseline._replace(p_positive=np.linspace(0.2, 0.8, 5), rate=np.full(5, 0.1)), []
    for n in (1, numba.config.NUMBA_NUM_THREADS):
        numba.set_num_threads(n)
        results.append(_learned(rng, replicas, chains, baseline, plan, data))
    numba.set_num_threads(n_threads)
    few = [3, 1]
    some = Replicas(replicas.like, replicas.parameters[few]), Chains(chains.v[few], chains.h[few])
    around = Baseline(*(part[few] for part in baseline))
    alone = _learned(rng.only(few), *some, around, _part(plan, few), data)
    for one, other, part in zip(*results, alone, strict=True):
        np.testing.assert_array_equal(one, other)
        np.testing.assert_array_equal(one[few], part)


def test_two_calls_with_later_steps_are_one_call():
    replicas, chains, baseline, data = _system(16, 16)
    plan, first, options = _plan(), _part(_plan(), np.s_[:, :5]), {"chain": "persistent"}
    whole = _learned(RNG, replicas, chains, baseline, plan, data, **options)
    *half, around = learn_phases(RNG, replicas, chains, first, data, always_on=True, baseline=baseline, **options)
    both = _learned(RNG.later(5), *half, around, _part(plan, np.s_[:, 5:]), data, **options)
    for one, other in zip(whole, both, strict=True):
        np.testing.assert_array_equal(one, other)


RBM_3_4 = RBM.random(np.random.default_rng(3), 4, 3, scale=1.0)


def _stays(parameters, step, n=20_000):
    """Whether the law of RBM_3_4 stays under single free sweeps of replicas with other parameters and a step."""
    states = all_states(7)
    weight = np.exp(-RBM_3_4.energy(states[:, :4], states[:, 4:]))
    law = weight / weight.sum()
    plan = PhasePlan(np.zeros((n, 1), bool), np.ones((n, 1)), np.full((n, 1), step), np.zeros((n, 1)))

    def kernel(rng, now):
        replicas = Replicas(RBM_3_4, np.tile(parameters, (n, 1)))
        counter = CounterStream(rng.integers(0, 2**32, 2, dtype=np.uint32), np.arange(n, dtype=np.uint32))
        baseline = Baseline(0 * replicas.parameters, 0 * replicas.parameters, 0.3, 0.1)
        chains = Chains(now[:, :4], now[:, 4:])
        return np.concatenate(_learned(counter, replicas, chains, baseline, plan, np.zeros((1, 4)))[3:], axis=1)

    return law_stays(states, law, kernel, n)


def test_a_tiny_step_leaves_the_law_of_the_model_and_other_parameters_do_not():
    assert _stays(RBM_3_4.flat, 1e-7)
    assert not _stays(0.5 * RBM_3_4.flat, 1e-7)


def test_bad_input_is_refused_by_name():
    replicas, chains, baseline, data = _system(3, 5)
    plan = _plan()

    def learn(rng=RNG, chains=chains, baseline=baseline, plan=plan, data=data, **options):
        return _learned(rng, replicas, chains, baseline, plan, data, **options)

    with pytest.raises(ValueError, match=r"positive must have shape \(3, 23\), got \(3, 22\)"):
        learn(baseline=baseline._replace(positive=baseline.positive[:, 1:]))
    with pytest.raises(ValueError, match="v must hold only 0 and 1"):
        learn(chains=chains._replace(v=chains.v + 0.5))
    with pytest.raises(ValueError, match="plan and rng must be for 3 replicas, got 3, 2"):
        learn(rng=RNG.only([0, 1]))
    with pytest.raises(ValueError, match=r"data_row must lie in 0\.\.1"):
        learn(data=data[:2])
    with pytest.raises(ValueError, match="chain must be one of carried-over, cd, persistent, got 'exact'"):
        learn(chain="exact")
    waits = PhasePlan(plan.is_positive, plan.n_sweeps, plan.step_size, plan.data_row, np.ones((3, 12)))
    with pytest.raises(ValueError, match="no update of the plan may wait: no hold"):
        learn(plan=waits)
    with pytest.raises(ValueError, match="around a baseline learning is always on"):
        learn_phases(RNG, replicas, chains, plan, data, always_on=False, baseline=baseline)
