"""Draws of phases and of estimates, exact targets beside them, and errors planted on purpose."""

from cl_theory.samplers.exact_phase import AliasTable, ExactPhaseSampler
from cl_theory.samplers.isd_draws import (
    GaussianPhases,
    IsdDraws,
    counted_moments,
    finite_isd_draws,
    gaussian_isd_draws,
    isd_counts,
)
from cl_theory.samplers.isd_statistics import (
    PhaseStates,
    isd_count,
    isd_projections,
    isd_states,
    isd_statistic_covariance,
    isd_statistic_target,
    isd_statistics,
)
from cl_theory.samplers.phase_statistics import PhaseStatistics, phase_statistics
from cl_theory.samplers.planted import NOTHING_PLANTED, PLANTED_ERRORS, Planted

__all__ = [
    "NOTHING_PLANTED",
    "PLANTED_ERRORS",
    "AliasTable",
    "ExactPhaseSampler",
    "GaussianPhases",
    "IsdDraws",
    "PhaseStates",
    "PhaseStatistics",
    "Planted",
    "counted_moments",
    "finite_isd_draws",
    "gaussian_isd_draws",
    "isd_count",
    "isd_counts",
    "isd_projections",
    "isd_states",
    "isd_statistic_covariance",
    "isd_statistic_target",
    "isd_statistics",
    "phase_statistics",
]
