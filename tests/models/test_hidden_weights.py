"""Weights of hidden states sum up to the partition function, and that of silence cannot be learned."""

import numpy as np
import pytest
from scipy.special import logsumexp

from cl_theory.learning.models.rbm import RBM, all_states, hidden_log_weights, log_weights_by_count

RNG = np.random.default_rng(11)


def test_weights_are_sums_over_visible_states():
    rbm = RBM.random(RNG, 5, 3)
    v = all_states(5)
    summed = [logsumexp(-rbm.energy(v, np.broadcast_to(h, (len(v), 3)))) for h in all_states(3)]
    np.testing.assert_allclose(hidden_log_weights(rbm), summed, rtol=1e-12)


def test_blocks_of_states_join_without_a_seam():
    rbm = RBM.random(RNG, 3, 13)
    assert logsumexp(hidden_log_weights(rbm)) == pytest.approx(rbm.log_partition(), rel=1e-12)


def test_without_visible_biases_no_learning_moves_the_weight_of_silence():
    for scale in (0.01, 1.0, 10.0):
        rbm = RBM(RNG.normal(0, scale, (4, 30)), np.zeros(30), RNG.normal(0, scale, 4))
        assert hidden_log_weights(rbm)[0] == pytest.approx(30 * np.log(2), rel=1e-12)
    biased = RBM(np.zeros((4, 30)), np.ones(30), np.zeros(4))
    assert hidden_log_weights(biased)[0] > 31 * np.log(2)


def test_counts_of_equal_weights_are_binomial():
    silent = RBM(np.zeros((4, 2)), np.zeros(2), np.zeros(4))
    found = np.exp(log_weights_by_count(hidden_log_weights(silent))) / 4
    np.testing.assert_allclose(found, [1, 4, 6, 4, 1])


def test_too_many_units_are_refused():
    with pytest.raises(ValueError, match="at most 20 hidden units can be enumerated, got 21"):
        hidden_log_weights(RBM(np.zeros((21, 1)), np.zeros(1), np.zeros(21)))
