"""Optimisers against the formulas written out number by number."""

import numpy as np
import pytest

from cl_theory.learning.loop import TrainingState
from cl_theory.learning.parts import SGD, Adam, Descent, Momentum


def path(optimiser, gradients: np.ndarray, start: np.ndarray) -> np.ndarray:
    parameters, memory, visited = start, optimiser.start(start.size), []
    for gradient in gradients:
        change, memory = optimiser.step(gradient, memory)
        parameters = parameters + change
        visited.append(parameters)
    return np.array(visited)


GRADIENTS = np.random.default_rng(0).normal(size=(7, 3))
START = np.array([1.0, -2.0, 0.5])


def test_sgd_goes_down_by_the_learning_rate_times_the_gradient() -> None:
    np.testing.assert_allclose(path(SGD(0.1), GRADIENTS, START), START - 0.1 * np.cumsum(GRADIENTS, axis=0))


def test_momentum_sums_past_gradients_with_geometric_weights() -> None:
    visited = path(Momentum(0.1, 0.8), GRADIENTS, START)
    for n in range(7):
        pull = sum(GRADIENTS[k] * sum(0.8**j for j in range(n - k + 1)) for k in range(n + 1))
        np.testing.assert_allclose(visited[n], START - 0.1 * pull, rtol=1e-12)


def test_adam_follows_the_algorithm_written_out_in_scalars() -> None:
    visited = path(Adam(0.01, 0.9, 0.99, 1e-6), GRADIENTS, START)
    for i in range(3):
        m = s = 0.0
        theta = START[i]
        for t, g in enumerate(GRADIENTS[:, i], start=1):
            m, s = 0.9 * m + 0.1 * g, 0.99 * s + 0.01 * g * g
            theta -= 0.01 * (m / (1 - 0.9**t)) / ((s / (1 - 0.99**t)) ** 0.5 + 1e-6)
            assert visited[t - 1, i] == pytest.approx(theta, rel=1e-12)


def test_the_first_step_of_adam_is_the_learning_rate_against_the_sign() -> None:
    first = path(Adam(0.01), GRADIENTS, START)[0]
    np.testing.assert_allclose(first, START - 0.01 * np.sign(GRADIENTS[0]), atol=1e-8)


@pytest.mark.parametrize("optimiser", [SGD(0.1), Momentum(0.1), Adam(0.1)])
def test_a_share_of_the_learning_rate_takes_that_share_of_the_step(optimiser) -> None:
    whole, _ = optimiser.step(GRADIENTS[0], optimiser.start(3))
    part, _ = optimiser.step(GRADIENTS[0], optimiser.start(3), share=0.25)
    np.testing.assert_allclose(part, 0.25 * whole, rtol=1e-14)


def test_decay_pulls_weights_towards_zero_and_leaves_biases() -> None:
    descent = Descent(SGD(0.5), np.array([True, True, False]), np.ones(3, dtype=bool), weight_decay=0.1)
    moved = descent.moved(TrainingState(0, START, descent.start()), np.zeros(3), {})
    np.testing.assert_allclose(moved.parameters, [0.95, -1.9, 0.5])


def test_parameters_that_are_not_learned_stay() -> None:
    descent = Descent(SGD(0.5), np.ones(3, dtype=bool), np.array([True, False, True]), weight_decay=0.1)
    moved = descent.moved(TrainingState(0, START, descent.start()), np.ones(3), {})
    assert (moved.parameters != START).tolist() == [True, False, True]
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
