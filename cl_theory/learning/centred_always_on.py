"""Always-on ISD of RBM replicas around a running baseline: one chain each, compiled, float32."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from cl_theory.learning.centred_kernels import run_centred_phases
from cl_theory.learning.randomness import Randomness
from cl_theory.learning.replica_learner import COMPILED_CHAINS, ReplicaLearner
from cl_theory.learning.replica_set import ReplicaSet
from cl_theory.learning.replicas import CHAIN_POLICIES, PhasePlan, bits
from cl_theory.learning.schedules import AlwaysOnISD, Schedule
from cl_theory.learning.state import TrainingState, inside, under
from cl_theory.philox import CounterStream, philox_key
from cl_theory.threads import in_turns

SLOWEST = 2.0**-20
"""Least rate of an average per sweep: for smaller ones its steps drown in the rounding of single precision."""


class Centred(NamedTuple):
    """Replicas between two phases, all float32.

    `parameters`, and averages of the statistics (h v', v, h) in phases of either kind, are (n, n_parameters) in the
    order of `RBM.flat`; `v` (n, n_visible) and `h` (n, n_hidden) are the bits that the chains remember.
    """

    parameters: np.ndarray
    positive: np.ndarray
    negative: np.ndarray
    v: np.ndarray
    h: np.ndarray


def learn_centred_phases(
    rng: CounterStream,
    before: Centred,
    plan: PhasePlan,
    data: np.ndarray,
    *,
    p_positive: np.ndarray,
    rates: np.ndarray,
    chain: str = "carried-over",
    visible_biases: bool = True,
) -> Centred:
    """Replicas after the phases of `plan`: every sweep is followed by a step around the baseline (`centred_kernels`).

    `p_positive` (n,) is b, and `rates` (n,) say how far an average moves in a sweep. `chain` and the use of `rng` are
    those of `replicas.learn_phases`; updates never wait, so that a plan with `hold` is refused.
    """
    n, n_visible, n_hidden = len(before.v), before.v.shape[1], before.h.shape[1]
    after, rows = _copied(before), bits(data, (None, n_visible), "data")
    odds, moves = (np.array(np.broadcast_to(part, n), dtype=np.float32) for part in (p_positive, rates))
    _check_plan(rng, plan, n, len(rows), chain)
    ids = np.ascontiguousarray(rng.replicas, dtype=np.uint32)
    in_turns(
        lambda first, stride: run_centred_phases(
            first, stride, *after, rows, plan.is_positive, plan.n_sweeps, plan.step_size, plan.data_row, odds, moves,
            CHAIN_POLICIES[chain], np.float32(visible_biases), rng.key, rng.step, ids,
        ),
        n,
        float(plan.n_sweeps.sum()) * (n_visible + n_hidden + 0.3 * n_visible * n_hidden),
    )  # fmt: skip
    return after


@dataclass(frozen=True, eq=False)
class CentredAlwaysOnLearner(ReplicaLearner):
    """Replicas that learn at every sweep around a running baseline of one rate; an iteration is one phase.

    What `AlwaysOnLearner` does with a batch of one: the averages move by rate/tau a sweep, and are used a sweep later.
    """

    def __post_init__(self) -> None:
        ReplicaSet.__post_init__(self)
        if not isinstance(self.chain, COMPILED_CHAINS):
            raise ValueError(f"replicas run CarriedOver, ContrastiveDivergence or Persistent, got {self.chain!r}")
        if not share_a_baseline(self.schedules):
            raise ValueError(
                f"schedules must all be AlwaysOnISD with one baseline_rate of at least {SLOWEST:.2g} times the mean "
                f"length of a phase, got {self.schedules!r}"
            )

    def start(self, randomness: Randomness) -> TrainingState:
        state = super().start(randomness)
        averages = {name: np.zeros_like(state.parameters) for name in ("positive", "negative")}
        return TrainingState(0, state.parameters, state.memory | under("baseline", averages))

    def run(self, state: TrainingState, n: int, randomness: Randomness) -> TrainingState:
        plan, rows = self._plan(state.iteration, n, randomness)
        key = philox_key(randomness.at("kernel", 0))
        after = learn_centred_phases(
            CounterStream(key, np.array(self.numbers, dtype=np.uint32), state.iteration),
            Centred(state.parameters, **inside(state.memory, "baseline"), **inside(state.memory, "chain")),
            plan,
            rows,
            p_positive=np.array([getattr(schedule, "p_positive") for schedule in self.schedules]),  # noqa: B009
            rates=np.array([_rate_per_sweep(schedule) for schedule in self.schedules]),
            chain=self.chain.name,
            visible_biases=self.visible_biases,
        )
        averages = under("baseline", {"positive": after.positive, "negative": after.negative})
        memory = averages | under("chain", {"v": after.v, "h": after.h})
        return TrainingState(state.iteration + n, after.parameters, memory)


def share_a_baseline(schedules: Sequence[Schedule]) -> bool:
    """Whether all are always on around a baseline of the same rate, which moves fast enough for single precision."""
    rates = {getattr(schedule, "baseline_rate", None) for schedule in schedules}
    always_on = all(isinstance(schedule, AlwaysOnISD) for schedule in schedules)
    return always_on and len(rates) == 1 and None not in rates and min(map(_rate_per_sweep, schedules)) >= SLOWEST


def _rate_per_sweep(schedule: Schedule) -> float:
    """rho, the rate of the baseline over the mean length of a phase."""
    assert isinstance(schedule, AlwaysOnISD)
    assert schedule.baseline_rate is not None
    return schedule.baseline_rate / float(schedule.length.mean)


def _copied(before: Centred) -> Centred:
    """A copy in float32 that kernels may write to; ValueError unless everything fits together."""
    n, n_visible, n_hidden = len(before.v), before.v.shape[1], before.h.shape[1]
    v, h = bits(before.v, (n, n_visible), "v"), bits(before.h, (n, n_hidden), "h")
    parameters, positive, negative = (np.array(part, dtype=np.float32, order="C") for part in before[:3])
    copies = Centred(parameters, positive, negative, v, h)
    shape = (n, n_hidden * n_visible + n_visible + n_hidden)
    for name in ("parameters", "positive", "negative"):
        if getattr(copies, name).shape != shape:
            raise ValueError(f"{name} must have shape {shape}, got {getattr(copies, name).shape}")
    return copies


def _check_plan(rng: CounterStream, plan: PhasePlan, n: int, n_rows: int, chain: str) -> None:
    if chain not in CHAIN_POLICIES:
        raise ValueError(f"chain must be one of {', '.join(CHAIN_POLICIES)}, got {chain!r}")
    if plan.is_positive.shape[0] != n or len(rng.replicas) != n:
        raise ValueError(f"plan and rng must be for {n} replicas, got {plan.is_positive.shape[0]}, {len(rng.replicas)}")
    if plan.hold.any():  # type: ignore[union-attr]
        raise ValueError("learning is always on: no update of the plan may wait, leave hold out")
    if plan.data_row.size and not (0 <= plan.data_row.min() and plan.data_row.max() < n_rows):
        raise ValueError(f"data_row must lie in 0..{n_rows - 1}, got {plan.data_row.min()}..{plan.data_row.max()}")
