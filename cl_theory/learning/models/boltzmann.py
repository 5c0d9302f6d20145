"""Boltzmann machine whose hidden units are coupled to each other: an RBM plus hidden-hidden weights."""

from dataclasses import dataclass
from functools import lru_cache
from typing import Self

import numpy as np
from scipy.special import expit, logsumexp

from cl_theory.arguments import positive_integer
from cl_theory.learning.models.rbm import TwoLayers, all_states


@dataclass(frozen=True, eq=False)
class BoltzmannMachine(TwoLayers):
    r"""Two layers whose hidden units are coupled to each other, no temperature.

    .. math:: E(v, h) = -h^\top W v - a^\top v - c^\top h - \tfrac12 h^\top L h

    `hidden_weights` L (n_hidden, n_hidden), symmetric with a zero diagonal. Sums over the hidden states are enumerated,
    so that exact quantities need n_hidden <= 20; energies, gradients and Gibbs sweeps have no such limit. ValueError as
    in `TwoLayers`, and on an L that is asymmetric or of another shape. Source: Ackley, Hinton & Sejnowski (1985).
    """

    hidden_weights: np.ndarray

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.hidden_weights.shape != (self.n_hidden, self.n_hidden):
            raise ValueError(
                f"hidden_weights must have shape {(self.n_hidden, self.n_hidden)}, got {self.hidden_weights.shape}"
            )
        if np.any(self.hidden_weights != self.hidden_weights.T) or np.any(np.diag(self.hidden_weights)):
            raise ValueError("hidden_weights must be symmetric with a zero diagonal; symmetrise as (L + L.T) / 2")

    @classmethod
    def random(cls, rng: np.random.Generator, n_visible: int, n_hidden: int, scale: float = 0.01) -> Self:
        """All parameters normal with standard deviation `scale`."""
        n_visible, n_hidden = positive_integer(n_visible, "n_visible"), positive_integer(n_hidden, "n_hidden")
        weights = rng.normal(0, scale, (n_hidden, n_visible))
        visible_bias, hidden_bias = rng.normal(0, scale, n_visible), rng.normal(0, scale, n_hidden)
        upper = np.triu(rng.normal(0, scale, (n_hidden, n_hidden)), 1)
        return cls(weights, visible_bias, hidden_bias, upper + upper.T)

    @property
    def flat(self) -> np.ndarray:
        """W row by row, a, c, then the upper triangle of L row by row."""
        return np.concatenate([super().flat, self.hidden_weights[_pairs(self.n_hidden)]])

    def with_flat(self, parameters: np.ndarray) -> Self:
        """The same machine with other parameters, in the order of `flat`."""
        n_v, n_h = self.n_visible, self.n_hidden
        ends = np.cumsum([n_h * n_v, n_v, n_h, n_h * (n_h - 1) // 2])
        if np.shape(parameters) != (ends[-1],):
            raise ValueError(f"parameters must have shape ({ends[-1]},), got {np.shape(parameters)}")
        weights, visible_bias, hidden_bias, upper = np.split(parameters, ends[:-1])
        coupling = np.zeros((n_h, n_h))
        coupling[_pairs(self.n_hidden)] = upper
        return type(self)(weights.reshape(n_h, n_v), visible_bias, hidden_bias, coupling + coupling.T)

    def energy(self, v: np.ndarray, h: np.ndarray) -> np.ndarray:
        """E(v, h) of states (..., n_visible) and (..., n_hidden)."""
        return super().energy(v, h) - 0.5 * ((h @ self.hidden_weights) * h).sum(-1)

    def gradient(self, v: np.ndarray, h: np.ndarray) -> np.ndarray:
        """dE/dtheta of each row, (..., n_parameters) in the order of `flat`."""
        h, (i, j) = np.asarray(h, np.float64), _pairs(self.n_hidden)
        return np.concatenate([super().gradient(v, h), -h[..., i] * h[..., j]], axis=-1)

    def hidden_free_energy(self, h: np.ndarray) -> np.ndarray:
        r"""Free energy of each hidden state, :math:`-\log \sum_v e^{-E(v, h)}`, shape (...,)."""
        alone = h @ self.hidden_bias + 0.5 * ((h @ self.hidden_weights) * h).sum(-1)
        return -alone - np.logaddexp(0, h @ self.weights + self.visible_bias).sum(-1)

    def free_energy(self, v: np.ndarray) -> np.ndarray:
        """F(v), by a sum over all 2**n_hidden hidden states."""
        return -logsumexp(self._hidden_log_weights(v), axis=-1)

    def log_partition(self) -> float:
        """log sum over all (v, h) of exp(-E), by enumerating the hidden states."""
        return float(logsumexp(-self.hidden_free_energy(all_states(self.n_hidden))))

    def mean_h_given_v(self, v: np.ndarray) -> np.ndarray:
        """P(h_j = 1 | v), by enumeration: hidden units are not independent given the visible ones."""
        log_weights = self._hidden_log_weights(v)
        law = np.exp(log_weights - logsumexp(log_weights, axis=-1, keepdims=True))
        return law @ all_states(self.n_hidden)

    def sample_h_given_v(self, rng: np.random.Generator, v: np.ndarray) -> np.ndarray:
        """Hidden states drawn exactly from p(h | v), by enumeration."""
        log_weights = self._hidden_log_weights(v)
        cumulated = np.cumsum(np.exp(log_weights - log_weights.max(axis=-1, keepdims=True)), axis=-1)
        threshold = rng.random(cumulated.shape[:-1]) * cumulated[..., -1]
        index = (cumulated <= threshold[..., None]).sum(axis=-1)
        return all_states(self.n_hidden)[index]

    def gibbs_h_given_v(self, rng: np.random.Generator, v: np.ndarray, h: np.ndarray) -> np.ndarray:
        """One sweep over the hidden units in turn with v held: leaves p(h | v) as it is, is no exact draw."""
        drive = v @ self.weights.T + self.hidden_bias
        state, uniform = np.array(h, dtype=np.float64), rng.random(np.shape(h))
        for j in range(self.n_hidden):
            state[..., j] = uniform[..., j] < expit(drive[..., j] + state @ self.hidden_weights[j])
        return state

    def _hidden_log_weights(self, v: np.ndarray) -> np.ndarray:
        """-E(v, h) for all hidden states, (..., 2**n_hidden)."""
        h = all_states(self.n_hidden)
        alone = h @ self.hidden_bias + 0.5 * ((h @ self.hidden_weights) * h).sum(-1)
        return (v @ self.weights.T) @ h.T + (v @ self.visible_bias)[..., None] + alone


@lru_cache(maxsize=8)
def _pairs(n_units: int) -> tuple[np.ndarray, ...]:
    """Indices of all pairs; kept, since they take as long to make as a small machine."""
    return np.triu_indices(n_units, 1)
