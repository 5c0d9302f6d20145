"""Small chains that learn and can be solved: affine, given as functions, AR(1), and those that break an assumption."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from cl_theory.arguments import finite, positive, positive_integer
from cl_theory.theory.arithmetic import exact_array
from cl_theory.theory.chains.local_chain import ChainOfCoefficients, Smoothness, stochastic_matrix


@dataclass(frozen=True, eq=False)
class AffineChain(ChainOfCoefficients):
    r"""Affine kernel and quadratic gradient; every operation keeps Fractions exact, also while learning moves theta.

    .. math:: P_\theta = P_0 + \sum_i \theta_i D_i, \qquad
        G_i(z, \theta) = a_{zi} + \sum_j B_{zij}\theta_j + \sum_j c_{zij}\theta_j^2

    `base` P_0 (m, m), `directions` D (d, m, m) with rows that sum to zero, `offset` a (m, d), `slope` B (m, d, d),
    `bend` c (m, d, d). Only valid while all entries of P_theta stay in [0, 1]: ValueError beyond.
    """

    base: np.ndarray
    directions: np.ndarray
    offset: np.ndarray
    slope: np.ndarray
    bend: np.ndarray

    def __post_init__(self) -> None:
        stochastic_matrix(self.base, "base")
        m, d = np.shape(self.offset)
        shapes = {"base": (m, m), "directions": (d, m, m), "offset": (m, d), "slope": (m, d, d), "bend": (m, d, d)}
        for name, shape in shapes.items():
            if finite(getattr(self, name), name).shape != shape:
                raise ValueError(f"{name} must have shape {shape}, got {np.shape(getattr(self, name))}")
        if abs(self.directions.sum(axis=-1)).max() > (0 if self.directions.dtype == object else 1e-12):
            raise ValueError("directions must have rows that sum to zero, so that rows of the kernel sum to one")

    @classmethod
    def random(cls, rng: np.random.Generator, n_states: int = 3, n_parameters: int = 2) -> "AffineChain":
        """Small random rationals; every theta with |theta_1| + ... + |theta_d| <= 1 is safe."""
        m, d = n_states, n_parameters
        counts = rng.integers(1, 4, (m, m))
        base = exact_array(counts) / counts.sum(axis=1, keepdims=True)
        raw = base * exact_array(rng.integers(-2, 3, (d, m, m))) / 4
        directions = raw - base * raw.sum(axis=-1)[..., None]  # |D| <= P_0, entry by entry
        parts = [exact_array(rng.integers(-3, 4, shape)) / 4 for shape in ((m, d), (m, d, d), (m, d, d))]
        return cls(base, directions, *parts)

    def transition_matrix(self, parameters: np.ndarray) -> np.ndarray:
        """P_theta (..., m, m); ValueError where an entry would be negative."""
        kernel = self.base + np.tensordot(parameters, self.directions, axes=1)
        if (kernel < 0).any():
            raise ValueError("parameters left the region where the kernel's rows are laws; lower the learning rate")
        return kernel

    def transition_derivative(self, parameters: np.ndarray) -> np.ndarray:
        """D, shape (d, m, m), the same everywhere."""
        return self.directions

    def gradient(self, parameters: np.ndarray) -> np.ndarray:
        """G (..., m, d)."""
        linear = np.tensordot(parameters, self.slope, axes=(-1, -1))
        return self.offset + linear + np.tensordot(parameters * parameters, self.bend, axes=(-1, -1))

    def gradient_derivative(self, parameters: np.ndarray) -> np.ndarray:
        """B + 2 c theta, shape (m, d, d)."""
        return self.slope + 2 * self.bend * parameters

    def smoothness(self, centre: np.ndarray, radius: float) -> Smoothness:
        """Constants on the ball of `radius` around `centre`, by norms of the coefficients; K2 = 0."""
        positive(radius, "radius")
        parts = self.floats()
        reach = np.abs(np.asarray(centre, dtype=float)) + radius
        largest = np.abs(parts.offset) + np.abs(parts.slope) @ reach + np.abs(parts.bend) @ reach**2
        steepest = np.abs(parts.slope) + 2 * np.abs(parts.bend) * reach
        mass = np.sqrt((np.abs(parts.directions).sum(axis=-1) ** 2).sum(axis=0))
        return Smoothness(
            M=float(np.linalg.norm(largest, axis=1).max()),
            L=float(np.linalg.norm(steepest, axis=(1, 2)).max()),
            K=float(mass.max()),
            L2=2 * float(np.linalg.norm(parts.bend, axis=1).max()),
            K2=0.0,
        )


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


@dataclass(frozen=True)
class LinearAutoregression:
    r"""State and gradient in one dimension each; `decay` a, `gain` kappa, `stiffness` lambda, `noise` sigma.

    .. math:: z' = a z + (1-a)\kappa\theta + \sigma\xi, \qquad G(z, \theta) = z + \lambda\theta

    Equilibrium at fixed theta: z has mean kappa theta and variance sigma^2/(1 - a^2). Exact for Fractions (the mean
    needs no square root). ValueError unless |a| < 1, without which no equilibrium exists.
    """

    decay: Any
    gain: Any
    stiffness: Any
    noise: Any = 1

    def __post_init__(self) -> None:
        if not -1 < self.decay < 1:
            raise ValueError(f"decay must lie strictly between -1 and 1, got {self.decay!r}")
        if not self.noise >= 0:
            raise ValueError(f"noise must be at least 0, got {self.noise!r}")

    @property
    def total_slope(self) -> Any:
        """Lambda_0 = kappa + lambda: gbar(theta) = Lambda_0 theta."""
        return self.gain + self.stiffness

    @property
    def equilibrium_variance(self) -> Any:
        """Var z at equilibrium."""
        return self.noise**2 / (1 - self.decay**2)

    @property
    def long_run_variance(self) -> Any:
        """Sigma_inf = sigma^2/(1-a)^2: variance of a sum of n states, divided by n, for large n."""
        return self.noise**2 / (1 - self.decay) ** 2

    def mean_gradient(self, theta: Any) -> Any:
        """gbar = (kappa + lambda) theta."""
        return self.total_slope * theta

    def psi(self, state: Any, theta: Any) -> Any:
        """Poisson solution (z - kappa theta)/(1 - a)."""
        return (state - self.gain * theta) / (1 - self.decay)

    def lag(self, theta: Any) -> Any:
        r""":math:`\pi\dot P[\bar g]\xi = \kappa\bar g/(1-a)`; the correlation Gamma is 0."""
        return self.gain * self.mean_gradient(theta) / (1 - self.decay)

    def mean_step(self, step_size: Any) -> np.ndarray:
        """A with E(theta', z') = A (theta, z), shape (2, 2): gradient read before the transition."""
        rows = [
            [1 - step_size * self.stiffness, -step_size],
            [(1 - self.decay) * self.gain, self.decay],
        ]
        exact = not any(isinstance(value, float) for row in rows for value in row)
        return np.array(rows, dtype=object if exact else float)
