"""Draws of both phases follow the enumerated law, a wrong law is seen; sums over gradients are those of the rows."""

import numpy as np
import pytest
from scipy.stats import chi2

from cl_theory.learning.models.exact_phases import (
    AliasTable,
    ExactPhaseSampler,
    fourth_powers,
    gradient_projections,
    inner_products,
    linear_estimates,
    phase_states,
)
from cl_theory.learning.models.rbm import RBM, all_states
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
    for phase in (sampler.positive, sampler.negative):
        v, h = phase(stream(1, "none"), 0)
        assert (v.shape, h.shape) == ((0, 3), (0, 2))


def test_data_of_another_width_are_refused():
    with pytest.raises(ValueError, match="rows of 3 units"):
        ExactPhaseSampler(RBM(np.zeros((2, 3)), np.zeros(3), np.zeros(2)), np.zeros((1, 4)))


@pytest.fixture(params=[(5, 3), (9, 2), (70, 4)], ids=["5x3", "9x2", "70x4"])
def drawn(request: pytest.FixtureRequest) -> tuple[RBM, np.ndarray, np.ndarray]:
    n_visible, n_hidden = request.param
    rng = np.random.default_rng(n_visible)
    rbm = RBM.random(rng, n_visible, n_hidden)
    sampler = ExactPhaseSampler(rbm, rng.integers(2, size=(6, n_visible)))
    return rbm, *phase_states(rng, sampler, rng.random((40, 3)) < 0.5)


def test_inner_products_are_those_of_the_gradient_rows(drawn: tuple[RBM, np.ndarray, np.ndarray]) -> None:
    rbm, v, h = drawn
    fixed = np.random.default_rng(1).standard_normal((2, rbm.n_parameters))
    rows = np.concatenate([rbm.gradient(v, h), np.broadcast_to(fixed, (40, *fixed.shape))], axis=1)
    products = inner_products(rbm, v, h, fixed)
    np.testing.assert_allclose(products, rows @ rows.transpose(0, 2, 1), atol=1e-9)
    assert not np.allclose(products[:, 0, 0], 1.01 * (rows[:, 0] ** 2).sum(axis=1))


def test_linear_estimates_have_the_norms_and_projections_of_their_rows(
    drawn: tuple[RBM, np.ndarray, np.ndarray],
) -> None:
    rbm, v, h = drawn
    rng = np.random.default_rng(2)
    fixed, weights = rng.standard_normal((2, rbm.n_parameters)), rng.standard_normal((40, 2, 5))
    weights[..., -1] = 0  # the last vector is a direction to look along
    rows = np.concatenate([rbm.gradient(v, h), np.broadcast_to(fixed, (40, *fixed.shape))], axis=1)
    estimates = weights @ rows
    projections, squares = linear_estimates(inner_products(rbm, v, h, fixed), weights, 1)
    np.testing.assert_allclose(projections[..., 0], estimates @ fixed[-1], atol=1e-9)
    np.testing.assert_allclose(squares, (estimates**2).sum(axis=-1), atol=1e-9)


def test_states_come_from_the_phase_that_was_asked_for() -> None:
    rbm = RBM(np.zeros((2, 3)), np.full(3, 30.0), np.zeros(2))  # the model shows ones, the data zeros
    sampler = ExactPhaseSampler(rbm, np.zeros((1, 3)))
    sign = np.random.default_rng(0).random((50, 4)) < 0.5
    v, h = phase_states(np.random.default_rng(1), sampler, sign)
    np.testing.assert_array_equal(v, np.broadcast_to(~sign[..., None], v.shape))
    assert h.shape == (50, 4, 2)


@pytest.mark.parametrize(("n_visible", "n_hidden"), [(3, 2), (2, 3)])
def test_fourth_powers_are_sums_over_all_states(n_visible, n_hidden):
    rng = stream(20230723, "tests", "targets", n_visible)
    rbm = RBM.random(rng, n_visible, n_hidden, scale=1.0)
    data = rng.integers(0, 2, size=(3, n_visible)).astype(float)
    v, h = np.tile(all_states(n_visible), (2**n_hidden, 1)), np.repeat(all_states(n_hidden), 2**n_visible, axis=0)
    lengths = (rbm.gradient(v, h) ** 2).sum(axis=1)
    found = fourth_powers(ExactPhaseSampler(rbm, data))
    np.testing.assert_allclose(found, [joint_law(rbm, data) @ lengths**2, joint_law(rbm) @ lengths**2], rtol=1e-13)


def test_directions_of_another_length_are_refused():
    with pytest.raises(ValueError, match=r"directions must have shape \(k, 11\)"):
        gradient_projections(RBM(np.zeros((2, 3)), np.zeros(3), np.zeros(2)), np.zeros((1, 3)), np.zeros((1, 2)), [1.0])
