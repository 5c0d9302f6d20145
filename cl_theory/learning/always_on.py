"""Always-on learning: a step of eta/tau at every step of the network, in phases of fixed or random length."""

from functools import partial

import numpy as np

from cl_theory.learning.energy_learner import EnergyLearner
from cl_theory.learning.isd_estimate import isd_estimate, phase_signs
from cl_theory.learning.networks import Network, clamped_step, free_step, weighted_gradient
from cl_theory.learning.randomness import Randomness
from cl_theory.learning.schedules import AlwaysOnISD
from cl_theory.learning.state import Memory, TrainingState, under


class AlwaysOnLearner(EnergyLearner):
    """One iteration is one time step of every chain, followed by an update of the shared parameters.

    The gradient is read after the transition. Each chain has its own phases: where lengths are random they begin
    and end at different times in different chains. `chain` says where a free phase starts; its number of steps is
    not used, since `schedule.length` says how long phases are.
    """

    def __post_init__(self) -> None:
        super().__post_init__()
        if not isinstance(self.schedule, AlwaysOnISD):
            raise ValueError(f"always-on learning needs an AlwaysOnISD schedule, got {self.schedule!r}")

    @property
    def mean_length(self) -> float:
        """tau, the mean number of steps of a phase."""
        assert isinstance(self.schedule, AlwaysOnISD)
        return float(self.schedule.length.mean)

    def iterations(self, n_phases: int) -> int:
        return int(np.ceil(n_phases * self.mean_length))

    def cost(self, iteration: int) -> tuple[float, float]:
        return iteration / self.mean_length, iteration

    def start(self, randomness: Randomness) -> TrainingState:
        memory = self.first_memory(randomness)
        n = self.batch_size
        phase = {"number": np.full(n, -1), "left": np.zeros(n, np.int64), "positive": np.zeros(n, bool)}
        kept = {"kept_v": memory["chain.v"], "kept_h": memory["chain.h"]}
        return TrainingState(0, self.network.flat, memory | under("phase", phase) | under("chain", kept))

    def step(self, state: TrainingState, randomness: Randomness) -> TrainingState:
        assert isinstance(self.schedule, AlwaysOnISD)
        rng, network = randomness.at("phases", state.iteration), self.model(state.parameters)
        memory = self._begun(rng, network, state.memory, randomness)
        states = _stepped(rng, network, memory)
        signs = memory["phase.positive"]
        total = partial(weighted_gradient, network, *states)
        gradient, known = isd_estimate(self.schedule, memory, total, signs, share=1 / self.mean_length)
        after = memory | under("chain", {"v": states[0], "h": states[1]}) | known
        after["phase.left"] = memory["phase.left"] - 1
        return self.descent.moved(state, gradient, after, share=1 / self.mean_length)

    def _begun(self, rng: np.random.Generator, network: Network, memory: Memory, randomness: Randomness) -> Memory:
        """Memory in which every chain whose phase is over has begun a new one."""
        assert isinstance(self.schedule, AlwaysOnISD)
        over = np.flatnonzero(memory["phase.left"] == 0)
        if not over.size:
            return memory
        new = {name: np.array(value) for name, value in memory.items() if name.startswith(("phase.", "chain."))}
        self._remember(new, over)
        new["phase.number"][over] += 1
        new["phase.left"][over] = self.schedule.length.sample(rng, over.size)
        for k, number in zip(over, new["phase.number"][over].tolist(), strict=True):
            new["phase.positive"][k] = phase_signs(randomness, self.schedule, self.batch_size, number)[k]
        data = self.rows(rng)
        on, off = over[new["phase.positive"][over]], over[~new["phase.positive"][over]]
        new["chain.v"][on] = data[on]
        if off.size:
            kept = new["chain.kept_v"][off], new["chain.kept_h"][off]
            new["chain.v"][off], new["chain.h"][off] = self.chain.start(rng, network, data[off], kept)
        return memory | new

    def _remember(self, memory: Memory, over: np.ndarray) -> None:
        """Keep the last states of the phases that are over, as the chain policy asks."""
        ended = over if self.chain.remembers_data else over[~memory["phase.positive"][over]]
        ended = ended[memory["phase.number"][ended] >= 0]
        memory["chain.kept_v"][ended] = memory["chain.v"][ended]
        memory["chain.kept_h"][ended] = memory["chain.h"][ended]


def _stepped(rng: np.random.Generator, network: Network, memory: Memory) -> tuple[np.ndarray, np.ndarray]:
    """States of all chains after one time step: hidden units only where the data are clamped."""
    v, h = np.array(memory["chain.v"]), np.array(memory["chain.h"])
    on, off = np.flatnonzero(memory["phase.positive"]), np.flatnonzero(~memory["phase.positive"])
    if on.size:
        h[on] = clamped_step(rng, network, v[on], h[on])
    if off.size:
        v[off], h[off] = free_step(rng, network, v[off], h[off])
    return v, h
