"""Equilibrium of a finite chain, linear systems in floats or rationals, and means of random matrix powers."""

from fractions import Fraction
from typing import Any

import numpy as np
from flint import fmpq, fmpq_mat
from scipy.linalg import expm
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components

from cl_theory.arguments import probabilities
from cl_theory.theory.arithmetic import exact_array
from cl_theory.theory.chains.local_chain import stochastic_matrix
from cl_theory.theory.chains.phase_lengths import (
    Fixed,
    Geometric,
    PhaseLength,
    ShiftedGeometric,
    ShiftedPoisson,
    TwoPoint,
    Uniform,
)


def solve(matrix: np.ndarray, right: np.ndarray) -> np.ndarray:
    """x with `matrix` @ x = `right`, shape of `right` (m, ...); Fractions in, Fractions out.

    ValueError if the matrix is singular.
    """
    if matrix.dtype != object:
        try:
            columns = np.linalg.solve(matrix, np.reshape(right, (len(right), -1)))
        except np.linalg.LinAlgError as error:
            raise ValueError("the linear system is singular: the chain has no unique solution") from error
        return columns.reshape(np.shape(right))
    columns = np.reshape(right, (len(right), -1))
    try:
        solution = _flint(matrix).solve(_flint(columns))
    except ZeroDivisionError as error:
        raise ValueError("the linear system is singular: the chain has no unique solution") from error
    return _fractions(solution).reshape(np.shape(right))


def identity(size: int, like: np.ndarray) -> np.ndarray:
    """Identity matrix of the dtype of `like` (Fractions for object)."""
    return exact_array(np.eye(size, dtype=int)) if like.dtype == object else np.eye(size)


def ones(shape: Any, like: np.ndarray) -> np.ndarray:
    """Array of ones of the dtype of `like` (Fractions for object)."""
    return exact_array(np.ones(shape, dtype=int)) if like.dtype == object else np.ones(shape)


def zeros(shape: Any, like: np.ndarray) -> np.ndarray:
    """Array of zeros of the dtype of `like` (Fractions for object)."""
    return exact_array(np.zeros(shape, dtype=int)) if like.dtype == object else np.zeros(shape)


def matrix_power(matrix: np.ndarray, n: int) -> np.ndarray:
    """`matrix` to the power n >= 0 by squaring, float64 or exact."""
    if matrix.dtype != object:
        return np.linalg.matrix_power(matrix, n)
    return _fractions(_flint(matrix) ** n) if n else identity(len(matrix), matrix)


def power_sum(matrix: np.ndarray, n: int) -> np.ndarray:
    """I + A + ... + A^(n-1) for the square `matrix` A and n >= 0, by doubling, float64 or exact."""
    total, power = zeros(matrix.shape, matrix), identity(len(matrix), matrix)
    for bit in bin(n)[2:]:  # total and power stand for the leading bits read so far
        total, power = total + power @ total, power @ power
        if bit == "1":
            total, power = total + power, power @ matrix
    return total


def _flint(array: np.ndarray) -> fmpq_mat:
    entries = [Fraction(value) for value in array.ravel().tolist()]
    return fmpq_mat(array.shape[0], array.shape[1], [fmpq(value.numerator, value.denominator) for value in entries])


def _fractions(matrix: fmpq_mat) -> np.ndarray:
    rows = [[Fraction(int(value.p), int(value.q)) for value in row] for row in matrix.tolist()]
    return np.array(rows, dtype=object)


def closed_classes(transition_matrix: np.ndarray) -> list[list[int]]:
    """Closed communicating classes: sets of states that are never left; one exactly when the law is unique."""
    kernel = stochastic_matrix(transition_matrix)
    possible = kernel > 0
    count, label = connected_components(csr_array(possible.astype(np.int8)), directed=True, connection="strong")
    classes = [np.flatnonzero(label == k) for k in range(count)]
    return [members.tolist() for members in classes if not possible[np.ix_(members, label != label[members[0]])].any()]


def stationary_distribution(transition_matrix: np.ndarray) -> np.ndarray:
    r"""Stationary law :math:`\pi P = \pi`, shape (m,); exact for Fractions.

    Unique exactly when one set of states is never left (others may be transient, the chain may be periodic);
    ValueError for a reducible chain with several such sets, naming them.
    """
    kernel = stochastic_matrix(transition_matrix)
    _only_class(kernel)
    m = len(kernel)
    # pi (I - P + J) = 1 with J all ones, as pi J = 1; the matrix is invertible when pi is unique.
    return solve((identity(m, kernel) - kernel + ones((m, m), kernel)).T, ones(m, kernel))


def stationary_distributions(kernels: np.ndarray) -> np.ndarray:
    """Stationary laws of a batch (..., m, m) of float64 kernels with positive entries, shape (..., m)."""
    if not (kernels > 0).all():
        raise ValueError("kernels must have positive entries; use stationary_distribution, one chain at a time")
    m = kernels.shape[-1]
    system = np.swapaxes(np.eye(m) - kernels + 1.0, -1, -2)
    return np.linalg.solve(system, np.ones((*kernels.shape[:-1], 1)))[..., 0]


def _only_class(kernel: np.ndarray) -> list[list[int]]:
    classes = closed_classes(kernel)
    if len(classes) > 1:
        raise ValueError(
            f"the chain is reducible: states {classes[0]} and {classes[1]} are never left, so its stationary law is "
            "not unique; restrict the chain to one of them"
        )
    return classes


def mean_power(length: PhaseLength, matrix: np.ndarray) -> np.ndarray:
    r"""E A^T, shape of the square `matrix` A; exact for Fractions, but float64 only for Poisson lengths.

    Geometric: :math:`E A^T = pA(I - (1-p)A)^{-1}`. ValueError where (1-p) times the spectral radius of A
    reaches 1: E A^T is infinite although every A^n is finite.
    """
    match length:
        case Fixed():
            return matrix_power(matrix, length.steps)
        case TwoPoint():
            short, long = matrix_power(matrix, length.short), matrix_power(matrix, length.long)
            share = length.p_long if matrix.dtype == object else float(length.p_long)
            return (1 - share) * short + share * long
        case Uniform():
            return _mean_of_powers(matrix, length.low, length.high)
        case Geometric():
            return _geometric(length, matrix)
        case ShiftedGeometric():
            return matrix_power(matrix, length.shift) @ _geometric(length.wait, matrix)
        case ShiftedPoisson():
            if matrix.dtype == object:
                raise ValueError("a Poisson length has no exact rational mean power; pass a float64 matrix")
            rate = float(length.mean - length.shift)
            return matrix_power(matrix, length.shift) @ expm(rate * (matrix - np.eye(len(matrix))))
    raise ValueError(f"no mean power for {length!r}; sum pmf(n) times matrix_power(matrix, n)")


def _geometric(length: Geometric, matrix: np.ndarray) -> np.ndarray:
    stay: Any = 1 - 1 / length.mean
    radius = abs(np.linalg.eigvals(matrix.astype(float))).max()
    if float(stay) * radius >= 1:
        raise ValueError(
            f"(1 - 1/mean) times the spectral radius {radius:.6g} must be below 1, got {float(stay) * radius:.6g}: "
            "the mean over the length is infinite; lower the learning rate"
        )
    scale = stay if matrix.dtype == object else float(stay)
    return solve(identity(len(matrix), matrix) - scale * matrix, matrix * (1 - scale))


def _mean_of_powers(matrix: np.ndarray, low: int, high: int) -> np.ndarray:
    share = Fraction(1, high - low + 1) if matrix.dtype == object else 1 / (high - low + 1)
    return matrix_power(matrix, low) @ (power_sum(matrix, high - low + 1) * share)


def start_law(start: Any, n_states: int, like: np.ndarray) -> np.ndarray:
    """`start`, a state or a law (m,), as a law (m,); a state gives a law of the dtype of `like`."""
    if np.ndim(start) == 1:
        law = probabilities(start, "start")
        if len(law) != n_states:
            raise ValueError(f"start must have {n_states} probabilities, got {len(law)}")
        return law
    if not 0 <= start < n_states:
        raise ValueError(f"start must be a state below {n_states}, got {start!r}")
    law = 0 * np.resize(like, n_states)
    law[start] += 1
    return law
