"""The mean of a matrix power with a random exponent: what a random phase length does to anything linear."""

from fractions import Fraction
from typing import Any

import numpy as np
from scipy.linalg import expm

from cl_theory.markov.solve import identity, matrix_power, power_sum, solve
from cl_theory.phases.bounded_length import Fixed, TwoPoint, Uniform
from cl_theory.phases.length import PhaseLength
from cl_theory.phases.unbounded_length import Geometric, ShiftedGeometric, ShiftedPoisson


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
            exponent = Geometric(length.mean - length.shift)
            return matrix_power(matrix, length.shift) @ _geometric(exponent, matrix)
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
