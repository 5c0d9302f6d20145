"""Joint laws of the two phases' gradients on finitely many atoms: moments, and listings with coins and histories."""

from dataclasses import dataclass, fields
from fractions import Fraction
from itertools import product
from typing import Any

import numpy as np

from cl_theory.arguments import finite, positive_integer, probabilities, probability_inside, same_shape
from cl_theory.theory.arithmetic import as_floats, exact_array, number_like


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


def folded_moments(moments: PhaseMoments, vectors: np.ndarray) -> tuple[PhaseMoments, np.ndarray]:
    """Moments of independent phases in an orthonormal basis of both means and `vectors` (f, d), and the vectors in it.

    One more coordinate, of mean 0, holds the variance that the basis leaves out, so that traces, norms of means
    and everything along the vectors are those of the full law, in f + 3 dimensions. For float64 moments.
    """
    rows = np.vstack([moments.mean_positive, moments.mean_negative, vectors])
    scales = np.linalg.norm(rows, axis=1, keepdims=True)
    basis = np.linalg.qr((rows / np.where(scales > 0, scales, 1.0)).T)[0].T
    means = basis @ moments.mean_positive, basis @ moments.mean_negative
    seconds = basis @ moments.second_positive @ basis.T, basis @ moments.second_negative @ basis.T
    traces = moments.m_positive, moments.m_negative
    positive, negative = (
        (np.append(mean, 0.0), _with_rest(second, trace))
        for mean, second, trace in zip(means, seconds, traces, strict=True)
    )
    return independent_moments(*positive, *negative), np.pad(np.atleast_2d(vectors) @ basis.T, [(0, 0), (0, 1)])


def _with_rest(second: np.ndarray, trace: float) -> np.ndarray:
    larger = np.pad(second, [(0, 1), (0, 1)])
    larger[-1, -1] = trace - np.trace(second)
    return larger


def coin_law(law: FiniteLaw, p_positive: Any) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """The joint law of (B, g+, g-) with B ~ Bernoulli(b) independent of the gradients.

    Returns (probability (2 n_atoms,), is_positive, g_positive, g_negative); the atoms with B = 1 come first.
    An estimator applied to the last three, averaged with the first, gives its exact mean and covariance.
    """
    b = number_like(probability_inside(p_positive), law.probability)
    probability = np.concatenate([b * law.probability, (1 - b) * law.probability])
    is_positive = np.arange(len(probability)) < len(law.probability)
    return probability, is_positive, np.tile(law.g_positive, (2, 1)), np.tile(law.g_negative, (2, 1))


def repeated_law(law: FiniteLaw, n_copies: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Independent copies of (g+, g-): (probability (n_atoms**n,), g_positive (.., n, d), g_negative (.., n, d))."""
    n_atoms = len(law.probability)
    index = np.array(list(product(range(n_atoms), repeat=positive_integer(n_copies, "n_copies"))))
    return law.probability[index].prod(axis=1), law.g_positive[index], law.g_negative[index]


def exact_mean(probability: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Mean of the rows of `values` (n_atoms, d) under `probability`."""
    return probability @ values


def exact_covariance(probability: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Covariance matrix of the rows of `values` (n_atoms, d) under `probability`."""
    centred = values - exact_mean(probability, values)
    return (probability[:, None] * centred).T @ centred


History = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]


def history_law(law: FiniteLaw, p_positive: Any, n_phases: int) -> History:
    """Independent phases and coins in time: (probability (m,), g_positive, g_negative, is_positive).

    Time comes first, gradients (n_phases, m, d) and signs (n_phases, m), as `running_centred_isd` takes them; all
    m = (2 n_atoms)**n_phases histories are listed, atoms outermost and in each the last phase fastest.
    """
    b = number_like(probability_inside(p_positive), law.probability)
    chance, plus, minus = repeated_law(law, n_phases)
    signs = np.array(list(product((True, False), repeat=n_phases)))
    tosses = np.where(signs, b, 1 - b).prod(axis=1)
    positive, negative = (np.moveaxis(np.repeat(rows, len(signs), axis=0), 1, 0) for rows in (plus, minus))
    return np.outer(chance, tosses).ravel(), positive, negative, np.tile(signs, (len(chance), 1)).T


def mean_given_past(probability: np.ndarray, values: np.ndarray, n_phases: int) -> np.ndarray:
    """Mean of rows of `values` (m, d) over the last phase, one row for each past; in the order of `history_law`."""
    n_pasts = 2 ** (n_phases - 1)
    n_atoms = round((len(probability) / 2**n_phases) ** (1 / n_phases))
    shape = n_atoms ** (n_phases - 1), n_atoms, n_pasts, 2
    weight = probability.reshape(shape)
    total = (weight[..., None] * values.reshape(*shape, -1)).sum(axis=(1, 3))
    return (total / weight.sum(axis=(1, 3))[..., None]).reshape(-1, values.shape[-1])
