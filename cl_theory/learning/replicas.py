"""RBMs that run and learn in lock-step: seeds, values of b, learning rates, one network each.

Everything is float32 with bits as 0.0 and 1.0. The compiled kernels behind these functions give each replica the same
bits for any number of threads and of other replicas; `gibbs_numpy` holds their readable siblings.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Literal

import numpy as np

from cl_theory.arguments import finite, positive_integer
from cl_theory.learning.replica_kernels import CARRIED, CHAINS, FROM_DATA, PERSISTENT, run_chains, run_phases
from cl_theory.models.rbm import RBM
from cl_theory.philox import CounterStream
from cl_theory.threads import in_turns

CHAIN_POLICIES = {"carried-over": CARRIED, "cd": FROM_DATA, "persistent": PERSISTENT}
ChainName = Literal["carried-over", "cd", "persistent"]


@dataclass(frozen=True, eq=False)
class Replicas:
    """Parameters of n RBMs of one size, float32, copied when made.

    `weights` (n, n_hidden, n_visible), `visible_bias` (n, n_visible), `hidden_bias` (n, n_hidden).
    """

    weights: np.ndarray
    visible_bias: np.ndarray
    hidden_bias: np.ndarray

    def __post_init__(self) -> None:
        for field in fields(self):
            value = finite(getattr(self, field.name), field.name)
            object.__setattr__(self, field.name, np.array(value, dtype=np.float32, order="C"))
        shape = self.weights.shape
        if len(shape) != 3 or self.visible_bias.shape != shape[::2] or self.hidden_bias.shape != shape[:2]:
            raise ValueError(
                f"weights must be (n, n_hidden, n_visible), got {shape} with visible_bias {self.visible_bias.shape} "
                f"and hidden_bias {self.hidden_bias.shape}"
            )

    @classmethod
    def of(cls, rbms: Sequence[RBM]) -> "Replicas":
        """One replica of each model."""
        return cls(*(np.stack([getattr(rbm, field.name) for rbm in rbms]) for field in fields(cls)))

    @classmethod
    def repeated(cls, rbm: RBM, n: int) -> "Replicas":
        """`n` replicas of one model."""
        return cls.of([rbm] * positive_integer(n, "n"))

    def rbm(self, replica: int) -> RBM:
        """The model of one replica."""
        return RBM(*(getattr(self, field.name)[replica] for field in fields(self)))

    def __len__(self) -> int:
        return len(self.weights)

    @property
    def n_visible(self) -> int:
        """Number of visible units."""
        return int(self.weights.shape[2])

    @property
    def n_hidden(self) -> int:
        """Number of hidden units."""
        return int(self.weights.shape[1])


@dataclass(frozen=True, eq=False)
class PhasePlan:
    r"""What each replica does in its next phases, all (n_replicas, n_phases).

    is_positive
        Clamped to a row of the data, or free.
    n_sweeps
        Length of the phase.
    step_size
        Learning adds ``step_size * (h v', v, h)``: :math:`+\\\eta w` in positive, :math:`-\\\eta w` in negative phases,
        over tau where learning is always on.
    data_row
        Row of the data for a positive phase, and for a negative one that starts there.
    hold
        The update of this phase waits for the end of the next one (two-term learning); None: never.
    """

    is_positive: np.ndarray
    n_sweeps: np.ndarray
    step_size: np.ndarray
    data_row: np.ndarray
    hold: np.ndarray | None = None

    def __post_init__(self) -> None:
        hold = np.zeros(np.shape(self.is_positive), bool) if self.hold is None else self.hold
        object.__setattr__(self, "hold", hold)
        kinds = {"is_positive": bool, "n_sweeps": np.int64, "step_size": np.float32, "data_row": np.int64, "hold": bool}
        for name, kind in kinds.items():
            object.__setattr__(self, name, np.ascontiguousarray(getattr(self, name), dtype=kind))
        shapes = {name: getattr(self, name).shape for name in kinds}
        if len(set(shapes.values())) != 1 or self.is_positive.ndim != 2:
            raise ValueError(f"a plan is (n_replicas, n_phases) throughout, got {shapes}")
        if (self.n_sweeps < 0).any():
            raise ValueError(f"n_sweeps must not be negative, got {self.n_sweeps.min()}")
        finite(self.step_size, "step_size")


def gibbs_phase(
    rng: CounterStream,
    replicas: Replicas,
    v: np.ndarray,
    h: np.ndarray,
    n_sweeps: int | np.ndarray,
    *,
    clamped: bool | np.ndarray = False,
) -> tuple[np.ndarray, np.ndarray]:
    """States after one phase of `n_sweeps` (a number, or one a replica) of all chains, by the step of `rng`.

    `v` (n, n_chains, n_visible) and `h` (n, n_chains, n_hidden) are bits. A sweep is v given h, then h given v. Where
    `clamped` (a bool, or one a replica) v is held and h is one draw given v. Zero sweeps leave a replica alone.
    """
    v, h, _ = _chains(rng, replicas, v, h, n_sweeps, clamped, with_mean=False)
    return v, h


def mean_visible(
    rng: CounterStream, replicas: Replicas, v: np.ndarray, h: np.ndarray, n_sweeps: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A free phase as in `gibbs_phase`, and the mean of v over its sweeps (n, n_chains, n_visible)."""
    v, h, total = _chains(rng, replicas, v, h, positive_integer(n_sweeps, "n_sweeps"), False, with_mean=True)
    return v, h, total / np.float32(n_sweeps)


def _chains(rng, replicas, v, h, n_sweeps, clamped, *, with_mean):
    n = len(replicas)
    v, h = bits(v, (n, None, replicas.n_visible), "v"), bits(h, (n, None, replicas.n_hidden), "h")
    if v.shape[1] != h.shape[1]:
        raise ValueError(f"v and h must have as many chains, got {v.shape[1]} and {h.shape[1]}")
    sweeps, held = np.broadcast_to(np.int64(n_sweeps), n).copy(), np.broadcast_to(np.bool_(clamped), n).copy()
    if (sweeps < 0).any():
        raise ValueError(f"n_sweeps must not be negative, got {sweeps.min()}")
    v_sum = np.zeros(v.shape if with_mean else (n, 0, 0), dtype=np.float32)
    parts, ids = -(-v.shape[1] // CHAINS), _ids(rng, n)
    parameters = replicas.weights, replicas.visible_bias, replicas.hidden_bias
    in_turns(
        lambda first, stride: run_chains(
            first, stride, *parameters, v, h, v_sum, sweeps, held, rng.key, rng.step, ids
        ),
        n * parts,
        float(sweeps.sum()) * v.shape[1] * _sweep_time(replicas),
    )  # fmt: skip
    return v, h, v_sum


def learn_phases(
    rng: CounterStream,
    replicas: Replicas,
    v: np.ndarray,
    h: np.ndarray,
    plan: PhasePlan,
    data: np.ndarray,
    *,
    always_on: bool,
    chain: ChainName = "carried-over",
    visible_biases: bool = True,
) -> tuple[Replicas, np.ndarray, np.ndarray]:
    r"""Replicas after the phases of `plan`, by plain descent, and the states (v, h) that their chains remember.

    `always_on`: every sweep is followed by an update, :math:`\theta \mathrel{+}= \epsilon (h v^\top, v, h)` with
    :math:`\epsilon` the phase's step size, and the next sweep uses the new parameters; otherwise the last state of the
    phase gives one update. Free phases start where `chain` says: "carried-over" where the last phase ended,
    "persistent" where the last free phase ended, "cd" at the data row of the plan with h drawn given it. `v`
    (n, n_visible) and `h` (n, n_hidden) are bits. Uses one step of `rng` a phase.
    """
    n = len(replicas)
    v, h = bits(v, (n, replicas.n_visible), "v"), bits(h, (n, replicas.n_hidden), "h")
    rows = bits(data, (None, replicas.n_visible), "data")
    if plan.is_positive.shape[0] != n:
        raise ValueError(f"the plan is for {plan.is_positive.shape[0]} replicas, got {n}")
    if plan.data_row.size and not (0 <= plan.data_row.min() and plan.data_row.max() < len(rows)):
        raise ValueError(f"data_row must lie in 0..{len(rows) - 1}, got {plan.data_row.min()}..{plan.data_row.max()}")
    if chain not in CHAIN_POLICIES:
        raise ValueError(f"chain must be one of {', '.join(CHAIN_POLICIES)}, got {chain!r}")
    new, ids = Replicas(replicas.weights, replicas.visible_bias, replicas.hidden_bias), _ids(rng, n)
    in_turns(
        lambda first, stride: run_phases(
            first, stride, new.weights, new.visible_bias, new.hidden_bias, v, h, rows, plan.is_positive,
            plan.n_sweeps, plan.step_size, plan.data_row, plan.hold, always_on, CHAIN_POLICIES[chain],
            np.float32(visible_biases), rng.key, rng.step, ids,
        ),
        n,
        float(plan.n_sweeps.sum()) * _sweep_time(replicas),
    )  # fmt: skip
    return new, v, h


def _sweep_time(replicas: Replicas) -> float:
    """About how many nanoseconds a free sweep takes."""
    return replicas.n_visible + replicas.n_hidden + 0.07 * replicas.n_visible * replicas.n_hidden


def _ids(rng: CounterStream, n: int) -> np.ndarray:
    if len(rng.replicas) != n:
        raise ValueError(f"rng is for {len(rng.replicas)} replicas, got {n}")
    return np.ascontiguousarray(rng.replicas, dtype=np.uint32)


def bits(states: np.ndarray, shape: tuple[int | None, ...], name: str) -> np.ndarray:
    """A float32 copy of `states`; ValueError unless it has that shape (None: any) and holds only 0 and 1."""
    given = np.array(states, dtype=np.float32, order="C")
    if len(shape) != given.ndim or any(want not in (None, have) for want, have in zip(shape, given.shape, strict=True)):
        raise ValueError(f"{name} must have shape {shape}, got {given.shape}")
    if not np.all((given == 0) | (given == 1)):
        raise ValueError(f"{name} must hold only 0 and 1; binarise it first")
    return given
