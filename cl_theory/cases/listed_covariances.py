"""Covariance of the two-term estimator by listing every atom, and laws on which the assumptions of ISD can fail."""

from fractions import Fraction

import numpy as np

from cl_theory.estimators import two_term_gradient
from cl_theory.laws import FiniteLaw, exact_array, exact_covariance


def listed_two_term_covariance(law: FiniteLaw) -> np.ndarray:
    """Cov D (d, d)."""
    return exact_covariance(law.probability, two_term_gradient(law.g_positive, law.g_negative))


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
