"""The mean ODE: what always-on learning follows when phases are long."""

from collections.abc import Callable
from typing import Any

import numpy as np
from scipy.integrate import solve_ivp

from cl_theory.arguments import finite, positive
from cl_theory.markov.stationary import stationary_distribution
from cl_theory.models.local_chain import ParametricChain

VectorField = Callable[[np.ndarray], np.ndarray]


def mean_gradient(chain: ParametricChain, parameters: Any) -> np.ndarray:
    """gbar(theta) = pi_theta G_theta, shape (d,), for one theta (d,). ValueError without a unique equilibrium."""
    theta = finite(parameters, "parameters")
    return stationary_distribution(chain.transition_matrix(theta)) @ chain.gradient(theta)


def gradient_flow(
    field: VectorField | ParametricChain, parameters: Any, time: float, *, tolerance: float = 1e-12
) -> np.ndarray:
    r""":math:`\varphi_t(\theta_0)`, shape (d,): solution at `time` of :math:`\dot\theta = -\bar g(\theta)`.

    `field` is a chain, or gbar itself as a function of theta (d,); a phase of always-on learning with rate eta
    follows it for a time eta. SciPy's DOP853 with relative and absolute `tolerance`. ValueError if the flow
    leaves every bound before `time`.
    """
    gbar: VectorField = field if callable(field) else lambda theta: mean_gradient(field, theta)
    solution = solve_ivp(
        lambda _, theta: -gbar(theta), (0.0, positive(time, "time")), np.asarray(parameters, dtype=float),
        method="DOP853", rtol=max(tolerance, 3e-14), atol=tolerance,
    )  # fmt: skip
    if not (solution.success and np.isfinite(solution.y[:, -1]).all()):
        raise ValueError(f"the gradient flow did not reach time {time}: {solution.message}; lower the learning rate")
    return solution.y[:, -1]


def euler_path(field: VectorField | ParametricChain, parameters: Any, time: float, n_steps: int) -> np.ndarray:
    """theta after `n_steps` steps of gradient descent on gbar that together last `time`, shape (d,).

    One step is standard learning; many steps approach the gradient flow.
    """
    gbar: VectorField = field if callable(field) else lambda theta: mean_gradient(field, theta)
    theta, step = np.asarray(parameters, dtype=float), positive(time, "time") / n_steps
    for _ in range(n_steps):
        theta = finite(theta - step * gbar(theta), "parameters")
    return theta
