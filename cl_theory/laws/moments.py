"""First and second moments of the two phases' gradients: all that the covariance formulas need."""

from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from cl_theory.arguments import finite, same_shape
from cl_theory.laws.arithmetic import as_floats


@dataclass(frozen=True, eq=False)
class PhaseMoments:
    r"""Moments of the positive and negative gradient, float64 or object arrays of Fractions.

    mean_positive, mean_negative
        :math:`\mu^\pm = E g^\pm`, shape (d,).
    second_positive, second_negative
        :math:`M^\pm = E g^\pm g^{\pm\top}`, shape (d, d), about zero and not about the mean.
    cross
        :math:`E g^+ g^{-\top}`, shape (d, d); the outer product of the means when phases are independent.
    """

    mean_positive: np.ndarray
    mean_negative: np.ndarray
    second_positive: np.ndarray
    second_negative: np.ndarray
    cross: np.ndarray

    def __post_init__(self) -> None:
        for field in fields(self):
            object.__setattr__(self, field.name, finite(getattr(self, field.name), field.name))
        (d,) = same_shape([self.mean_positive, self.mean_negative], ["mean_positive", "mean_negative"])
        for name in ("second_positive", "second_negative", "cross"):
            if getattr(self, name).shape != (d, d):
                raise ValueError(f"{name} must have shape ({d}, {d}), got {getattr(self, name).shape}")

    @property
    def dimension(self) -> int:
        """Number of parameters d."""
        return len(self.mean_positive)

    @property
    def mean(self) -> np.ndarray:
        """mu = mu+ - mu-, the gradient of the loss."""
        return self.mean_positive - self.mean_negative

    @property
    def covariance_positive(self) -> np.ndarray:
        """Sigma+ = M+ - mu+ mu+'."""
        return self.second_positive - np.outer(self.mean_positive, self.mean_positive)

    @property
    def covariance_negative(self) -> np.ndarray:
        """Sigma- = M- - mu- mu-'."""
        return self.second_negative - np.outer(self.mean_negative, self.mean_negative)

    @property
    def cross_covariance(self) -> np.ndarray:
        """C = Cov(g+, g-), zero when phases are independent."""
        return self.cross - np.outer(self.mean_positive, self.mean_negative)

    @property
    def m_positive(self) -> Any:
        """m+ = E |g+|^2."""
        return np.trace(self.second_positive)

    @property
    def m_negative(self) -> Any:
        """m- = E |g-|^2."""
        return np.trace(self.second_negative)

    @property
    def v_positive(self) -> Any:
        """v+ = tr Sigma+."""
        return self.m_positive - self.mean_positive @ self.mean_positive

    @property
    def v_negative(self) -> Any:
        """v- = tr Sigma-."""
        return self.m_negative - self.mean_negative @ self.mean_negative

    def about(self, point: np.ndarray) -> "PhaseMoments":
        """Moments of g+ - c and g- - c, with c the `point` (d,): what a constant baseline leaves."""
        c = np.asarray(point)
        plus, minus = self.mean_positive, self.mean_negative

        def moved(second: np.ndarray, left: np.ndarray, right: np.ndarray) -> np.ndarray:
            return second - np.outer(left, c) - np.outer(c, right) + np.outer(c, c)

        seconds = moved(self.second_positive, plus, plus), moved(self.second_negative, minus, minus)
        return PhaseMoments(plus - c, minus - c, *seconds, moved(self.cross, plus, minus))

    def floats(self) -> "PhaseMoments":
        """The same moments in float64."""
        return PhaseMoments(*(as_floats(getattr(self, field.name)) for field in fields(self)))


def independent_moments(
    mean_positive: np.ndarray, second_positive: np.ndarray, mean_negative: np.ndarray, second_negative: np.ndarray
) -> PhaseMoments:
    """Moments of two independent phases: the cross moment is the outer product of the means."""
    cross = np.outer(mean_positive, mean_negative)
    return PhaseMoments(mean_positive, mean_negative, second_positive, second_negative, cross)
