"""Exact formulas for the estimators' moments, one a function, on floats and on Fractions."""

from cl_theory.estimators.theory.batch import batch_isd_covariance
from cl_theory.estimators.theory.centred import (
    centred_isd_covariance,
    centred_isd_trace,
    neyman_equal_compute_gain,
    neyman_p_positive,
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
from cl_theory.estimators.theory.two_term import two_term_covariance

__all__ = [
    "batch_isd_covariance",
    "centred_isd_covariance",
    "centred_isd_trace",
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
    "two_term_covariance",
]
