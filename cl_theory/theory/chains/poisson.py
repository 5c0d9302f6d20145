"""The Poisson equation of a gradient, and a learning chain at equilibrium."""

from dataclasses import dataclass

import numpy as np

from cl_theory.theory.chains.local_chain import LocalChain
from cl_theory.theory.chains.stationary import identity, ones, solve, stationary_distribution


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


@dataclass(frozen=True, eq=False)
class Equilibrium:
    r"""What the frozen chain at theta0 says about learning near theta0; float64 or exact rationals.

    law pi (m,); mean_gradient gbar = pi G (d,); psi (m, d), the Poisson solution of G; xi (m, d), that of psi;
    response H (m, d, d), :math:`H(z)[v] = \partial G(z) v + (\dot P[v]\psi)(z)` with index (state, component,
    parameter); mean_gradient_derivative :math:`D\bar g = \pi H` (d, d); correlation
    :math:`\Gamma = \sum_{k\ge1} E_\pi[(P^k H - D\bar g)[G]]` (d,); lag :math:`\pi\dot P[\bar g]\xi` (d,);
    covariance :math:`\Sigma_\infty` (d, d).
    """

    local: LocalChain
    law: np.ndarray
    mean_gradient: np.ndarray
    psi: np.ndarray
    xi: np.ndarray
    response: np.ndarray
    mean_gradient_derivative: np.ndarray
    correlation: np.ndarray
    lag: np.ndarray
    covariance: np.ndarray

    @classmethod
    def of(cls, local: LocalChain) -> "Equilibrium":
        """Solve the linear systems for `local`. ValueError if its stationary law is not unique."""
        kernel, gradient = local.transition_matrix, local.gradient
        law = stationary_distribution(kernel)
        psi = poisson_solution(kernel, gradient)
        xi = poisson_solution(kernel, psi)
        response = local.gradient_derivative + kernel_response(local, psi)
        centred = response - np.tensordot(law, response, axes=1)
        waiting = poisson_solution(kernel, response) - centred  # sum over k >= 1 only
        mean = law @ gradient
        return cls(
            local=local,
            law=law,
            mean_gradient=mean,
            psi=psi,
            xi=xi,
            response=response,
            mean_gradient_derivative=np.tensordot(law, response, axes=1),
            correlation=sum(law[z] * (waiting[z] @ gradient[z]) for z in range(local.n_states)),
            lag=np.tensordot(law, kernel_response(local, xi), axes=1) @ mean,
            covariance=asymptotic_covariance(kernel, gradient),
        )

    @property
    def curvature(self) -> np.ndarray:
        r""":math:`D\bar g\,\bar g` (d,): half of it times eta^2 is the difference of gradient flow and Euler step."""
        return self.mean_gradient_derivative @ self.mean_gradient


def kernel_response(local: LocalChain, function: np.ndarray) -> np.ndarray:
    r""":math:`(\dot P_j f_i)(z)` for `function` (m, d): shape (m, d, d), index (state, component, parameter)."""
    return np.stack([response @ function for response in local.transition_derivative], axis=-1)
