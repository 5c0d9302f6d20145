"""Optimisers against the formulas written out, and chain policies against the law of the model."""

import numpy as np
import pytest

from cl_theory.learning.learners.energy_learner import run_phases
from cl_theory.learning.learners.loop import TrainingState
from cl_theory.learning.learners.parts import (
    ISD,
    SGD,
    Adam,
    AlwaysOnISD,
    CarriedOver,
    CentredISD,
    ContrastiveDivergence,
    Descent,
    Exact,
    Momentum,
    Persistent,
    clamped_step,
    free_step,
    parameter_kinds,
    weighted_gradient,
)
from cl_theory.learning.models.boltzmann import BoltzmannMachine
from cl_theory.learning.models.exact_law import sample_exactly
from cl_theory.learning.models.rbm import RBM, all_states


def path(optimiser, gradients: np.ndarray, start: np.ndarray) -> np.ndarray:
    parameters, memory, visited = start, optimiser.start(start.size), []
    for gradient in gradients:
        change, memory = optimiser.step(gradient, memory)
        parameters = parameters + change
        visited.append(parameters)
    return np.array(visited)


GRADIENTS = np.random.default_rng(0).normal(size=(7, 3))
FIRST = np.array([1.0, -2.0, 0.5])


def test_sgd_goes_down_by_the_learning_rate_times_the_gradient() -> None:
    np.testing.assert_allclose(path(SGD(0.1), GRADIENTS, FIRST), FIRST - 0.1 * np.cumsum(GRADIENTS, axis=0))


def test_momentum_sums_past_gradients_with_geometric_weights() -> None:
    visited = path(Momentum(0.1, 0.8), GRADIENTS, FIRST)
    for n in range(7):
        pull = sum(GRADIENTS[k] * sum(0.8**j for j in range(n - k + 1)) for k in range(n + 1))
        np.testing.assert_allclose(visited[n], FIRST - 0.1 * pull, rtol=1e-12)


def test_adam_follows_the_algorithm_written_out_in_scalars() -> None:
    visited = path(Adam(0.01, 0.9, 0.99, 1e-6), GRADIENTS, FIRST)
    for i in range(3):
        m = s = 0.0
        theta = FIRST[i]
        for t, g in enumerate(GRADIENTS[:, i], start=1):
            m, s = 0.9 * m + 0.1 * g, 0.99 * s + 0.01 * g * g
            theta -= 0.01 * (m / (1 - 0.9**t)) / ((s / (1 - 0.99**t)) ** 0.5 + 1e-6)
            assert visited[t - 1, i] == pytest.approx(theta, rel=1e-12)


def test_the_first_step_of_adam_is_the_learning_rate_against_the_sign() -> None:
    first = path(Adam(0.01), GRADIENTS, FIRST)[0]
    np.testing.assert_allclose(first, FIRST - 0.01 * np.sign(GRADIENTS[0]), atol=1e-8)


@pytest.mark.parametrize("optimiser", [SGD(0.1), Momentum(0.1), Adam(0.1)])
def test_a_share_of_the_learning_rate_takes_that_share_of_the_step(optimiser) -> None:
    whole, _ = optimiser.step(GRADIENTS[0], optimiser.start(3))
    part, _ = optimiser.step(GRADIENTS[0], optimiser.start(3), share=0.25)
    np.testing.assert_allclose(part, 0.25 * whole, rtol=1e-14)


def test_decay_pulls_weights_towards_zero_and_leaves_biases() -> None:
    descent = Descent(SGD(0.5), np.array([True, True, False]), np.ones(3, dtype=bool), weight_decay=0.1)
    moved = descent.moved(TrainingState(0, FIRST, descent.start()), np.zeros(3), {})
    np.testing.assert_allclose(moved.parameters, [0.95, -1.9, 0.5])


def test_parameters_that_are_not_learned_stay() -> None:
    descent = Descent(SGD(0.5), np.ones(3, dtype=bool), np.array([True, False, True]), weight_decay=0.1)
    moved = descent.moved(TrainingState(0, FIRST, descent.start()), np.ones(3), {})
    assert (moved.parameters != FIRST).tolist() == [True, False, True]
    assert moved.iteration == 1


@pytest.mark.parametrize("rate", [0.0, -0.1, np.nan, np.inf])
@pytest.mark.parametrize("kind", [SGD, Momentum, Adam])
def test_a_learning_rate_that_is_no_positive_number_is_refused(kind, rate: float) -> None:
    with pytest.raises(ValueError, match="learning_rate"):
        kind(rate)


def test_momenta_outside_the_unit_interval_are_refused() -> None:
    with pytest.raises(ValueError, match="momentum"):
        Momentum(0.1, 1.0)
    with pytest.raises(ValueError, match="beta2"):
        Adam(0.1, beta2=1.0)
    with pytest.raises(ValueError, match="epsilon"):
        Adam(0.1, epsilon=0.0)


@pytest.mark.parametrize("b", [0, 1, 0.0, 1.0, -0.1, np.nan])
@pytest.mark.parametrize("kind", [ISD, CentredISD, AlwaysOnISD])
def test_b_at_zero_or_one_is_refused(kind, b) -> None:
    with pytest.raises(ValueError, match="p_positive must lie strictly between 0 and 1"):
        kind(b)


def test_schedules_refuse_what_they_cannot_mean() -> None:
    with pytest.raises(ValueError, match=r"alternate have p_positive 0\.5"):
        ISD(0.3, order="alternating")
    with pytest.raises(ValueError, match="order must be one of"):
        ISD(0.3, order="random")
    with pytest.raises(ValueError, match="length must be a law"):
        AlwaysOnISD(0.3, length=200)
    with pytest.raises(ValueError, match="baseline_rate"):
        CentredISD(0.3, baseline_rate=0.0)


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
def test_exact_draws_follow_the_enumerated_law_and_are_told_from_those_of_a_like_network(network) -> None:
    other = network.with_flat(1.3 * network.flat)
    drawn, wrong = (sample_exactly(np.random.default_rng(1), of, N) for of in (network, other))
    assert chi_square(network, *drawn) < LIMIT_31 < chi_square(network, *wrong)


@pytest.mark.parametrize("network", [rbm(1), machine(1)])
def test_free_steps_keep_the_law_of_the_network_and_with_a_halved_bias_they_drift(network) -> None:
    kinds = parameter_kinds(network)
    wrong = network.with_flat(np.where(kinds == "hidden_bias", network.flat / 2, network.flat))
    after = [stepped(of, *sample_exactly(np.random.default_rng(2), network, N)) for of in (network, wrong)]
    assert chi_square(network, *after[0]) < LIMIT_31 < chi_square(network, *after[1])


def stepped(network, v: np.ndarray, h: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(3)
    for _ in range(16):
        v, h = free_step(rng, network, v, h)
    return v, h


DATA = np.array([[1.0, 0.0, 1.0], [0.0, 1.0, 1.0]])
REMEMBERED = (np.array([[0.0, 0.0, 0.0], [1.0, 1.0, 1.0]]), np.array([[0.0, 0.0], [1.0, 1.0]]))


@pytest.mark.parametrize(
    ("policy", "begun"),
    [(ContrastiveDivergence(3), DATA), (Persistent(3), REMEMBERED[0]), (CarriedOver(3), REMEMBERED[0])],
)
def test_a_free_phase_starts_at_the_data_or_where_the_chain_was(policy, begun) -> None:
    np.testing.assert_array_equal(policy.start(np.random.default_rng(0), rbm(), DATA, REMEMBERED)[0], begun)


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


def test_an_exact_phase_forgets_its_start_and_one_step_from_the_data_does_not() -> None:
    remembered = np.zeros((N, 3)), np.zeros((N, 2))
    exact, one_step = (
        run_phases(np.random.default_rng(6), rbm(4), policy, remembered[0], np.zeros(N, dtype=bool), remembered)[0]
        for policy in (Exact(), ContrastiveDivergence(1))
    )
    assert chi_square(rbm(4), *exact) < LIMIT_31 < chi_square(rbm(4), *one_step)


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
