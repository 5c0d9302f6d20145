"""Finite laws of the two phases' gradients and their moments."""

from cl_theory.laws.arithmetic import as_floats, exact_array, is_exact, number_like, square_root
from cl_theory.laws.coin import coin_law, exact_covariance, exact_mean, repeated_law
from cl_theory.laws.finite import FiniteLaw, equality_law, independent_law
from cl_theory.laws.moments import PhaseMoments, independent_moments

__all__ = [
    "FiniteLaw",
    "PhaseMoments",
    "as_floats",
    "coin_law",
    "equality_law",
    "exact_array",
    "exact_covariance",
    "exact_mean",
    "independent_law",
    "independent_moments",
    "is_exact",
    "number_like",
    "repeated_law",
    "square_root",
]
