"""Models: energies, conditionals, gradients and exact moments."""

from cl_theory.models.rational_rbm import RationalRBM
from cl_theory.models.rbm import RBM, rbm_phase_moments

__all__ = ["RBM", "RationalRBM", "rbm_phase_moments"]
