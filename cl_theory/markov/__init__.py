"""Finite Markov chains: equilibrium, mixing, the Poisson equation, and constants; float64 or exact rationals."""

from cl_theory.markov.constants import ChainConstants, chain_constants, uniform_constants
from cl_theory.markov.equilibrium import Equilibrium, kernel_response
from cl_theory.markov.mixing import (
    Ergodicity,
    distance_from_equilibrium,
    dobrushin_coefficient,
    equilibration_time,
    ergodicity,
    spectral_gap,
)
from cl_theory.markov.poisson import (
    asymptotic_covariance,
    fundamental_matrix,
    poisson_solution,
)
from cl_theory.markov.random_power import mean_power
from cl_theory.markov.solve import matrix_power, power_sum, solve
from cl_theory.markov.stationary import closed_classes, period, stationary_distribution, stationary_distributions
from cl_theory.markov.stopping import StoppedLength, stopped_length

__all__ = [
    "ChainConstants", "Equilibrium", "Ergodicity", "StoppedLength", "asymptotic_covariance", "chain_constants",
    "closed_classes", "distance_from_equilibrium", "dobrushin_coefficient", "equilibration_time", "ergodicity",
    "fundamental_matrix", "kernel_response", "matrix_power", "mean_power", "period", "poisson_solution", "power_sum",
    "solve", "spectral_gap", "stationary_distribution", "stationary_distributions",
    "stopped_length", "uniform_constants",
]  # fmt: skip
