"""What a learner is made of: a schedule, a chain policy, an optimiser, and the steps of the network that these ask for.

Each is chosen apart from the others, by an object or by the name that command lines and stored settings use; a learner
puts them together with a model and data."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Protocol

import numpy as np

from cl_theory.arguments import positive, positive_integer, probability_inside
from cl_theory.learning.learners.loop import Memory, TrainingState, inside, under
from cl_theory.learning.models.boltzmann import BoltzmannMachine
from cl_theory.learning.models.exact_law import Network, sample_exactly
from cl_theory.learning.models.rbm import RBM
from cl_theory.theory.chains.phase_lengths import Fixed, Geometric, PhaseLength, ShiftedPoisson, Uniform
from cl_theory.theory.chains.phase_order import Alternating, Bernoulli, Stratified, Systematic

PhaseOrder = Bernoulli | Alternating | Stratified | Systematic
ORDERS: dict[str, Callable[[float], PhaseOrder]] = {
    "bernoulli": Bernoulli,
    "systematic": Systematic,
    "stratified": Stratified,
    "alternating": lambda b: Alternating(),
}


@dataclass(frozen=True)
class TwoTerm:
    """Both phases, then one step along their difference: the classical rule, with b = 1/2 built in."""

    name: ClassVar[str] = "two-term"
    phases_per_update: ClassVar[int] = 2


@dataclass(frozen=True)
class ISD:
    """One phase, then one step along its gradient, weighted by 1/b or -1/(1-b).

    `p_positive` is b; `order` names how the phases follow each other: "bernoulli" (independent coins), "systematic",
    "stratified" (within a thousand phases) or "alternating" (b = 1/2 only).
    """

    p_positive: float = 0.5
    order: str = "bernoulli"
    name: ClassVar[str] = "isd"
    phases_per_update: ClassVar[int] = 1

    def __post_init__(self) -> None:
        _ = self.phases  # refuses an unknown name, or a b that it cannot have

    @property
    def phases(self) -> PhaseOrder:
        """The law of the order of phases."""
        b = float(probability_inside(self.p_positive))
        if self.order == "alternating" and b != 0.5:
            raise ValueError(f"phases that alternate have p_positive 0.5, got {b!r}; use order='systematic'")
        return chosen(ORDERS, self.order, "order")(b)


@dataclass(frozen=True)
class CentredISD(ISD):
    """ISD around a running baseline: moving averages of both phases' gradients, each moved by `baseline_rate`."""

    baseline_rate: float = 0.01
    name: ClassVar[str] = "centred-isd"

    def __post_init__(self) -> None:
        super().__post_init__()
        _rate(self.baseline_rate)


@dataclass(frozen=True)
class AlwaysOnISD(ISD):
    """ISD that learns at every step of a phase with eta/tau, where tau is the mean of `length`.

    ``Fixed(T)`` gives always-on learning with fixed T; ``Geometric(tau)`` and the other laws of `phase_lengths`
    give random T, for which no signal marks the end of a phase. With a `baseline_rate` (per phase) it is centred.
    """

    length: PhaseLength = field(default_factory=lambda: Fixed(200))
    baseline_rate: float | None = None
    name: ClassVar[str] = "always-on-isd"

    def __post_init__(self) -> None:
        super().__post_init__()
        if not isinstance(self.length, PhaseLength):
            raise ValueError(f"length must be a law of phase lengths such as Fixed(200), got {self.length!r}")
        if self.baseline_rate is not None:
            _rate(self.baseline_rate)


Schedule = TwoTerm | ISD


def _rate(value: float) -> None:
    if not 0 < value <= 1:
        raise ValueError(f"baseline_rate must lie in (0, 1], got {value!r}")


class _Scheduled(Protocol):
    @property
    def schedule(self) -> Schedule: ...
    @property
    def phases_per_update(self) -> int: ...
    @property
    def steps_per_phase(self) -> float: ...


class EndOfPhasePace:
    """An update after each phase under `ISD`, after each pair under `TwoTerm`."""

    @property
    def phases_per_update(self: _Scheduled) -> int:
        return self.schedule.phases_per_update

    def iterations(self: _Scheduled, n_phases: int) -> int:
        """Updates that `n_phases` phases of each chain make."""
        return -(-n_phases // self.phases_per_update)

    def cost(self: _Scheduled, iteration: int) -> tuple[float, float]:
        """(phases, time steps of the network) run up to `iteration`, of each chain."""
        phases = iteration * self.phases_per_update
        return phases, phases * self.steps_per_phase


def clamped_step(rng: np.random.Generator, network: Network, v: np.ndarray, h: np.ndarray) -> np.ndarray:
    """Hidden units after one step with v held: a fresh draw in an RBM, one sweep where hidden units are coupled."""
    if isinstance(network, BoltzmannMachine):
        return network.gibbs_h_given_v(rng, v, h)
    return network.sample_h_given_v(rng, v)


def free_step(
    rng: np.random.Generator, network: Network, v: np.ndarray, h: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """(v, h) after one Gibbs step of the whole network: visible units first, then hidden ones."""
    v = network.sample_v_given_h(rng, h)
    return v, clamped_step(rng, network, v, h)


def weighted_gradient(network: Network, v: np.ndarray, h: np.ndarray, weights: np.ndarray) -> np.ndarray:
    r"""Sum over rows of :math:`w_k\, \partial E / \partial\theta (v_k, h_k)`, shape (n_parameters,).

    The same as ``weights @ network.gradient(v, h)`` without the rows of gradients.
    """
    weighted = weights[:, None] * h
    parts = [(weighted.T @ v).ravel(), weights @ v, weighted.sum(axis=0)]
    if isinstance(network, BoltzmannMachine):
        parts.append((weighted.T @ h)[np.triu_indices(network.n_hidden, 1)])
    return -np.concatenate(parts)


def parameter_kinds(network: Network) -> np.ndarray:
    """Kind of each entry of `flat`: "weight", "visible_bias" or "hidden_bias"."""
    sizes = {"weight": network.weights.size, "visible_bias": network.n_visible, "hidden_bias": network.n_hidden}
    kinds = np.repeat(list(sizes), list(sizes.values()))
    return np.append(kinds, np.repeat("weight", network.flat.size - kinds.size))


States = tuple[np.ndarray, np.ndarray]


@dataclass(frozen=True)
class ChainPolicy(ABC):
    """A policy for the chain: `start` of a free phase, `n_steps` of every phase, and what it remembers.

    `remembers_data` says whether a clamped phase leaves its state behind for the next free one.
    """

    n_steps: int = 1
    name: ClassVar[str]
    remembers_data: ClassVar[bool] = False

    def __post_init__(self) -> None:
        positive_integer(self.n_steps, "n_steps")

    def start(self, rng: np.random.Generator, network: Network, data: np.ndarray, remembered: States) -> States:
        """State at the start of a free phase, from fresh data rows and what is remembered."""
        return remembered

    def run(self, rng: np.random.Generator, network: Network, states: States) -> States:
        """State at the end of a free phase."""
        for _ in range(self.n_steps):
            states = free_step(rng, network, *states)
        return states

    def clamp(self, rng: np.random.Generator, network: Network, data: np.ndarray, h: np.ndarray) -> np.ndarray:
        """Hidden state at the end of a clamped phase (in an RBM one step is already an exact draw)."""
        for _ in range(1 if isinstance(network, RBM) else self.n_steps):
            h = clamped_step(rng, network, data, h)
        return h


@dataclass(frozen=True)
class ContrastiveDivergence(ChainPolicy):
    """CD-K: each free phase starts at a data row and runs K = `n_steps` Gibbs steps. Source: Hinton (2002)."""

    name: ClassVar[str] = "cd"

    def start(self, rng: np.random.Generator, network: Network, data: np.ndarray, remembered: States) -> States:
        return data, clamped_step(rng, network, data, remembered[1])


@dataclass(frozen=True)
class Persistent(ChainPolicy):
    """PCD: each free phase goes on where the last free phase ended. Source: Younes (1989), Tieleman (2008)."""

    name: ClassVar[str] = "persistent"


@dataclass(frozen=True)
class CarriedOver(ChainPolicy):
    """Each free phase goes on where the last phase ended, be it free or clamped: one network, never reset."""

    name: ClassVar[str] = "carried-over"
    remembers_data: ClassVar[bool] = True


@dataclass(frozen=True)
class Exact(ChainPolicy):
    """Each free phase is an independent draw from the model itself, by enumeration; no chain, no bias."""

    name: ClassVar[str] = "exact"

    def start(self, rng: np.random.Generator, network: Network, data: np.ndarray, remembered: States) -> States:
        return sample_exactly(rng, network, len(data))

    def run(self, rng: np.random.Generator, network: Network, states: States) -> States:
        return states

    def clamp(self, rng: np.random.Generator, network: Network, data: np.ndarray, h: np.ndarray) -> np.ndarray:
        return network.sample_h_given_v(rng, data)


COMPILED_CHAINS = (CarriedOver, ContrastiveDivergence, Persistent)
"""Chains that kernels can run."""


def first_states(rng: np.random.Generator, network: Network, n_chains: int) -> States:
    """Fair coins for visible and hidden units: where a chain that is never reset begins."""
    v = rng.integers(0, 2, (n_chains, network.n_visible)).astype(np.float64)
    return v, rng.integers(0, 2, (n_chains, network.n_hidden)).astype(np.float64)


Shape = int | tuple[int, ...]
Share = float | np.ndarray


class Optimiser(ABC):
    """`start` gives the memory of the first step; `step` returns what is added to the parameters and the new memory.

    `learning_rate` may be divided at each call: always-on learning spreads it over the mean length of a phase.
    """

    learning_rate: float

    @abstractmethod
    def start(self, shape: Shape) -> Memory:
        """Memory before the first step of parameters of this shape, float64 arrays by name."""

    @abstractmethod
    def step(self, gradient: np.ndarray, memory: Memory, share: Share = 1.0) -> tuple[np.ndarray, Memory]:
        """What to add to the parameters, at `share` of the learning rate, and the memory of the next step."""


@dataclass(frozen=True)
class SGD(Optimiser):
    r"""Plain descent, :math:`\Delta\theta = -\eta Z`."""

    learning_rate: float

    def __post_init__(self) -> None:
        positive(self.learning_rate, "learning_rate")

    def start(self, shape: Shape) -> Memory:
        return {}

    def step(self, gradient: np.ndarray, memory: Memory, share: Share = 1.0) -> tuple[np.ndarray, Memory]:
        return -self.learning_rate * share * gradient, memory


@dataclass(frozen=True)
class Momentum(Optimiser):
    r"""Heavy ball, :math:`u' = \beta u + Z`, :math:`\Delta\theta = -\eta u'`. Source: Polyak (1964)."""

    learning_rate: float
    momentum: float = 0.9

    def __post_init__(self) -> None:
        positive(self.learning_rate, "learning_rate")
        _fraction(self.momentum, "momentum")

    def start(self, shape: Shape) -> Memory:
        return {"velocity": np.zeros(shape)}

    def step(self, gradient: np.ndarray, memory: Memory, share: Share = 1.0) -> tuple[np.ndarray, Memory]:
        velocity = self.momentum * memory["velocity"] + gradient
        return -self.learning_rate * share * velocity, {"velocity": velocity}


@dataclass(frozen=True)
class Adam(Optimiser):
    r"""Steps scaled by running moments of the gradient.

    .. math:: m' = \beta_1 m + (1-\beta_1) Z, \quad s' = \beta_2 s + (1-\beta_2) Z^2, \quad
        \Delta\theta = -\eta\, \frac{m' / (1-\beta_1^t)}{\sqrt{s' / (1-\beta_2^t)} + \epsilon}

    Source: Kingma & Ba (2015), Algorithm 1.
    """

    learning_rate: float = 0.001
    beta1: float = 0.9
    beta2: float = 0.999
    epsilon: float = 1e-8

    def __post_init__(self) -> None:
        positive(self.learning_rate, "learning_rate")
        positive(self.epsilon, "epsilon")
        _fraction(self.beta1, "beta1")
        _fraction(self.beta2, "beta2")

    def start(self, shape: Shape) -> Memory:
        return {"first": np.zeros(shape), "second": np.zeros(shape), "count": np.zeros(())}

    def step(self, gradient: np.ndarray, memory: Memory, share: Share = 1.0) -> tuple[np.ndarray, Memory]:
        count = memory["count"] + 1
        first = self.beta1 * memory["first"] + (1 - self.beta1) * gradient
        second = self.beta2 * memory["second"] + (1 - self.beta2) * gradient**2
        spread = np.sqrt(second / (1 - self.beta2**count)) + self.epsilon
        change = -self.learning_rate * share * (first / (1 - self.beta1**count)) / spread
        return change, {"first": first, "second": second, "count": count}


def _fraction(value: float, name: str) -> None:
    if not 0 <= value < 1:
        raise ValueError(f"{name} must lie in [0, 1), got {value!r}")


@dataclass(frozen=True, eq=False)
class Descent:
    r"""An optimiser with weight decay: :math:`-\eta\lambda W` is added on weights, nothing on biases.

    The sign shrinks the weights: it is descent on the loss plus :math:`\tfrac12\lambda |W|^2`. Decay stays out of the
    memory of the optimiser, so that Adam does not rescale it (Loshchilov & Hutter 2019). `is_weight` and `is_learned`
    mark parameters, bool of their shape: (n_parameters,), or a row a replica.
    """

    optimiser: Optimiser
    is_weight: np.ndarray
    is_learned: np.ndarray
    weight_decay: float = 0.0

    def __post_init__(self) -> None:
        if not 0 <= self.weight_decay < np.inf:
            raise ValueError(f"weight_decay must be a finite number of at least 0, got {self.weight_decay!r}")

    def start(self) -> Memory:
        """Memory of the optimiser before the first step."""
        return under("optimiser", self.optimiser.start(self.is_weight.shape))

    def moved(self, state: TrainingState, gradient: np.ndarray, memory: Memory, share: Share = 1.0) -> TrainingState:
        """State after one step along `gradient` at `share` of the learning rate, with `memory` of everything else."""
        change, kept = self.optimiser.step(gradient, inside(state.memory, "optimiser"), share)
        if self.weight_decay:
            rate = self.optimiser.learning_rate * share * self.weight_decay
            change = change - rate * np.where(self.is_weight, state.parameters, 0.0)
        if not self.is_learned.all():
            change = np.where(self.is_learned, change, 0.0)
        return TrainingState(state.iteration + 1, state.parameters + change, memory | under("optimiser", kept))


ESTIMATORS = ("two-term", "isd", "centred-isd", "always-on-isd")
LENGTHS: dict[str, Callable[[int], PhaseLength]] = {
    "fixed": Fixed,
    "geometric": Geometric,
    "poisson": lambda mean: ShiftedPoisson(max(1, mean // 2), mean),
    "uniform": lambda mean: Uniform(max(1, mean // 2), 2 * mean - max(1, mean // 2)),
}
CHAINS: dict[str, type[ChainPolicy]] = {c.name: c for c in (Persistent, ContrastiveDivergence, CarriedOver, Exact)}
OPTIMISERS: dict[str, type[Optimiser]] = {"sgd": SGD, "momentum": Momentum, "adam": Adam}


def chosen(choices: Mapping[str, Any] | tuple[str, ...], word: str, option: str) -> Any:
    """What `word` stands for; ValueError that lists the words there are."""
    if word not in choices:
        raise ValueError(f"{option} must be one of {', '.join(choices)}, got {word!r}")
    return choices[word] if isinstance(choices, Mapping) else word


def named_schedule(
    estimator: str,
    b: float = 0.5,
    order: str = "bernoulli",
    length: int = 200,
    length_law: str = "fixed",
    baseline_rate: float | None = None,
) -> Schedule:
    """The schedule of an estimator's name; what a schedule has no use for is ignored.

    `baseline_rate` is needed by "centred-isd", and centres "always-on-isd" where it is given.
    """
    chosen(ESTIMATORS, estimator, "estimator")
    if estimator == "two-term":
        return TwoTerm()
    if estimator == "isd":
        return ISD(b, order)
    if estimator == "centred-isd":
        return CentredISD(b, order, 0.01 if baseline_rate is None else baseline_rate)
    return AlwaysOnISD(b, order, chosen(LENGTHS, length_law, "length law")(length), baseline_rate)
