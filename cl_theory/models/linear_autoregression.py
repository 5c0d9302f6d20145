"""AR(1) network with a linear gradient: always-on learning in closed form, with continuous states."""

from dataclasses import dataclass
from typing import Any

import numpy as np


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
