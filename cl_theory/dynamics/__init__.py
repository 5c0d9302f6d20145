"""End-of-phase and always-on learning of a chain: enumerated, to second order, bounded, in the limit, simulated."""

from cl_theory.dynamics.bounds import (
    leading_terms_error,
)
from cl_theory.dynamics.enumeration import (
    PathLevel,
    PhaseMeans,
    current_bias,
    path_levels,
    phase_means,
)
from cl_theory.dynamics.expansion import SecondOrder, leading_terms, second_order
from cl_theory.dynamics.flow import euler_path, gradient_flow, mean_gradient
from cl_theory.dynamics.frozen import (
    FrozenSum,
    end_of_phase_covariance,
    frozen_sum,
)
from cl_theory.dynamics.linear import (
    linear_covariance,
    linear_mean,
    simulate_linear,
)
from cl_theory.dynamics.phase_order import (
    Durations,
    MeanPhases,
    isd_coefficient,
    isd_fixed_point,
    isd_fixed_point_shift,
    isd_mean_displacement,
    random_order_coefficient,
)
from cl_theory.dynamics.rbm import RBMPhaseEnds, simulate_rbm_phase
from cl_theory.dynamics.simulation import PhaseEnds, simulate_always_on
from cl_theory.dynamics.stopped import StoppedMeans, stopped_means
from cl_theory.dynamics.trace import Trace, trace_isd_always_on, trace_two_term
from cl_theory.dynamics.transfer import TransferOperator

__all__ = [
    "Durations", "FrozenSum", "MeanPhases", "PathLevel", "PhaseEnds",
    "PhaseMeans", "RBMPhaseEnds", "SecondOrder", "StoppedMeans", "Trace", "TransferOperator",
    "current_bias",
    "end_of_phase_covariance", "euler_path", "frozen_sum", "gradient_flow",
    "isd_coefficient", "isd_fixed_point", "isd_fixed_point_shift", "isd_mean_displacement", "leading_terms",
    "leading_terms_error", "linear_covariance", "linear_mean",
    "mean_gradient", "path_levels",
    "phase_means",
    "random_order_coefficient", "second_order",
    "simulate_always_on", "simulate_linear", "simulate_rbm_phase", "stopped_means",
    "trace_isd_always_on", "trace_two_term",
]  # fmt: skip
