"""Exact moments of always-on learning in the AR(1) network, for phases of any length, by matrix powers."""

from typing import Any

import numpy as np

from cl_theory.arguments import finite, positive
from cl_theory.dynamics.linear_kernel import run_linear_phases
from cl_theory.markov.random_power import mean_power
from cl_theory.models.linear_autoregression import LinearAutoregression
from cl_theory.phases.length import PhaseLength
from cl_theory.philox import normals_numpy, philox_key


def linear_mean(
    model: LinearAutoregression, theta: Any, state: Any, length: PhaseLength, *, step_size: Any
) -> np.ndarray:
    """(E theta_T, E z_T) from (theta, state), shape (2,): E A^T applied to the start. Exact for Fractions.

    ValueError where the mean over a geometric length is infinite.
    """
    step = model.mean_step(positive(step_size, "step_size"))
    return mean_power(length, step) @ np.array([theta, state], dtype=step.dtype)


def linear_covariance(
    model: LinearAutoregression, theta: Any, state: Any, length: PhaseLength, *, step_size: Any, state_variance: Any = 0
) -> np.ndarray:
    """Cov(theta_T, z_T), shape (2, 2), when z_0 has mean `state` and variance `state_variance`; T random included.

    The vector (1, x, x x^T) moves linearly, so its mean is one mean matrix power. Exact for Fractions.
    """
    step = model.mean_step(positive(step_size, "step_size"))
    lifted = np.zeros((7, 7), dtype=step.dtype)
    lifted[0, 0], lifted[1:3, 1:3], lifted[3:, 3:] = 1, step, np.kron(step, step)
    lifted[6, 0] = model.noise**2
    start = [1, theta, state, theta * theta, theta * state, theta * state, state * state + state_variance]
    moments = mean_power(length, lifted) @ np.array(start, dtype=step.dtype)
    return moments[3:].reshape(2, 2) - np.multiply.outer(moments[1:3], moments[1:3])


def simulate_linear(
    rng: np.random.Generator, model: LinearAutoregression, theta: float, state: float, length: PhaseLength, n: int,
    *, step_size: float, state_variance: float = 0.0,
) -> tuple[np.ndarray, np.ndarray]:  # fmt: skip
    """(theta_T, z_T), each (n,), of `n` simulated phases; starts are normal with the variance given.

    ValueError if the parameters overflow, as they do where a step overshoots for ever.
    """
    key, first = philox_key(rng), 4 * -(-n // 4)
    lengths = length.sample(rng, n)
    states = state + np.sqrt(state_variance) * normals_numpy(first, key, step=0, stream=1, replica=0)[:n]
    thetas = np.full(n, float(theta))
    decay, gain, stiffness, noise = (float(v) for v in (model.decay, model.gain, model.stiffness, model.noise))
    drive, step = (1 - decay) * gain, float(positive(step_size, "step_size"))
    run_linear_phases(thetas, states, lengths, decay, drive, stiffness, noise, step, key)
    finite(thetas, "parameters after the phase (lower the learning rate)")
    return thetas, states
