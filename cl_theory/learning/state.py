"""State of a run between two iterations, and what a learner is."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol

import numpy as np

from cl_theory.learning.divergence import check_parameters, is_sound
from cl_theory.learning.randomness import Randomness

Memory = dict[str, np.ndarray]


@dataclass(frozen=True)
class TrainingState:
    """Everything that the next iteration needs besides the seed: count, parameters, and what is remembered."""

    iteration: int
    parameters: np.ndarray
    memory: Memory


class Learner(Protocol):
    """One learning algorithm on one model and one data set; `advance` is a pure function of state and randomness.

    No parameter of a sound run exceeds `parameter_limit` in size; `chunk` iterations at a time are worth a call.
    """

    @property
    def parameter_limit(self) -> float: ...

    @property
    def chunk(self) -> int: ...

    def start(self, randomness: Randomness) -> TrainingState:
        """State before the first iteration."""

    def advance(self, state: TrainingState, n: int, randomness: Randomness) -> TrainingState:
        """State after `n` more iterations, the same however they are divided; LearningDiverged if it blows up."""

    def iterations(self, n_phases: int) -> int:
        """How many iterations run `n_phases` phases (of each chain)."""

    def cost(self, iteration: int) -> tuple[float, float]:
        """(phases, time steps of the network) run up to `iteration`, of each chain."""

    def model(self, parameters: np.ndarray) -> Any:
        """The model with these parameters."""

    def describe(self) -> Mapping[str, Any]:
        """What identifies the run, ready for JSON: a checkpoint goes on only with the same."""


class StepwiseLearner(ABC):
    """A learner whose iterations are taken one by one, and checked one by one."""

    parameter_limit: ClassVar[float]
    chunk: ClassVar[int] = 1

    @abstractmethod
    def step(self, state: TrainingState, randomness: Randomness) -> TrainingState:
        """State after one more iteration."""

    def advance(self, state: TrainingState, n: int, randomness: Randomness) -> TrainingState:
        """State after `n` more iterations; LearningDiverged if it blows up."""
        for _ in range(n):
            state = self.step(state, randomness)
            check_parameters(state.parameters, state.iteration, self.parameter_limit)
        return state


class ChunkedLearner(ABC):
    """A learner that takes many iterations in one compiled call."""

    parameter_limit: ClassVar[float]
    chunk: ClassVar[int]

    @abstractmethod
    def run(self, state: TrainingState, n: int, randomness: Randomness) -> TrainingState:
        """State after `n` more iterations, however large its parameters."""

    def advance(self, state: TrainingState, n: int, randomness: Randomness) -> TrainingState:
        """State after `n` more iterations. Where they end out of range they are halved to find the one at fault."""
        after = self.run(state, n, randomness)
        if is_sound(after.parameters, self.parameter_limit):
            return after
        if n == 1:
            check_parameters(after.parameters, after.iteration, self.parameter_limit)
        half = self.advance(state, n // 2, randomness)
        return self.advance(half, n - n // 2, randomness)


def inside(memory: Memory, room: str) -> Memory:
    """Entries of `memory` named ``room.x``, as ``x``."""
    return {name.removeprefix(f"{room}."): value for name, value in memory.items() if name.startswith(f"{room}.")}


def under(room: str, entries: Mapping[str, np.ndarray]) -> Memory:
    """The reverse of `inside`."""
    return {f"{room}.{name}": value for name, value in entries.items()}
