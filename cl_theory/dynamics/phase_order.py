"""Two phases in turn, in either order or by a coin: what their order costs when phases are long.

All functions speak of the limit of many short updates, tau -> infinity with fixed T, where a phase with rate eta is
the flow of its mean gradient for a time eta. g+ and g- are the mean gradients of the two phases, (d,), with Jacobians
Dg+ and Dg-, (d, d); mu = g+ - g-. Each `*_coefficient` is the eta^2 term of the mean displacement.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.optimize import root

from cl_theory.arguments import probability_inside
from cl_theory.dynamics.flow import VectorField, gradient_flow


@dataclass(frozen=True, eq=False)
class MeanPhases:
    """g+ (d,), Dg+ (d, d), g- (d,), Dg- (d, d) at one parameter; float64, Fractions or SymPy in object arrays."""

    positive: np.ndarray
    positive_derivative: np.ndarray
    negative: np.ndarray
    negative_derivative: np.ndarray

    @property
    def mu(self) -> np.ndarray:
        """g+ - g-."""
        return self.positive - self.negative

    @property
    def mu_derivative(self) -> np.ndarray:
        """Dmu = Dg+ - Dg-."""
        return self.positive_derivative - self.negative_derivative

    def centre(self, p_positive: Any) -> np.ndarray:
        """c* = (1-b) g+ + b g-."""
        return (1 - p_positive) * self.positive + p_positive * self.negative

    def centre_derivative(self, p_positive: Any) -> np.ndarray:
        """D_theta c* = (1-b) Dg+ + b Dg-."""
        return (1 - p_positive) * self.positive_derivative + p_positive * self.negative_derivative


def random_order_coefficient(phases: MeanPhases) -> np.ndarray:
    r"""Both phases in random order: :math:`\frac12 D\mu\,\mu`, the flow of mu itself."""
    return phases.mu_derivative @ phases.mu / 2


def isd_coefficient(phases: MeanPhases, p_positive: Any, baseline: Any) -> np.ndarray:
    r"""ISD with an always-on phase of rate eta/b or eta/(1-b) and a constant baseline c (claim
    `isd-aol-fixed-point`): :math:`\frac12D\mu\,\mu + \frac{D_\theta c^*\,(c^* - c)}{2b(1-b)}`."""
    b = probability_inside(p_positive)
    off = phases.centre(b) - baseline
    return random_order_coefficient(phases) + phases.centre_derivative(b) @ off / (2 * b * (1 - b))


def isd_fixed_point_shift(phases: MeanPhases, p_positive: Any, baseline: Any) -> np.ndarray:
    r"""How far the zero of the mean displacement moves from mu = 0, divided by eta, as eta -> 0: shape (d,).

    :math:`D\mu^{-1} D_\theta c^*(c^*-c)/(2b(1-b))`; `phases` taken where mu = 0. Zero for c = c*.
    """
    return np.linalg.solve(phases.mu_derivative, isd_coefficient(phases, p_positive, baseline))


@dataclass(frozen=True)
class Durations:
    """Relative phase lengths T/tau in the limit of long phases: `lengths` with `probabilities`, mean 1."""

    lengths: tuple[float, ...] = (1.0,)
    probabilities: tuple[float, ...] = (1.0,)

    def __post_init__(self) -> None:
        mean = float(np.dot(self.lengths, self.probabilities))
        if min(self.lengths) <= 0 or abs(sum(self.probabilities) - 1) > 1e-9 or abs(mean - 1) > 1e-9:
            raise ValueError(f"lengths must be above 0 with mean 1, got mean {mean} of {self.lengths}")

    @classmethod
    def exponential(cls, n_nodes: int = 12) -> "Durations":
        """The limit of geometric lengths, as the Gauss-Laguerre rule with `n_nodes` lengths."""
        nodes, weights = np.polynomial.laguerre.laggauss(n_nodes)
        return cls(tuple(nodes.tolist()), tuple(weights.tolist()))

    @property
    def second_moment(self) -> float:
        """E T^2/tau^2."""
        return float(np.dot(np.square(self.lengths), self.probabilities))


FIXED = Durations()


def isd_mean_displacement(
    positive: VectorField, negative: VectorField, parameters: Any, *, learning_rate: float, p_positive: float,
    baseline: Any = 0.0, durations: Durations = FIXED,
) -> np.ndarray:  # fmt: skip
    """Mean displacement (d,) of one ISD phase with always-on learning in the limit of long phases.

    With probability b the flow of (g+ - c)/b, else that of -(g- - c)/(1-b), each for a time eta T/tau, solved to
    1e-12. Random `durations` multiply the eta^2 term by E T^2/tau^2.
    """
    b, start = probability_inside(p_positive), np.asarray(parameters, dtype=float)

    def mean_end(field: VectorField) -> np.ndarray:
        ends = [gradient_flow(field, start, learning_rate * length) for length in durations.lengths]
        return np.dot(durations.probabilities, np.stack(ends) - start)

    up = mean_end(lambda x: (positive(x) - baseline) / b)
    down = mean_end(lambda x: (baseline - negative(x)) / (1 - b))
    return b * up + (1 - b) * down


def isd_fixed_point(
    positive: VectorField, negative: VectorField, near: Any, *, learning_rate: float, p_positive: float,
    baseline: Any = 0.0, durations: Durations = FIXED,
) -> np.ndarray:  # fmt: skip
    """Zero of the mean displacement close to `near`, shape (d,). ValueError if none is found."""

    def drift(theta: np.ndarray) -> np.ndarray:
        moved = isd_mean_displacement(
            positive, negative, theta, learning_rate=learning_rate, p_positive=p_positive, baseline=baseline,
            durations=durations,
        )  # fmt: skip
        return moved / learning_rate

    found = root(drift, np.asarray(near, dtype=float), tol=1e-12)
    if not found.success and abs(found.fun).max() > 1e-9:
        raise ValueError(f"no fixed point found near {near}: {found.message}")
    return found.x
