"""Exact formulas for the estimators' moments, one a function, on floats and on Fractions."""

from cl_theory.estimators.theory.batch import (
    batch_isd_covariance,
    count_probabilities,
    ratio_isd_covariance,
    ratio_isd_mean_with_zero,
    undefined_ratio_probability,
)
from cl_theory.estimators.theory.centred import (
    centred_isd_covariance,
    centred_isd_trace,
    neyman_equal_compute_gain,
    neyman_p_positive,
    neyman_trace_minimum,
    phase_noise_covariance,
)
from cl_theory.estimators.theory.compute import (
    equal_compute_gap,
    equal_compute_gap_at_half,
    equal_compute_trace_gap_at_optimum,
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
from cl_theory.estimators.theory.two_term import two_term_covariance

__all__ = [
    "batch_isd_covariance",
    "centred_isd_covariance",
    "centred_isd_trace",
    "count_probabilities",
    "equal_compute_gap",
    "equal_compute_gap_at_half",
    "equal_compute_trace_gap_at_optimum",
    "isd_centre",
    "isd_covariance",
    "isd_excess_trace",
    "isd_trace",
    "isd_trace_derivative",
    "isd_trace_minimum",
    "neyman_equal_compute_gain",
    "neyman_p_positive",
    "neyman_trace_minimum",
    "optimal_p_positive",
    "phase_noise_covariance",
    "ratio_isd_covariance",
    "ratio_isd_mean_with_zero",
    "two_term_covariance",
    "undefined_ratio_probability",
]
