"""Exact likelihoods from product tables, against the sums that the models take in the log domain."""

import numba
import numpy as np
import pytest

from cl_theory import threads
from cl_theory.learning.learners.likelihood import (
    exact_log_likelihood,
    exact_log_partition,
    exact_measures,
    log_likelihood,
)
from cl_theory.learning.learners.replicas import Replicas
from cl_theory.learning.models.boltzmann import BoltzmannMachine
from cl_theory.learning.models.exact_law import log_probability_v, total_variation
from cl_theory.learning.models.images import bars_and_stripes
from cl_theory.learning.models.rbm import RBM, all_states


def _rbms(n_hidden, n_visible, scale, n=3):
    drawn = [RBM.random(np.random.default_rng(seed), n_visible, n_hidden, scale) for seed in range(n)]
    return Replicas.of(drawn), [Replicas.of(drawn).rbm(r) for r in range(n)]


# Scales: product tables are safe; a logarithm per group of units; a logarithm per unit.
@pytest.mark.parametrize("scale", [0.5, 10.0, 400.0])
@pytest.mark.parametrize("size", [(1, 1), (3, 2), (5, 9), (12, 40), (90, 7)])
def test_log_partition_is_that_of_the_sibling(size, scale):
    replicas, rbms = _rbms(*size, scale)
    expected = [rbm.log_partition() for rbm in rbms]
    np.testing.assert_allclose(exact_log_partition(replicas), expected, rtol=1e-12, atol=1e-11)


@pytest.mark.parametrize("scale", [0.5, 10.0, 400.0])
def test_likelihoods_are_those_of_the_free_energy(scale):
    replicas, rbms = _rbms(6, 9, scale)
    states = all_states(9)
    expected = np.stack([-rbm.free_energy(states) - rbm.log_partition() for rbm in rbms])
    np.testing.assert_allclose(exact_log_likelihood(replicas, states), expected, rtol=1e-11, atol=1e-10)


def test_bars_and_stripes_at_sixteen_units_and_their_total_variation():
    data = bars_and_stripes(4)
    replicas, rbms = _rbms(16, 16, 0.5, n=2)
    got = -exact_log_likelihood(replicas, data).mean(axis=1)
    np.testing.assert_allclose(got, [rbm.negative_log_likelihood(data) for rbm in rbms], rtol=1e-12)
    expected = [total_variation(rbm, data) for rbm in rbms]
    np.testing.assert_allclose(exact_measures(data)["tv"](replicas), expected, rtol=1e-11)


def test_the_same_for_any_number_of_threads(monkeypatch):
    monkeypatch.setattr(threads, "WORTH", 0)
    replicas, before = _rbms(8, 10, 0.5, n=5)[0], numba.get_num_threads()
    results = []
    for n_threads in (1, numba.config.NUMBA_NUM_THREADS):
        numba.set_num_threads(n_threads)
        results.append(exact_log_partition(replicas))
    numba.set_num_threads(before)
    np.testing.assert_array_equal(*results)


def test_layers_that_are_too_large_and_rows_that_are_no_bits_are_refused():
    replicas, _ = _rbms(21, 21, 0.1, n=1)
    with pytest.raises(ValueError, match="enumeration reaches 20 units, got 21"):
        exact_log_partition(replicas)
    replicas, _ = _rbms(2, 3, 0.1, n=1)
    with pytest.raises(ValueError, match="data must hold only 0 and 1"):
        exact_log_likelihood(replicas, np.full((1, 3), 0.5))


@pytest.mark.parametrize("n_hidden", [1, 2, 7, 12])
@pytest.mark.parametrize("scale", [0.1, 3.0, 60.0], ids=["small", "large", "beyond the range of float64"])
def test_likelihoods_of_a_machine_are_those_of_enumeration_in_the_log_domain(n_hidden, scale):
    machine = BoltzmannMachine.random(np.random.default_rng(n_hidden), 16, n_hidden, scale)
    rows = bars_and_stripes(4)
    np.testing.assert_allclose(log_likelihood(machine, rows), log_probability_v(machine, rows), rtol=1e-12)
    measures = exact_measures(rows)
    assert measures["nll"]([machine]) == pytest.approx([machine.negative_log_likelihood(rows)], rel=1e-12)
    assert measures["tv"]([machine]) == pytest.approx([total_variation(machine, rows)], rel=1e-10, abs=1e-12)


@pytest.mark.parametrize("kind", [RBM, BoltzmannMachine])
def test_measures_take_models_and_replicas_of_either_kind(kind):
    data = all_states(4)[[3, 5, 5, 12, 15]]
    measures = exact_measures(data)
    models = [kind.random(np.random.default_rng(seed), 4, 3, 0.8) for seed in (1, 2)]
    assert measures["nll"](models[0]) == pytest.approx(models[0].negative_log_likelihood(data), rel=1e-12)
    assert measures["tv"](models[0]) == pytest.approx(total_variation(models[0], data), rel=1e-12)
    replicas = Replicas.of(models)
    exact = [log_probability_v(replicas.model(r), data) for r in (0, 1)]
    np.testing.assert_allclose(log_likelihood(replicas, data), exact, rtol=1e-12)
    assert measures["nll"](replicas).shape == measures["tv"](replicas).shape == (2,)
