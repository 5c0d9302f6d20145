"""Where each chain policy starts a free phase, what it remembers, and that its steps keep the model's law."""

import numpy as np
import pytest

from cl_theory.learning.energy_learner import run_phases
from cl_theory.learning.parts import (
    CarriedOver,
    ContrastiveDivergence,
    Exact,
    Persistent,
    clamped_step,
    free_step,
    parameter_kinds,
    weighted_gradient,
)
from cl_theory.models.boltzmann import BoltzmannMachine
from cl_theory.models.exact_law import sample_exactly
from cl_theory.models.rbm import RBM
from cl_theory.states import all_states

N = 40_000
LIMIT_31 = 93.0  # a chi-square variable with 31 degrees of freedom exceeds this once in 10^7 draws


def rbm(seed: int = 0) -> RBM:
    return RBM.random(np.random.default_rng(seed), 3, 2, 1.0)


def machine(seed: int = 0) -> BoltzmannMachine:
    return BoltzmannMachine.random(np.random.default_rng(seed), 3, 2, 1.0)


def joint_law(network) -> np.ndarray:
    """Probability of every (v, h), flattened, by summing exp(-E) over all 32 states."""
    v, h = np.repeat(all_states(3), 4, axis=0), np.tile(all_states(2), (8, 1))
    weight = np.exp(-network.energy(v, h))
    return weight / weight.sum()


def chi_square(network, v: np.ndarray, h: np.ndarray) -> float:
    index = (v @ [1, 2, 4] * 4 + h @ [1, 2]).astype(int)
    expected = joint_law(network) * len(v)
    return float(((np.bincount(index, minlength=32) - expected) ** 2 / expected).sum())


@pytest.mark.parametrize("network", [rbm(), machine(), RBM.random(np.random.default_rng(3), 3, 2, 0.3)])
def test_exact_draws_follow_the_enumerated_law(network) -> None:
    assert chi_square(network, *sample_exactly(np.random.default_rng(1), network, N)) < LIMIT_31


def test_draws_from_a_slightly_different_network_are_told_apart() -> None:
    network = rbm()
    other = network.with_flat(1.1 * network.flat)
    assert chi_square(network, *sample_exactly(np.random.default_rng(1), other, N)) > LIMIT_31


@pytest.mark.parametrize("network", [rbm(1), machine(1)])
def test_free_steps_do_not_move_the_law_of_the_network(network) -> None:
    rng = np.random.default_rng(2)
    states = sample_exactly(rng, network, N)
    for _ in range(16):
        states = free_step(rng, network, *states)
    assert chi_square(network, *states) < LIMIT_31


@pytest.mark.parametrize("network", [rbm(1), machine(1)])
def test_free_steps_with_a_halved_bias_are_seen_to_drift(network) -> None:
    rng = np.random.default_rng(2)
    states = sample_exactly(rng, network, N)
    kinds = parameter_kinds(network)
    wrong = network.with_flat(np.where(kinds == "hidden_bias", network.flat / 2, network.flat))
    for _ in range(16):
        states = free_step(rng, wrong, *states)
    assert chi_square(network, *states) > LIMIT_31


DATA = np.array([[1.0, 0.0, 1.0], [0.0, 1.0, 1.0]])
REMEMBERED = (np.array([[0.0, 0.0, 0.0], [1.0, 1.0, 1.0]]), np.array([[0.0, 0.0], [1.0, 1.0]]))


def start(policy, rng=None) -> np.ndarray:
    return policy.start(rng or np.random.default_rng(0), rbm(), DATA, REMEMBERED)[0]


def test_contrastive_divergence_starts_at_the_data() -> None:
    np.testing.assert_array_equal(start(ContrastiveDivergence(3)), DATA)


@pytest.mark.parametrize("policy", [Persistent(3), CarriedOver(3)])
def test_chains_that_go_on_start_where_they_were(policy) -> None:
    np.testing.assert_array_equal(start(policy), REMEMBERED[0])


def test_a_clamped_phase_is_remembered_by_carried_over_chains_only() -> None:
    signs = np.array([True, True])
    for policy, left in [(Persistent(2), REMEMBERED[0]), (CarriedOver(2), DATA)]:
        states, remembered = run_phases(np.random.default_rng(0), rbm(), policy, DATA, signs, REMEMBERED)
        np.testing.assert_array_equal(states[0], DATA)
        np.testing.assert_array_equal(remembered[0], left)


def test_a_free_phase_is_remembered_and_the_other_chain_stays() -> None:
    signs = np.array([False, True])
    states, remembered = run_phases(np.random.default_rng(5), rbm(), Persistent(7), DATA, signs, REMEMBERED)
    np.testing.assert_array_equal(remembered[0][0], states[0][0])
    np.testing.assert_array_equal(remembered[0][1], REMEMBERED[0][1])


def test_exact_policy_forgets_its_start_and_follows_the_model() -> None:
    network, n = rbm(4), N
    data, remembered = np.zeros((n, 3)), (np.zeros((n, 3)), np.zeros((n, 2)))
    signs = np.zeros(n, dtype=bool)
    states, _ = run_phases(np.random.default_rng(6), network, Exact(), data, signs, remembered)
    assert chi_square(network, *states) < LIMIT_31


def test_one_step_of_contrastive_divergence_is_not_the_models_law() -> None:
    network, n = rbm(4), N
    data, remembered = np.zeros((n, 3)), (np.zeros((n, 3)), np.zeros((n, 2)))
    signs = np.zeros(n, dtype=bool)
    states, _ = run_phases(np.random.default_rng(6), network, ContrastiveDivergence(1), data, signs, remembered)
    assert chi_square(network, *states) > LIMIT_31


@pytest.mark.parametrize("policy", [ContrastiveDivergence, Persistent, CarriedOver, Exact])
@pytest.mark.parametrize("k", [0, -1, 1.5])
def test_a_chain_of_no_steps_is_refused(policy, k) -> None:
    with pytest.raises(ValueError, match="n_steps must be an integer above 0"):
        policy(k)


@pytest.mark.parametrize("network", [rbm(), machine()])
def test_the_weighted_gradient_is_the_weighted_sum_of_gradient_rows(network) -> None:
    rng = np.random.default_rng(7)
    v, h = sample_exactly(rng, network, 9)
    weights = rng.normal(size=9)
    expected = weights @ network.gradient(v, h)
    np.testing.assert_allclose(weighted_gradient(network, v, h, weights), expected, atol=1e-13)
    assert parameter_kinds(network).shape == network.flat.shape


def test_kinds_follow_the_order_of_flat_parameters() -> None:
    network = machine()
    marked = BoltzmannMachine(np.full((2, 3), 1.0), np.full(3, 2.0), np.full(2, 3.0), np.array([[0, 1.0], [1.0, 0]]))
    names = {1.0: "weight", 2.0: "visible_bias", 3.0: "hidden_bias"}
    np.testing.assert_array_equal(parameter_kinds(network), [names[x] for x in marked.flat])


def test_clamped_steps_leave_the_data_alone_and_draw_bits() -> None:
    h = clamped_step(np.random.default_rng(0), machine(), DATA, REMEMBERED[1])
    assert h.shape == (2, 2)
    assert set(np.unique(h)) <= {0.0, 1.0}
