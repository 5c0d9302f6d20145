"""Exact probabilities, distances and draws of an energy model small enough to enumerate one side."""

from typing import Protocol

import numpy as np
from scipy.special import logsumexp

from cl_theory.arguments import positive_integer
from cl_theory.models.boltzmann import BoltzmannMachine
from cl_theory.models.rbm import RBM, binary_states
from cl_theory.states import all_states


class EnergyModel(Protocol):
    """What an energy model over visible and hidden bits offers; `RBM` and `BoltzmannMachine` do."""

    @property
    def n_visible(self) -> int: ...
    @property
    def n_hidden(self) -> int: ...
    @property
    def flat(self) -> np.ndarray: ...
    def energy(self, v: np.ndarray, h: np.ndarray) -> np.ndarray: ...
    def free_energy(self, v: np.ndarray) -> np.ndarray: ...
    def log_partition(self) -> float: ...
    def negative_log_likelihood(self, data: np.ndarray) -> float: ...
    def gradient(self, v: np.ndarray, h: np.ndarray) -> np.ndarray: ...
    def sample_h_given_v(self, rng: np.random.Generator, v: np.ndarray) -> np.ndarray: ...
    def sample_v_given_h(self, rng: np.random.Generator, h: np.ndarray) -> np.ndarray: ...


def log_probability_v(model: EnergyModel, v: np.ndarray) -> np.ndarray:
    """log p(v) of each row, in nats."""
    return -model.free_energy(binary_states(v, model.n_visible, "v")) - model.log_partition()


def total_variation(model: EnergyModel, data: np.ndarray) -> float:
    r"""Distance between the model and the rows of `data`, in [0, 1].

    .. math:: \tfrac12 \sum_v |p(v) - \hat p(v)| = \sum_v \max(0,\ \hat p(v) - p(v))

    The second sum runs over rows that occur in `data` only, so that its cost does not grow as 2**n_visible.
    """
    rows, count = np.unique(binary_states(data, model.n_visible, "data"), axis=0, return_counts=True)
    shortfall = count / count.sum() - np.exp(log_probability_v(model, rows))
    return float(np.maximum(shortfall, 0).sum())


def sample_exactly(rng: np.random.Generator, model: EnergyModel, n_samples: int) -> tuple[np.ndarray, np.ndarray]:
    """Independent draws (v, h) from the model itself: one side from its enumerated law, the other given it."""
    n_samples = positive_integer(n_samples, "n_samples")
    if isinstance(model, RBM) and model.n_visible < model.n_hidden:
        v = _drawn(rng, -model.free_energy(all_states(model.n_visible)), n_samples)
        return v, model.sample_h_given_v(rng, v)
    h = _drawn(rng, -hidden_free_energy(model, all_states(model.n_hidden)), n_samples)
    return model.sample_v_given_h(rng, h), h


def hidden_free_energy(model: EnergyModel, h: np.ndarray) -> np.ndarray:
    """-log sum over v of exp(-E(v, h)), of each hidden state."""
    if isinstance(model, BoltzmannMachine):
        return model.hidden_free_energy(h)
    if isinstance(model, RBM):
        return model.transposed.free_energy(h)
    raise TypeError(f"model must be an RBM or a BoltzmannMachine, got {type(model).__name__}")


def _drawn(rng: np.random.Generator, log_weight: np.ndarray, n_samples: int) -> np.ndarray:
    """States drawn in proportion to exp(`log_weight`), by the inverse of the cumulated law."""
    cumulated = np.cumsum(np.exp(log_weight - logsumexp(log_weight)))
    index = np.searchsorted(cumulated, rng.random(n_samples) * cumulated[-1], side="right")
    n_units = len(log_weight).bit_length() - 1
    return ((index[:, None] >> np.arange(n_units)) & 1).astype(np.float64)
