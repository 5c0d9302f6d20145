"""Where the chain of a free phase starts and how long it runs: the sampler, kept apart from the estimator."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from cl_theory.arguments import positive_integer
from cl_theory.learning.networks import Network, clamped_step, free_step
from cl_theory.models.exact_law import sample_exactly

States = tuple[np.ndarray, np.ndarray]


class ChainPolicy(ABC):
    """A policy for the chain: `start` of a free phase, `n_steps` of every phase, and what it remembers.

    `remembers_data` says whether a clamped phase leaves its state behind for the next free one.
    """

    n_steps: int
    name: ClassVar[str]
    remembers_data: ClassVar[bool] = False

    @abstractmethod
    def start(self, rng: np.random.Generator, network: Network, data: np.ndarray, remembered: States) -> States:
        """State at the start of a free phase, from fresh data rows and what is remembered."""

    def run(self, rng: np.random.Generator, network: Network, states: States) -> States:
        """State at the end of a free phase."""
        for _ in range(self.n_steps):
            states = free_step(rng, network, *states)
        return states

    def clamp(self, rng: np.random.Generator, network: Network, data: np.ndarray, h: np.ndarray) -> np.ndarray:
        """Hidden state at the end of a clamped phase (in an RBM one step is already an exact draw)."""
        for _ in range(1 if not hasattr(network, "hidden_weights") else self.n_steps):
            h = clamped_step(rng, network, data, h)
        return h


@dataclass(frozen=True)
class ContrastiveDivergence(ChainPolicy):
    """CD-K: each free phase starts at a data row and runs K = `n_steps` Gibbs steps. Source: Hinton (2002)."""

    n_steps: int = 1
    name: ClassVar[str] = "cd"

    def __post_init__(self) -> None:
        positive_integer(self.n_steps, "n_steps")

    def start(self, rng: np.random.Generator, network: Network, data: np.ndarray, remembered: States) -> States:
        return data, clamped_step(rng, network, data, remembered[1])


@dataclass(frozen=True)
class Persistent(ChainPolicy):
    """PCD: each free phase goes on where the last free phase ended. Source: Younes (1989), Tieleman (2008)."""

    n_steps: int = 1
    name: ClassVar[str] = "persistent"

    def __post_init__(self) -> None:
        positive_integer(self.n_steps, "n_steps")

    def start(self, rng: np.random.Generator, network: Network, data: np.ndarray, remembered: States) -> States:
        return remembered


@dataclass(frozen=True)
class CarriedOver(ChainPolicy):
    """Each free phase goes on where the last phase ended, be it free or clamped: one network, never reset."""

    n_steps: int = 1
    name: ClassVar[str] = "carried-over"
    remembers_data: ClassVar[bool] = True

    def __post_init__(self) -> None:
        positive_integer(self.n_steps, "n_steps")

    def start(self, rng: np.random.Generator, network: Network, data: np.ndarray, remembered: States) -> States:
        return remembered


@dataclass(frozen=True)
class Exact(ChainPolicy):
    """Each free phase is an independent draw from the model itself, by enumeration; no chain, no bias."""

    n_steps: int = 1
    name: ClassVar[str] = "exact"

    def __post_init__(self) -> None:
        positive_integer(self.n_steps, "n_steps")

    def start(self, rng: np.random.Generator, network: Network, data: np.ndarray, remembered: States) -> States:
        return sample_exactly(rng, network, len(data))

    def run(self, rng: np.random.Generator, network: Network, states: States) -> States:
        return states

    def clamp(self, rng: np.random.Generator, network: Network, data: np.ndarray, h: np.ndarray) -> np.ndarray:
        return network.sample_h_given_v(rng, data)


def first_states(rng: np.random.Generator, network: Network, n_chains: int) -> States:
    """Fair coins for visible and hidden units: where a chain that is never reset begins."""
    v = rng.integers(0, 2, (n_chains, network.n_visible)).astype(np.float64)
    return v, rng.integers(0, 2, (n_chains, network.n_hidden)).astype(np.float64)
