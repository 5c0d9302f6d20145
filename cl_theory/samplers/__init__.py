"""Draws of phases and of estimates, exact targets beside them, and errors planted on purpose."""

from cl_theory.samplers.alias import AliasTable
from cl_theory.samplers.exact_phase import ExactPhaseSampler
from cl_theory.samplers.isd_draws import (
    GaussianPhases,
    IsdDraws,
    counted_moments,
    finite_isd_draws,
    gaussian_isd_draws,
    isd_counts,
)
from cl_theory.samplers.isd_states import PhaseStates, isd_projections, isd_rows, isd_states
from cl_theory.samplers.isd_statistics import isd_coordinate_statistics, isd_count, isd_statistics
from cl_theory.samplers.isd_targets import isd_statistic_covariance, isd_statistic_shifts, isd_statistic_target
from cl_theory.samplers.planted import NOTHING_PLANTED, PLANTED_ERRORS, Planted

__all__ = [
    "NOTHING_PLANTED",
    "PLANTED_ERRORS",
    "AliasTable",
    "ExactPhaseSampler",
    "GaussianPhases",
    "IsdDraws",
    "PhaseStates",
    "Planted",
    "counted_moments",
    "finite_isd_draws",
    "gaussian_isd_draws",
    "isd_coordinate_statistics",
    "isd_count",
    "isd_counts",
    "isd_projections",
    "isd_rows",
    "isd_states",
    "isd_statistic_covariance",
    "isd_statistic_shifts",
    "isd_statistic_target",
    "isd_statistics",
]
