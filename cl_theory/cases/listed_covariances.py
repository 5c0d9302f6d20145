"""Covariances of the estimators by listing everything that can happen: each atom, both faces of the coin.

The estimators' own code runs on every combination, so that its formulas are not taken for granted.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np

from cl_theory.estimators import isd_gradient, two_term_gradient
from cl_theory.laws import FiniteLaw, PhaseMoments, coin_law, exact_array, exact_covariance


def listed_isd_covariance(law: FiniteLaw, p_positive: Any, believed: Any = None) -> np.ndarray:
    """Cov Z (d, d) when the coin has b = `p_positive` and the weights use `believed`, by default the same b."""
    probability, is_positive, g_positive, g_negative = coin_law(law, p_positive)
    weights_use = p_positive if believed is None else believed
    estimates = isd_gradient(g_positive, g_negative, is_positive, p_positive=weights_use)
    return exact_covariance(probability, estimates)


def listed_two_term_covariance(law: FiniteLaw) -> np.ndarray:
    """Cov D (d, d)."""
    return exact_covariance(law.probability, two_term_gradient(law.g_positive, law.g_negative))


@dataclass(frozen=True, eq=False)
class ListedCases:
    """Exact laws, each with its b; the covariances of all of them as one vector of entries."""

    cases: Sequence[tuple[FiniteLaw, Fraction]]

    def isd(self, belief: Any = 1) -> np.ndarray:
        """Entries of Cov Z when the weights use `belief` times b."""
        return np.concatenate([listed_isd_covariance(law, b, belief * b).ravel() for law, b in self.cases])

    def two_term(self) -> np.ndarray:
        """Entries of Cov D."""
        return np.concatenate([listed_two_term_covariance(law).ravel() for law, _ in self.cases])

    def by_formula(self, formula: Callable[[PhaseMoments, Any], np.ndarray]) -> np.ndarray:
        """Entries of a formula of the moments and b."""
        return np.concatenate([formula(law.moments, b).ravel() for law, b in self.cases])

    def prices(self) -> list[Fraction]:
        """tr Cov Z - tr Cov D of each case."""
        return [np.trace(listed_isd_covariance(law, b) - listed_two_term_covariance(law)) for law, b in self.cases]

    def shares(self) -> list[int]:
        """Whether h = (1-b) g+ + b g- is other than 0 on some atom, 1 or 0 for each case."""
        return [int(np.any((1 - b) * law.g_positive + b * law.g_negative != 0)) for law, b in self.cases]

    def at_another_b(self, factor: Any) -> "ListedCases":
        """The same laws with `factor` times b."""
        return ListedCases([(law, factor * b) for law, b in self.cases])


def three_couplings(law: FiniteLaw) -> tuple[FiniteLaw, FiniteLaw, FiniteLaw]:
    """The atoms of `law`, equally likely: as they are, independent, and with g- handed on by one atom.

    All three have the same two marginals.
    """
    n_atoms = len(law.probability)
    uniform = exact_array([1] * n_atoms) / Fraction(n_atoms)
    as_it_is = FiniteLaw(uniform, law.g_positive, law.g_negative)
    turned = FiniteLaw(uniform, law.g_positive, np.roll(law.g_negative, 1, axis=0))
    return as_it_is, as_it_is.independent(), turned


def petersburg_law(levels: int) -> FiniteLaw:
    """g- = 0 and g+ = 2**k or -2**k, k = 1, ..., `levels`, with probabilities in proportion to 4**-k.

    Each level adds the same to the second moment, which has no limit.
    """
    sizes = exact_array([sign * 2**k for k in range(1, levels + 1) for sign in (1, -1)])
    weight = exact_array([Fraction(1, 4**k) for k in range(1, levels + 1) for _ in range(2)])
    return FiniteLaw(weight / weight.sum(), sizes[:, None], 0 * sizes[:, None])


def petersburg_second_moment(levels: int) -> Fraction:
    """E|g+|^2 of that law in closed form, 3 K / (1 - 4**-K)."""
    return Fraction(3 * levels) / (1 - Fraction(1, 4**levels))
