"""Everything a Boltzmann machine says follows from its energy, by enumeration or by finite differences."""

import numpy as np
import pytest

from cl_theory.learning.models.boltzmann import BoltzmannMachine
from cl_theory.learning.models.rbm import all_states


def machine(seed: int = 0, n_visible: int = 4, n_hidden: int = 3, scale: float = 1.0) -> BoltzmannMachine:
    return BoltzmannMachine.random(np.random.default_rng(seed), n_visible, n_hidden, scale)


def energy_by_loops(m: BoltzmannMachine, v: np.ndarray, h: np.ndarray) -> float:
    """The energy, unit by unit, pair by pair."""
    total = -sum(m.visible_bias[i] * v[i] for i in range(m.n_visible))
    total -= sum(m.hidden_bias[j] * h[j] for j in range(m.n_hidden))
    total -= sum(m.weights[j, i] * h[j] * v[i] for j in range(m.n_hidden) for i in range(m.n_visible))
    return total - sum(m.hidden_weights[j, k] * h[j] * h[k] for j in range(m.n_hidden) for k in range(j))


def joint_weights(m: BoltzmannMachine) -> np.ndarray:
    """exp(-E) of every joint state, (2**n_visible, 2**n_hidden), from the loops above."""
    return np.array(
        [[np.exp(-energy_by_loops(m, v, h)) for h in all_states(m.n_hidden)] for v in all_states(m.n_visible)]
    )


CASES = [(0, 4, 3), (1, 3, 4), (2, 5, 1), (3, 1, 2)]


@pytest.mark.parametrize(("seed", "n_visible", "n_hidden"), CASES)
def test_the_free_energies_sum_the_energy_over_the_other_units(seed, n_visible, n_hidden) -> None:
    m = machine(seed, n_visible, n_hidden)
    weights = joint_weights(m)
    np.testing.assert_allclose(m.free_energy(all_states(n_visible)), -np.log(weights.sum(axis=1)), rtol=1e-12)
    np.testing.assert_allclose(m.hidden_free_energy(all_states(n_hidden)), -np.log(weights.sum(axis=0)), rtol=1e-12)
    assert m.log_partition() == pytest.approx(np.log(weights.sum()), rel=1e-12)


@pytest.mark.parametrize(("seed", "n_visible", "n_hidden"), CASES)
def test_the_conditionals_are_ratios_of_the_joint_law(seed, n_visible, n_hidden) -> None:
    m = machine(seed, n_visible, n_hidden)
    weights = joint_weights(m)
    given_v = weights / weights.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(m.mean_h_given_v(all_states(n_visible)), given_v @ all_states(n_hidden), rtol=1e-12)
    given_h = (weights / weights.sum(axis=0)).T
    np.testing.assert_allclose(m.mean_v_given_h(all_states(n_hidden)), given_h @ all_states(n_visible), rtol=1e-12)


def test_the_gradient_is_the_finite_difference_of_the_energy() -> None:
    m = machine(4)
    rng = np.random.default_rng(5)
    v, h = rng.integers(0, 2, (6, 4)).astype(float), rng.integers(0, 2, (6, 3)).astype(float)
    step = np.eye(m.flat.size)
    slope = [(m.with_flat(m.flat + e).energy(v, h) - m.with_flat(m.flat - e).energy(v, h)) / 2 for e in step]
    np.testing.assert_allclose(m.gradient(v, h), np.transpose(slope), atol=1e-12)  # the energy is linear


def test_the_energy_is_the_sum_over_units_and_pairs() -> None:
    m = machine(6)
    rng = np.random.default_rng(7)
    v, h = rng.integers(0, 2, (9, 4)).astype(float), rng.integers(0, 2, (9, 3)).astype(float)
    by_loops = [energy_by_loops(m, *row) for row in zip(v, h, strict=True)]
    np.testing.assert_allclose(m.energy(v, h), by_loops, atol=1e-12)


def test_the_likelihood_gradient_is_positive_minus_negative_phase() -> None:
    m = machine(8)
    data = all_states(4)[[1, 5, 5, 12]]
    weights = joint_weights(m)
    states_v, states_h = np.repeat(all_states(4), 8, axis=0), np.tile(all_states(3), (16, 1))
    g = m.gradient(states_v, states_h).reshape(16, 8, -1)
    negative = np.einsum("vh,vhp->p", weights / weights.sum(), g)
    given_v = weights / weights.sum(axis=1, keepdims=True)
    positive = np.mean([given_v[k] @ g[k] for k in (1, 5, 5, 12)], axis=0)
    eps = 1e-5
    slope = [
        (m.with_flat(m.flat + e).negative_log_likelihood(data) - m.with_flat(m.flat - e).negative_log_likelihood(data))
        / (2 * eps)
        for e in eps * np.eye(m.flat.size)
    ]
    np.testing.assert_allclose(positive - negative, slope, atol=1e-9)


def chi_square(counts: np.ndarray, law: np.ndarray) -> float:
    expected = law * counts.sum()
    return float(((counts - expected) ** 2 / expected).sum())


def test_exact_draws_of_hidden_states_follow_the_conditional_law() -> None:
    m = machine(9)
    v = np.tile(all_states(4)[11], (40_000, 1))
    h = m.sample_h_given_v(np.random.default_rng(10), v)
    counts = np.bincount((h @ [1, 2, 4]).astype(int), minlength=8)
    law = joint_weights(m)[11] / joint_weights(m)[11].sum()
    assert chi_square(counts, law) < 45  # chi-square with 7 degrees of freedom exceeds this once in 10^7 runs
    assert chi_square(counts, joint_weights(m)[12] / joint_weights(m)[12].sum()) > 45  # and sees another law


def test_a_gibbs_sweep_leaves_the_conditional_law_as_it_is() -> None:
    m = machine(11)
    v = np.tile(all_states(4)[6], (40_000, 1))
    rng = np.random.default_rng(12)
    h = m.sample_h_given_v(rng, v)
    law = joint_weights(m)[6] / joint_weights(m)[6].sum()
    for _ in range(16):
        h = m.gibbs_h_given_v(rng, v, h)
    assert chi_square(np.bincount((h @ [1, 2, 4]).astype(int), minlength=8), law) < 45


def test_a_sweep_without_the_hidden_weights_is_seen_to_drift() -> None:
    m = machine(11)
    without = BoltzmannMachine(m.weights, m.visible_bias, m.hidden_bias, 0.9 * m.hidden_weights)
    v = np.tile(all_states(4)[6], (40_000, 1))
    rng = np.random.default_rng(12)
    h = m.sample_h_given_v(rng, v)
    for _ in range(16):
        h = without.gibbs_h_given_v(rng, v, h)
    law = joint_weights(m)[6] / joint_weights(m)[6].sum()
    assert chi_square(np.bincount((h @ [1, 2, 4]).astype(int), minlength=8), law) > 45


def test_flat_parameters_go_there_and_back() -> None:
    m = machine(13)
    assert m.flat.size == 12 + 4 + 3 + 3
    np.testing.assert_array_equal(machine(14).with_flat(m.flat).flat, m.flat)
    with pytest.raises(ValueError, match="shape"):
        m.with_flat(m.flat[:-1])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"visible_bias": np.zeros(3)}, "weights must have shape"),
        ({"hidden_bias": np.zeros(4)}, "weights must have shape"),
        ({"weights": np.zeros(4)}, "weights must have shape"),
        ({"hidden_weights": np.zeros((4, 4))}, "hidden_weights must have shape"),
        ({"hidden_weights": np.triu(np.ones((3, 3)), 1)}, "symmetric"),
        ({"hidden_weights": np.eye(3)}, "zero diagonal"),
        ({"weights": np.full((3, 4), np.nan)}, "finite"),
    ],
)
def test_parameters_that_make_no_machine_are_refused(change, message: str) -> None:
    whole = {
        "weights": np.zeros((3, 4)),
        "visible_bias": np.zeros(4),
        "hidden_bias": np.zeros(3),
        "hidden_weights": np.zeros((3, 3)),
    }
    with pytest.raises(ValueError, match=message):
        BoltzmannMachine(**{**whole, **change})
