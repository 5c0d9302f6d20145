"""Averages over a batch of single phases."""

from typing import Any

import numpy as np

from cl_theory.estimators.isd import isd_gradient
from cl_theory.estimators.rows import gradient_rows, gradient_that_ran, phase_indicator


def batch_isd_gradient(g_positive: Any, g_negative: Any, is_positive: Any, *, p_positive: Any) -> np.ndarray:
    r"""Mean ISD estimate of a batch of n phases, shape (..., n_parameters).

    .. math:: \bar Z = \frac1n \sum_{k=1}^{n} \Big[\frac{B_k}{b} g_k^{+} - \frac{1-B_k}{1-b} g_k^{-}\Big]

    Gradients have shape (..., n, n_parameters); `is_positive` (..., n), or (n,) for one order shared by all
    batches. Unbiased for any order of phases with :math:`E\sum B_k = nb` that ignores the gradients
    (claim `isd-batch-design`). ValueError as `isd_gradient`.
    """
    positive, negative = gradient_rows(g_positive, g_negative)
    indicator = _shared_order(is_positive, positive.shape[:-1])
    return isd_gradient(positive, negative, indicator, p_positive=p_positive).mean(axis=-2)


def ratio_isd_gradient(g_positive: Any, g_negative: Any, is_positive: Any) -> np.ndarray:
    r"""Batch estimate with b estimated by the share of positive phases: :math:`\bar g^{+} - \bar g^{-}`.

    Each bar is the mean over the phases of that sign. Unbiased given that both signs occurred; ValueError
    when one did not, which has probability :math:`b^n + (1-b)^n` under independent coins.
    """
    positive, negative = gradient_rows(g_positive, g_negative)
    indicator = _shared_order(is_positive, positive.shape[:-1])
    n_positive, n = indicator.sum(axis=-1), indicator.shape[-1]
    if np.any((n_positive == 0) | (n_positive == n)):
        raise ValueError("both signs of phase must occur in every batch, got one with a single sign; use b instead")
    gradient = gradient_that_ran(positive, negative, indicator)
    return _mean_where(indicator, gradient) - _mean_where(~indicator, gradient)


def _mean_where(mask: np.ndarray, gradient: np.ndarray) -> np.ndarray:
    total = np.where(mask[..., None], gradient, 0 * gradient).sum(axis=-2)
    return total / mask.sum(axis=-1, keepdims=True).astype(gradient.dtype)  # Python integers beside Fractions


def _shared_order(is_positive: Any, batch_shape: tuple[int, ...]) -> np.ndarray:
    indicator = np.asarray(is_positive)
    if indicator.shape == batch_shape[-1:]:
        indicator = np.broadcast_to(indicator, batch_shape)
    return phase_indicator(indicator, batch_shape)
