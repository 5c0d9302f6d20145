"""Operations that stay exact on rationals and fast on floats, and definiteness in exact arithmetic."""

from fractions import Fraction
from math import isqrt
from typing import Any

import numpy as np


def is_exact(array: np.ndarray) -> bool:
    """True for an object array (of Fractions), False for a numeric one."""
    return np.asarray(array).dtype == object


def number_like(value: Any, array: np.ndarray) -> Any:
    """`value` as a Python float beside a numeric `array`, unchanged beside an exact one."""
    return value if is_exact(array) else float(value)


def exact_array(values: Any) -> np.ndarray:
    """Integers, Fractions or texts such as "1/3" as an object array of Fractions; TypeError on floats."""
    source = np.asarray(values, dtype=object)
    if any(isinstance(x, (float, np.floating)) for x in source.flat):
        raise TypeError("exact arithmetic takes integers, Fractions or texts like '1/3', got a float")
    result = np.empty(source.size, dtype=object)
    result[:] = [Fraction(int(x)) if isinstance(x, np.integer) else Fraction(x) for x in source.flat]
    return result.reshape(source.shape)


def as_floats(array: np.ndarray) -> np.ndarray:
    """The same numbers as float64, each Fraction rounded once."""
    return np.asarray(array).astype(np.float64)


def square_root(value: Any) -> Any:
    """Square root; a Fraction whenever the root of a rational is rational, else a float."""
    if value < 0:
        raise ValueError(f"square_root needs a value of at least 0, got {value!r}")
    if isinstance(value, (int, Fraction)):
        exact = Fraction(value)
        top, bottom = isqrt(exact.numerator), isqrt(exact.denominator)
        if top * top == exact.numerator and bottom * bottom == exact.denominator:
            return Fraction(top, bottom)
    return float(value) ** 0.5


def pivots(matrix: np.ndarray) -> list[Any]:
    """Pivots of a symmetric matrix of Fractions (d, d), in order; it is positive definite iff all are above 0.

    Elimination stops at the first pivot that is not above 0, which is the last one returned. ValueError unless the
    matrix is square and symmetric.
    """
    rest = np.array(matrix, dtype=object)
    if rest.ndim != 2 or rest.shape[0] != rest.shape[1] or (rest != rest.T).any():
        raise ValueError(f"matrix must be square and symmetric, got shape {rest.shape}; use (A + A.T) / 2")
    found = []
    while len(rest):
        found.append(rest[0, 0])
        if not found[-1] > 0:
            break
        rest = rest[1:, 1:] - np.outer(rest[1:, 0], rest[0, 1:]) / rest[0, 0]
    return found
