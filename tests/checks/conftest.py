"""A small ISD model as a finite law, with the five named 1 % errors, written out apart from the package."""

from dataclasses import dataclass

import numpy as np
import pytest


@dataclass(frozen=True)
class FiniteISD:
    """Phases (g+, g-) on a few atoms; the statistic is (Z_1, Z_2, |Z|^2)."""

    b: float
    weights: np.ndarray
    g_positive: np.ndarray
    g_negative: np.ndarray

    ERRORS = ("weight 1/b", "weight 1/(1-b)", "scale", "coin", "b consistently")

    def law(self, planted: str = "", size: float = 0.01) -> tuple[np.ndarray, np.ndarray]:
        """Probability (2 m,) and statistic (2 m, 3) of all (B, atom), with one planted error."""
        factor = {name: 1 + size * (name == planted) for name in self.ERRORS}
        weight_b = self.b * factor["b consistently"]
        coin = weight_b * factor["coin"]
        positive = self.g_positive * factor["weight 1/b"] / weight_b
        negative = -self.g_negative * factor["weight 1/(1-b)"] / (1 - weight_b)
        z = factor["scale"] * np.vstack([positive, negative])
        probability = np.concatenate([coin * self.weights, (1 - coin) * self.weights])
        return probability, np.column_stack([z, (z**2).sum(1)])


@pytest.fixture(scope="session")
def isd() -> FiniteISD:
    rng = np.random.default_rng(5)
    weights = rng.dirichlet(np.full(5, 3.0))
    return FiniteISD(0.3, weights, 1.0 + rng.normal(size=(5, 2)), -0.5 + rng.normal(size=(5, 2)))
