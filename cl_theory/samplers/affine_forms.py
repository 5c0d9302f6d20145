"""Gradient rows of an RBM seen through a few numbers, with one side's states listed and the other averaged out.

Given the listed side, u.g and |g|^2 are sums of independent terms over the other side's units, so that all their
cumulants are known.
"""

from collections.abc import Iterator
from math import comb
from typing import NamedTuple

import numpy as np

from cl_theory.models.rbm import RBM
from cl_theory.samplers.joint_cumulants import JointCumulants

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


def raw_moments(side: ListedSide, directions: Directions, constants: np.ndarray) -> np.ndarray:
    """E L^r for r = 0, ..., 6 of L_1..L_k and |g-c|^2, shape (7, k+1); arguments of `statistic_moments`."""
    total = np.zeros((7, len(constants)))
    for part in side.parts():
        constant, slope = _forms(part.states, directions, constants)
        cumulants = _slope_cumulants(slope, part.other_mean)
        cumulants[0] += constant
        total += np.tensordot(part.probability, _moments_of(cumulants), axes=(0, 1))
    return total


def _slope_cumulants(slope: np.ndarray, p: np.ndarray) -> list[np.ndarray]:
    """Cumulants of order 1, ..., 6 of slope . o for independent o_j ~ Bernoulli(p_j), each (n, k+1)."""
    two = p * (1 - p)
    three = two * (1 - 2 * p)
    units = p, two, three, two * (1 - 6 * two), three * (1 - 12 * two), two * (1 - 30 * two + 120 * two**2)
    power, cumulants = np.ones_like(slope), []
    for unit in units:
        power *= slope
        cumulants.append((power @ unit[:, :, None])[:, :, 0])
    return cumulants


def _moments_of(cumulants: list[np.ndarray]) -> np.ndarray:
    """Raw moments of order 0, 1, ... from cumulants of order 1, 2, ..., stacked."""
    moments = [np.ones_like(cumulants[0])]
    for n in range(1, len(cumulants) + 1):
        moments.append(sum(comb(n - 1, j) * cumulants[j] * moments[n - 1 - j] for j in range(n)))
    return np.stack(moments)


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
