"""Small chains that each break one assumption of Part II."""

from collections.abc import Callable

import numpy as np

from cl_theory.models.function_chain import FunctionChain

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
