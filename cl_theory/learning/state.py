"""State of a run between two iterations, and what a learner is."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from cl_theory.learning.randomness import Randomness

Memory = dict[str, np.ndarray]


@dataclass(frozen=True)
class TrainingState:
    """Everything that the next iteration needs besides the seed: count, parameters, and what is remembered."""

    iteration: int
    parameters: np.ndarray
    memory: Memory


class Learner(Protocol):
    """One learning algorithm on one model and one data set; `step` is a pure function of state and randomness.

    No parameter of a sound run exceeds `parameter_limit` in size.
    """

    @property
    def parameter_limit(self) -> float: ...

    def start(self, randomness: Randomness) -> TrainingState:
        """State before the first iteration."""

    def step(self, state: TrainingState, randomness: Randomness) -> TrainingState:
        """State after one more iteration."""

    def iterations(self, n_phases: int) -> int:
        """How many iterations run `n_phases` phases (of each chain)."""

    def cost(self, iteration: int) -> tuple[float, float]:
        """(phases, time steps of the network) run up to `iteration`, of each chain."""

    def model(self, parameters: np.ndarray) -> Any:
        """The model with these parameters."""

    def describe(self) -> Mapping[str, Any]:
        """What identifies the run, ready for JSON: a checkpoint goes on only with the same."""


def inside(memory: Memory, room: str) -> Memory:
    """Entries of `memory` named ``room.x``, as ``x``."""
    return {name.removeprefix(f"{room}."): value for name, value in memory.items() if name.startswith(f"{room}.")}


def under(room: str, entries: Mapping[str, np.ndarray]) -> Memory:
    """The reverse of `inside`."""
    return {f"{room}.{name}": value for name, value in entries.items()}
