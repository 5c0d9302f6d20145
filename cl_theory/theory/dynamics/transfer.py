"""Exact means of always-on learning by a transfer operator, and the gradient flow that it follows."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, reduce
from itertools import product
from typing import Any

import numpy as np
from scipy.integrate import solve_ivp

from cl_theory.arguments import finite, positive, positive_integer
from cl_theory.theory.chains.local_chain import ParametricChain, parameter_vector
from cl_theory.theory.chains.phase_lengths import PhaseLength
from cl_theory.theory.chains.stationary import mean_power, start_law, stationary_distribution


@dataclass(frozen=True, eq=False)
class TransferOperator:
    r"""One step of always-on learning seen by functions f(z, theta),

    .. math:: (Tf)(z, \theta) = \sum_y P_\theta(z, y)\, f(y, \theta - \varepsilon G(z, \theta)),

    so that :math:`E f(z_n, \theta_n) = (T^n f)(z_0, \theta_0)`. Functions are polynomials of `degree` in each
    parameter on Chebyshev nodes of a box of half-width `radius` around `centre`; T is then one matrix of
    n_states (degree+1)^d rows, and random lengths are mean matrix powers. Accurate to rounding (1e-10 and better)
    when the chain is analytic near the box and learning stays inside it; `interpolation_error` says how well the box
    is covered. Practical for one or two parameters.
    """

    chain: ParametricChain
    centre: np.ndarray
    radius: float
    step_size: float
    degree: int = 10

    def __post_init__(self) -> None:
        object.__setattr__(self, "centre", parameter_vector(self.chain, self.centre).astype(float))
        positive(self.radius, "radius")
        positive(self.step_size, "step_size")
        positive_integer(self.degree, "degree")

    @classmethod
    def of_phase(
        cls, chain: ParametricChain, parameters: Any, *, learning_rate: float, mean_length: float, reach: float = 1.5,
        degree: int = 10,
    ) -> "TransferOperator":  # fmt: skip
        """The operator of a phase: epsilon = eta/tau, box of `reach` times the farthest that mean length can go."""
        theta = parameter_vector(chain, parameters).astype(float)
        farthest = chain.smoothness(theta, reach * learning_rate).M * learning_rate
        return cls(chain, theta, reach * farthest, learning_rate / float(mean_length), degree)

    @cached_property
    def nodes(self) -> np.ndarray:
        """Parameters at the nodes, shape ((degree+1)^d, d)."""
        axis = _chebyshev_nodes(self.degree)
        return self.centre + self.radius * np.array(list(product(axis, repeat=len(self.centre))))

    @cached_property
    def matrix(self) -> np.ndarray:
        """T on values at (state, node), states first."""
        kernels, gradients = self.chain.transition_matrix(self.nodes), self.chain.gradient(self.nodes)
        blocks = []
        for z in range(self.chain.n_states):
            shifted = self.weights_at(self.nodes - self.step_size * gradients[:, z])
            blocks.append([row[:, None] * shifted for row in kernels[:, z].T])
        return np.block(blocks)

    @cached_property
    def interpolation_error(self) -> float:
        """By how much the polynomials miss the kernel or the gradient in the box, at the nodes of the next degree.

        That is at the far corners, where learning seldom comes: means are better by some powers of ten.
        """
        between = TransferOperator(self.chain, self.centre, self.radius, self.step_size, self.degree + 1).nodes
        weights, error = self.weights_at(between), 0.0
        for function in (self.chain.transition_matrix, self.chain.gradient):
            at_nodes, wanted = function(self.nodes), function(between)
            found = np.tensordot(weights, at_nodes, axes=1)
            error = max(error, float(np.abs(found - wanted).max()))
        return error

    def weights_at(self, points: np.ndarray) -> np.ndarray:
        """Weights of the node values in the interpolant at `points` (n, d): shape (n, (degree+1)^d)."""
        scaled = (points - self.centre) / self.radius
        factors = [_interpolation_matrix(self.degree, axis) for axis in scaled.T]
        return reduce(lambda a, b: (a[:, :, None] * b[:, None, :]).reshape(len(points), -1), factors)

    def mean(
        self, function: Callable[[np.ndarray], np.ndarray], start: Any, length: PhaseLength, parameters: Any = None
    ) -> np.ndarray:
        """E f(z_T, theta_T) for f given as theta (n, d) -> values (n, m, k) or (n, k): shape (k,).

        Phases begin at `start` (a state or a law) and at `parameters`, by default the centre.
        """
        values = function(self.nodes)
        if values.ndim == 2:
            values = np.repeat(values[:, None], self.chain.n_states, axis=1)
        flat = np.moveaxis(values, 1, 0).reshape(len(self.matrix), -1)
        return self.first_law(start, parameters) @ (mean_power(length, self.matrix) @ flat)

    def first_law(self, start: Any, parameters: Any = None) -> np.ndarray:
        """The law of state and parameters at the start, as weights of (state, node); see `mean`."""
        theta = self.centre if parameters is None else parameter_vector(self.chain, parameters)
        return np.kron(start_law(start, self.chain.n_states, self.centre), self.weights_at(theta[None])[0])

    def law_at(self, t: int, start: Any) -> np.ndarray:
        """The law of state and parameters after `t` steps; quicker than `mean` where many times are looked at."""
        law = self.first_law(start)
        for bit in range(t.bit_length()):
            if bit == len(self._squares):
                self._squares.append(self._squares[-1] @ self._squares[-1])
            law = law @ self._squares[bit] if t >> bit & 1 else law
        return law

    @cached_property
    def _squares(self) -> list[np.ndarray]:
        return [self.matrix]  # T, T^2, T^4, ..., made as far as they are asked for

    def mean_displacement(self, start: Any, length: PhaseLength) -> np.ndarray:
        """E[theta_T - theta_0] from the centre, shape (d,)."""
        return self.mean(lambda theta: theta - self.centre, start, length)

    def displacement_covariance(self, start: Any, length: PhaseLength) -> np.ndarray:
        """Cov(theta_T - theta_0) from the centre, shape (d, d)."""
        d = len(self.centre)

        def both(theta: np.ndarray) -> np.ndarray:
            moved = theta - self.centre
            return np.concatenate([moved, (moved[:, :, None] * moved[:, None, :]).reshape(len(theta), -1)], axis=1)

        moments = self.mean(both, start, length)
        return moments[d:].reshape(d, d) - np.outer(moments[:d], moments[:d])

    def update_gradient(self, start: Any, length: PhaseLength) -> np.ndarray:
        """E G(z_T, theta_T), shape (d,): the mean gradient of the update after T steps."""
        return self.mean(self.chain.gradient, start, length)

    def current_bias(self, start: Any, length: PhaseLength) -> np.ndarray:
        """E[G(z_T, theta_T) - gbar(theta_T)], shape (d,)."""

        def against_current(theta: np.ndarray) -> np.ndarray:
            means = np.stack([mean_gradient(self.chain, point) for point in theta])
            return self.chain.gradient(theta) - means[:, None]

        return self.mean(against_current, start, length)


def _chebyshev_nodes(degree: int) -> np.ndarray:
    return np.cos(np.pi * np.arange(degree + 1) / degree)


def _interpolation_matrix(degree: int, points: np.ndarray) -> np.ndarray:
    # Barycentric formula for Chebyshev points of the second kind.
    nodes = _chebyshev_nodes(degree)
    weights = (-1.0) ** np.arange(degree + 1)
    weights[[0, -1]] /= 2
    gaps = points[:, None] - nodes
    hit = abs(gaps) < 1e-15
    terms = weights / np.where(hit, 1.0, gaps)
    result = terms / terms.sum(axis=1, keepdims=True)
    rows = hit.any(axis=1)
    result[rows] = hit[rows]
    return result


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
