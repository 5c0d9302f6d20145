"""Limits and slopes from ladders of halved arguments: Richardson extrapolation."""

from typing import Any

import numpy as np

from cl_theory.arguments import finite


def limit_at_zero(arguments: Any, values: Any) -> np.ndarray:
    """Value at 0 of the polynomial through `values` (n, ...) at `arguments` (n,): all powers below n drop out.

    ValueError unless the arguments are different, one per value.
    """
    places = finite(np.asarray(arguments, dtype=float), "arguments")
    table = finite(np.asarray(values, dtype=float), "values")
    if len(set(places.tolist())) != len(table):
        raise ValueError(f"arguments must be different, one per value, got {places.tolist()} for {len(table)} values")
    weights = [np.prod([other / (other - x) for other in places if other != x]) for x in places]
    return np.tensordot(weights, table, axes=1)


def limiting_slope(arguments: Any, values: Any) -> float:
    """Slope of log |value| over log argument in the limit of small arguments.

    `arguments` (n,) fall by a constant factor; the slopes between neighbours are extrapolated to 0.
    """
    places = finite(np.asarray(arguments, dtype=float), "arguments")
    sizes = np.abs(finite(np.asarray(values, dtype=float), "values"))
    slopes = np.diff(np.log(sizes)) / np.diff(np.log(places))
    return float(limit_at_zero(places[:-1], slopes))
