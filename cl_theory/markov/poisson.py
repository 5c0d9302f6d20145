"""The Poisson equation: how much of a gradient is still owed to the state from which a phase starts."""

import numpy as np

from cl_theory.markov.solve import identity, ones, solve
from cl_theory.markov.stationary import stationary_distribution


def fundamental_matrix(transition_matrix: np.ndarray) -> np.ndarray:
    r"""Kemeny and Snell's :math:`F = (I - P + 1\pi)^{-1}`, shape (m, m); exact for Fractions.

    It exists for a periodic chain too. ValueError if the stationary law is not unique.
    """
    law = stationary_distribution(transition_matrix)
    unit = identity(len(law), law)
    return solve(unit - transition_matrix + ones((len(law), 1), law) * law, unit)


def poisson_solution(transition_matrix: np.ndarray, function: np.ndarray) -> np.ndarray:
    r"""psi with :math:`\psi - P\psi = f - \pi f` and :math:`\pi\psi = 0`; shape of `function`, (m, ...).

    For a chain that mixes, :math:`\psi = \sum_{k \ge 0} P^k (f - \pi f)`: the excess of `function` that a chain
    started at z collects before it has forgotten z. Exact for Fractions.
    """
    law = stationary_distribution(transition_matrix)
    flat = np.reshape(function, (len(law), -1))
    owed = fundamental_matrix(transition_matrix) @ (flat - law @ flat)
    return owed.reshape(np.shape(function))


def asymptotic_covariance(transition_matrix: np.ndarray, function: np.ndarray) -> np.ndarray:
    r"""Sigma_inf = :math:`E_\pi[\psi\psi^\top - P\psi\, P\psi^\top]`, shape (d, d), for `function` (m, d).

    The covariance of a sum of n values along the chain is n Sigma_inf + O(1) (claim `aol-phase-variance`).
    """
    law = stationary_distribution(transition_matrix)
    psi = poisson_solution(transition_matrix, function)
    after = transition_matrix @ psi
    return (psi.T * law) @ psi - (after.T * law) @ after
