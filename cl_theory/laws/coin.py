"""Exact averages over everything that is random: the atoms, the coin, and copies of both."""

from itertools import product
from typing import Any

import numpy as np

from cl_theory.arguments import positive_integer, probability_inside
from cl_theory.laws.arithmetic import number_like
from cl_theory.laws.finite import FiniteLaw


def coin_law(law: FiniteLaw, p_positive: Any) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """The joint law of (B, g+, g-) with B ~ Bernoulli(b) independent of the gradients.

    Returns (probability (2 n_atoms,), is_positive, g_positive, g_negative); the atoms with B = 1 come first.
    An estimator applied to the last three, averaged with the first, gives its exact mean and covariance.
    """
    b = number_like(probability_inside(p_positive), law.probability)
    probability = np.concatenate([b * law.probability, (1 - b) * law.probability])
    is_positive = np.arange(len(probability)) < len(law.probability)
    return probability, is_positive, np.tile(law.g_positive, (2, 1)), np.tile(law.g_negative, (2, 1))


def repeated_law(law: FiniteLaw, n_copies: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Independent copies of (g+, g-): (probability (n_atoms**n,), g_positive (.., n, d), g_negative (.., n, d))."""
    n_atoms = len(law.probability)
    index = np.array(list(product(range(n_atoms), repeat=positive_integer(n_copies, "n_copies"))))
    return law.probability[index].prod(axis=1), law.g_positive[index], law.g_negative[index]


def exact_mean(probability: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Mean of the rows of `values` (n_atoms, d) under `probability`."""
    return probability @ values


def exact_covariance(probability: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Covariance matrix of the rows of `values` (n_atoms, d) under `probability`."""
    centred = values - exact_mean(probability, values)
    return (probability[:, None] * centred).T @ centred
