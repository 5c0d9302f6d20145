"""Exact probabilities, total variation and draws, each derived from the energy alone."""

import numpy as np
import pytest

from cl_theory.learning.models.boltzmann import BoltzmannMachine
from cl_theory.learning.models.exact_law import log_probability_v, sample_exactly, total_variation
from cl_theory.learning.models.rbm import RBM, all_states

NETWORKS = [
    RBM.random(np.random.default_rng(0), 4, 3, 1.0),
    RBM.random(np.random.default_rng(1), 3, 5, 1.0),
    RBM(np.random.default_rng(2).normal(size=(3, 4)), np.zeros(4), np.zeros(3)),
    BoltzmannMachine.random(np.random.default_rng(3), 4, 3, 1.0),
]


def joint(network) -> np.ndarray:
    """p(v, h) as a (2**n_visible, 2**n_hidden) table, from the energy of each state."""
    v, h = all_states(network.n_visible), all_states(network.n_hidden)
    table = np.exp([[-network.energy(a, b) for b in h] for a in v])
    return table / table.sum()


@pytest.mark.parametrize("network", NETWORKS)
def test_log_probabilities_and_likelihood_sum_the_joint_law(network) -> None:
    law = joint(network).sum(axis=1)
    v = all_states(network.n_visible)
    np.testing.assert_allclose(log_probability_v(network, v), np.log(law), rtol=1e-11)
    assert network.negative_log_likelihood(v[[0, 1, 1]]) == pytest.approx(-np.log(law[[0, 1, 1]]).mean(), rel=1e-12)


@pytest.mark.parametrize("network", NETWORKS)
def test_the_hidden_free_energy_sums_over_the_visible_states(network) -> None:
    weight = np.exp(-network.hidden_free_energy(all_states(network.n_hidden)))
    np.testing.assert_allclose(weight / weight.sum(), joint(network).sum(axis=0), rtol=1e-11)


@pytest.mark.parametrize("network", NETWORKS)
def test_total_variation_is_half_the_summed_distance_over_all_states(network) -> None:
    data = all_states(network.n_visible)[[0, 2, 2, 5, 7]]
    empirical = np.bincount([0, 2, 2, 5, 7], minlength=2**network.n_visible) / 5
    whole = 0.5 * np.abs(joint(network).sum(axis=1) - empirical).sum()
    assert total_variation(network, data) == pytest.approx(whole, rel=1e-11)


def test_a_uniform_network_is_at_distance_zero_from_uniform_data() -> None:
    assert total_variation(RBM(np.zeros((2, 3)), np.zeros(3), np.zeros(2)), all_states(3)) == pytest.approx(
        0, abs=1e-14
    )


@pytest.mark.parametrize("network", NETWORKS)
def test_exact_draws_follow_the_joint_law(network) -> None:
    n = 60_000
    v, h = sample_exactly(np.random.default_rng(4), network, n)
    i, j = (s @ (1 << np.arange(s.shape[1])) for s in (v, h))
    expected = joint(network) * n
    counts = np.zeros_like(expected)
    np.add.at(counts, (i.astype(int), j.astype(int)), 1)
    rare = expected < 5
    statistic = ((counts - expected)[~rare] ** 2 / expected[~rare]).sum()
    degrees = (~rare).sum()
    assert statistic < degrees + 5.5 * np.sqrt(2 * degrees) + 20  # a false alarm in 10^7 draws (Laurent-Massart)
    assert counts[rare].sum() < expected[rare].sum() + 6 * np.sqrt(expected[rare].sum() + 1)


def test_draws_and_distances_refuse_what_they_cannot_use() -> None:
    with pytest.raises(ValueError, match="n_samples"):
        sample_exactly(np.random.default_rng(0), NETWORKS[0], 0)
    with pytest.raises(ValueError, match="rows of 4 units"):
        total_variation(NETWORKS[0], np.zeros((2, 3)))
