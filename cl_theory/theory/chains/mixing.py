"""How fast a finite chain forgets, and the constants of the bounds on always-on learning, computed."""

from bisect import bisect_left
from dataclasses import astuple, dataclass
from typing import Any

import numpy as np

from cl_theory.arguments import positive
from cl_theory.theory.chains.local_chain import ParametricChain, Smoothness, parameter_vector, stochastic_matrix
from cl_theory.theory.chains.stationary import stationary_distribution


def distance_from_equilibrium(transition_matrix: np.ndarray, n: int) -> float:
    """Largest total mass of P^n(z, .) - pi over the start z; 2 at most, and never increasing in n."""
    kernel = np.asarray(transition_matrix, dtype=float)
    centred = np.linalg.matrix_power(kernel, n) - stationary_distribution(transition_matrix).astype(float)
    return float(abs(centred).sum(axis=1).max())


def equilibration_time(transition_matrix: np.ndarray, tolerance: float, *, longest: int = 2**40) -> int:
    """The paper's s: smallest n with total mass of P^n(z, .) - pi at most `tolerance` for every start z.

    ValueError if that takes more than `longest` steps, as for a periodic chain, which never equilibrates.
    """
    positive(tolerance, "tolerance")
    high = 1
    while distance_from_equilibrium(transition_matrix, high) > tolerance:
        high *= 2
        if high > longest:
            raise ValueError(f"the chain is not within tolerance {tolerance!r} after {longest} steps; is it periodic?")
    return bisect_left(range(high), True, key=lambda n: distance_from_equilibrium(transition_matrix, n) <= tolerance)


def spectral_gap(transition_matrix: np.ndarray) -> float:
    """1 - |second largest eigenvalue| of P: 0 for a periodic or reducible chain."""
    moduli = np.sort(abs(np.linalg.eigvals(stochastic_matrix(transition_matrix).astype(float))))
    return float(1 - moduli[-2]) if len(moduli) > 1 else 1.0


def dobrushin_coefficient(transition_matrix: np.ndarray) -> Any:
    """Half the largest total mass of P(x, .) - P(y, .): the contraction of laws in one step; exact for Fractions."""
    kernel = stochastic_matrix(transition_matrix)
    largest = abs(kernel[:, None, :] - kernel[None, :, :]).sum(axis=-1).max() / 2
    return largest if kernel.dtype == object else float(largest)


@dataclass(frozen=True)
class Ergodicity:
    """Assumption (H1): the total mass of P^n(z, .) - pi is at most C rho^n for every start z and n >= 0."""

    C: float
    rho: float

    def __post_init__(self) -> None:
        if not (self.C >= 1 and 0 <= self.rho < 1):
            raise ValueError(f"need C >= 1 and 0 <= rho < 1, got C = {self.C!r}, rho = {self.rho!r}")

    @property
    def memory(self) -> float:
        """C / (1 - rho): the largest sum over n of the distances, in steps."""
        return self.C / (1 - self.rho)


def ergodicity(transition_matrix: np.ndarray, *, n_rates: int = 24, longest: int = 4096) -> Ergodicity:
    """Valid (C, rho) for one chain with the smallest C/(1 - rho) among `n_rates` values of rho.

    With Q = P - 1 pi and N such that the norm of Q^N is at most rho^N, C = max over n < N of |Q^n|/rho^n
    serves all n, since |Q^(aN+r)| <= |Q^N|^a |Q^r|. ValueError for a periodic chain.
    """
    kernel = stochastic_matrix(transition_matrix).astype(float)
    gap = spectral_gap(kernel)
    if gap < 1e-9:
        raise ValueError(f"the chain has spectral gap {gap:.1e}: it is periodic or reducible and (H1) fails")
    law = stationary_distribution(transition_matrix).astype(float)
    at_zero = float(2 * (1 - law.min()))  # total mass of a point minus pi
    tried = (
        _constant(kernel - law, float(1 - gap * share), longest, at_zero) for share in np.linspace(0.98, 0.05, n_rates)
    )
    found = [pair for pair in tried if pair is not None]
    if not found:
        raise ValueError(f"no rate was certified within {longest} steps; raise longest")
    return min(found, key=lambda pair: pair.memory)


def _constant(centred: np.ndarray, rate: float, longest: int, at_zero: float) -> Ergodicity | None:
    power, scale, largest = centred, rate, at_zero
    for _ in range(1, longest):
        ratio = float(abs(power).sum(axis=1).max()) / scale
        if ratio <= 1:
            return Ergodicity(max(1.0, largest), rate)
        power, scale, largest = power @ centred, scale * rate, max(largest, ratio)
    return None


@dataclass(frozen=True)
class ChainConstants(Smoothness, Ergodicity):
    """Constants of a chain: mixing (C, rho), then smoothness (M, L, K, L2, K2), and those derived from them.

    Names follow the book's notation page.
    """

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
    return ChainConstants(*astuple(mixing), *astuple(smooth))
