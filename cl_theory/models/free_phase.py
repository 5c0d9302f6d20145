"""The free phase of an RBM as a table: its mean gradient, and how that changes along a direction, exact."""

from dataclasses import dataclass

import numpy as np

from cl_theory.models.rbm import RBM
from cl_theory.states import all_states


@dataclass(frozen=True, eq=False)
class FreePhase:
    """The model's law as a table over the smaller side: `probability` (N,), `listed` (N, n), `other` means (N, m)."""

    probability: np.ndarray
    listed: np.ndarray
    other: np.ndarray
    visible_first: bool

    @classmethod
    def of(cls, rbm: RBM) -> "FreePhase":
        """Of an RBM whose smaller side has at most 20 units; one exponential an entry, `model_table` takes three."""
        visible_first = rbm.n_visible <= rbm.n_hidden
        side = rbm if visible_first else rbm.transposed
        listed = all_states(side.n_visible)
        inputs = listed @ side.weights.T + side.hidden_bias
        small = np.exp(-np.abs(inputs))
        log_weight = listed @ side.visible_bias + np.maximum(inputs, 0).sum(axis=1) + np.log((1 + small).prod(axis=1))
        weight = np.exp(log_weight - log_weight.max())
        other = np.where(inputs > 0, 1, small) / (1 + small)
        return cls(weight / weight.sum(), listed, other, visible_first)

    @property
    def mean(self) -> np.ndarray:
        """g- = -E s, (n_parameters,), in the order of `RBM.flat`."""
        return -self._summed(np.ones(len(self.listed)), self.other)

    def along(self, direction: np.ndarray) -> np.ndarray:
        r""":math:`Dg^- u = -\operatorname{Cov}(s, s\cdot u)` for a direction u (n_parameters,), exact."""
        weights, listed_bias, other_bias = self._parts(direction)
        field = self.listed @ weights + other_bias
        value = (field * self.other).sum(axis=1) + self.listed @ listed_bias  # E[s.u | listed]
        spread = field * self.other * (1 - self.other)
        total = self._summed(value, value[:, None] * self.other + spread)
        return -(total + self.mean * (self.probability @ value))

    def _summed(self, listed_factor: np.ndarray, other: np.ndarray) -> np.ndarray:
        """Sums over the table of p times (listed * other, listed * factor, other), in the order of `RBM.flat`."""
        weighted = self.probability[:, None] * self.listed
        product, one, two = weighted.T @ other, weighted.T @ listed_factor, self.probability @ other
        if self.visible_first:
            return np.concatenate([product.T.ravel(), one, two])
        return np.concatenate([product.ravel(), two, one])

    def _parts(self, direction: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        n, m = self.listed.shape[1], self.other.shape[1]
        product, first, second = np.split(direction, [n * m, n * m + (n if self.visible_first else m)])
        if self.visible_first:
            return product.reshape(m, n).T, first, second
        return product.reshape(n, m), second, first
