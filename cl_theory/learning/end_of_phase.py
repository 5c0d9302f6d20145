"""Learning at the end of phases: two-term after a pair, ISD and centred ISD after each phase."""

from functools import partial

import numpy as np

from cl_theory.learning.chains import ChainPolicy, States
from cl_theory.learning.energy_learner import EnergyLearner
from cl_theory.learning.isd_estimate import isd_estimate, phase_signs
from cl_theory.learning.networks import Network, weighted_gradient
from cl_theory.learning.pace import EndOfPhasePace
from cl_theory.learning.randomness import Randomness
from cl_theory.learning.schedules import ISD, AlwaysOnISD
from cl_theory.learning.state import TrainingState, inside, under


class EndOfPhaseLearner(EndOfPhasePace, EnergyLearner):
    """One iteration is one update: a pair of phases under `TwoTerm`, a single phase under `ISD`."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if isinstance(self.schedule, AlwaysOnISD):
            raise ValueError("AlwaysOnISD learns at every step; use AlwaysOnLearner")

    @property
    def steps_per_phase(self) -> int:
        return self.chain.n_steps

    def start(self, randomness: Randomness) -> TrainingState:
        return TrainingState(0, self.network.flat, self.first_memory(randomness))

    def step(self, state: TrainingState, randomness: Randomness) -> TrainingState:
        update = self._isd_step if isinstance(self.schedule, ISD) else self._two_term_step
        return update(state, randomness)

    def _two_term_step(self, state: TrainingState, randomness: Randomness) -> TrainingState:
        rng, network = randomness.at("phases", state.iteration), self.model(state.parameters)
        data, remembered = self.rows(rng), _remembered(state)
        gradient = np.zeros_like(state.parameters)
        for sign in (True, False):
            signs = np.full(self.batch_size, sign)
            states, remembered = run_phases(rng, network, self.chain, data, signs, remembered)
            weight = np.full(self.batch_size, (1.0 if sign else -1.0) / self.batch_size)
            gradient = gradient + weighted_gradient(network, *states, weight)
        return self.descent.moved(state, gradient, _chain_memory(remembered))

    def _isd_step(self, state: TrainingState, randomness: Randomness) -> TrainingState:
        assert isinstance(self.schedule, ISD)
        rng, network = randomness.at("phases", state.iteration), self.model(state.parameters)
        signs = phase_signs(randomness, self.schedule, self.batch_size, state.iteration)
        states, remembered = run_phases(rng, network, self.chain, self.rows(rng), signs, _remembered(state))
        total = partial(weighted_gradient, network, *states)
        gradient, known = isd_estimate(self.schedule, state.memory, total, signs)
        return self.descent.moved(state, gradient, _chain_memory(remembered) | known)


def run_phases(
    rng: np.random.Generator,
    network: Network,
    chain: ChainPolicy,
    data: np.ndarray,
    is_positive: np.ndarray,
    remembered: States,
) -> tuple[States, States]:
    """One phase in each chain: its last state, and what each chain remembers afterwards.

    Chains with `is_positive` are clamped to their row of `data`; the others run freely from where `chain` starts them.
    """
    v, h = np.array(remembered[0]), np.array(remembered[1])
    on, off = np.flatnonzero(is_positive), np.flatnonzero(~is_positive)
    if on.size:
        h[on] = chain.clamp(rng, network, data[on], h[on])
        v[on] = data[on]
    if off.size:
        begun = chain.start(rng, network, data[off], (v[off], h[off]))
        v[off], h[off] = chain.run(rng, network, begun)
    if chain.remembers_data:
        return (v, h), (v, h)
    forget = is_positive[:, None]
    return (v, h), (np.where(forget, remembered[0], v), np.where(forget, remembered[1], h))


def _remembered(state: TrainingState) -> States:
    chain = inside(state.memory, "chain")
    return chain["v"], chain["h"]


def _chain_memory(remembered: States) -> dict[str, np.ndarray]:
    return under("chain", {"v": remembered[0], "h": remembered[1]})
