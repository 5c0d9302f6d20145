"""Joint laws of the two gradients on finitely many atoms, exact when made of Fractions."""

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np

from cl_theory.arguments import finite, positive_integer, probabilities, probability_inside, same_shape
from cl_theory.laws.arithmetic import as_floats, exact_array
from cl_theory.laws.moments import PhaseMoments


@dataclass(frozen=True, eq=False)
class FiniteLaw:
    """Joint law of (g+, g-) on atoms.

    `probability` (n_atoms,), `g_positive` and `g_negative` (n_atoms, d): object arrays of Fractions for
    exact work, float64 otherwise. ValueError if probabilities are negative or do not sum to one
    (exactly, for Fractions), if shapes disagree, or if a gradient is not finite.
    """

    probability: np.ndarray
    g_positive: np.ndarray
    g_negative: np.ndarray

    def __post_init__(self) -> None:
        object.__setattr__(self, "probability", probabilities(self.probability))
        for name in ("g_positive", "g_negative"):
            object.__setattr__(self, name, finite(getattr(self, name), name))
        shape = same_shape([self.g_positive, self.g_negative], ["g_positive", "g_negative"])
        if len(shape) != 2 or shape[0] != len(self.probability):
            raise ValueError(f"gradients must have shape ({len(self.probability)}, d), one row an atom, got {shape}")

    @classmethod
    def random(
        cls, rng: np.random.Generator, n_atoms: int, dimension: int, denominator: int = 12, largest: int = 3
    ) -> "FiniteLaw":
        """A random rational law: gradients are multiples of 1/denominator within [-largest, largest]."""
        shape = (positive_integer(n_atoms, "n_atoms"), positive_integer(dimension, "dimension"))
        weight = exact_array(rng.integers(1, 10, size=n_atoms))
        span = largest * denominator
        g_positive, g_negative = (
            exact_array(rng.integers(-span, span + 1, size=shape)) / Fraction(denominator) for _ in range(2)
        )
        return cls(weight / weight.sum(), g_positive, g_negative)

    @property
    def moments(self) -> PhaseMoments:
        """Exact moments by summing over the atoms."""
        weighted_positive = self.probability[:, None] * self.g_positive
        weighted_negative = self.probability[:, None] * self.g_negative
        return PhaseMoments(
            weighted_positive.sum(axis=0),
            weighted_negative.sum(axis=0),
            weighted_positive.T @ self.g_positive,
            weighted_negative.T @ self.g_negative,
            weighted_positive.T @ self.g_negative,
        )

    def independent(self) -> "FiniteLaw":
        """The same marginals with independent phases: n_atoms**2 atoms."""
        return independent_law(self.probability, self.g_positive, self.probability, self.g_negative)

    def floats(self) -> "FiniteLaw":
        """The same law in float64."""
        return FiniteLaw(as_floats(self.probability), as_floats(self.g_positive), as_floats(self.g_negative))


def independent_law(
    probability_positive: np.ndarray, g_positive: np.ndarray, probability_negative: np.ndarray, g_negative: np.ndarray
) -> FiniteLaw:
    """Joint law of two independent phases from their marginals, positive atoms outermost."""
    n_positive, n_negative = len(probability_positive), len(probability_negative)
    probability = np.outer(probability_positive, probability_negative).ravel()
    positive = np.repeat(np.asarray(g_positive), n_negative, axis=0)
    negative = np.tile(np.asarray(g_negative), (n_positive, 1))
    return FiniteLaw(probability, positive, negative)


def equality_law(probability: Any, w: Any, p_positive: Any) -> FiniteLaw:
    r"""The family of laws in which ISD costs nothing: :math:`g^+ = b W,\ g^- = -(1-b) W`.

    `w` (n_atoms, d) are the values of W. Then Z = W = g+ - g- whichever phase runs (claim
    `isd-strictness`); no other law has this property at this b.
    """
    b = probability_inside(p_positive)
    values = np.asarray(w)
    return FiniteLaw(np.asarray(probability), b * values, -(1 - b) * values)
