"""Draws of both phases follow the enumerated law, and a wrong law is seen."""

import numpy as np
import pytest
from scipy.stats import chi2

from cl_theory.learning.models.rbm import RBM
from cl_theory.learning.models.states import all_states
from cl_theory.learning.samplers.exact_phase import AliasTable, ExactPhaseSampler
from cl_theory.seeds import stream

DRAWS = 200_000


def p_value(counts, probability):
    """Pearson's chi-squared of counts against a law."""
    expected = counts.sum() * probability
    return chi2.sf(((counts - expected) ** 2 / expected).sum(), len(counts) - 1)


def joint_counts(v, h):
    n_visible = v.shape[1]
    code = v @ 2 ** np.arange(n_visible) + 2**n_visible * (h @ 2 ** np.arange(h.shape[1]))
    return np.bincount(code, minlength=2 ** (n_visible + h.shape[1]))


def joint_law(rbm, data=None):
    v, h = all_states(rbm.n_visible), all_states(rbm.n_hidden)
    weight = np.exp(-rbm.energy(v[None], h[:, None]))
    if data is not None:
        weight = weight / weight.sum(axis=0) * np.array([(data == state).all(axis=1).mean() for state in v])
    return (weight / weight.sum()).ravel()


@pytest.mark.parametrize(("n_visible", "n_hidden"), [(4, 2), (2, 3)])
def test_both_phases_follow_the_enumerated_law(n_visible, n_hidden):
    rng = stream(20230723, "tests", "exact-phase", n_visible)
    rbm = RBM.random(rng, n_visible, n_hidden, scale=1.0)
    data = rng.integers(0, 2, size=(3, n_visible)).astype(float)
    sampler = ExactPhaseSampler(rbm, data)
    negative = joint_counts(*sampler.negative(rng, DRAWS))
    assert p_value(negative, joint_law(rbm)) > 1e-6
    assert p_value(negative, joint_law(rbm.with_flat(1.05 * rbm.flat))) < 1e-6
    positive, law = joint_counts(*sampler.positive(rng, DRAWS)), joint_law(rbm, data)
    possible = law > 0
    assert positive[~possible].sum() == 0
    assert p_value(positive[possible], law[possible]) > 1e-6
    moved = joint_law(rbm.with_flat(1.05 * rbm.flat), data)
    assert p_value(positive[possible], moved[possible]) < 1e-6


@pytest.mark.parametrize("size", [1, 2, 7, 300])
def test_the_alias_table_holds_the_law_exactly(size):
    probability = stream(20230723, "tests", "alias", size).dirichlet(np.full(size, 0.3))
    table = AliasTable.of(probability)
    held = (table.keep + np.bincount(table.alias, 1 - table.keep, minlength=size)) / size
    np.testing.assert_allclose(held, probability, rtol=0, atol=1e-15)
    assert ((table.keep >= 0) & (table.keep <= 1)).all()


def test_alias_draws_follow_the_law():
    probability = np.array([0.5, 0.25, 0.15, 0.09, 0.01])
    draws = AliasTable.of(probability).draw(stream(20230723, "tests", "alias-draws"), DRAWS)
    counts = np.bincount(draws, minlength=5)
    assert p_value(counts, probability) > 1e-6
    assert p_value(counts, np.array([0.505, 0.245, 0.15, 0.09, 0.01])) < 1e-4


def test_a_table_that_does_not_sum_to_one_is_refused():
    with pytest.raises(ValueError, match="sum to one"):
        AliasTable.of(np.array([0.5, 0.4]))


def test_no_draws_are_empty_arrays():
    sampler = ExactPhaseSampler(RBM(np.zeros((2, 3)), np.zeros(3), np.zeros(2)), np.zeros((1, 3)))
    v, h = sampler.positive(stream(1, "none"), 0)
    assert (v.shape, h.shape) == ((0, 3), (0, 2))


def test_data_of_another_width_are_refused():
    with pytest.raises(ValueError, match="rows of 3 units"):
        ExactPhaseSampler(RBM(np.zeros((2, 3)), np.zeros(3), np.zeros(2)), np.zeros((1, 4)))
