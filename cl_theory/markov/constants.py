"""The constants in the bounds of always-on learning, computed for a given chain instead of waved at."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from cl_theory.arguments import positive
from cl_theory.markov.mixing import Ergodicity, dobrushin_coefficient, ergodicity
from cl_theory.models.local_chain import ParametricChain, Smoothness, parameter_vector


@dataclass(frozen=True)
class ChainConstants:
    r"""Constants of a chain: mixing (C, rho), and smoothness (M, L, K, L2, K2) as in `Smoothness`.

    Properties are the constants derived from them; names follow the book's notation page.
    """

    C: float
    rho: float
    M: float
    L: float
    K: float
    L2: float
    K2: float

    @property
    def memory(self) -> float:
        """C/(1 - rho), in steps."""
        return self.C / (1 - self.rho)

    @property
    def psi(self) -> float:
        """Psi = C M/(1 - rho), at least |psi(z)| for every z."""
        return self.memory * self.M

    @property
    def response(self) -> float:
        """Lambda = L + K Psi, at least |H(z)| and the Lipschitz constant of the mean gradient."""
        return self.L + self.K * self.psi

    @property
    def kappa2(self) -> float:
        """Bounds what the leading terms leave of Q_T, whatever T (claim `aol-leading-terms`)."""
        within = self.response * self.psi * (1 + self.C * self.rho + self.rho)
        across = self.K * self.psi * self.M / (1 - self.rho) + self.K * self.psi**2 * (1 + self.rho)
        return (within + across) / (1 - self.rho)

    @property
    def kappa3(self) -> float:
        """Remainder of the second-order expansion, times epsilon^3 T^3 (claim `aol-leading-terms`)."""
        bends = self.M**2 * (self.L2 + self.K2 * self.psi) / 6 + self.response * self.L * self.M / 6
        return bends + 2 * self.K * self.psi * self.response * self.M / 3

    @property
    def psi_lipschitz(self) -> float:
        """L_psi = C (L + 2 K Psi)/(1 - rho): Lipschitz constant of theta -> psi_theta; needs uniform mixing."""
        return self.memory * (self.L + 2 * self.K * self.psi)

    @property
    def mean_bend(self) -> float:
        """Second-order constant of the mean gradient: L2 + K2 Psi + 2 K C Lambda/(1 - rho)."""
        return self.L2 + self.K2 * self.psi + 2 * self.K * self.memory * self.response

    @property
    def current(self) -> float:
        """Lambda_1 of claim `aol-current-parameters`; needs uniform mixing."""
        drift = self.L + self.response + self.C * self.L * self.rho / (1 - self.rho)
        return drift + self.M * self.C**2 * self.K * (1 + self.memory) / (1 - self.rho) ** 2

    def psi_1(self, learning_rate: float) -> float:
        """Psi_1 = 2 Psi + L_psi M eta: what a phase owes to its two ends while psi itself moves."""
        return 2 * self.psi + self.psi_lipschitz * self.M * learning_rate

    def flow(self, learning_rate: float) -> float:
        """c(eta) of claim `aol-gradient-flow`; needs uniform mixing."""
        eta, owed, growth = learning_rate, self.psi_1(learning_rate), np.exp(self.response * learning_rate)
        noise = eta**2 * self.mean_bend * (self.psi**2 + owed**2) * growth**2
        return float(growth * (owed + eta * self.response * self.M / 2 + noise))


def chain_constants(chain: ParametricChain, parameters: Any, radius: float) -> ChainConstants:
    """Constants with mixing at `parameters` alone and smoothness within `radius` of it.

    For the bounds of `aol-update-bias`, `aol-phase-bias` and `aol-leading-terms`; `radius` must reach as far as
    learning can: eta M T/tau. ValueError for a chain that does not mix.
    """
    theta = parameter_vector(chain, parameters).astype(float)
    return _joined(ergodicity(chain.transition_matrix(theta)), chain.smoothness(theta, positive(radius, "radius")))


def uniform_constants(chain: ParametricChain, parameters: Any, radius: float, *, longest: int = 12) -> ChainConstants:
    r"""Constants valid with every theta within `radius` of `parameters` as the frozen chain.

    For `aol-gradient-flow`, `aol-current-parameters` and stopping rules. For k up to `longest` the Dobrushin
    coefficient of :math:`P_\theta^k` is at most that of :math:`P^k` plus k K radius =: D; then C = 2/rho^(k-1) and
    rho = D^(1/k). The k with the smallest C/(1 - rho) is taken, or k = 1 with the chain's own `dobrushin_bound` where
    it has one and that is smaller. ValueError if no D is below 1.
    """
    theta = parameter_vector(chain, parameters).astype(float)
    smooth = chain.smoothness(theta, positive(radius, "radius"))
    kernel, found = chain.transition_matrix(theta), []
    for k in range(1, longest + 1):
        contraction = float(dobrushin_coefficient(np.linalg.matrix_power(kernel, k))) + k * smooth.K * radius
        if contraction < 1:
            rho = max(contraction, 1e-12) ** (1 / k)
            found.append(Ergodicity(2 / rho ** (k - 1), rho))
    if hasattr(chain, "dobrushin_bound"):
        found.append(Ergodicity(2.0, chain.dobrushin_bound(theta, radius)))
    if not found:
        raise ValueError(f"no uniform mixing within radius {radius}: lower the learning rate or the radius")
    return _joined(min(found, key=lambda pair: pair.memory), smooth)


def _joined(mixing: Ergodicity, smooth: Smoothness) -> ChainConstants:
    return ChainConstants(mixing.C, mixing.rho, smooth.M, smooth.L, smooth.K, smooth.L2, smooth.K2)
