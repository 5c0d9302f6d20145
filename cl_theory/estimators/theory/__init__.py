"""Exact formulas for the estimators' moments, one a function, on floats and on Fractions."""

from cl_theory.estimators.theory.batch import batch_isd_covariance
from cl_theory.estimators.theory.centred import (
    centred_equal_compute_gap,
    centred_excess_covariance,
    centred_isd_covariance,
    centred_isd_trace,
    neyman_equal_compute_gain,
    neyman_p_positive,
    neyman_trace_above_minimum,
    neyman_trace_minimum,
    phase_noise_covariance,
)
from cl_theory.estimators.theory.isd import (
    isd_centre,
    isd_covariance,
    isd_excess_trace,
    isd_trace,
    isd_trace_derivative,
    isd_trace_minimum,
    optimal_p_positive,
)
from cl_theory.estimators.theory.running import (
    current_gradient_baseline_mean,
    drifting_baseline_loss,
    old_means_baseline_loss,
    phase_ema_baseline_loss,
    phase_ema_baseline_loss_after,
    pooled_ema_baseline_loss,
    pooled_ema_baseline_loss_after,
    running_baseline_loss,
)
from cl_theory.estimators.theory.two_term import two_term_covariance

__all__ = [
    "batch_isd_covariance",
    "centred_equal_compute_gap",
    "centred_excess_covariance",
    "centred_isd_covariance",
    "centred_isd_trace",
    "current_gradient_baseline_mean",
    "drifting_baseline_loss",
    "isd_centre",
    "isd_covariance",
    "isd_excess_trace",
    "isd_trace",
    "isd_trace_derivative",
    "isd_trace_minimum",
    "neyman_equal_compute_gain",
    "neyman_p_positive",
    "neyman_trace_above_minimum",
    "neyman_trace_minimum",
    "old_means_baseline_loss",
    "optimal_p_positive",
    "phase_ema_baseline_loss",
    "phase_ema_baseline_loss_after",
    "phase_noise_covariance",
    "pooled_ema_baseline_loss",
    "pooled_ema_baseline_loss_after",
    "running_baseline_loss",
    "two_term_covariance",
]
