"""Checks of arguments: each error names the value it got and the remedy."""

from collections.abc import Sequence
from typing import Any

import numpy as np


def probability_inside(value: Any, name: str = "p_positive") -> Any:
    """Return `value` if 0 < value < 1 (float, Fraction or SymPy number), else raise ValueError."""
    try:
        inside = bool(0 < value) and bool(value < 1)  # NaN fails both comparisons
    except TypeError as error:
        raise ValueError(f"{name} must be a number strictly between 0 and 1, got {value!r}") from error
    if not inside:
        raise ValueError(f"{name} must lie strictly between 0 and 1, got {value!r}")
    return value


def positive(value: Any, name: str) -> Any:
    """Return `value` if it is a finite number above 0, else raise ValueError."""
    if not (value > 0 and np.isfinite(float(value))):
        raise ValueError(f"{name} must be a finite number above 0, got {value!r}")
    return value


def positive_integer(value: Any, name: str) -> int:
    """Return `value` as int if it is an integer above 0, else raise ValueError."""
    if isinstance(value, bool) or int(value) != value or value < 1:
        raise ValueError(f"{name} must be an integer above 0, got {value!r}")
    return int(value)


def finite(array: Any, name: str) -> np.ndarray:
    """Return `array` as an ndarray with no NaN and no infinity, else raise ValueError naming the place."""
    result = np.asarray(array)
    if result.dtype == object:  # exact rationals are finite by construction
        return result
    is_finite = np.isfinite(result)
    if not is_finite.all():
        place = tuple(int(i) for i in np.argwhere(~is_finite)[0])
        raise ValueError(f"{name} must be finite, got {result[place]!r} at index {place}")
    return result


def same_shape(arrays: Sequence[np.ndarray], names: Sequence[str]) -> tuple[int, ...]:
    """Return the common shape, else raise ValueError that lists each name with its shape."""
    shapes = [np.shape(a) for a in arrays]
    if len(set(shapes)) != 1:
        listed = ", ".join(f"{n} {s}" for n, s in zip(names, shapes, strict=True))
        raise ValueError(f"shapes must agree, got {listed}")
    return shapes[0]


def probabilities(values: Any, name: str = "probability", tolerance: float = 1e-12) -> np.ndarray:
    """Return `values` as a vector of probabilities; rationals must sum to exactly one, floats to `tolerance`."""
    result = finite(values, name)
    if result.ndim != 1 or result.size == 0:
        raise ValueError(f"{name} must be a non-empty vector, got shape {result.shape}")
    if (result < 0).any():
        raise ValueError(f"{name} must not be negative, got {min(result)!r}")
    total = sum(result.tolist()) if result.dtype == object else float(result.sum())
    slack = 0 if result.dtype == object else tolerance
    if abs(total - 1) > slack:
        raise ValueError(f"{name} must sum to one, got {total!r}; divide by the sum if it is a weight")
    return result
