"""Plain descent of RBM replicas in lock-step: one chain each, compiled, float32."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from cl_theory.estimators.isd import isd_weights
from cl_theory.learning.chains import CarriedOver, ChainPolicy, ContrastiveDivergence, Persistent
from cl_theory.learning.isd_estimate import ORDER_BLOCK
from cl_theory.learning.randomness import Randomness
from cl_theory.learning.replica_set import ReplicaSet, flat
from cl_theory.learning.replicas import PhasePlan, learn_phases
from cl_theory.learning.schedules import ISD, AlwaysOnISD, Schedule
from cl_theory.learning.state import ChunkedLearner, TrainingState
from cl_theory.philox import CounterStream, philox_key

COMPILED_CHAINS = (CarriedOver, ContrastiveDivergence, Persistent)


@dataclass(frozen=True, eq=False)
class ReplicaLearner(ReplicaSet, ChunkedLearner):
    """Replicas that learn by plain descent: whole chunks of phases in one compiled call.

    All schedules are always on, or none is. An iteration is one phase of every replica, two where one is two-term.
    """

    chunk: ClassVar[int] = 500

    def __post_init__(self) -> None:
        super().__post_init__()
        _check_parts(self)

    @property
    def always_on(self) -> bool:
        return isinstance(self.schedules[0], AlwaysOnISD)

    @property
    def phases_per_iteration(self) -> int:
        return 1 if all(isinstance(schedule, ISD) for schedule in self.schedules) else 2

    def iterations(self, n_phases: int) -> int:
        return -(-n_phases // self.phases_per_iteration)

    def cost(self, iteration: int) -> tuple[float, float]:
        """Phases, and time steps (of the first replica, on average where lengths are random)."""
        phases = iteration * self.phases_per_iteration
        return phases, phases * _mean_length(self.schedules[0], self.chain)

    def start(self, randomness: Randomness) -> TrainingState:
        v, h = self.first_states(randomness)
        return TrainingState(0, self.first_parameters(), {"chain.v": v, "chain.h": h})

    def run(self, state: TrainingState, n: int, randomness: Randomness) -> TrainingState:
        first, n_phases = state.iteration * self.phases_per_iteration, n * self.phases_per_iteration
        plan, rows = self._plan(first, n_phases, randomness)
        key = philox_key(randomness.at("kernel", 0))
        replicas, v, h = learn_phases(
            CounterStream(key, np.array(self.numbers, dtype=np.uint32), first),
            self.replicas(state.parameters),
            state.memory["chain.v"],
            state.memory["chain.h"],
            plan,
            rows,
            always_on=self.always_on,
            chain=self.chain.name,  # type: ignore[arg-type]
            visible_biases=self.visible_biases,
        )
        return TrainingState(state.iteration + n, flat(replicas), {"chain.v": v, "chain.h": h})

    def _plan(self, first: int, n_phases: int, randomness: Randomness) -> tuple[PhasePlan, np.ndarray]:
        """The next phases of all replicas, and the rows of data that they meet."""
        parts = [self._planned(r, first, n_phases, randomness) for r in range(len(self.numbers))]
        signs, lengths, sizes, places = (np.stack(column) for column in zip(*parts, strict=True))
        hold = np.array([not isinstance(schedule, ISD) for schedule in self.schedules])[:, None] & signs
        met, where = np.unique(places, return_inverse=True)
        return PhasePlan(signs, lengths, sizes, where.reshape(places.shape), hold), self.data[met]

    def _planned(self, r: int, first: int, n_phases: int, randomness: Randomness) -> tuple[np.ndarray, ...]:
        """(signs, lengths, step sizes, data rows) of replica number r, from whole blocks that are drawn once."""
        blocks = range(first // ORDER_BLOCK, (first + n_phases - 1) // ORDER_BLOCK + 1)
        own, offset = randomness.of(self.numbers[r]), first - blocks[0] * ORDER_BLOCK
        drawn = [block_of_phases(own, self.schedules[r], self.chain, len(self.data), block) for block in blocks]
        signs, lengths, rows = (
            np.concatenate(column)[offset : offset + n_phases] for column in zip(*drawn, strict=True)
        )
        return signs, lengths, self._step_sizes(r, signs), rows

    def _step_sizes(self, r: int, signs: np.ndarray) -> np.ndarray:
        """+eta w after positive phases, where the energy is lowered, and -eta w after negative ones."""
        schedule, rate = self.schedules[r], self.learning_rates[r]
        if not isinstance(schedule, ISD):
            return np.where(signs, rate, -rate)
        share = 1 / _mean_length(schedule, self.chain) if self.always_on else 1.0
        return rate * share * isd_weights(signs, p_positive=schedule.p_positive)


def block_of_phases(
    randomness: Randomness, schedule: Schedule, chain: ChainPolicy, n_rows: int, block: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(signs, lengths, data rows) of block number `block` of one replica's phases, each (ORDER_BLOCK,)."""
    known = randomness.kept("block", block)
    if known is None:
        rng = randomness.at("block", block)
        rows = rng.integers(0, n_rows, ORDER_BLOCK)
        if isinstance(schedule, ISD):
            signs = schedule.phases.indicators(rng, ORDER_BLOCK, 1)[0]
        else:
            signs, rows = np.arange(ORDER_BLOCK) % 2 == 0, np.repeat(rows[::2], 2)
        known = np.stack([signs.astype(np.int64), _lengths(rng, schedule, chain), rows])
        randomness.keep("block", block, known)
    return known[0].astype(bool), known[1], known[2]


def _lengths(rng: np.random.Generator, schedule: Schedule, chain: ChainPolicy) -> np.ndarray:
    if isinstance(schedule, AlwaysOnISD):
        return schedule.length.sample(rng, ORDER_BLOCK)
    return np.full(ORDER_BLOCK, chain.n_steps)


def _mean_length(schedule: Schedule, chain: ChainPolicy) -> float:
    return float(schedule.length.mean) if isinstance(schedule, AlwaysOnISD) else chain.n_steps


def _check_parts(learner: ReplicaLearner) -> None:
    if not isinstance(learner.chain, COMPILED_CHAINS):
        raise ValueError(f"replicas run CarriedOver, ContrastiveDivergence or Persistent, got {learner.chain!r}")
    if len({isinstance(schedule, AlwaysOnISD) for schedule in learner.schedules}) != 1:
        raise ValueError("schedules must all be always on, or none; train the two kinds apart")
    if any(getattr(schedule, "baseline_rate", None) is not None for schedule in learner.schedules):
        raise ValueError("plain descent in one call has no running baseline; use LockStepLearner")
