"""Always-on learning in the AR(1) network: exact moments by matrix powers, and the compiled loop."""

from typing import Any

import numpy as np
from numba import njit, prange

from cl_theory.arguments import finite, positive
from cl_theory.philox import normals_numpy, philox_block, philox_key
from cl_theory.theory.chains.phase_lengths import PhaseLength
from cl_theory.theory.chains.solvable_chains import LinearAutoregression
from cl_theory.theory.chains.stationary import mean_power

WORD = 2.0**-32
TURN = 2 * np.pi * WORD


@njit(inline="always")
def normal_pair(radius_word, angle_word):
    """Two standard normals in float64 from two words, by Box and Muller; at most 6.8 in size."""
    radius = np.sqrt(-2 * np.log((np.float64(radius_word) + 0.5) * WORD))
    angle = np.float64(angle_word) * TURN
    return radius * np.cos(angle), radius * np.sin(angle)


@njit(cache=True, parallel=True, error_model="numpy")
def run_linear_phases(theta, state, lengths, decay, drive, stiffness, noise, step_size, key):
    """Advance theta (n,) and state (n,) in place by `lengths` (n,) steps; `drive` is (1 - a) kappa."""
    k0, k1 = np.uint64(key[0]), np.uint64(key[1])
    zero = np.uint64(0)
    for r in prange(theta.size):
        x, z = theta[r], state[r]
        n0 = n1 = n2 = n3 = kick = 0.0
        for t in range(lengths[r]):
            lane = t & 3
            if lane == 0:
                w0, w1, w2, w3 = philox_block(np.uint64(t >> 2), zero, zero, np.uint64(r), k0, k1)
                n0, n1 = normal_pair(w0, w1)
                n2, n3 = normal_pair(w2, w3)
                kick = n0
            elif lane == 1:
                kick = n1
            elif lane == 2:
                kick = n2
            else:
                kick = n3
            after = decay * z + drive * x + noise * kick
            x -= step_size * (z + stiffness * x)
            z = after
        theta[r], state[r] = x, z


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
