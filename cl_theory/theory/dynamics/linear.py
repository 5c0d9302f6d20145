"""Learners that move linearly: always-on learning in the AR(1) network, and images with affine gradients."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numba import njit, prange

from cl_theory.arguments import finite, positive
from cl_theory.philox import normals_numpy, philox_block, philox_key
from cl_theory.theory.chains.phase_lengths import PhaseLength
from cl_theory.theory.chains.solvable_chains import LinearAutoregression
from cl_theory.theory.chains.stationary import identity, mean_power, solve

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


@dataclass(frozen=True, eq=False)
class AffineImages:
    """A law of images whose gradients are affine in the parameters: image i has gradients[i, k] + slopes[i, k] theta.

    probability (n,), gradients (n, 2, d), slopes (n, 2, d, d), float64 or exact; phase k is 0 for the positive one.
    """

    probability: np.ndarray
    gradients: np.ndarray
    slopes: np.ndarray

    def at(self, theta: Any) -> np.ndarray:
        """Gradients of both phases of every image at `theta` (d,): (n, 2, d)."""
        return self.gradients + self.slopes @ np.asarray(theta)

    def mean(self, values: np.ndarray) -> np.ndarray:
        """Mean over images of `values` (n, ...)."""
        return np.tensordot(self.probability, values, axes=1)

    def update(self, image: int, phases: Sequence[int], rate: Any, baseline: Any) -> tuple[np.ndarray, np.ndarray]:
        """(A, beta): ISD with b = 1/2 makes A theta + beta of theta in these `phases` of one image, one by one."""
        power, moved = identity(self.gradients.shape[2], self.slopes), 0 * self.gradients[image, 0]
        for phase in phases:
            weight = (2 - 4 * phase) * rate
            step = self.slopes[image, phase]
            moved = moved - weight * (step @ moved + self.gradients[image, phase] - baseline)
            power = power - weight * step @ power
        return power, moved


def mean_update(images: AffineImages, orders: Sequence[Sequence[int]], rate: Any, baseline: Any) -> list[np.ndarray]:
    """E A, E A x A, E beta, E A x beta + beta x A and E beta x beta of one image in one of the `orders`, all as likely.

    x is Kronecker's product: theta and theta x theta move linearly, and this is how.
    """
    total = None
    for order in orders:
        maps = [images.update(image, order, rate, baseline) for image in range(len(images.probability))]
        columns = [(power, moved[:, None]) for power, moved in maps]
        table = [(a, np.kron(a, a), v, np.kron(a, v) + np.kron(v, a), np.kron(v, v)) for a, v in columns]
        means = [images.mean(np.array(parts)) for parts in zip(*table, strict=True)]
        total = means if total is None else [a + c for a, c in zip(total, means, strict=True)]
    assert total is not None
    return [part / len(orders) for part in total]


def settled_moments(
    images: AffineImages, orders: Sequence[Sequence[int]], rate: Any, baseline: Any
) -> tuple[np.ndarray, np.ndarray]:
    """Mean (d,) and covariance (d, d) at which learning settles, each image shown in one of the `orders`. Exact for
    Fractions. ValueError where they do not exist."""
    power, square, moved, mixed, noise = mean_update(images, orders, rate, baseline)
    d = len(power)
    mean = solve(identity(d, power) - power, moved)
    second = solve(identity(d * d, power) - square, mixed @ mean + noise)
    return mean[:, 0], second.reshape(d, d) - mean @ mean.T


def learn_from_images(
    rng: np.random.Generator, images: AffineImages, orders: Sequence[Sequence[int]], theta: Any, n: int,
    *, n_copies: int, rate: float, baseline: Any,
) -> np.ndarray:  # fmt: skip
    """Parameters (n_copies, d) after `n` images, from `theta`: each copy draws its images and their orders."""
    thetas = np.tile(np.asarray(theta, dtype=float), (n_copies, 1))
    phases = np.array(orders)
    for _ in range(n):
        image = rng.choice(len(images.probability), size=n_copies, p=images.probability)
        order = phases[rng.integers(len(phases), size=n_copies)]
        for phase in order.T:
            slopes, gradients = images.slopes[image, phase], images.gradients[image, phase]
            seen = gradients + np.einsum("nij,nj->ni", slopes, thetas) - baseline
            thetas = thetas - (2 - 4 * phase)[:, None] * rate * seen
    return thetas
