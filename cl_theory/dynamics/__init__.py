"""End-of-phase and always-on learning of a chain: enumerated, to second order, bounded, in the limit, simulated."""

from cl_theory.dynamics.bounds import (
    current_bias_bound,
    flow_bound,
    leading_terms_error,
    phase_bias_bound,
    phase_bias_bound_with_equilibration,
    second_order_error,
    update_bias_bound,
)
from cl_theory.dynamics.enumeration import (
    PathLevel,
    PhaseIdentity,
    PhaseMeans,
    current_bias,
    path_levels,
    phase_identity,
    phase_means,
)
from cl_theory.dynamics.expansion import SecondOrder, leading_terms, second_order
from cl_theory.dynamics.flow import euler_path, gradient_flow, mean_gradient
from cl_theory.dynamics.frozen import (
    FrozenSum,
    end_of_phase_covariance,
    end_of_phase_mean,
    frozen_sum,
    phase_covariance,
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
    negative_first_coefficient,
    positive_first_coefficient,
    random_order_coefficient,
)
from cl_theory.dynamics.rbm import RBMPhaseEnds, negative_phase_mean, simulate_rbm_phase
from cl_theory.dynamics.simulation import PhaseEnds, simulate_always_on, simulate_end_of_phase
from cl_theory.dynamics.stopped import StoppedMeans, stopped_means
from cl_theory.dynamics.trace import Trace, trace_isd_always_on, trace_two_term
from cl_theory.dynamics.transfer import TransferOperator

__all__ = [
    "Durations", "FrozenSum", "MeanPhases", "PathLevel", "PhaseEnds", "PhaseIdentity",
    "PhaseMeans", "RBMPhaseEnds", "SecondOrder", "StoppedMeans", "Trace", "TransferOperator",
    "current_bias", "current_bias_bound",
    "end_of_phase_covariance", "end_of_phase_mean", "euler_path", "flow_bound", "frozen_sum", "gradient_flow",
    "isd_coefficient", "isd_fixed_point", "isd_fixed_point_shift", "isd_mean_displacement", "leading_terms",
    "leading_terms_error", "linear_covariance", "linear_mean",
    "mean_gradient", "negative_first_coefficient", "negative_phase_mean", "path_levels", "phase_bias_bound",
    "phase_bias_bound_with_equilibration", "phase_covariance", "phase_identity", "phase_means",
    "positive_first_coefficient", "random_order_coefficient", "second_order", "second_order_error",
    "simulate_always_on", "simulate_end_of_phase", "simulate_linear", "simulate_rbm_phase", "stopped_means",
    "trace_isd_always_on", "trace_two_term", "update_bias_bound",
]  # fmt: skip
