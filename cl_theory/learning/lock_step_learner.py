"""RBM replicas in lock-step with any optimiser and running baselines: compiled chains, one update in NumPy a phase."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar

import numpy as np

from cl_theory.estimators.baselines import PhaseEMA, PhaseState
from cl_theory.learning.chains import ContrastiveDivergence
from cl_theory.learning.descent import Descent
from cl_theory.learning.networks import parameter_kinds
from cl_theory.learning.optimisers import Optimiser
from cl_theory.learning.pace import EndOfPhasePace
from cl_theory.learning.randomness import Randomness
from cl_theory.learning.replica_learner import COMPILED_CHAINS, block_of_phases
from cl_theory.learning.replica_set import ReplicaSet
from cl_theory.learning.replicas import gibbs_phase
from cl_theory.learning.schedules import ISD, AlwaysOnISD, CentredISD, Schedule
from cl_theory.learning.state import Memory, StepwiseLearner, TrainingState, inside, under
from cl_theory.philox import CounterStream, philox_key

STEPS_PER_PHASE = 2
"""Steps of the counter that a phase takes: one for the draw at its start, one for the chain."""

States = tuple[np.ndarray, np.ndarray]


@dataclass(frozen=True, eq=False)
class LockStepLearner(EndOfPhasePace, ReplicaSet, StepwiseLearner):
    """Replicas that learn at the end of phases; schedules are all two-term, all ISD, or all centred at one rate.

    Learning rates replace that of `optimiser`. Chains run in float32, parameters are kept in float64.
    """

    optimiser: Optimiser = None  # type: ignore[assignment]
    weight_decay: float = 0.0

    chunk: ClassVar[int] = 1

    def __post_init__(self) -> None:
        super().__post_init__()
        _ = self._descent  # refuses a weight decay that cannot be
        if any(isinstance(schedule, AlwaysOnISD) for schedule in self.schedules):
            raise ValueError("replicas that are always on learn by plain descent without a baseline: use SGD")
        if not isinstance(self.chain, COMPILED_CHAINS):
            raise ValueError(f"replicas run CarriedOver, ContrastiveDivergence or Persistent, got {self.chain!r}")
        if len({(type(s), getattr(s, "baseline_rate", None)) for s in self.schedules}) != 1:
            raise ValueError("schedules must all be two-term, all ISD, or all centred at one rate; train them apart")

    @property
    def schedule(self) -> Schedule:
        return self.schedules[0]

    @property
    def steps_per_phase(self) -> int:
        return self.chain.n_steps

    @cached_property
    def _descent(self) -> Descent:
        kinds = parameter_kinds(self.start_from.rbm(0))
        is_learned = (kinds != "visible_bias") | self.visible_biases
        shape = (len(self.numbers), kinds.size)
        is_weight = np.broadcast_to(kinds == "weight", shape)
        return Descent(self.optimiser, is_weight, np.broadcast_to(is_learned, shape), self.weight_decay)

    @cached_property
    def _shares(self) -> np.ndarray:
        """Learning rates over that of the optimiser, (n_replicas, 1)."""
        return np.array(self.learning_rates)[:, None] / self.optimiser.learning_rate

    @cached_property
    def _odds(self) -> np.ndarray:
        """b of each replica, (n_replicas,); 1/2 where it is built into the schedule."""
        return np.array([getattr(schedule, "p_positive", 0.5) for schedule in self.schedules], dtype=np.float64)

    def start(self, randomness: Randomness) -> TrainingState:
        v, h = self.first_states(randomness)
        parameters = self.first_parameters().astype(np.float64)
        memory = under("chain", {"v": v, "h": h}) | self._descent.start()
        if isinstance(self.schedule, CentredISD):
            memory |= under("baseline", self._baseline.start(parameters.shape)._asdict())
        return TrainingState(0, parameters, memory)

    @property
    def _baseline(self) -> PhaseEMA:
        assert isinstance(self.schedule, CentredISD)
        return PhaseEMA(0.5, self.schedule.baseline_rate)  # only its update is used, which does not depend on b

    def step(self, state: TrainingState, randomness: Randomness) -> TrainingState:
        first = state.iteration * self.phases_per_update
        if not isinstance(self.schedule, ISD):
            positive, _, remembered = self._phase(state, first, inside(state.memory, "chain"), randomness)
            negative, _, remembered = self._phase(state, first + 1, remembered, randomness)
            return self._descent.moved(state, positive - negative, under("chain", remembered), self._shares)
        gradient, signs, remembered = self._phase(state, first, inside(state.memory, "chain"), randomness)
        weights = np.where(signs, 1 / self._odds, -1 / (1 - self._odds))[:, None]
        if not isinstance(self.schedule, CentredISD):
            return self._descent.moved(state, weights * gradient, under("chain", remembered), self._shares)
        known = PhaseState(**inside(state.memory, "baseline"))
        centre = (1 - self._odds)[:, None] * known.positive + self._odds[:, None] * known.negative
        after = under("baseline", self._baseline.update(known, gradient, signs)._asdict())
        return self._descent.moved(
            state, weights * (gradient - centre), under("chain", remembered) | after, self._shares
        )

    def _phase(
        self, state: TrainingState, phase: int, remembered: Memory, randomness: Randomness
    ) -> tuple[np.ndarray, np.ndarray, Memory]:
        """(dE/dtheta at the end of the phase, its signs, what the chains remember)."""
        signs, data = self._next(phase, randomness)
        replicas = self.replicas(state.parameters)
        rng = self._counter(randomness, STEPS_PER_PHASE * phase)
        v, h = remembered["v"], remembered["h"]
        v_start, h_start = np.where(signs[:, None], data, v), h
        if isinstance(self.chain, ContrastiveDivergence):
            v_start, h_start = _plain(gibbs_phase(rng, replicas, data[:, None], h[:, None], 1, clamped=True))
        sweeps = self.chain.n_steps
        v_end, h_end = _plain(
            gibbs_phase(rng.later(1), replicas, v_start[:, None], h_start[:, None], sweeps, clamped=signs)
        )
        keeps = ~signs[:, None] | self.chain.remembers_data
        return _gradient(v_end, h_end), signs, {"v": np.where(keeps, v_end, v), "h": np.where(keeps, h_end, h)}

    def _next(self, phase: int, randomness: Randomness) -> tuple[np.ndarray, np.ndarray]:
        """(signs, data rows) of phase number `phase` in every replica."""
        block, place = divmod(phase, 1000)
        parts = [
            block_of_phases(randomness.of(number), schedule, self.chain, len(self.data), block)
            for number, schedule in zip(self.numbers, self.schedules, strict=True)
        ]
        signs = np.array([part[0][place] for part in parts])
        return signs, self.data[[part[2][place] for part in parts]].astype(np.float32)

    def _counter(self, randomness: Randomness, step: int) -> CounterStream:
        key = randomness.kept("kernel", 0)
        if key is None:
            key = philox_key(randomness.at("kernel", 0))
            randomness.keep("kernel", 0, key)
        return CounterStream(key, np.array(self.numbers, dtype=np.uint32), step)

    def describe(self) -> Mapping[str, Any]:
        """What identifies the run, ready for JSON."""
        return {
            **super().describe(),
            "optimiser": repr((self.optimiser, self.learning_rates)),
            "weight_decay": self.weight_decay,
        }


def _plain(states: States) -> States:
    """One chain a replica, without the axis of chains."""
    return states[0][:, 0], states[1][:, 0]


def _gradient(v: np.ndarray, h: np.ndarray) -> np.ndarray:
    """dE/dtheta of each replica, float64 (n_replicas, n_parameters)."""
    products = (h[:, :, None] * v[:, None, :]).reshape(len(v), -1)
    return -np.concatenate([products, v, h], axis=1, dtype=np.float64)
