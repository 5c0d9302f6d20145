"""Readable learners of energy models, batch by batch in NumPy: at the end of phases, and always on."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any, ClassVar

import numpy as np

from cl_theory.arguments import positive_integer
from cl_theory.learning.learners.loop import Learner, Memory, Randomness, TrainingState, identity, inside, under
from cl_theory.learning.learners.parts import (
    ISD,
    AlwaysOnISD,
    ChainPolicy,
    Descent,
    EndOfPhasePace,
    Network,
    Optimiser,
    Schedule,
    States,
    clamped_step,
    first_states,
    free_step,
    parameter_kinds,
    weighted_gradient,
)
from cl_theory.learning.models.rbm import binary_states
from cl_theory.theory.estimators.baselines import PhaseEMA, PhaseState
from cl_theory.theory.estimators.isd import isd_weights

ORDER_BLOCK = 1000
"""Phases are ordered in blocks of this many, so that an order is known without a memory of the run."""

WeightedGradient = Callable[[np.ndarray], np.ndarray]
"""From one weight a chain to the weighted sum of the chains' gradients, (n_parameters,)."""


def phase_signs(randomness: Randomness, schedule: ISD, n_chains: int, phase: int) -> np.ndarray:
    """B of phase number `phase` in every chain, bool (n_chains,)."""
    block, place = divmod(phase, ORDER_BLOCK)
    return randomness.once("order", block, lambda rng: schedule.phases.indicators(rng, ORDER_BLOCK, n_chains))[:, place]


def running_baseline(schedule: Schedule, share: float = 1.0) -> PhaseEMA | None:
    """The baseline of a centred schedule, moved by `share` of its rate at a time; None for the others."""
    rate = getattr(schedule, "baseline_rate", None)
    if rate is None or not isinstance(schedule, ISD):
        return None
    return PhaseEMA(schedule.p_positive, rate * share)


def first_baseline(schedule: Schedule, shape: tuple[int, ...]) -> Memory:
    """Memory of the baseline before the first phase, for parameters of this shape."""
    baseline = running_baseline(schedule)
    return under("baseline", baseline.start(shape)._asdict()) if baseline else {}


def isd_estimate(
    schedule: ISD, memory: Memory, gradient: WeightedGradient, signs: np.ndarray, share: float = 1.0
) -> tuple[np.ndarray, Memory]:
    """Mean of w_k (g_k - c) over the chains, and the memory of the baseline after it has seen their gradients.

    w_k is 1/b or -1/(1-b). The baseline in use knows earlier phases only, which keeps the estimate unbiased.
    """
    weights = isd_weights(signs, p_positive=schedule.p_positive)
    estimate, baseline = gradient(weights / len(weights)), running_baseline(schedule, share)
    if baseline is None:
        return estimate, {}
    known = PhaseState(**inside(memory, "baseline"))
    estimate = estimate - weights.mean() * baseline.centre(known)
    for sign in (True, False):
        among = signs == sign
        if among.any():
            known = baseline.update(known, gradient(among / among.sum()), np.asarray(sign))
    return estimate, under("baseline", known._asdict())


@dataclass(frozen=True, eq=False)
class EnergyLearner(Learner):
    """An energy model, its data and the parts of its learning rule, checked once.

    `network` holds the starting parameters; `data` (n_rows, n_visible) are bits; `batch_size` is the number of
    independent chains that share the parameters, one phase each at a time.
    """

    network: Network
    data: np.ndarray
    schedule: Schedule
    chain: ChainPolicy
    optimiser: Optimiser
    batch_size: int = 1
    weight_decay: float = 0.0
    visible_biases: bool = True

    parameter_limit: ClassVar[float] = 100.0  # a single weight of 100 lets its unit flip once in 10**43 steps

    def __post_init__(self) -> None:
        rows = binary_states(self.data, self.network.n_visible, "data", np.uint8)
        object.__setattr__(self, "data", rows)
        positive_integer(self.batch_size, "batch_size")
        _ = self.descent  # refuses a weight decay that cannot be
        if not self.visible_biases and np.any(self.network.visible_bias):
            raise ValueError("a network without visible biases must start with visible_bias 0, got other values")

    @cached_property
    def descent(self) -> Descent:
        """The step of the parameters."""
        kinds = parameter_kinds(self.network)
        is_learned = (kinds != "visible_bias") | self.visible_biases
        return Descent(self.optimiser, kinds == "weight", is_learned, self.weight_decay)

    def model(self, parameters: np.ndarray) -> Network:
        """The network with these parameters."""
        return self.network.with_flat(parameters)

    def describe(self) -> Mapping[str, Any]:
        """What identifies the run, ready for JSON."""
        return identity(
            self,
            f"{type(self.network).__name__} {self.network.n_visible} x {self.network.n_hidden}",
            (self.network.flat, self.data),
            schedule=repr(self.schedule),
            chain=repr(self.chain),
            optimiser=repr(self.optimiser),
            batch_size=self.batch_size,
            weight_decay=self.weight_decay,
            visible_biases=self.visible_biases,
        )

    def rows(self, rng: np.random.Generator) -> np.ndarray:
        """One data row a chain, drawn with replacement."""
        return self.data[rng.integers(0, len(self.data), self.batch_size)].astype(np.float64)

    def first_memory(self, randomness: Randomness) -> Memory:
        """Memory of the chains, the optimiser and the baseline before the first phase."""
        v, h = first_states(randomness.at("start", 0), self.network, self.batch_size)
        memory = under("chain", {"v": v, "h": h}) | self.descent.start()
        return memory | first_baseline(self.schedule, self.network.flat.shape)


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
        rng, network = randomness.at("phases", state.iteration), self.model(state.parameters)
        data, chain = self.rows(rng), inside(state.memory, "chain")
        remembered: States = chain["v"], chain["h"]
        known: Memory = {}
        if isinstance(self.schedule, ISD):
            signs = phase_signs(randomness, self.schedule, self.batch_size, state.iteration)
            states, remembered = run_phases(rng, network, self.chain, data, signs, remembered)
            total = partial(weighted_gradient, network, *states)
            gradient, known = isd_estimate(self.schedule, state.memory, total, signs)
        else:
            gradient = np.zeros_like(state.parameters)
            for sign in (True, False):
                signs = np.full(self.batch_size, sign)
                states, remembered = run_phases(rng, network, self.chain, data, signs, remembered)
                weight = np.full(self.batch_size, (1.0 if sign else -1.0) / self.batch_size)
                gradient = gradient + weighted_gradient(network, *states, weight)
        memory = under("chain", dict(zip("vh", remembered, strict=True)))
        return self.descent.moved(state, gradient, memory | known)


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
