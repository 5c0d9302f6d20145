"""Linear systems in float64 or in exact rationals, chosen by the dtype of the matrix."""

from fractions import Fraction
from typing import Any

import numpy as np
from flint import fmpq, fmpq_mat


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
    return _as_fractions(np.eye(size, dtype=int)) if like.dtype == object else np.eye(size)


def ones(shape: Any, like: np.ndarray) -> np.ndarray:
    """Array of ones of the dtype of `like` (Fractions for object)."""
    return _as_fractions(np.ones(shape, dtype=int)) if like.dtype == object else np.ones(shape)


def zeros(shape: Any, like: np.ndarray) -> np.ndarray:
    """Array of zeros of the dtype of `like` (Fractions for object)."""
    return _as_fractions(np.zeros(shape, dtype=int)) if like.dtype == object else np.zeros(shape)


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


def _as_fractions(array: np.ndarray) -> np.ndarray:
    return np.vectorize(lambda k: Fraction(int(k)), otypes=[object])(array)


def _flint(array: np.ndarray) -> fmpq_mat:
    entries = [Fraction(value) for value in array.ravel().tolist()]
    return fmpq_mat(array.shape[0], array.shape[1], [fmpq(value.numerator, value.denominator) for value in entries])


def _fractions(matrix: fmpq_mat) -> np.ndarray:
    rows = [[Fraction(int(value.p), int(value.q)) for value in row] for row in matrix.tolist()]
    return np.array(rows, dtype=object)
