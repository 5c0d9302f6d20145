"""How fast a finite chain forgets where it started. Distances are total masses, between 0 and 2."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from cl_theory.arguments import positive
from cl_theory.markov.stationary import stationary_distribution
from cl_theory.models.local_chain import stochastic_matrix


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
    low = 0 if high == 1 else high // 2
    if low == 0 and distance_from_equilibrium(transition_matrix, 0) <= tolerance:
        return 0
    while high - low > 1:
        middle = (low + high) // 2
        far = distance_from_equilibrium(transition_matrix, middle) > tolerance
        low, high = (middle, high) if far else (low, middle)
    return high


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
