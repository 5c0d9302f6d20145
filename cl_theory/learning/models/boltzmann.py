"""Boltzmann machine whose hidden units are coupled to each other: an RBM plus hidden-hidden weights."""

from dataclasses import dataclass, replace
from typing import Self

import numpy as np
from scipy.special import expit, logsumexp

from cl_theory.arguments import finite, positive_integer
from cl_theory.learning.models.rbm import all_states


@dataclass(frozen=True, eq=False)
class BoltzmannMachine:
    r"""Units 0/1, visible units coupled to hidden ones, hidden units to each other, no temperature.

    .. math:: E(v, h) = -h^\top W v - a^\top v - c^\top h - \tfrac12 h^\top L h

    `weights` W (n_hidden, n_visible), `visible_bias` a, `hidden_bias` c, `hidden_weights` L (n_hidden, n_hidden),
    symmetric with a zero diagonal. Sums over the hidden states are enumerated, so that exact quantities need
    n_hidden <= 20; energies, gradients and Gibbs sweeps have no such limit. ValueError on shapes that do not
    fit, an asymmetric L, NaN or infinity. Source: Ackley, Hinton & Sejnowski (1985).
    """

    weights: np.ndarray
    visible_bias: np.ndarray
    hidden_bias: np.ndarray
    hidden_weights: np.ndarray

    def __post_init__(self) -> None:
        for name in ("weights", "visible_bias", "hidden_bias", "hidden_weights"):
            object.__setattr__(self, name, finite(np.asarray(getattr(self, name), dtype=np.float64), name))
        _check_shapes(self)
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
    def n_visible(self) -> int:
        return self.weights.shape[1]

    @property
    def n_hidden(self) -> int:
        return self.weights.shape[0]

    @property
    def flat(self) -> np.ndarray:
        """W row by row, a, c, then the upper triangle of L row by row."""
        upper = self.hidden_weights[np.triu_indices(self.n_hidden, 1)]
        return np.concatenate([self.weights.ravel(), self.visible_bias, self.hidden_bias, upper])

    def with_flat(self, parameters: np.ndarray) -> Self:
        """The same machine with other parameters, in the order of `flat`."""
        n_v, n_h = self.n_visible, self.n_hidden
        ends = np.cumsum([n_h * n_v, n_v, n_h, n_h * (n_h - 1) // 2])
        if np.shape(parameters) != (ends[-1],):
            raise ValueError(f"parameters must have shape ({ends[-1]},), got {np.shape(parameters)}")
        weights, visible_bias, hidden_bias, upper = np.split(parameters, ends[:-1])
        coupling = np.zeros((n_h, n_h))
        coupling[np.triu_indices(n_h, 1)] = upper
        return replace(
            self,
            weights=weights.reshape(n_h, n_v),
            visible_bias=visible_bias,
            hidden_bias=hidden_bias,
            hidden_weights=coupling + coupling.T,
        )

    def energy(self, v: np.ndarray, h: np.ndarray) -> np.ndarray:
        """E(v, h) of each row, shape (...,)."""
        coupled = ((h @ self.weights) * v).sum(-1) + 0.5 * ((h @ self.hidden_weights) * h).sum(-1)
        return -coupled - v @ self.visible_bias - h @ self.hidden_bias

    def gradient(self, v: np.ndarray, h: np.ndarray) -> np.ndarray:
        """dE/dtheta of each row, (n_samples, n_parameters) in the order of `flat`."""
        upper = np.triu_indices(self.n_hidden, 1)
        products = (h[:, :, None] * v[:, None, :]).reshape(len(v), -1)
        return -np.concatenate([products, v, h, h[:, upper[0]] * h[:, upper[1]]], axis=1)

    def hidden_free_energy(self, h: np.ndarray) -> np.ndarray:
        r"""Free energy of each hidden state, :math:`-\log \sum_v e^{-E(v, h)}`, shape (...,)."""
        alone = h @ self.hidden_bias + 0.5 * ((h @ self.hidden_weights) * h).sum(-1)
        return -alone - np.logaddexp(0, h @ self.weights + self.visible_bias).sum(-1)

    def free_energy(self, v: np.ndarray) -> np.ndarray:
        r"""Free energy of each visible state, :math:`-\log \sum_h e^{-E(v, h)}`, shape (...,)."""
        return -logsumexp(self._hidden_log_weights(v), axis=-1)

    def log_partition(self) -> float:
        r"""log Z, :math:`\log \sum_{v, h} e^{-E(v, h)}`, over all 2**n_hidden hidden states."""
        return float(logsumexp(-self.hidden_free_energy(all_states(self.n_hidden))))

    def negative_log_likelihood(self, data: np.ndarray) -> float:
        """Mean of -log p(v) over the rows of `data`, in nats."""
        return float(self.free_energy(data).mean()) + self.log_partition()

    def mean_v_given_h(self, h: np.ndarray) -> np.ndarray:
        """P(v_i = 1 | h): visible units are independent given the hidden ones."""
        return expit(h @ self.weights + self.visible_bias)

    def sample_v_given_h(self, rng: np.random.Generator, h: np.ndarray) -> np.ndarray:
        """Visible states drawn from p(v | h)."""
        mean = self.mean_v_given_h(h)
        return (rng.random(mean.shape) < mean).astype(np.float64)

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


def _check_shapes(machine: BoltzmannMachine) -> None:
    weights = machine.weights
    if weights.ndim != 2 or 0 in weights.shape:
        raise ValueError(f"weights must be (n_hidden, n_visible) with a unit on either side, got {weights.shape}")
    n_h, n_v = weights.shape
    expected = {"visible_bias": (n_v,), "hidden_bias": (n_h,), "hidden_weights": (n_h, n_h)}
    for name, shape in expected.items():
        if getattr(machine, name).shape != shape:
            raise ValueError(
                f"{name} must have shape {shape} beside weights {weights.shape}, got {getattr(machine, name).shape}"
            )
