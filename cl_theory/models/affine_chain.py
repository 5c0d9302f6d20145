"""A chain whose kernel is affine and whose gradient is quadratic in the parameters: learning in exact rationals."""

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np

from cl_theory.arguments import finite, positive
from cl_theory.models.local_chain import Smoothness, stochastic_matrix


@dataclass(frozen=True, eq=False)
class AffineChain:
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
        base = _over(counts, counts.sum(axis=1, keepdims=True))
        raw = base * _over(rng.integers(-2, 3, (d, m, m)), 4)
        directions = raw - base * raw.sum(axis=-1)[..., None]  # |D| <= P_0, entry by entry
        parts = [_over(rng.integers(-3, 4, shape), 4) for shape in ((m, d), (m, d, d), (m, d, d))]
        return cls(base, directions, *parts)

    @property
    def n_states(self) -> int:
        return int(self.offset.shape[0])

    @property
    def n_parameters(self) -> int:
        return int(self.offset.shape[1])

    def floats(self) -> "AffineChain":
        """The same chain with float64 coefficients."""
        return AffineChain(*(np.asarray(part, dtype=float) for part in vars(self).values()))

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


def _over(numerators: Any, denominators: Any) -> np.ndarray:
    ratio = np.vectorize(lambda p, q: Fraction(int(p), int(q)), otypes=[object])
    return ratio(numerators, denominators)
