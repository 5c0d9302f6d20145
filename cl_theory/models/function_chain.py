"""Any kernel and gradient given as functions of the parameters, and small chains that break assumptions of Part II."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from cl_theory.arguments import positive_integer
from cl_theory.models.local_chain import Smoothness, stochastic_matrix

TINY = 1e-200


def complex_step_derivative(function: Callable[[np.ndarray], np.ndarray], parameters: Any) -> np.ndarray:
    r"""d f/d theta_i at `parameters` (d,), derivatives last: shape of f plus (d,).

    .. math:: \partial_i f(\theta) = \operatorname{Im} f(\theta + i h e_i)/h,\qquad h = 10^{-200}

    Exact to rounding, as nothing is subtracted. `function` must be analytic and keep complex numbers: no abs, no
    comparison, no maximum.
    """
    theta = np.asarray(parameters, dtype=complex)
    steps = [function(theta + 1j * TINY * unit).imag / TINY for unit in np.eye(len(theta))]
    return np.stack(steps, axis=-1)


@dataclass(frozen=True, eq=False)
class FunctionChain:
    """A chain from `kernel`: theta (d,) -> (m, m) and `gradient_table`: theta (d,) -> (m, d).

    The kernel may be discontinuous, periodic or reducible: it is checked to be stochastic at every call, nothing
    more. Derivatives are complex steps, so both functions must be analytic where one is asked for. `constants`
    are what `smoothness` returns, if the user has some.
    """

    n_states: int
    n_parameters: int
    kernel: Callable[[np.ndarray], np.ndarray]
    gradient_table: Callable[[np.ndarray], np.ndarray]
    constants: Smoothness | None = None

    def __post_init__(self) -> None:
        positive_integer(self.n_states, "n_states")
        positive_integer(self.n_parameters, "n_parameters")

    def transition_matrix(self, parameters: np.ndarray) -> np.ndarray:
        """P_theta (..., m, m), one call of `kernel` for each parameter vector."""
        theta = np.asarray(parameters, dtype=float)
        tables = [stochastic_matrix(self.kernel(row)) for row in theta.reshape(-1, self.n_parameters)]
        return np.reshape(tables, (*theta.shape[:-1], self.n_states, self.n_states))

    def transition_derivative(self, parameters: np.ndarray) -> np.ndarray:
        """dP/dtheta_i, shape (d, m, m)."""
        return np.moveaxis(complex_step_derivative(self.kernel, parameters), -1, 0)

    def gradient(self, parameters: np.ndarray) -> np.ndarray:
        """G (..., m, d), one call of `gradient_table` for each parameter vector."""
        theta = np.asarray(parameters, dtype=float)
        tables = [self.gradient_table(row) for row in theta.reshape(-1, self.n_parameters)]
        return np.reshape(tables, (*theta.shape[:-1], self.n_states, self.n_parameters))

    def gradient_derivative(self, parameters: np.ndarray) -> np.ndarray:
        """dG_i/dtheta_j, shape (m, d, d)."""
        return complex_step_derivative(self.gradient_table, parameters)

    def smoothness(self, centre: np.ndarray, radius: float) -> Smoothness:
        """The `constants` given; ValueError if none were."""
        if self.constants is None:
            raise ValueError("constants were not given for this chain; pass a Smoothness valid on the region")
        return self.constants


Table = Callable[[np.ndarray], np.ndarray]


def one_state_chain(gradient: Table) -> FunctionChain:
    """A network with a single state: `gradient` maps theta (1,) to (1,), and learning is all that happens."""
    return FunctionChain(1, 1, lambda theta: np.ones((1, 1)), lambda theta: np.reshape(gradient(theta), (1, 1)))


def flipping_chain() -> FunctionChain:
    """Two states in turn, G(z) = z: periodic, so it has a stationary law and never reaches it. gbar = 1/2."""
    return _fixed_chain(np.array([[0.0, 1.0], [1.0, 0.0]]))


def stuck_chain() -> FunctionChain:
    """Two states that are never left, G(z) = z: reducible. Any law is stationary; in state 1 the gradient stays 1."""
    return _fixed_chain(np.eye(2))


def jumping_chain(below: float = 0.9, above: float = 0.5) -> FunctionChain:
    """Independent states with G(z) = z and P(z = 1) = `above` for theta >= 0, `below` for theta < 0.

    A kernel that jumps: from theta_0 = 0 the first step leads to the other side, and the phase is biased by
    -eta (`below` - `above`) for every eta and tau.
    """

    def kernel(theta: np.ndarray) -> np.ndarray:
        on = above if theta[0] >= 0 else below
        return np.array([[1 - on, on], [1 - on, on]])

    return FunctionChain(2, 1, kernel, _state_itself)


def _fixed_chain(kernel: np.ndarray) -> FunctionChain:
    return FunctionChain(2, 1, lambda theta: kernel, _state_itself)


def _state_itself(theta: np.ndarray) -> np.ndarray:
    return np.array([[0.0], [1.0]])
