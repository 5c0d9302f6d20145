"""What every estimator asks of its samples, checked in one place."""

from typing import Any

import numpy as np

from cl_theory.arguments import finite, same_shape


def gradient_rows(g_positive: Any, g_negative: Any) -> tuple[np.ndarray, np.ndarray]:
    """Both gradients as arrays of one shape (..., n_parameters), else ValueError."""
    positive, negative = np.asarray(g_positive), np.asarray(g_negative)
    shape = same_shape([positive, negative], ["g_positive", "g_negative"])
    if not shape:
        raise ValueError("gradients must be rows of shape (n_samples, n_parameters), got a single number")
    return positive, negative


def phase_indicator(is_positive: Any, batch_shape: tuple[int, ...]) -> np.ndarray:
    """B as a boolean array of shape `batch_shape`; 0 and 1 are accepted, anything else is a ValueError."""
    indicator = np.asarray(is_positive)
    if indicator.shape != batch_shape:
        raise ValueError(f"is_positive must have one entry a sample, shape {batch_shape}, got {indicator.shape}")
    valid = (indicator == 0) | (indicator == 1)
    if not np.all(valid):
        wrong = indicator[~np.asarray(valid, dtype=bool)].flat[0]
        raise ValueError(f"is_positive must hold 0 or 1 (False or True), got {wrong!r}")
    return indicator.astype(bool)


def gradient_that_ran(g_positive: np.ndarray, g_negative: np.ndarray, is_positive: np.ndarray) -> np.ndarray:
    """Row by row g+ where B = 1 and g- where B = 0; ValueError if a chosen row is not finite."""
    chosen = np.where(is_positive[..., None], g_positive, g_negative)
    if chosen.dtype == object and np.any(chosen != chosen):  # a NaN that stands between Fractions
        raise ValueError("gradient of the phase that was run must be finite, got NaN; check is_positive")
    return finite(chosen, "gradient of the phase that was run")
