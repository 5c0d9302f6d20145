"""Boltzmann machines with coupled hidden units that learn in lock-step by plain descent: one chain each, compiled."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from cl_theory.arguments import finite
from cl_theory.learning.boltzmann_kernels import run_boltzmann_phases
from cl_theory.learning.isd_estimate import digest
from cl_theory.learning.randomness import Randomness
from cl_theory.learning.replica_learner import ReplicaLearner
from cl_theory.learning.replicas import CHAIN_POLICIES, PhasePlan, bits
from cl_theory.learning.state import TrainingState, inside, under
from cl_theory.models.boltzmann import BoltzmannMachine
from cl_theory.philox import CounterStream, philox_key
from cl_theory.threads import in_turns


class Chains(NamedTuple):
    """Bits of one chain a replica, float32: remembered v (n, n_visible) and h (n, n_hidden), and the last phase's h."""

    v: np.ndarray
    h: np.ndarray
    last_h: np.ndarray


@dataclass(frozen=True, eq=False)
class BoltzmannReplicas:
    """Parameters of n Boltzmann machines of one size, float32 (n, n_parameters) in the order of their `flat`."""

    parameters: np.ndarray
    n_visible: int
    n_hidden: int

    def __post_init__(self) -> None:
        value = np.array(finite(self.parameters, "parameters"), dtype=np.float32, order="C")
        object.__setattr__(self, "parameters", value)
        n_v, n_h = self.n_visible, self.n_hidden
        n_parameters = n_h * n_v + n_v + n_h + n_h * (n_h - 1) // 2
        if value.ndim != 2 or value.shape[1] != n_parameters:
            raise ValueError(f"parameters must be (n, {n_parameters}) for {n_v} x {n_h} units, got {value.shape}")

    @classmethod
    def of(cls, machines: Sequence[BoltzmannMachine]) -> "BoltzmannReplicas":
        """One replica of each machine."""
        sizes = {(machine.n_visible, machine.n_hidden) for machine in machines}
        if len(sizes) != 1:
            raise ValueError(f"machines must all have one size (n_visible, n_hidden), got {sorted(sizes)}")
        return cls(np.stack([machine.flat for machine in machines]), *sizes.pop())

    def machine(self, replica: int) -> BoltzmannMachine:
        """The model of one replica."""
        n_v, n_h = self.n_visible, self.n_hidden
        empty = BoltzmannMachine(np.zeros((n_h, n_v)), np.zeros(n_v), np.zeros(n_h), np.zeros((n_h, n_h)))
        return empty.with_flat(self.parameters[replica].astype(np.float64))

    def __len__(self) -> int:
        return len(self.parameters)

    @property
    def visible_bias(self) -> np.ndarray:
        """a of each replica, (n, n_visible)."""
        first = self.n_hidden * self.n_visible
        return self.parameters[:, first : first + self.n_visible]


def learn_boltzmann_phases(
    rng: CounterStream,
    replicas: BoltzmannReplicas,
    chains: Chains,
    plan: PhasePlan,
    data: np.ndarray,
    *,
    always_on: bool,
    chain: str = "carried-over",
    visible_biases: bool = True,
) -> tuple[BoltzmannReplicas, Chains]:
    r"""Replicas after the phases of `plan`, by plain descent, and their chains.

    As `replicas.learn_phases`, with clamped phases of as many sweeps as the plan says: h is no exact draw given v.
    An update adds the step size times :math:`(h v^\top, v, h, h_i h_j)`. Uses one step of `rng` a phase.
    """
    n, n_v, n_h = len(replicas), replicas.n_visible, replicas.n_hidden
    after = BoltzmannReplicas(replicas.parameters, n_v, n_h)
    v, h, last_h = bits(chains.v, (n, n_v), "v"), bits(chains.h, (n, n_h), "h"), bits(chains.last_h, (n, n_h), "last_h")
    rows = bits(data, (None, n_v), "data")
    _check_plan(rng, plan, n, len(rows), chain)
    ids = np.ascontiguousarray(rng.replicas, dtype=np.uint32)
    in_turns(
        lambda first, stride: run_boltzmann_phases(
            first, stride, after.parameters, v, h, last_h, rows, plan.is_positive, plan.n_sweeps, plan.step_size,
            plan.data_row, plan.hold, always_on, CHAIN_POLICIES[chain], np.float32(visible_biases), rng.key, rng.step,
            ids,
        ),
        n,
        float(plan.n_sweeps.sum()) * (n_v + 8 * n_h + 0.07 * n_v * n_h),
    )  # fmt: skip
    return after, Chains(v, h, last_h)


@dataclass(frozen=True, eq=False)
class BoltzmannReplicaLearner(ReplicaLearner):
    """Boltzmann machines that learn by plain descent under `TwoTerm`, `ISD` or `AlwaysOnISD`, a chunk a call.

    What `EndOfPhaseLearner` and `AlwaysOnLearner` do with a batch of one. Where those two differ, so do these: with
    learning at the end a clamped phase begins at the remembered h, with learning always on at the h of the last phase.
    """

    start_from: BoltzmannReplicas  # type: ignore[assignment]

    def start(self, randomness: Randomness) -> TrainingState:
        v, h = self.first_states(randomness)
        return TrainingState(0, self.first_parameters(), under("chain", Chains(v, h, h)._asdict()))

    def run(self, state: TrainingState, n: int, randomness: Randomness) -> TrainingState:
        first, n_phases = state.iteration * self.phases_per_iteration, n * self.phases_per_iteration
        plan, rows = self._plan(first, n_phases, randomness)
        replicas, chains = learn_boltzmann_phases(
            CounterStream(philox_key(randomness.at("kernel", 0)), np.array(self.numbers, dtype=np.uint32), first),
            BoltzmannReplicas(state.parameters, self.start_from.n_visible, self.start_from.n_hidden),
            Chains(**inside(state.memory, "chain")),
            plan,
            rows,
            always_on=self.always_on,
            chain=self.chain.name,
            visible_biases=self.visible_biases,
        )
        return TrainingState(state.iteration + n, replicas.parameters, under("chain", chains._asdict()))

    def first_parameters(self) -> np.ndarray:
        return self.start_from.parameters

    def model(self, parameters: np.ndarray) -> Any:
        """The machines with these parameters as a list; the only one by itself where `single` is set."""
        replicas = BoltzmannReplicas(parameters, self.start_from.n_visible, self.start_from.n_hidden)
        machines = [replicas.machine(r) for r in range(len(replicas))]
        return machines[0] if self.single else machines

    def describe(self) -> Mapping[str, Any]:
        """What identifies the run, ready for JSON."""
        return {
            "learner": type(self).__name__,
            "network": f"{len(self.numbers)} BoltzmannMachine {self.start_from.n_visible} x {self.start_from.n_hidden}",
            "start": digest(self.start_from.parameters),
            "data": digest(self.data),
            "schedule": repr(self.schedules),
            "chain": repr(self.chain),
            "optimiser": repr(self.learning_rates),
            "visible_biases": self.visible_biases,
            "numbers": list(self.numbers),
        }


def _check_plan(rng: CounterStream, plan: PhasePlan, n: int, n_rows: int, chain: str) -> None:
    if chain not in CHAIN_POLICIES:
        raise ValueError(f"chain must be one of {', '.join(CHAIN_POLICIES)}, got {chain!r}")
    if plan.is_positive.shape[0] != n or len(rng.replicas) != n:
        raise ValueError(f"plan and rng must be for {n} replicas, got {plan.is_positive.shape[0]}, {len(rng.replicas)}")
    if plan.data_row.size and not (0 <= plan.data_row.min() and plan.data_row.max() < n_rows):
        raise ValueError(f"data_row must lie in 0..{n_rows - 1}, got {plan.data_row.min()}..{plan.data_row.max()}")
