"""Block-Gibbs chains of an RBM: of a small one as a finite chain with a matrix, of any one let run freely."""

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from scipy.special import expit, logsumexp

from cl_theory.arguments import finite, positive_integer
from cl_theory.learning.models.rbm import RBM, all_states, hidden_log_weights, log_weights_by_count
from cl_theory.theory.chains.local_chain import Smoothness

MOST_UNITS = 9


@dataclass(frozen=True, eq=False)
class GibbsChain:
    r"""Phase of an RBM: free, (v, h) -> h' ~ p(h | v), v' ~ p(v | h'), or with the visible units clamped.

    G(z, theta) = `factor` (g(v, h) - `baseline`) with g = dE/dtheta = (-h v^T, -v, -h), parameters in the order
    W (row-major, hidden x visible), visible bias, hidden bias. A negative phase has `factor` -1; a phase of ISD
    1/b or -1/(1-b). State i of a free chain is row i of `all_states(n_visible + n_hidden)`, visible units first;
    of a clamped one, row i of `all_states(n_hidden)`. Up to nine unclamped units.
    """

    n_visible: int
    n_hidden: int
    clamped: Any = None
    factor: float = 1.0
    baseline: Any = 0.0

    def __post_init__(self) -> None:
        positive_integer(self.n_visible, "n_visible")
        positive_integer(self.n_hidden, "n_hidden")
        free = self.n_hidden + (self.n_visible if self.clamped is None else 0)
        if free > MOST_UNITS:
            raise ValueError(f"at most {MOST_UNITS} units can move in a chain held as a matrix, got {free}")
        if self.clamped is not None and np.shape(self.clamped) != (self.n_visible,):
            raise ValueError(f"clamped must have shape ({self.n_visible},), got {np.shape(self.clamped)}")

    def with_gradient(self, *, factor: float = 1.0, baseline: Any = 0.0) -> "GibbsChain":
        """The same chain with G = factor (g - baseline)."""
        return replace(self, factor=factor, baseline=finite(baseline, "baseline"))

    @property
    def n_states(self) -> int:
        return len(self.visible)

    @property
    def n_parameters(self) -> int:
        return self.n_visible * self.n_hidden + self.n_visible + self.n_hidden

    @property
    def visible(self) -> np.ndarray:
        """v of each state, (n_states, n_visible)."""
        if self.clamped is not None:
            return np.repeat(np.asarray(self.clamped, dtype=float)[None], 2**self.n_hidden, axis=0)
        return all_states(self.n_visible + self.n_hidden)[:, : self.n_visible]

    @property
    def hidden(self) -> np.ndarray:
        """h of each state, (n_states, n_hidden)."""
        if self.clamped is not None:
            return all_states(self.n_hidden)
        return all_states(self.n_visible + self.n_hidden)[:, self.n_visible :]

    def unflattened(self, parameters: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Weights (..., n_hidden, n_visible), visible bias (..., n_visible), hidden bias (..., n_hidden)."""
        theta, size = np.asarray(parameters, dtype=float), self.n_visible * self.n_hidden
        weights = theta[..., :size].reshape(*theta.shape[:-1], self.n_hidden, self.n_visible)
        return weights, theta[..., size : size + self.n_visible], theta[..., size + self.n_visible :]

    def transition_matrix(self, parameters: np.ndarray) -> np.ndarray:
        """P_theta (..., m, m)."""
        up, down = self._probabilities(parameters)
        # A hidden unit's coin is set by the state before, a visible unit's by the hidden units of the state after.
        kernel = np.where(self.hidden == 1, up[..., :, None, :], 1 - up[..., :, None, :]).prod(axis=-1)
        if self.clamped is None:
            kernel = kernel * np.where(self.visible == 1, down, 1 - down).prod(axis=-1)[..., None, :]
        return kernel

    def transition_derivative(self, parameters: np.ndarray) -> np.ndarray:
        """dP = P times the score of h' given v and of v' given h', shape (d, m, m)."""
        up, down = self._probabilities(parameters)
        surprise_h = self.hidden[None] - up[:, None]  # (z, z', hidden)
        weights = surprise_h[..., None] * self.visible[:, None, None]
        surprise_v = np.zeros((self.n_states, self.n_states, self.n_visible))
        if self.clamped is None:
            surprise_v = surprise_v + (self.visible - down)
            weights = weights + self.hidden[None, :, :, None] * surprise_v[:, :, None]
        score = np.concatenate([weights.reshape(*weights.shape[:2], -1), surprise_v, surprise_h], axis=-1)
        return np.moveaxis(score * self.transition_matrix(parameters)[..., None], -1, 0)

    def gradient(self, parameters: np.ndarray) -> np.ndarray:
        """G (..., m, d); the energy is linear in the parameters, so it does not depend on them."""
        v, h = self.visible, self.hidden
        energy = -np.concatenate([(h[:, :, None] * v[:, None]).reshape(len(v), -1), v, h], axis=1)
        table = self.factor * (energy - self.baseline)
        return np.broadcast_to(table, (*np.shape(parameters)[:-1], *table.shape))

    def gradient_derivative(self, parameters: np.ndarray) -> np.ndarray:
        """Zero, shape (m, d, d)."""
        return np.zeros((self.n_states, self.n_parameters, self.n_parameters))

    def smoothness(self, centre: np.ndarray, radius: float) -> Smoothness:
        """Constants that hold for every theta.

        The score X of a step in direction u, |u| = 1, is a sum of Bernoulli terms with variance at most
        (|v|^2 + 1 + |h'|^2 + 1)/4; the mass of dP[u] is E|X| <= sd X, that of the second derivative
        E|X^2 - I| <= 2 Var X. G does not depend on theta.
        """
        variance = float((self.visible.sum(axis=1) + 1).max())
        if self.clamped is None:
            variance += self.n_hidden + 1
        largest = float(np.linalg.norm(self.gradient(np.asarray(centre)), axis=1).max())
        return Smoothness(M=largest, L=0.0, K=np.sqrt(variance) / 2, L2=0.0, K2=variance / 2)

    def _probabilities(self, parameters: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """P(h' = 1 | v of z), (..., m, n_hidden), and P(v' = 1 | h of z'), (..., m, n_visible)."""
        weights, visible_bias, hidden_bias = self.unflattened(parameters)
        up = self.visible @ np.swapaxes(weights, -1, -2) + hidden_bias[..., None, :]
        down = self.hidden @ weights + visible_bias[..., None, :]
        return expit(up), expit(down)


SELDOM = 0.01
"""A number of hidden units that chains have on for a smaller share of the time is not where they live."""


@dataclass(frozen=True, eq=False)
class FreeChains:
    """Hidden states `trail` (n_sweeps, n_chains, n_hidden) of chains of `rbm`; see `free_chains`."""

    rbm: RBM
    trail: np.ndarray

    @property
    def late(self) -> np.ndarray:
        """The second half of the sweeps: where the chains are said to be."""
        return self.trail[len(self.trail) // 2 :]

    @cached_property
    def log_weights(self) -> np.ndarray:
        """Log of the weight of each hidden state; the first is that of silence, no unit on."""
        return hidden_log_weights(self.rbm)

    @property
    def log_weights_by_count(self) -> np.ndarray:
        """Log of the weight of all states with k hidden units on, (n_hidden + 1,)."""
        return log_weights_by_count(self.log_weights)

    @property
    def visited(self) -> np.ndarray:
        """Share of the time that chains have k hidden units on, (n_hidden + 1,)."""
        counts = self.late.sum(axis=-1).astype(int)
        return np.bincount(counts.ravel(), minlength=self.rbm.n_hidden + 1) / counts.size

    @property
    def silence(self) -> float:
        """Probability that no hidden unit is on, in equilibrium."""
        return float(np.exp(self.log_weights[0] - logsumexp(self.log_weights)))

    @property
    def depth(self) -> float:
        """How many nats the states with as many units on as the chains have weigh less than silence."""
        count = all_states(self.rbm.n_hidden).sum(axis=1).astype(int)
        return float(self.log_weights[0] - logsumexp(self.log_weights[self.visited[count] > SELDOM]))

    @property
    def n_states(self) -> int:
        """Number of hidden states that some chain was in."""
        return len(np.unique(self.late.reshape(-1, self.rbm.n_hidden), axis=0))

    def remembered(self, n_sweeps: int) -> float:
        """Correlation of the hidden units with themselves `n_sweeps` later."""
        away = self.late - self.late.mean(axis=(0, 1))
        return float(np.mean(away[:-n_sweeps] * away[n_sweeps:]) / np.mean(away**2))

    def images(self, n: int) -> np.ndarray:
        """Means of the visible units where the first `n` chains ended, (n, n_visible)."""
        return self.rbm.mean_v_given_h(self.trail[-1, :n])


def free_chains(rng: np.random.Generator, rbm: RBM, n_chains: int = 50, n_sweeps: int = 1000) -> FreeChains:
    """Chains that begin with all hidden units on and run without data."""
    h, trail = np.ones((n_chains, rbm.n_hidden)), []
    for _ in range(n_sweeps):
        h = rbm.sample_h_given_v(rng, rbm.sample_v_given_h(rng, h))
        trail.append(h)
    return FreeChains(rbm, np.array(trail))
