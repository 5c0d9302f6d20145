"""Sums of a gradient along a chain that does not learn: their exact mean and covariance, for any phase length."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from cl_theory.dynamics.start import start_law
from cl_theory.markov.equilibrium import Equilibrium
from cl_theory.models.local_chain import LocalChain
from cl_theory.phases.length import PhaseLength


@dataclass(frozen=True, eq=False)
class FrozenSum:
    r"""Mean (d,) and covariance (d, d) of :math:`S_T = \sum_{t<T} G(z_t)` in the frozen chain, T random included."""

    mean: np.ndarray
    covariance: np.ndarray


def frozen_sum(local: LocalChain, start: Any, length: PhaseLength) -> FrozenSum:
    r"""Exact moments of S_T by the recursion of E[S_t; z_t = z], O(T) time and constant memory; Fractions allowed.

    :math:`S_{t+1}S_{t+1}^\top - S_tS_t^\top = S_tG^\top + GS_t^\top + GG^\top` at z_t, weighted by P(T > t).
    Unbounded lengths are cut where P(T > t) <= 1e-18 and need float64.
    """
    if local.exact and length.largest is None:
        raise ValueError(f"{length} has no largest length; pass local.floats() for an unbounded one")
    gradient, kernel = local.gradient, local.transition_matrix
    p = start_law(start, local.n_states, gradient)
    s, mean, square = 0 * gradient, 0 * gradient[0], 0 * np.multiply.outer(gradient[0], gradient[0])
    for t in range(length.horizon(1e-18)):
        weight = length.tail(t) if local.exact else length.float_tail(t)
        cross = s.T @ gradient
        mean = mean + weight * (p @ gradient)
        square = square + weight * (cross + cross.T + (gradient.T * p) @ gradient)
        s, p = kernel.T @ (s + p[:, None] * gradient), p @ kernel
    return FrozenSum(mean, square - np.multiply.outer(mean, mean))


def end_of_phase_covariance(equilibrium: Equilibrium) -> np.ndarray:
    """Sigma_pi = Cov_pi G (d, d): times eta^2 the covariance of learning at the end of an equilibrated phase."""
    gradient, law, mean = equilibrium.local.gradient, equilibrium.law, equilibrium.mean_gradient
    return (gradient.T * law) @ gradient - np.multiply.outer(mean, mean)
