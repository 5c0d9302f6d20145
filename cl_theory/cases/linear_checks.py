"""Checks of always-on learning in the AR(1) network, where every mean is a matrix power."""

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

import numpy as np

from cl_theory.checks import Outcome
from cl_theory.checks.planned_means import PlannedMean
from cl_theory.dynamics import linear_mean, simulate_linear
from cl_theory.laws import exact_array
from cl_theory.markov import solve
from cl_theory.models.linear_autoregression import LinearAutoregression
from cl_theory.phases import Fixed, PhaseLength


def linear_coefficients(model: LinearAutoregression, theta: Any, state: Any, n_steps: int) -> np.ndarray:
    """Exact coefficients of epsilon^0 ... epsilon^n in E theta_n, shape (n_steps+1,).

    Read off the mean, a polynomial of degree n in the step size, at n+1 rational step sizes.
    """
    sizes = [Fraction(k, 10) for k in range(1, n_steps + 2)]
    means = [linear_mean(model, theta, state, Fixed(n_steps), step_size=size)[0] for size in sizes]
    return solve(exact_array([[size**k for k in range(n_steps + 1)] for size in sizes]), exact_array(means))


def linear_means_check(
    root: int, claim: str, model: LinearAutoregression, theta: float, state: float, length: PhaseLength, *,
    learning_rate: float,
) -> tuple[Outcome, Mapping[str, Outcome]]:  # fmt: skip
    """Simulated (theta_T, z_T) against E A^T, with one per cent planted in each thing that the mean depends on."""
    tau = float(length.mean)

    def mean(network: LinearAutoregression = model, rate: float = learning_rate) -> np.ndarray:
        return linear_mean(network, theta, state, length, step_size=rate / tau)

    def draw(rng: np.random.Generator, size: int) -> np.ndarray:
        return np.stack(simulate_linear(rng, model, theta, state, length, size, step_size=learning_rate / tau), axis=1)

    decay, gain, stiffness, noise = model.decay, model.gain, model.stiffness, model.noise
    goal = mean()
    errors = {
        "learning rate off by 1 %": mean(rate=1.01 * learning_rate) - goal,
        "gain off by 1 %": mean(LinearAutoregression(decay, 1.01 * gain, stiffness, noise)) - goal,
        "decay off by 1 %": mean(LinearAutoregression(1.01 * decay, gain, stiffness, noise)) - goal,
        "standard step in place of the phase": np.array([theta - learning_rate * model.mean_gradient(theta), goal[1]])
        - goal,
    }
    check = PlannedMean(
        draw=draw,
        rows=lambda drawn, shift: drawn + (shift if isinstance(shift, np.ndarray) else 0.0),
        target=lambda shift: goal + (shift if isinstance(shift, np.ndarray) else 0.0),
        errors=errors,
        scale=np.abs(goal),
    )
    return check.check(root, claim, repr(length), scope=f"simulated theta_T and z_T of the AR(1) network, {length!r}")
