"""Chains of an RBM that run freely: where they go, and how much of its probability lies there."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.special import logsumexp

from cl_theory.learning.models.rbm import RBM, hidden_log_weights, log_weights_by_count
from cl_theory.learning.models.states import all_states

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
