"""Replicas of energy models in lock-step, one chain each, compiled: a chunk of phases in a call, or a call a phase."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, ClassVar

import numpy as np

from cl_theory.arguments import positive
from cl_theory.learning.learners.energy_learner import ORDER_BLOCK, first_baseline, running_baseline
from cl_theory.learning.learners.loop import Learner, Memory, Randomness, TrainingState, identity, inside, under
from cl_theory.learning.learners.parts import (
    COMPILED_CHAINS,
    ISD,
    SGD,
    AlwaysOnISD,
    ChainPolicy,
    ContrastiveDivergence,
    Descent,
    EndOfPhasePace,
    Optimiser,
    Schedule,
    States,
    parameter_kinds,
)
from cl_theory.learning.learners.replicas import Baseline, Chains, PhasePlan, Replicas, gibbs_phase, learn_phases
from cl_theory.learning.models.rbm import binary_states
from cl_theory.philox import CounterStream, philox_key
from cl_theory.theory.estimators.baselines import PhaseState
from cl_theory.theory.estimators.isd import isd_weights

SLOWEST = 2.0**-20
"""Least rate of an average per sweep: for smaller ones its steps drown in the rounding of single precision."""

STEPS_PER_PHASE = 2
"""Steps of the counter that a phase outside of chunks takes: one for the draw at its start, one for the chain."""


@dataclass(frozen=True, eq=False)
class ReplicaLearner(EndOfPhasePace, Learner):
    """Replicas, each with its own schedule and learning rate; what one learns does not depend on the others.

    `start_from` holds the first parameters, `numbers` (n_replicas,) identify the replicas: replica 7 draws the same
    random numbers in every company. With `single` the one replica there is stands for itself, as a model. Learning
    rates replace that of `optimiser`.

    Plain descent takes whole chunks of phases in one compiled call, in float32. All schedules are always on then, or
    none is, and an iteration is one phase of every replica, two where one is two-term. RBMs that are always on may
    learn around a running baseline, all at one rate: its averages move by rate/tau a sweep, and are used a sweep later.
    This is what the readable learners do with a batch of one.

    RBMs that learn at the end of phases take any other optimiser, weight decay and a baseline: their chains are
    compiled, and each phase is followed by an update in NumPy of parameters in float64. Schedules are then all
    two-term, all ISD, or all centred at one rate.
    """

    start_from: Replicas
    data: np.ndarray
    schedules: tuple[Schedule, ...]
    learning_rates: tuple[float, ...]
    chain: ChainPolicy
    visible_biases: bool = True
    numbers: tuple[int, ...] = ()
    single: bool = False
    optimiser: Optimiser = field(default_factory=lambda: SGD(1.0))
    weight_decay: float = 0.0

    parameter_limit: ClassVar[float] = 100.0

    def __post_init__(self) -> None:
        n = len(self.start_from)
        rows = binary_states(self.data, self.start_from.n_visible, "data", np.uint8)
        object.__setattr__(self, "data", rows)
        object.__setattr__(self, "numbers", tuple(map(int, self.numbers)) or tuple(range(n)))
        for name in ("schedules", "learning_rates", "numbers"):
            if len(getattr(self, name)) != n:
                raise ValueError(f"{name} must have one entry for each of {n} replicas, got {len(getattr(self, name))}")
        for rate in self.learning_rates:
            positive(rate, "learning_rate")
        if not self.visible_biases and np.any(self.start_from.visible_bias):
            raise ValueError("a network without visible biases must start with visible_bias 0, got other values")
        if self.single and n != 1:
            raise ValueError(f"single asks for one replica, got {n}")
        if not isinstance(self.chain, COMPILED_CHAINS):
            raise ValueError(f"replicas run CarriedOver, ContrastiveDivergence or Persistent, got {self.chain!r}")
        _ = self.descent  # refuses a weight decay that cannot be
        self._check_schedules()

    def _check_schedules(self) -> None:
        if len({isinstance(schedule, AlwaysOnISD) for schedule in self.schedules}) != 1:
            raise ValueError("schedules must all be always on, or none; train the two kinds apart")
        if not can_be_compiled(self.schedules, self.optimiser, self.weight_decay):
            raise ValueError(
                f"replicas that are always on learn by plain descent without decay, around no baseline or all around "
                f"one with one baseline_rate of at least {SLOWEST:.2g} times the mean length of a phase, got "
                f"{self.schedules!r}; use `train`"
            )
        if self.start_from.coupled and (not self.in_chunks or is_centred(self.schedules)):
            raise ValueError("Boltzmann machines learn side by side by plain descent without a baseline; use `train`")
        if self.in_chunks:
            return
        if len({(type(s), getattr(s, "baseline_rate", None)) for s in self.schedules}) != 1:
            raise ValueError("schedules must all be two-term, all ISD, or all centred at one rate; train them apart")

    @property
    def schedule(self) -> Schedule:
        """The schedule of the first replica, whose kind is that of all."""
        return self.schedules[0]

    @property
    def always_on(self) -> bool:
        """Whether every sweep is followed by an update."""
        return isinstance(self.schedule, AlwaysOnISD)

    @property
    def in_chunks(self) -> bool:
        """Whether whole chunks of phases are learned in one compiled call."""
        return is_plain(self.optimiser, self.weight_decay) and (self.always_on or not is_centred(self.schedules))

    @property
    def chunk(self) -> int:
        return 500 if self.in_chunks else 1

    @property
    def phases_per_update(self) -> int:
        """2 where a schedule is two-term, else 1."""
        return max(schedule.phases_per_update for schedule in self.schedules)

    @property
    def steps_per_phase(self) -> float:
        """Sweeps of the first replica, on average where lengths are random."""
        return mean_length(self.schedule, self.chain)

    @cached_property
    def odds(self) -> np.ndarray:
        """b of each replica, (n_replicas,); 1/2 where it is built into the schedule."""
        return np.array([getattr(schedule, "p_positive", 0.5) for schedule in self.schedules], dtype=np.float64)

    @cached_property
    def descent(self) -> Descent:
        """The step of the parameters of all replicas."""
        kinds, n = parameter_kinds(self.start_from.like), len(self.numbers)
        is_weight, is_learned = kinds == "weight", (kinds != "visible_bias") | self.visible_biases
        return Descent(self.optimiser, np.tile(is_weight, (n, 1)), np.tile(is_learned, (n, 1)), self.weight_decay)

    @cached_property
    def shares(self) -> np.ndarray:
        """Learning rates over that of the optimiser, (n_replicas, 1)."""
        return np.array(self.learning_rates)[:, None] / self.optimiser.learning_rate

    def stream(self, randomness: Randomness, step: int) -> CounterStream:
        """Where kernels draw at `step`; their key is drawn once a run."""
        return CounterStream(randomness.once("kernel", 0, philox_key), np.array(self.numbers, dtype=np.uint32), step)

    def phases(self, r: int, block: int, randomness: Randomness) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """(signs, lengths, data rows) of block number `block` of the phases of replica number r."""
        own = randomness.of(self.numbers[r])
        return block_of_phases(own, self.schedules[r], self.chain, len(self.data), block)

    def replicas(self, parameters: np.ndarray) -> Replicas:
        """The replicas with these parameters, rounded to float32."""
        return Replicas(self.start_from.like, parameters)

    def model(self, parameters: np.ndarray) -> Any:
        """RBMs with these parameters as `Replicas`, Boltzmann machines as a list; one model where `single` is set."""
        if self.single:
            return self.start_from.like.with_flat(parameters[0])
        replicas = self.replicas(parameters)
        return [replicas.model(r) for r in range(len(replicas))] if replicas.coupled else replicas

    def describe(self) -> Mapping[str, Any]:
        like, start = self.start_from.like, self.start_from.parameters
        return identity(
            self,
            f"{len(self.numbers)} {type(like).__name__} {like.n_visible} x {like.n_hidden}",
            (start, self.data),
            schedule=repr(self.schedules),
            chain=repr(self.chain),
            optimiser=repr((self.optimiser, self.learning_rates)),
            weight_decay=self.weight_decay,
            visible_biases=self.visible_biases,
            numbers=list(self.numbers),
        )

    def start(self, randomness: Randomness) -> TrainingState:
        """Fair coins for the units of every replica's chain."""
        v, h = (np.empty((len(self.numbers), n), dtype=np.float32) for n in self._sizes)
        for r, number in enumerate(self.numbers):
            rng = randomness.of(number).at("start", 0)
            v[r], h[r] = (rng.integers(0, 2, n) for n in self._sizes)
        memory = under("chain", {"v": v, "h": h} | ({"last_h": h} if self.start_from.coupled else {}))
        parameters = self.start_from.parameters
        if not self.in_chunks:
            parameters = parameters.astype(np.float64)
            memory |= self.descent.start()
            memory |= first_baseline(self.schedule, parameters.shape)
        elif is_centred(self.schedules):
            memory |= under("baseline", {name: np.zeros_like(parameters) for name in ("positive", "negative")})
        return TrainingState(0, parameters, memory)

    @property
    def _sizes(self) -> tuple[int, int]:
        return self.start_from.n_visible, self.start_from.n_hidden

    def run(self, state: TrainingState, n: int, randomness: Randomness) -> TrainingState:
        if not self.in_chunks:
            return super().run(state, n, randomness)
        first, n_phases = state.iteration * self.phases_per_update, n * self.phases_per_update
        plan, rows = self._plan(first, n_phases, randomness)
        baseline = None
        if is_centred(self.schedules):
            rates = np.array([rate_per_sweep(schedule) for schedule in self.schedules])
            baseline = Baseline(**inside(state.memory, "baseline"), p_positive=self.odds, rate=rates)
        replicas, chains, after = learn_phases(
            self.stream(randomness, first),
            self.replicas(state.parameters),
            Chains(**inside(state.memory, "chain")),
            plan,
            rows,
            always_on=self.always_on,
            chain=self.chain.name,  # type: ignore[arg-type]
            visible_biases=self.visible_biases,
            baseline=baseline,
        )
        memory = under("chain", {name: part for name, part in chains._asdict().items() if part is not None})
        if after is not None:
            memory |= under("baseline", {"positive": after.positive, "negative": after.negative})
        return TrainingState(state.iteration + n, replicas.parameters, memory)

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
        offset, drawn = first - blocks[0] * ORDER_BLOCK, [self.phases(r, block, randomness) for block in blocks]
        signs, lengths, rows = (
            np.concatenate(column)[offset : offset + n_phases] for column in zip(*drawn, strict=True)
        )
        return signs, lengths, self._step_sizes(r, signs), rows

    def _step_sizes(self, r: int, signs: np.ndarray) -> np.ndarray:
        """+eta w after positive phases, where the energy is lowered, and -eta w after negative ones."""
        schedule, rate = self.schedules[r], self.learning_rates[r]
        if not isinstance(schedule, ISD):
            return np.where(signs, rate, -rate)
        share = 1 / mean_length(schedule, self.chain) if self.always_on else 1.0
        return rate * share * isd_weights(signs, p_positive=schedule.p_positive)

    def step(self, state: TrainingState, randomness: Randomness) -> TrainingState:
        if self.in_chunks:
            return self.run(state, 1, randomness)
        first = state.iteration * self.phases_per_update
        gradient, signs, after = self.phase(state, first, inside(state.memory, "chain"), randomness)
        if not isinstance(self.schedule, ISD):
            negative, _, after = self.phase(state, first + 1, after, randomness)
            return self.descent.moved(state, gradient - negative, under("chain", after), self.shares)
        memory, centre = under("chain", after), np.zeros(())
        baseline = running_baseline(self.schedule)  # only its update is used, which does not depend on b
        if baseline:
            known = PhaseState(**inside(state.memory, "baseline"))
            centre = (1 - self.odds)[:, None] * known.positive + self.odds[:, None] * known.negative
            memory |= under("baseline", baseline.update(known, gradient, signs)._asdict())
        return self.descent.moved(state, self.weights(signs) * (gradient - centre), memory, self.shares)

    def weights(self, signs: np.ndarray) -> np.ndarray:
        """1/b or -1/(1-b) of each replica, (n_replicas, 1)."""
        return np.where(signs, 1 / self.odds, -1 / (1 - self.odds))[:, None]

    def phase(
        self, state: TrainingState, number: int, remembered: Memory, randomness: Randomness
    ) -> tuple[np.ndarray, np.ndarray, Memory]:
        """(dE/dtheta at the end of phase `number`, its signs, what the chains remember)."""
        block, place = divmod(number, ORDER_BLOCK)
        parts = [self.phases(r, block, randomness) for r in range(len(self.numbers))]
        signs = np.array([part[0][place] for part in parts])
        data = self.data[[part[2][place] for part in parts]].astype(np.float32)
        replicas, rng = self.replicas(state.parameters), self.stream(randomness, STEPS_PER_PHASE * number)
        v, h = remembered["v"], remembered["h"]
        begun = np.where(signs[:, None], data, v), h
        if isinstance(self.chain, ContrastiveDivergence):
            begun = _one_chain(rng, replicas, (data, h), 1, clamped=True)
        v_end, h_end = _one_chain(rng.later(1), replicas, begun, self.chain.n_steps, clamped=signs)
        keeps = ~signs[:, None] | self.chain.remembers_data
        return (
            self.start_from.like.gradient(v_end, h_end),
            signs,
            {"v": np.where(keeps, v_end, v), "h": np.where(keeps, h_end, h)},
        )


@dataclass(frozen=True, eq=False)
class OfflineISDLearner(ReplicaLearner):
    r"""ISD as a script may batch it: parameters rest until `n_positive` phases were positive, and move by the sum.

    .. math:: \Delta\theta = -\eta \sum_{k=1}^{N} Z_k, \qquad N = \min\{m : B_1 + \dots + B_m = n\}

    Every phase counts with its ISD weight, 1/b or -1/(1-b). N has mean n/b, so by Wald's identity the mean step is
    :math:`-\eta\,n\mu/b`: at one nominal rate the step grows as 1/b, though its share for each phase is that of ISD.
    An iteration is one phase of every replica; each steps at its own time. Schedules are `ISD`, the optimiser `SGD`.
    """

    n_positive: int = 10

    in_chunks: ClassVar[bool] = False

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.n_positive < 1:
            raise ValueError(f"n_positive must be at least 1, got {self.n_positive!r}")
        if any(type(schedule) is not ISD for schedule in self.schedules):
            raise ValueError(f"offline steps are summed over the phases of ISD, got {self.schedules!r}")

    def start(self, randomness: Randomness) -> TrainingState:
        state = super().start(randomness)
        nothing = {"total": np.zeros_like(state.parameters), "seen": np.zeros(len(self.numbers))}
        return TrainingState(0, state.parameters, state.memory | under("offline", nothing))

    def step(self, state: TrainingState, randomness: Randomness) -> TrainingState:
        known = inside(state.memory, "offline")
        gradient, signs, chain = self.phase(state, state.iteration, inside(state.memory, "chain"), randomness)
        total, seen = known["total"] + self.weights(signs) * gradient, known["seen"] + signs
        due = seen == self.n_positive
        left = {"total": np.where(due[:, None], 0.0, total), "seen": np.where(due, 0.0, seen)}
        memory = under("chain", chain) | under("offline", left)
        return self.descent.moved(state, np.where(due[:, None], total, 0.0), memory, self.shares)


def is_plain(optimiser: Optimiser, weight_decay: float) -> bool:
    """Whether descent is that of kernels that learn."""
    return isinstance(optimiser, SGD) and not weight_decay


def is_centred(schedules: Sequence[Schedule]) -> bool:
    """Whether any schedule has a running baseline."""
    return any(getattr(schedule, "baseline_rate", None) is not None for schedule in schedules)


def can_be_compiled(schedules: Sequence[Schedule], optimiser: Optimiser, weight_decay: float) -> bool:
    """Whether replicas of an RBM learn so; always-on learning must be plain.

    Around a baseline all have to be always on, at one rate that moves it fast enough for single precision.
    """
    if not any(isinstance(schedule, AlwaysOnISD) for schedule in schedules):
        return True
    if not is_plain(optimiser, weight_decay):
        return False
    rates = {getattr(schedule, "baseline_rate", None) for schedule in schedules}
    return rates == {None} or (len(rates) == 1 and min(map(rate_per_sweep, schedules)) >= SLOWEST)


def rate_per_sweep(schedule: Schedule) -> float:
    """rho, the rate of the baseline over the mean length of a phase."""
    assert isinstance(schedule, AlwaysOnISD)
    assert schedule.baseline_rate is not None
    return schedule.baseline_rate / float(schedule.length.mean)


def block_of_phases(
    randomness: Randomness, schedule: Schedule, chain: ChainPolicy, n_rows: int, block: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(signs, lengths, data rows) of block number `block` of one replica's phases, each (ORDER_BLOCK,)."""

    def drawn(rng: np.random.Generator) -> np.ndarray:
        rows = rng.integers(0, n_rows, ORDER_BLOCK)
        if isinstance(schedule, ISD):
            signs = schedule.phases.indicators(rng, ORDER_BLOCK, 1)[0]
        else:
            signs, rows = np.arange(ORDER_BLOCK) % 2 == 0, np.repeat(rows[::2], 2)
        lengths = np.full(ORDER_BLOCK, chain.n_steps)
        if isinstance(schedule, AlwaysOnISD):
            lengths = schedule.length.sample(rng, ORDER_BLOCK)
        return np.stack([signs.astype(np.int64), lengths, rows])

    signs, lengths, rows = randomness.once("block", block, drawn)
    return signs.astype(bool), lengths, rows


def mean_length(schedule: Schedule, chain: ChainPolicy) -> float:
    """Steps of a phase, on average."""
    return float(schedule.length.mean) if isinstance(schedule, AlwaysOnISD) else chain.n_steps


def _one_chain(
    rng: CounterStream, replicas: Replicas, states: States, n_sweeps: int, *, clamped: bool | np.ndarray
) -> States:
    """`gibbs_phase` of one chain a replica, without the axis of chains."""
    v, h = gibbs_phase(rng, replicas, states[0][:, None], states[1][:, None], n_sweeps, clamped=clamped)
    return v[:, 0], h[:, 0]
