"""The estimators of the contrastive gradient: two-term, ISD, centred ISD, and averages over a batch of phases."""

from typing import Any

import numpy as np

from cl_theory.arguments import finite, probability_inside, same_shape
from cl_theory.theory.arithmetic import is_exact


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


def two_term_gradient(g_positive: Any, g_negative: Any) -> np.ndarray:
    r"""Two-term estimate of the gradient, shape of its arguments (n_samples, n_parameters).

    .. math:: D = g^{+} - g^{-}

    Needs both phases of every sample, so the first must be stored until the second ends.
    Unbiased for :math:`\mu = E g^{+} - E g^{-}` under any coupling of the two (claim `cl-gradient`).
    ValueError on different shapes, NaN or infinity.
    Source: Williams, Bredenberg & Lajoie (2023), Eq. 2.
    """
    positive, negative = gradient_rows(g_positive, g_negative)
    return finite(positive, "g_positive") - finite(negative, "g_negative")


def isd_weights(is_positive: Any, *, p_positive: Any) -> np.ndarray:
    r"""Signed weight of the phase that ran: :math:`1/b` where B = 1, :math:`-1/(1-b)` where B = 0.

    Any shape; Fractions when `p_positive` is exact, float64 when it is a float. ValueError unless 0 < b < 1
    and `is_positive` holds only 0 and 1.
    """
    b = probability_inside(p_positive)
    indicator = phase_indicator(is_positive, np.shape(is_positive))
    return np.where(indicator, 1 / b, -1 / (1 - b))


def isd_gradient(g_positive: Any, g_negative: Any, is_positive: Any, *, p_positive: Any) -> np.ndarray:
    r"""ISD estimate from one phase per sample, shape (n_samples, n_parameters).

    .. math:: Z = \frac{B}{b}\, g^{+} - \frac{1-B}{1-b}\, g^{-}

    `is_positive` (n_samples,) holds B and `p_positive` is b. Rows of the phase that was not run are ignored
    and may be NaN. Works on floats and, exactly, on object arrays of Fractions; further batch axes may lead.
    Unbiased for every 0 < b < 1 when B is independent of the gradients (claim `isd-unbiased`); ValueError at
    b = 0 or 1, where no weight can stand in for the phase that never comes.
    Source: Williams, Bredenberg & Lajoie (2023), Eq. 3.
    """
    positive, negative = gradient_rows(g_positive, g_negative)
    indicator = phase_indicator(is_positive, positive.shape[:-1])
    gradient = gradient_that_ran(positive, negative, indicator)
    return _weighted(isd_weights(indicator, p_positive=p_positive), gradient)


def centred_isd_gradient(
    g_positive: Any, g_negative: Any, is_positive: Any, baseline: Any, *, p_positive: Any
) -> np.ndarray:
    r"""ISD estimate around a baseline c, shape (n_samples, n_parameters).

    .. math:: Z_c = \frac{B}{b}\,(g^{+} - c) - \frac{1-B}{1-b}\,(g^{-} - c)

    `baseline` is one vector (n_parameters,) or a row per sample, known before the sample's phase is run:
    then the estimate stays unbiased (claim `centred-isd-unbiased`). Its best value is
    :math:`c^{*} = (1-b)\mu^{+} + b\mu^{-}` (claim `centred-isd-covariance`). ValueError as `isd_gradient`.
    """
    positive, negative = gradient_rows(g_positive, g_negative)
    centre = _baseline(baseline, positive.shape)
    return isd_gradient(positive - centre, negative - centre, is_positive, p_positive=p_positive)


def two_baseline_isd_gradient(
    g_positive: Any,
    g_negative: Any,
    is_positive: Any,
    baseline_positive: Any,
    baseline_negative: Any,
    *,
    p_positive: Any,
) -> np.ndarray:
    r"""The doubly robust form with one constant a phase; it equals `centred_isd_gradient` with one.

    .. math:: \frac{B}{b}(g^{+} - c^{+}) - \frac{1-B}{1-b}(g^{-} - c^{-}) + c^{+} - c^{-}

    The same as a single baseline :math:`c = (1-b)c^{+} + b\,c^{-}`, sample by sample.
    """
    positive, negative = gradient_rows(g_positive, g_negative)
    c_positive, c_negative = _baseline(baseline_positive, positive.shape), _baseline(baseline_negative, positive.shape)
    residual = isd_gradient(positive - c_positive, negative - c_negative, is_positive, p_positive=p_positive)
    return residual + c_positive - c_negative


def _weighted(weights: np.ndarray, gradient: np.ndarray) -> np.ndarray:
    kind = weights if is_exact(gradient) else weights.astype(np.float64)
    return kind[..., None] * gradient


def _baseline(baseline: Any, shape: tuple[int, ...]) -> np.ndarray:
    centre = finite(baseline, "baseline")
    if centre.shape not in (shape, shape[-1:]):
        raise ValueError(f"baseline must have shape {shape[-1:]} or {shape}, got {centre.shape}")
    return centre


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
