"""Free chains go where the probability is if they mix, and say how deep they are where they do not."""

import numpy as np
import pytest

from cl_theory.learning.models.forward_forward import independent_loss
from cl_theory.learning.models.gibbs_chain import FreeChains, free_chains
from cl_theory.learning.models.rbm import RBM, all_states

RNG = np.random.default_rng(4)


def test_chains_that_mix_visit_states_as_often_as_the_model_says():
    rbm = RBM.random(RNG, 4, 2, scale=0.4)
    chains = free_chains(np.random.default_rng(1), rbm, n_chains=400, n_sweeps=400)
    expected = np.exp(chains.log_weights_by_count - rbm.log_partition())
    np.testing.assert_allclose(chains.visited, expected, atol=0.01)
    assert chains.silence == pytest.approx(expected[0])
    assert chains.n_states == 4
    assert abs(chains.remembered(50)) < 0.02
    assert chains.depth < 0  # all states together weigh more than silence


def test_chains_that_stay_remember_where_they_are():
    rbm = RBM(np.zeros((2, 30)), np.zeros(30), np.array([-3.0, -3.0]))
    stuck = np.repeat(np.array([[[1.0, 0.0], [0.0, 1.0], [0.0, 1.0]]]), 8, axis=0)
    chains = FreeChains(rbm, stuck)
    assert chains.remembered(2) == pytest.approx(1)
    assert chains.visited.tolist() == [0, 1, 0]
    assert chains.depth == pytest.approx(3 - np.log(2))
    np.testing.assert_array_equal(chains.images(2), np.full((2, 30), 0.5))


def test_independent_units_are_the_best_law_without_dependence():
    rows = all_states(2)
    assert independent_loss(np.tile(rows, (500, 1)), rows) == pytest.approx(2 * np.log(2))
    skewed = np.array([[1.0], [0.0], [0.0]])
    assert independent_loss(skewed, np.ones((1, 1))) == pytest.approx(-np.log(1.5 / 4))
