"""What is known exactly about a few projections of the gradient in each phase of an RBM.

One side's states are listed and the other side is averaged out: given the listed side, u.g and |g|^2 are sums of
independent terms over the other side's units, so that all their cumulants are known. Joint cumulants add over
independent terms, moments do not."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from cl_theory.arguments import finite
from cl_theory.learning.models.rbm import RBM
from cl_theory.learning.samplers.exact_phase import ExactPhaseSampler


@dataclass(frozen=True, eq=False)
class JointCumulants:
    """Cumulants of L_1..L_k, with any leading batch axes.

    mean (..., k); `two` (..., k, k) of (a, b), the covariance; `three` (..., k, k) of (a, b, b); `four`
    (..., k, k) of (a, a, b, b).
    """

    mean: np.ndarray
    two: np.ndarray
    three: np.ndarray
    four: np.ndarray

    def __add__(self, other: "JointCumulants") -> "JointCumulants":
        """Cumulants of the sum of independent terms."""
        parts = zip(self._orders(), other._orders(), strict=True)
        return JointCumulants(*(first + second for first, second in parts))

    def scaled(self, factor: float) -> "JointCumulants":
        """Cumulants of `factor` times the projections."""
        return JointCumulants(*(factor**order * part for order, part in enumerate(self._orders(), start=1)))

    def copies(self, count: int) -> "JointCumulants":
        """Cumulants of the sum of `count` independent copies."""
        return JointCumulants(*(count * part for part in self._orders()))

    def moments(self) -> tuple[np.ndarray, np.ndarray]:
        """E X (..., 2k) and E XX' (..., 2k, 2k) of X = [L_1..L_k, L_1^2..L_k^2]."""
        variance = np.diagonal(self.two, axis1=-2, axis2=-1)
        plain = self.two + _outer(self.mean, self.mean)
        mixed = self.three + _mixed_rest(self.mean, self.two)
        squares = self.four + _squares_rest(self.mean, self.two, self.three)
        top = np.concatenate([plain, mixed], axis=-1)
        bottom = np.concatenate([np.swapaxes(mixed, -1, -2), squares], axis=-1)
        return np.concatenate([self.mean, variance + self.mean**2], axis=-1), np.concatenate([top, bottom], axis=-2)

    @classmethod
    def from_moments(cls, first: np.ndarray, second: np.ndarray) -> "JointCumulants":
        """The inverse of `moments`."""
        k = first.shape[-1] // 2
        mean = first[..., :k]
        two = second[..., :k, :k] - _outer(mean, mean)
        three = second[..., :k, k:] - _mixed_rest(mean, two)
        return cls(mean, two, three, second[..., k:, k:] - _squares_rest(mean, two, three))

    def _orders(self) -> tuple[np.ndarray, ...]:
        return self.mean, self.two, self.three, self.four


def _outer(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    return first[..., :, None] * second[..., None, :]


def _mixed_rest(mean: np.ndarray, two: np.ndarray) -> np.ndarray:
    """E[L_a L_b^2] less the third cumulant."""
    variance = np.diagonal(two, axis1=-2, axis2=-1)
    return 2 * two * mean[..., None, :] + _outer(mean, variance + mean**2)


def _squares_rest(mean: np.ndarray, two: np.ndarray, three: np.ndarray) -> np.ndarray:
    """E[L_a^2 L_b^2] less the fourth cumulant."""
    variance = np.diagonal(two, axis1=-2, axis2=-1)
    once = 2 * mean[..., :, None] * three  # m_a times the cumulant of (a, b, b)
    pairs = 2 * two**2 + 4 * _outer(mean, mean) * two
    return once + np.swapaxes(once, -1, -2) + pairs + _outer(variance + mean**2, variance + mean**2)


ROWS = 2**12
"""States handled at a time, which bounds the memory."""


class ListedSide(NamedTuple):
    """One side's states (n, n_listed) with their `probability` (n,), and P(unit = 1) (n, n_other) of the other."""

    probability: np.ndarray
    states: np.ndarray
    other_mean: np.ndarray

    def parts(self) -> Iterator["ListedSide"]:
        """The same side, `ROWS` states at a time."""
        for start in range(0, len(self.states), ROWS):
            yield ListedSide(*(array[start : start + ROWS] for array in self))


class Directions(NamedTuple):
    """Directions (k, n_parameters) as weights (k, n_listed, n_other) and biases (k, n_listed), (k, n_other)."""

    weights: np.ndarray
    listed: np.ndarray
    other: np.ndarray

    @property
    def transposed(self) -> "Directions":
        """The same directions with the sides exchanged."""
        return Directions(self.weights.transpose(0, 2, 1), self.other, self.listed)


def split_directions(rbm: RBM, directions: np.ndarray) -> Directions:
    """Flat `directions` (k, n_parameters), the hidden side listed; ValueError on another length."""
    rows = np.atleast_2d(np.asarray(directions, dtype=np.float64))
    if rows.ndim != 2 or rows.shape[1] != rbm.n_parameters:
        raise ValueError(f"directions must have shape (k, {rbm.n_parameters}), got {np.shape(directions)}")
    weights, visible, hidden = np.split(rows, [rbm.weights.size, rbm.weights.size + rbm.n_visible], axis=1)
    return Directions(weights.reshape(len(rows), *rbm.weights.shape), hidden, visible)


def statistic_moments(side: ListedSide, directions: Directions, constants: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """E X and E XX' of X = [L_1..L_k, |g-c|^2, L_1^2..L_k^2] with L = u.(g - c).

    The last of `directions` is the baseline c itself, the others are the u; `constants` (k+1,) are their products
    with c.
    """
    k = len(constants) - 1
    kept = np.delete(np.arange(2 * k + 2), -1)  # the square of |g-c|^2 is not asked for
    first, second = np.zeros(2 * k + 1), np.zeros((2 * k + 1, 2 * k + 1))
    for part in side.parts():
        given = _conditional_cumulants(*_forms(part.states, directions, constants), part.other_mean).moments()
        first += part.probability @ given[0][:, kept]
        second += np.tensordot(part.probability, given[1][:, kept][:, :, kept], 1)
    return first, second


def _forms(states: np.ndarray, directions: Directions, constants: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """L_1..L_k and |g-c|^2 as constant (n, k+1) plus slope (n, k+1, n_other) times the other side's units."""
    on = states.sum(axis=1)
    slope = -(np.tensordot(states, directions.weights, axes=(1, 1)) + directions.other)
    constant = -(states @ directions.listed.T) - constants
    slope[:, -1] = (1 + on)[:, None] - 2 * slope[:, -1]  # |g|^2 = (1 + |s|)(1 + |o|) - 1, less 2 c.g
    constant[:, -1] = on - 2 * constant[:, -1] - constants[-1]  # constants[-1] is |c|^2
    return constant, slope


def _conditional_cumulants(constant: np.ndarray, slope: np.ndarray, p: np.ndarray) -> JointCumulants:
    """Cumulants of constant + slope . o for independent o_j ~ Bernoulli(p_j)."""
    second = p * (1 - p)
    third, fourth = second * (1 - 2 * p), second * (1 - 6 * second)
    squared = slope**2
    across, squared_across = slope.transpose(0, 2, 1), squared.transpose(0, 2, 1)
    return JointCumulants(
        constant + (slope @ p[:, :, None])[:, :, 0],
        (slope * second[:, None, :]) @ across,
        (slope * third[:, None, :]) @ squared_across,
        (squared * fourth[:, None, :]) @ squared_across,
    )


class PhaseStatistics(NamedTuple):
    """E X and E XX' in each phase, of X = [u_1.g, ..., |g|^2, (u_1.g)^2, ...], all about the baseline."""

    first_positive: np.ndarray
    first_negative: np.ndarray
    second_positive: np.ndarray
    second_negative: np.ndarray

    @property
    def cumulants(self) -> tuple[JointCumulants, JointCumulants]:
        """Joint cumulants of the projections u.g in the positive and in the negative phase."""
        k = len(self.first_positive) // 2
        kept = np.delete(np.arange(2 * k + 1), k)
        return (
            JointCumulants.from_moments(self.first_positive[kept], self.second_positive[np.ix_(kept, kept)]),
            JointCumulants.from_moments(self.first_negative[kept], self.second_negative[np.ix_(kept, kept)]),
        )


def phase_statistics(
    sampler: ExactPhaseSampler, directions: np.ndarray, baseline: np.ndarray | None = None
) -> PhaseStatistics:
    """Exact moments in both phases by enumeration, to order four in the gradient; no pilot run.

    `directions` (k, n_parameters); with a `baseline` c (n_parameters,), g - c stands in place of g.
    """
    positive, negative = (statistic_moments(*forms) for forms in _forms_of_phases(sampler, directions, baseline))
    return PhaseStatistics(positive[0], negative[0], positive[1], negative[1])


def _forms_of_phases(
    sampler: ExactPhaseSampler, directions: np.ndarray, baseline: np.ndarray | None
) -> tuple[tuple[ListedSide, Directions, np.ndarray], ...]:
    """For each phase its listed side, the directions with the baseline last, and their products with it."""
    rbm, data = sampler.rbm, sampler.data
    centre = baseline_vector(baseline, rbm.n_parameters)
    rows = np.vstack([np.atleast_2d(directions), centre])
    hidden_listed = split_directions(rbm, rows)
    data_side = ListedSide(np.full(len(data), 1 / len(data)), data, rbm.mean_h_given_v(data))
    model_directions = hidden_listed.transposed if rbm.n_visible <= rbm.n_hidden else hidden_listed
    constants = rows @ centre
    return (
        (data_side, hidden_listed.transposed, constants),
        (ListedSide(*sampler.table), model_directions, constants),
    )


def baseline_vector(baseline: np.ndarray | None, n_parameters: int) -> np.ndarray:
    """`baseline` as a vector (n_parameters,), zero for None, else ValueError."""
    centre = np.zeros(n_parameters) if baseline is None else finite(np.asarray(baseline, np.float64), "baseline")
    if centre.shape != (n_parameters,):
        raise ValueError(f"baseline must have shape ({n_parameters},), got {centre.shape}")
    return centre
