"""Importance-sampled decoupling: one phase a sample, reweighted by the probability of running it."""

from typing import Any

import numpy as np

from cl_theory.arguments import finite, probability_inside
from cl_theory.estimators.rows import gradient_rows, gradient_that_ran, phase_indicator
from cl_theory.laws.arithmetic import is_exact


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
