"""The price of a baseline that has to be learned (claim `centred-isd-running-baseline`).

Each loss is what the trace of the covariance gains over the best constant baseline.
"""

from typing import Any

import numpy as np

from cl_theory.arguments import positive_integer
from cl_theory.estimators.rates import smoothing_rate
from cl_theory.estimators.theory.isd import isd_centre, odds_of
from cl_theory.laws.moments import PhaseMoments


def running_baseline_loss(moments: PhaseMoments, p_positive: Any, mean_squared_miss: Any) -> Any:
    r"""Loss of any predictable baseline: :math:`E|c^{*}-\hat c|^2 / (b(1-b))`.

    `mean_squared_miss` is :math:`E|c^{*}-\hat c|^2`; holds at each step for a baseline that is a function of
    earlier phases only.
    """
    b, a = odds_of(moments, p_positive)
    return mean_squared_miss / (b * a)


def old_means_baseline_loss(moments: PhaseMoments, p_positive: Any, n_positive: int, n_negative: int) -> Any:
    r"""Baseline from means of n+ and n- earlier samples: :math:`[(1-b)^2v^{+}/n^{+} + b^2v^{-}/n^{-}]/(b(1-b))`."""
    b, a = odds_of(moments, p_positive)
    n_plus, n_minus = positive_integer(n_positive, "n_positive"), positive_integer(n_negative, "n_negative")
    return (a * a * moments.v_positive / n_plus + b * b * moments.v_negative / n_minus) / (b * a)


def phase_ema_baseline_loss(moments: PhaseMoments, p_positive: Any, rate: Any) -> Any:
    r"""Stationary loss of one moving average a phase, each updated when its phase is visited.

    .. math:: \frac{\alpha}{2-\alpha}\Big(\frac{1-b}{b} v^{+} + \frac{b}{1-b} v^{-}\Big)

    :math:`\alpha/(2-\alpha)` times the price per update of centred ISD over independent two-term steps.
    """
    b, a = odds_of(moments, p_positive)
    alpha = smoothing_rate(rate)
    return alpha / (2 - alpha) * (a / b * moments.v_positive + b / a * moments.v_negative)


def phase_ema_baseline_loss_after(moments: PhaseMoments, p_positive: Any, rate: Any, n_phases: int) -> Any:
    r"""The same loss after n phases from averages that start at 0, exact at every n.

    With :math:`q_\pm = E(1-\alpha)^{2N_\pm}` over the visits :math:`N_\pm` so far, each phase misses by
    :math:`q|\mu|^2 + \frac{\alpha}{2-\alpha}(1-q)v`; the mean inner product of the two misses is
    :math:`(1-\alpha)^n\langle\mu^{+},\mu^{-}\rangle`.
    """
    b, a = odds_of(moments, p_positive)
    keep = 1 - smoothing_rate(rate)
    plus, minus = moments.mean_positive, moments.mean_negative
    miss_plus = _ema_miss(rate, (1 - b + b * keep**2) ** n_phases, plus @ plus, moments.v_positive)
    miss_minus = _ema_miss(rate, (1 - a + a * keep**2) ** n_phases, minus @ minus, moments.v_negative)
    shared = keep**n_phases * (plus @ minus)
    return (a * a * miss_plus + b * b * miss_minus + 2 * a * b * shared) / (b * a)


def pooled_ema_baseline_loss(moments: PhaseMoments, p_positive: Any, rate: Any) -> Any:
    r"""Stationary loss of one moving average of :math:`Y = \frac{1-b}{b}B g^{+} + \frac{b}{1-b}(1-B) g^{-}`.

    .. math:: \frac{\alpha}{2-\alpha}\;
              \frac{\frac{(1-b)^2}{b} m^{+} + \frac{b^2}{1-b} m^{-} - |c^{*}|^2}{b(1-b)}

    With :math:`r = (1-b)/b` it exceeds one average a phase at the same rate by
    :math:`\frac{\alpha}{2-\alpha}[r^2v^{+} + v^{-}/r^2 + |r\mu^{+} - \mu^{-}/r|^2]`: the coin's noise, in which
    the means count as well.
    """
    b, a = odds_of(moments, p_positive)
    alpha = smoothing_rate(rate)
    return alpha / (2 - alpha) * _pooled_variance(moments, p_positive) / (b * a)


def pooled_ema_baseline_loss_after(moments: PhaseMoments, p_positive: Any, rate: Any, n_phases: int) -> Any:
    r"""The same loss after n phases from an average that starts at 0, exact at every n."""
    b, a = odds_of(moments, p_positive)
    centre = isd_centre(moments, p_positive)
    left = (1 - smoothing_rate(rate)) ** (2 * n_phases)
    return _ema_miss(rate, left, centre @ centre, _pooled_variance(moments, p_positive)) / (b * a)


def drifting_baseline_loss(moments: PhaseMoments, p_positive: Any, rate: Any, drift: Any) -> Any:
    r"""Added loss :math:`|\delta|^2/(\alpha^2 b(1-b))` when c* moves by `drift` (d,) a phase.

    An average that is updated every phase then lags by :math:`\delta/\alpha` once its start is forgotten.
    """
    b, a = odds_of(moments, p_positive)
    step = np.asarray(drift)
    return step @ step / (smoothing_rate(rate) ** 2 * b * a)


def current_gradient_baseline_mean(moments: PhaseMoments, p_positive: Any, rate: Any) -> np.ndarray:
    r"""Mean of the estimate when the pooled average already contains the current gradient: biased, (d,).

    .. math:: \mu - \alpha\,\frac{(1-b)^2\mu^{+} - b^2\mu^{-}}{b(1-b)}

    At b = 1/2 this is only a shrinkage, :math:`(1-\alpha)\mu` (claim `centred-isd-unbiased`).
    """
    b, a = odds_of(moments, p_positive)
    return moments.mean - smoothing_rate(rate) * (a * a * moments.mean_positive - b * b * moments.mean_negative) / (
        b * a
    )


def _pooled_variance(moments: PhaseMoments, p_positive: Any) -> Any:
    b, a = odds_of(moments, p_positive)
    centre = isd_centre(moments, p_positive)
    return a * a / b * moments.m_positive + b * b / a * moments.m_negative - centre @ centre


def _ema_miss(rate: Any, left: Any, start_squared: Any, variance: Any) -> Any:
    return left * start_squared + rate / (2 - rate) * (1 - left) * variance
