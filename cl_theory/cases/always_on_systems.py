"""Systems on which the bounds of always-on learning are tried, some of them as bad as the bounds allow."""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np

from cl_theory.arguments import probability_inside
from cl_theory.dynamics import TransferOperator
from cl_theory.laws import exact_array
from cl_theory.markov import ChainConstants, Equilibrium, chain_constants
from cl_theory.models.affine_chain import AffineChain
from cl_theory.models.local_chain import ParametricChain, local_chain
from cl_theory.models.softmax_chain import three_state_chain
from cl_theory.phases import Fixed, PhaseLength

RATES = (0.4, 0.1, 0.025)
LENGTHS = (10, 100, 1000, 10000)
ROUNDING = 1e-10
"""Of a gradient: what float64 may add to a mean over a polynomial basis."""


def lazy_chain(stay: Any, p_on: Any, *, response: Any = 0, slope: Any = 0, level: Any = 1) -> AffineChain:
    r"""Two states: stay with probability `stay`, else draw the state afresh, on with `p_on` + `response` theta.

    .. math:: P_\theta = \rho I + (1-\rho)\,\mathbf 1\pi_\theta,\quad \pi_\theta = (1-p-k\theta,\ p+k\theta),
        \quad G(z, \theta) = (2z - 1)\,\ell + \lambda\theta

    with rho = `stay`, p = `p_on`, k = `response`, lambda = `slope`, l = `level`. Forgets as rho^n exactly; rational.
    """
    p, rho = Fraction(probability_inside(p_on)), Fraction(stay)
    k, steep = Fraction(response) * (1 - rho), [[Fraction(slope)]]
    base = [[rho + (1 - rho) * (1 - p), (1 - rho) * p], [(1 - rho) * (1 - p), rho + (1 - rho) * p]]
    return AffineChain(
        exact_array(base),
        exact_array([[[-k, k], [-k, k]]]),
        exact_array([[-Fraction(level)], [Fraction(level)]]),
        exact_array([steep, steep]),
        exact_array([[[0]], [[0]]]),
    )


def lazy_constants(
    stay: Any, p_on: Any, *, farthest: Any, response: Any = 0, slope: Any = 0, level: Any = 1
) -> ChainConstants:
    """Constants of `lazy_chain` at theta = 0, exact; `farthest` is the largest |theta| that learning reaches.

    The mass of P^n(z, .) - pi is 2 (1 - pi(z)) rho^n, so C is twice the larger probability; M = level + |slope|
    farthest, L = |slope|, K = 2 |response| (1 - rho).
    """
    p, rho, steep = Fraction(p_on), Fraction(stay), abs(Fraction(slope))
    reach = abs(Fraction(level)) + steep * Fraction(farthest)
    none: Any = Fraction(0)
    k: Any = 2 * abs(Fraction(response)) * (1 - rho)
    return ChainConstants(2 * max(p, 1 - p), rho, reach, steep, k, none, none)  # type: ignore[arg-type]


@dataclass(frozen=True, eq=False)
class AlwaysOnSystem:
    """A chain, where it starts, and its constants (None: computed for the region that learning reaches)."""

    name: str
    chain: ParametricChain
    parameters: np.ndarray
    start: Any
    given: ChainConstants | None = None

    def mean_gradient(self) -> np.ndarray:
        """gbar(theta_0), shape (d,)."""
        return Equilibrium.of(local_chain(self.chain, self.parameters)).mean_gradient

    def constants(self, learning_rate: float) -> ChainConstants:
        """Constants that hold for phases of up to four times the mean length."""
        return self.given or chain_constants(self.chain, self.parameters, 4 * learning_rate)

    def operator(self, learning_rate: float, length: PhaseLength) -> TransferOperator:
        """One always-on step of size eta/tau, on functions of state and parameters.

        Its box is as wide as the largest gradient at the start leads in the longest phase; for lengths without a
        limit, wide enough for the rest point. Narrow boxes matter: six times as wide, degree 8 errs by 1e-4.
        """
        tau = float(length.mean)
        largest = float(np.linalg.norm(self.chain.gradient(self.parameters), axis=1).max())
        radius, degree = (1.2, 12) if length.largest is None else (learning_rate * largest * length.largest / tau, 10)
        return TransferOperator(self.chain, self.parameters, radius, learning_rate / tau, degree)

    def phase_bias(self, learning_rate: float, length: PhaseLength) -> np.ndarray:
        """E Delta + eta gbar(theta_0), shape (d,)."""
        moved = self.operator(learning_rate, length).mean_displacement(self.start, length)
        return moved + learning_rate * self.mean_gradient()

    def update_biases(self, learning_rate: float, mean_length: int, times: Sequence[int]) -> np.ndarray:
        """E[epsilon G(z_t, theta_t)] - epsilon gbar(theta_0) for each t >= 1 of `times`, shape (len(times), d)."""
        operator = self.operator(learning_rate, Fixed(mean_length))
        means = np.stack([operator.update_gradient(self.start, Fixed(t)) for t in times])
        return operator.step_size * (means - self.mean_gradient())


def ordinary_systems() -> list[AlwaysOnSystem]:
    """The three-state chain, from each of two states and from equilibrium."""
    chain, theta = three_state_chain().floats(), np.log([2.0, 0.5])
    law = Equilibrium.of(local_chain(chain, theta)).law
    starts = {"state 0": 0, "state 1": 1, "equilibrium": law}
    return [AlwaysOnSystem(f"three states, from {name}", chain, theta, start) for name, start in starts.items()]


def forgetful_systems() -> list[AlwaysOnSystem]:
    """Frozen chains with a rare start: the debt to the start is as large as the bound allows."""
    result = []
    for stay in ("0", "9/10", "99/100"):
        how = {"stay": Fraction(stay), "p_on": Fraction(1, 1000)}
        chain, constants = lazy_chain(**how).floats(), lazy_constants(farthest=1, **how)
        result.append(AlwaysOnSystem(f"rare start, stays with {stay}", chain, np.zeros(1), 1, constants))
    return result


def sliding_system() -> AlwaysOnSystem:
    """No state to speak of, G = theta from theta = 1: the learning term is as large as the bound allows."""
    chain = lazy_chain(0, Fraction(1, 2), slope=1, level=0).floats()
    constants = lazy_constants(0, Fraction(1, 2), slope=1, level=0, farthest=1)
    return AlwaysOnSystem("no state, G = theta", chain, np.ones(1), 0, constants)


def responding_system() -> AlwaysOnSystem:
    """Only the kernel depends on theta: whatever learning does, it does through the kernel."""
    how = {"stay": Fraction(1, 2), "p_on": Fraction(3, 4), "response": Fraction(1, 4)}
    chain, law = lazy_chain(**how).floats(), np.array([0.25, 0.75])
    return AlwaysOnSystem("kernel responds", chain, np.zeros(1), law, lazy_constants(farthest=1, **how))


def all_systems() -> list[AlwaysOnSystem]:
    """Ordinary ones, and for each term of the bounds one that makes it as large as it can be."""
    return [*ordinary_systems(), *forgetful_systems(), sliding_system(), responding_system()]
