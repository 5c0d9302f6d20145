"""A network that learns, seen as a finite Markov chain: its kernel, its gradient, and both near one parameter."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol, Self

import numpy as np

from cl_theory.arguments import finite


@dataclass(frozen=True)
class Smoothness:
    """Constants of a chain and its gradient over a region of parameters; Euclidean norms, total masses.

    M: |G(z, theta)| <= M.  L: |G(z, theta) - G(z, theta')| <= L |theta - theta'|.
    L2: |G(z, theta) - G(z, theta0) - dG delta| <= L2 |delta|^2 / 2.
    K: total mass of P_theta(z, .) - P_theta'(z, .) is at most K |theta - theta'|.
    K2: total mass of P_theta(z, .) - P(z, .) - dP[delta](z, .) is at most K2 |delta|^2 / 2.
    """

    M: float
    L: float
    K: float
    L2: float
    K2: float


class ParametricChain(Protocol):
    """A chain z' ~ P_theta(z, .) on states 0 .. m-1 with a gradient G(z, theta) in d parameters.

    Learning moves theta against G. `parameters` has shape (..., d); batches come first.
    """

    @property
    def n_states(self) -> int:
        """Number of states m."""

    @property
    def n_parameters(self) -> int:
        """Number of parameters d."""

    def transition_matrix(self, parameters: np.ndarray) -> np.ndarray:
        """P_theta, shape (..., m, m): row z holds the law of the next state."""

    def transition_derivative(self, parameters: np.ndarray) -> np.ndarray:
        """dP/dtheta_i for one theta of shape (d,), shape (d, m, m)."""

    def gradient(self, parameters: np.ndarray) -> np.ndarray:
        """G(z, theta), shape (..., m, d)."""

    def gradient_derivative(self, parameters: np.ndarray) -> np.ndarray:
        """dG_i(z, theta)/dtheta_j for one theta, shape (m, d, d): index (z, i, j)."""

    def smoothness(self, centre: np.ndarray, radius: float) -> Smoothness:
        """Constants valid for all theta, theta' within `radius` of `centre`."""


@dataclass(frozen=True, eq=False)
class LocalChain:
    """A parametric chain at one parameter theta0, to first order: all that the second-order theory needs.

    `transition_matrix` P (m, m), `transition_derivative` dP (d, m, m), `gradient` G (m, d),
    `gradient_derivative` dG (m, d, d) with index (state, component, parameter); all float64 or all Fraction.
    ValueError if rows of P do not sum to one, rows of dP not to zero, or shapes disagree.
    """

    transition_matrix: np.ndarray
    transition_derivative: np.ndarray
    gradient: np.ndarray
    gradient_derivative: np.ndarray

    def __post_init__(self) -> None:
        stochastic_matrix(self.transition_matrix)
        m, d = np.shape(self.gradient)
        wanted = ((m, m), (d, m, m), (m, d), (m, d, d))
        for (name, value), shape in zip(vars(self).items(), wanted, strict=True):
            if finite(value, name).shape != shape:
                raise ValueError(f"{name} must have shape {shape}, got {np.shape(value)}")
        drift = abs(self.transition_derivative.sum(axis=-1)).max()
        if drift > (0 if self.exact else 1e-9 * (1 + abs(self.transition_derivative).max())):
            raise ValueError(f"transition_derivative must have rows that sum to zero, got a sum of {drift!r}")

    @property
    def exact(self) -> bool:
        """Whether the entries are rationals."""
        return self.transition_matrix.dtype == object

    @property
    def n_states(self) -> int:
        return int(self.gradient.shape[0])

    @property
    def n_parameters(self) -> int:
        return int(self.gradient.shape[1])

    def floats(self) -> "LocalChain":
        """The same chain in float64."""
        return LocalChain(*(np.asarray(part, dtype=float) for part in vars(self).values()))


class ChainOfCoefficients:
    """A chain that its coefficients give; those of G that do not depend on theta are its `offset` (m, d)."""

    offset: np.ndarray

    @property
    def n_states(self) -> int:
        return int(self.offset.shape[0])

    @property
    def n_parameters(self) -> int:
        return int(self.offset.shape[1])

    def floats(self) -> Self:
        """The same chain with float64 coefficients."""
        return type(self)(*(np.asarray(part, dtype=float) for part in vars(self).values()))


def local_chain(chain: ParametricChain, parameters: Sequence[Any] | np.ndarray) -> LocalChain:
    """`chain` at one parameter vector of shape (d,); Fractions in, Fractions out where the chain allows it."""
    theta = parameter_vector(chain, parameters)
    return LocalChain(
        chain.transition_matrix(theta),
        chain.transition_derivative(theta),
        chain.gradient(theta),
        chain.gradient_derivative(theta),
    )


def parameter_vector(chain: ParametricChain, parameters: Any) -> np.ndarray:
    """`parameters` as a vector of shape (d,): float64, or object if it holds Fractions. ValueError otherwise."""
    theta = np.asarray(parameters)
    theta = finite(theta if theta.dtype == object else theta.astype(float), "parameters")
    if theta.shape != (chain.n_parameters,):
        raise ValueError(f"parameters must have shape ({chain.n_parameters},), got {theta.shape}")
    return theta


def stochastic_matrix(matrix: Any, name: str = "transition_matrix") -> np.ndarray:
    """`matrix` as an ndarray if each row is a law (rationals exactly, floats to 1e-10), else ValueError."""
    result = finite(matrix, name)
    if result.ndim != 2 or result.shape[0] != result.shape[1] or result.size == 0:
        raise ValueError(f"{name} must be square, got shape {result.shape}")
    if (result < 0).any():
        place = tuple(int(i) for i in np.argwhere(result < 0)[0])
        raise ValueError(f"{name} must not be negative, got {result[place]} at {place}")
    gaps = abs(result.sum(axis=1) - 1)
    row = int(np.argmax(gaps))
    if gaps[row] > (0 if result.dtype == object else 1e-10):
        total = result[row].sum()
        raise ValueError(f"{name} must have rows that sum to one, got {total} in row {row}; divide rows by sums")
    return result
