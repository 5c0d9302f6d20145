r"""Energy models that run and learn in lock-step: seeds, values of b, learning rates, one network and chain each.

Everything is float32 with bits as 0.0 and 1.0. A sweep is v given h, then h given v; the state after it is (v, h).
Hidden units of an RBM are drawn at once, those of a Boltzmann machine, which see each other, in turn; with v held the
first is an exact draw and the second is not. Noise of a phase comes in groups of sweeps, so that short rows of units
are drawn a thousand at a time; a group takes its own blocks of the phase's counter.

The statistic of a state is :math:`s = -\partial E / \partial\theta = (h v^\top, v, h)`, with :math:`h_i h_j` where
hidden units are coupled. Plain learning adds :math:`\epsilon s`, at the end of a phase or after every sweep. Around a
running baseline, averages :math:`m_\pm` of s over the phases of either kind give :math:`c = (1-b)\, m_+ + b\, m_-`,
and a sweep does

.. math:: \theta \mathrel{+}= \epsilon\,(s - c), \qquad m_\pm \mathrel{+}= \rho\,(s - m_\pm)

with the average of its phase, where c is read before that moves: the baseline in use knows earlier sweeps only.

There is one kernel. What a model lacks is None in its arguments, which Numba leaves out when it compiles. A replica
depends on its own numbers alone: it is bitwise the same for any number of threads and of other replicas. Functions
that end in `_numpy` are the readable siblings: the same random numbers, in float64, one sweep a line, no update
deferred. On 16 x 16 units a sweep that learns takes 17 ns clamped and 81 ns free, around a baseline 90 and 120 ns;
with coupled hidden units (12 of them) 270 and 475 ns (one thread)."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal, NamedTuple

import numpy as np
import numpy.typing as npt
from numba import njit

from cl_theory.arguments import finite, positive_integer
from cl_theory.lanes import WIDTH, above, add, address, load, multiply_add, spread, store, total
from cl_theory.learning.learners.gibbs_kernels import (
    OFF,
    add_multiple,
    add_outer,
    add_pairs,
    aligned,
    centred_step,
    copy_coupling,
    copy_parameters,
    copy_units,
    hidden_activation,
    hidden_in_turn,
    padded_coupling,
    padded_parameters,
    padded_size,
    padded_units,
    sample_hidden,
    sample_visible,
    unless_none,
)
from cl_theory.learning.learners.parts import Network, parameter_kinds
from cl_theory.learning.models.boltzmann import BoltzmannMachine
from cl_theory.learning.models.rbm import RBM
from cl_theory.philox import CounterStream, fill_logistic, logistics_numpy
from cl_theory.threads import in_turns

FREE, CLAMPED, START = 0, 1, np.int64(2)
"""Streams of the counter: the sweeps of both kinds of phases, and hidden units that start a free phase at the data."""

NOISE = 1024
"""Variates that are drawn at a time, where one sweep needs fewer."""

CHAINS = 32
"""Chains of one replica that share a work item."""

CARRIED, FROM_DATA, PERSISTENT = 0, 1, 2
CHAIN_POLICIES = {"carried-over": CARRIED, "cd": FROM_DATA, "persistent": PERSISTENT}
ChainName = Literal["carried-over", "cd", "persistent"]

_ZERO, _ONE = np.float32(0), np.float32(1)


@dataclass(frozen=True, eq=False)
class Replicas:
    """Parameters of n RBMs, or of n Boltzmann machines, of one size, float32, copied when made.

    `like` is any model of that kind and size; `parameters` (n, n_parameters) are in the order of its `flat`.
    ValueError on shapes that do not fit, NaN and infinity.
    """

    like: Network
    parameters: np.ndarray

    def __post_init__(self) -> None:
        parameters = np.array(finite(self.parameters, "parameters"), dtype=np.float32, order="C")
        n_parameters = self.like.flat.size
        if parameters.ndim != 2 or parameters.shape[1] != n_parameters:
            sizes = f"{self.n_visible} x {self.n_hidden} units"
            raise ValueError(f"parameters must be (n, {n_parameters}) for {sizes}, got {parameters.shape}")
        object.__setattr__(self, "parameters", parameters)

    @classmethod
    def of(cls, models: Sequence[Network]) -> "Replicas":
        """One replica of each model; ValueError unless all are of one kind and size."""
        kinds = {(type(model).__name__, model.n_visible, model.n_hidden) for model in models}
        if len(kinds) != 1:
            raise ValueError(f"models must all have one kind and size (n_visible, n_hidden), got {sorted(kinds)}")
        return cls(models[0], np.stack([model.flat for model in models]))

    @classmethod
    def repeated(cls, model: Network, n: int) -> "Replicas":
        """`n` replicas of one model."""
        return cls.of([model] * positive_integer(n, "n"))

    def model(self, replica: int) -> Network:
        """The model of one replica."""
        return self.like.with_flat(self.parameters[replica].astype(np.float64))

    def rbm(self, replica: int) -> RBM:
        """The model of one replica, which must be an RBM."""
        model = self.model(replica)
        if not isinstance(model, RBM):
            raise TypeError(f"replicas are of kind {type(model).__name__}, no RBM; use model({replica})")
        return model

    def __len__(self) -> int:
        return len(self.parameters)

    @property
    def n_visible(self) -> int:
        """Number of visible units."""
        return self.like.n_visible

    @property
    def n_hidden(self) -> int:
        """Number of hidden units."""
        return self.like.n_hidden

    @cached_property
    def _parts(self) -> list[np.ndarray]:
        n_v, n_h = self.n_visible, self.n_hidden
        return np.split(self.parameters, np.cumsum([n_h * n_v, n_v, n_h]), axis=1)

    @property
    def weights(self) -> np.ndarray:
        """W of each replica, (n, n_hidden, n_visible)."""
        return self._parts[0].reshape(-1, self.n_hidden, self.n_visible)

    @property
    def visible_bias(self) -> np.ndarray:
        """a of each replica, (n, n_visible)."""
        return self._parts[1]

    @property
    def hidden_bias(self) -> np.ndarray:
        """c of each replica, (n, n_hidden)."""
        return self._parts[2]

    @property
    def coupled(self) -> Literal[True] | None:
        """Whether hidden units see each other; None where they do not, as kernels want it."""
        return True if isinstance(self.like, BoltzmannMachine) else None


@dataclass(frozen=True, eq=False)
class PhasePlan:
    r"""What each replica does in its next phases, all (n_replicas, n_phases).

    is_positive
        Clamped to a row of the data, or free.
    n_sweeps
        Length of the phase.
    step_size
        Learning adds ``step_size * (h v', v, h)``: :math:`+\eta w` in positive, :math:`-\eta w` in negative phases,
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
        set_arrays(self, kinds, "n_replicas, n_phases")
        if (self.n_sweeps < 0).any():
            raise ValueError(f"n_sweeps must not be negative, got {self.n_sweeps.min()}")
        finite(self.step_size, "step_size")


def set_arrays(plan: object, kinds: Mapping[str, npt.DTypeLike], axes: str) -> None:
    """Make the fields of a frozen `plan` contiguous arrays of these kinds; ValueError unless all have those axes."""
    for name, kind in kinds.items():
        object.__setattr__(plan, name, np.ascontiguousarray(getattr(plan, name), dtype=kind))
    shapes = {name: getattr(plan, name).shape for name in kinds}
    if len(set(shapes.values())) != 1 or len(next(iter(shapes.values()))) != len(axes.split(",")):
        raise ValueError(f"a plan is ({axes}) throughout, got {shapes}")


class Chains(NamedTuple):
    """Bits of one chain a replica: remembered v (n, n_visible) and h (n, n_hidden), and the h of its last phase.

    An RBM has no use for `last_h`: a clamped phase of it draws h afresh. None stands for h.
    """

    v: np.ndarray
    h: np.ndarray
    last_h: np.ndarray | None = None


class Baseline(NamedTuple):
    """Averages of the statistics in phases of either kind, (n, n_parameters), b (n,) and the rate a sweep rho (n,)."""

    positive: np.ndarray
    negative: np.ndarray
    p_positive: np.ndarray
    rate: np.ndarray


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

    `v` (n, n_chains, n_visible) and `h` (n, n_chains, n_hidden) are bits. Where `clamped` (a bool, or one a replica) v
    is held, and h of an RBM is one draw given v. Zero sweeps leave a replica alone.
    """
    n = len(replicas)
    v, h = bits(v, (n, None, replicas.n_visible), "v"), bits(h, (n, None, replicas.n_hidden), "h")
    if v.shape[1] != h.shape[1]:
        raise ValueError(f"v and h must have as many chains, got {v.shape[1]} and {h.shape[1]}")
    n_sweeps, held = np.broadcast_to(np.int64(n_sweeps), n).copy(), np.broadcast_to(np.bool_(clamped), n).copy()
    if (n_sweeps < 0).any():
        raise ValueError(f"n_sweeps must not be negative, got {n_sweeps.min()}")
    place = rng.key, rng.step, _ids(rng, n)
    in_turns(
        lambda first, stride: run_chains(
            first, stride, replicas.parameters, replicas.coupled, v, h, n_sweeps, held, place
        ),
        n * -(-v.shape[1] // CHAINS),
        float(n_sweeps.sum()) * v.shape[1] * _sweep_time(replicas),
    )
    return v, h


def learn_phases(
    rng: CounterStream,
    replicas: Replicas,
    chains: Chains,
    plan: PhasePlan,
    data: np.ndarray,
    *,
    always_on: bool,
    chain: ChainName = "carried-over",
    visible_biases: bool = True,
    baseline: Baseline | None = None,
) -> tuple[Replicas, Chains, Baseline | None]:
    r"""Replicas after the phases of `plan`, by plain descent; what their chains remember, and their baselines.

    `always_on`: every sweep is followed by an update with the phase's step size, and the next sweep uses the new
    parameters; otherwise the last state of the phase gives one update. Free phases start where `chain` says:
    "carried-over" where the last phase ended, "persistent" where the last free phase ended, "cd" at the data row of the
    plan with h drawn given it. A clamped phase starts at the remembered h, or, where learning is always on, at that of
    the last phase. A `baseline` needs learning that is always on, without `hold`. Uses one step of `rng` a phase.
    """
    n, n_v, n_h = len(replicas), replicas.n_visible, replicas.n_hidden
    v, h = bits(chains.v, (n, n_v), "v"), bits(chains.h, (n, n_h), "h")
    last_h = h.copy() if chains.last_h is None else bits(chains.last_h, (n, n_h), "last_h")
    rows = bits(data, (None, n_v), "data")
    _check_plan(rng, plan, n, len(rows), chain)
    after, kept = Replicas(replicas.like, replicas.parameters), None
    if baseline is not None:
        if not always_on or plan.hold.any():  # type: ignore[union-attr]
            raise ValueError("around a baseline learning is always on, and no update of the plan may wait: no hold")
        kept = _copied(baseline, replicas)
    steps = plan.is_positive, plan.n_sweeps, plan.step_size, plan.data_row, plan.hold
    rules, place = (always_on, CHAIN_POLICIES[chain], np.float32(visible_biases)), (rng.key, rng.step, _ids(rng, n))
    in_turns(
        lambda first, stride: run_phases(
            first, stride, after.parameters, after.coupled, kept, (v, h, last_h), rows, steps, rules, place
        ),
        n,
        float(plan.n_sweeps.sum()) * _sweep_time(replicas, kept is not None),
    )
    return after, Chains(v, h, None if chains.last_h is None else last_h), None if kept is None else Baseline(*kept)


def bits(states: np.ndarray, shape: tuple[int | None, ...], name: str) -> np.ndarray:
    """A float32 copy of `states`; ValueError unless it has that shape (None: any) and holds only 0 and 1."""
    given = np.array(states, dtype=np.float32, order="C")
    if len(shape) != given.ndim or any(want not in (None, have) for want, have in zip(shape, given.shape, strict=True)):
        raise ValueError(f"{name} must have shape {shape}, got {given.shape}")
    if not np.all((given == 0) | (given == 1)):
        raise ValueError(f"{name} must hold only 0 and 1; binarise it first")
    return given


def _sweep_time(replicas: Replicas, centred: bool = False) -> float:
    """About how many nanoseconds a free sweep takes."""
    n_v, n_h = replicas.n_visible, replicas.n_hidden
    return n_v + (8 if replicas.coupled else 1) * n_h + (0.3 if centred else 0.07) * n_v * n_h


def _ids(rng: CounterStream, n: int) -> np.ndarray:
    if len(rng.replicas) != n:
        raise ValueError(f"rng is for {len(rng.replicas)} replicas, got {n}")
    return np.ascontiguousarray(rng.replicas, dtype=np.uint32)


def _copied(baseline: Baseline, replicas: Replicas) -> tuple[np.ndarray, ...]:
    """A copy in float32 that kernels may write to; ValueError unless it fits the replicas."""
    positive, negative = (np.array(part, dtype=np.float32, order="C") for part in baseline[:2])
    for name, part in (("positive", positive), ("negative", negative)):
        if part.shape != replicas.parameters.shape:
            raise ValueError(f"{name} must have shape {replicas.parameters.shape}, got {part.shape}")
    odds, rates = (np.array(np.broadcast_to(part, len(replicas)), dtype=np.float32) for part in baseline[2:])
    if replicas.coupled:
        raise ValueError("no running baseline is compiled for Boltzmann machines; use `train`")
    return positive, negative, odds, rates


def _check_plan(rng: CounterStream, plan: PhasePlan, n: int, n_rows: int, chain: str) -> None:
    if chain not in CHAIN_POLICIES:
        raise ValueError(f"chain must be one of {', '.join(CHAIN_POLICIES)}, got {chain!r}")
    if plan.is_positive.shape[0] != n or len(rng.replicas) != n:
        raise ValueError(f"plan and rng must be for {n} replicas, got {plan.is_positive.shape[0]}, {len(rng.replicas)}")
    if plan.data_row.size and not (0 <= plan.data_row.min() and plan.data_row.max() < n_rows):
        raise ValueError(f"data_row must lie in 0..{n_rows - 1}, got {plan.data_row.min()}..{plan.data_row.max()}")


@njit(cache=True)
def _working_space(n_visible, n_hidden):
    """Room for the noise of one group, for activations of both layers, counts of hidden units, and a list of rows."""
    noise = aligned(max(NOISE, n_visible + n_hidden))
    return noise, aligned(n_visible), aligned(n_hidden), aligned(n_hidden), np.empty(n_hidden, dtype=np.int64)


@njit(cache=True)
def _group_size(row, n_sweeps):
    """Sweeps whose noise is drawn together, `row` variates each."""
    return max(1, min(NOISE // row, n_sweeps))


@njit(cache=True)
def _sweeps(theta, coupling, average, learning, v, h, n_sweeps, clamped, place, space, factor, visible_factor):
    """`n_sweeps` sweeps in place, each followed by an update unless `learning` is None.

    `coupling` is None for an RBM, and `average` (own, other, rho, shares of both in c) None without a baseline. A plain
    update of W waits for the next visible half-sweep, which has to read the same rows.
    """
    key, number, stream, replica = place
    noise, n_visible, n_hidden, biases = space[0], v.size, h.size, h.size * v.size
    w, a, c = address(theta), address(theta[biases:]), address(theta[biases + n_visible :])
    x, y, variates, rows = address(v), address(h), address(noise), address(space[4])
    activation, hidden, drive = address(space[1]), address(space[2]), address(space[3])
    row, waiting, stale = n_hidden if clamped else n_visible + n_hidden, _ZERO, True
    if coupling is not None:
        coupled, n_units = address(coupling), coupling.size // n_hidden
    if average is not None:
        averages = address(average[0]), address(average[1]), average[2], average[3], average[4]
    group = _group_size(row, n_sweeps)
    for start in range(0, n_sweeps, group):
        size = min(group, n_sweeps - start)
        fill_logistic(noise[: size * row], key, number, stream, replica, start * row // 4)
        for s in range(size):
            if not clamped:
                if average is None:
                    sample_visible(
                        w, a, y, n_hidden, learning, waiting, variates, s * row, x, n_visible, activation, rows
                    )  # fmt: skip
                else:
                    sample_visible(w, a, y, n_hidden, None, _ZERO, variates, s * row, x, n_visible, activation, rows)
            first = (s + 1) * row - n_hidden
            if coupling is None:
                sample_hidden(w, c, x, n_visible, variates, first, y, n_hidden)
            else:
                if stale:
                    hidden_activation(w, c, x, n_visible, drive, n_hidden)
                    stale = learning is not None or not clamped
                hidden_in_turn(coupled, drive, variates, first, y, n_units, n_hidden, hidden)
            if learning is not None:
                if average is not None:
                    centred_step(w, averages, x, n_visible, y, n_hidden, factor, visible_factor)
                else:
                    add_multiple(a, 0, visible_factor, x, n_visible)
                    add_multiple(c, 0, factor, y, n_hidden)
                    if coupling is not None:
                        add_pairs(coupled, factor, y, n_units, n_hidden)
                    if clamped:
                        add_outer(w, factor, y, n_hidden, x, n_visible)
                    else:
                        waiting = factor
    if learning is not None and average is None and waiting != _ZERO:
        add_outer(w, waiting, y, n_hidden, x, n_visible)


@njit(cache=True)
def _learning_clamped_phase(theta, v, h, n_sweeps, place, space, factor, visible_factor):
    r"""What `_sweeps` does with v held and no coupling of hidden units, with one update of W.

    An update moves the activations alone, :math:`a \mathrel{+}= \epsilon h (|v|^2 + 1)`, and the sum of all updates of
    W is :math:`\epsilon (\sum_t h_t) v^\top`: exact up to rounding, and 10 to 30 times faster.
    """
    key, number, stream, replica = place
    noise, n_visible, n_hidden, biases = space[0], v.size, h.size, h.size * v.size
    w, a, c = address(theta), address(theta[biases:]), address(theta[biases + n_visible :])
    x, y, variates, activation, counts = address(v), address(h), address(noise), address(space[2]), address(space[3])
    hidden_activation(w, c, x, n_visible, activation, n_hidden)
    for j in range(0, n_hidden, WIDTH):
        store(counts, j, spread(_ZERO))
    gain, group = factor * (_count_on(x, n_visible) + _ONE), _group_size(n_hidden, n_sweeps)
    for start in range(0, n_sweeps, group):
        size = min(group, n_sweeps - start)
        fill_logistic(noise[: size * n_hidden], key, number, stream, replica, start * n_hidden // 4)
        _clamped_sweeps(activation, counts, y, n_hidden, variates, size, gain)
    add_multiple(a, 0, visible_factor * np.float32(n_sweeps), x, n_visible)
    add_multiple(c, 0, factor, counts, n_hidden)
    add_outer(w, factor, counts, n_hidden, x, n_visible)


@njit(inline="always")
def _count_on(units, size):
    """How many bits are 1, as float32."""
    sums = spread(_ZERO)
    for i in range(0, size, WIDTH):
        sums = add(sums, load(units, i))
    return total(sums)


@njit(inline="always")
def _clamped_sweeps(activation, counts, h, n_hidden, noise, n_sweeps, gain):
    """Sixteen hidden units after the other, since with v held they do not see each other."""
    step, one = spread(gain), spread(_ONE)
    for j in range(0, n_hidden, WIDTH):
        a, count, on = load(activation, j), load(counts, j), load(h, j)
        for s in range(n_sweeps):
            on = above(a, load(noise, s * n_hidden + j))
            a = multiply_add(step, on, a)
            count = multiply_add(one, on, count)
        store(activation, j, a)
        store(counts, j, count)
        store(h, j, on)


@njit(cache=True)
def _learn_at_end(theta, coupling, v, h, factor, visible_factor):
    """theta += factor * statistic of (v, h)."""
    biases, x, y = h.size * v.size, address(v), address(h)
    add_outer(address(theta), factor, y, h.size, x, v.size)
    add_multiple(address(theta[biases:]), 0, visible_factor, x, v.size)
    add_multiple(address(theta[biases + v.size :]), 0, factor, y, h.size)
    if coupling is not None:
        add_pairs(address(coupling), factor, y, coupling.size // h.size, h.size)


@unless_none
def _coupling(coupled, parameters, n_visible, n_hidden):
    return padded_coupling(parameters[n_hidden * n_visible + n_visible + n_hidden :], n_hidden)


@unless_none
def _averages(baseline, replica, n_visible, n_hidden):
    """Padded averages of phases of either kind; a unit that is off has none."""
    up = padded_parameters(baseline[0][replica], n_visible, n_hidden, _ZERO)
    return up, padded_parameters(baseline[1][replica], n_visible, n_hidden, _ZERO)


@unless_none
def _of_phase(averages, baseline, replica, positive):
    """The average that follows this phase, the other one, its rate, and the shares of both in the baseline."""
    share = baseline[2][replica] if positive else _ONE - baseline[2][replica]
    own, other = (averages[0], averages[1]) if positive else (averages[1], averages[0])
    return own, other, baseline[3][replica], _ONE - share, share


@njit(cache=True)
def _run(r, parameters, coupled, baseline, chains, data, plan, rules, place):
    """All phases of one replica, in place; (v, h) is what a chain remembers, (x, y) the state of a phase."""
    (always_on, policy, learn_visible_bias), (key, first_step, replicas) = rules, place
    is_positive, n_sweeps, factor, data_row, hold = plan[0][r], plan[1][r], plan[2][r], plan[3][r], plan[4][r]
    v, h, last_h, replica = chains[0][r], chains[1][r], chains[2][r], replicas[r]
    n_visible, n_hidden = v.size, h.size
    theta = padded_parameters(parameters, n_visible, n_hidden, OFF)
    coupling = _coupling(coupled, parameters, n_visible, n_hidden)
    averages = _averages(baseline, r, n_visible, n_hidden)
    kept_x, kept_y, y = padded_units(v), padded_units(h), padded_units(last_h)
    x, held_x, held_y, held_factor = aligned(kept_x.size), aligned(kept_x.size), aligned(y.size), _ZERO
    space = _working_space(x.size, y.size)
    for p in range(n_sweeps.size):
        number, positive, visible_factor = first_step + p, is_positive[p], factor[p] * learn_visible_bias
        copy_units(kept_x, x, x.size)
        if coupled is None or not (always_on and positive):
            copy_units(kept_y, y, y.size)
        if positive or policy == FROM_DATA:
            copy_units(data[data_row[p]], x, n_visible)
        if policy == FROM_DATA and not positive:
            place = (key, number, START, replica)
            _sweeps(theta, coupling, None, None, x, y, 1, True, place, space, _ZERO, _ZERO)
        place = (key, number, np.int64(CLAMPED if positive else FREE), replica)
        if always_on and positive and coupled is None and baseline is None:
            _learning_clamped_phase(theta, x, y, n_sweeps[p], place, space, factor[p], visible_factor)
        elif always_on:
            average = _of_phase(averages, baseline, r, positive)
            _sweeps(
                theta, coupling, average, True, x, y, n_sweeps[p], positive, place, space, factor[p], visible_factor
            )  # fmt: skip
        else:
            enough = 1 if coupled is None and positive else n_sweeps[p]  # a draw of h given v is exact in an RBM
            _sweeps(theta, coupling, None, None, x, y, enough, positive, place, space, _ZERO, _ZERO)
        if not always_on and hold[p]:
            held_factor = factor[p]
            copy_units(x, held_x, x.size)
            copy_units(y, held_y, y.size)
        elif not always_on:
            if held_factor != _ZERO:
                _learn_at_end(theta, coupling, held_x, held_y, held_factor, held_factor * learn_visible_bias)
            _learn_at_end(theta, coupling, x, y, factor[p], visible_factor)
            held_factor = _ZERO
        if policy == CARRIED or not positive:
            copy_units(x, kept_x, x.size)
            copy_units(y, kept_y, y.size)
    copy_parameters(theta, parameters, n_visible, n_hidden)
    if coupled is not None:
        copy_coupling(coupling, parameters[n_hidden * n_visible + n_visible + n_hidden :], n_hidden)
    if baseline is not None:
        copy_parameters(averages[0], baseline[0][r], n_visible, n_hidden)
        copy_parameters(averages[1], baseline[1][r], n_visible, n_hidden)
    copy_units(kept_x, v, n_visible)
    copy_units(kept_y, h, n_hidden)
    copy_units(y, last_h, n_hidden)


@njit(cache=True, nogil=True)
def run_phases(first, stride, parameters, coupled, baseline, chains, data, plan, rules, place):
    """Phases (n_replicas, n_phases) in place, for each `stride`-th of the replicas from `first` on.

    `coupled` is None for RBMs, and `baseline` None without one. `plan` holds the arrays of a `PhasePlan`, `rules` are
    `always_on`, the policy of the chain, and 1 or 0 as float32 for visible biases that learn or do not; `place` is the
    key of the random numbers, the step of the first phase, and the numbers of all replicas.
    """
    for r in range(first, parameters.shape[0], stride):
        _run(r, parameters[r], coupled, baseline, chains, data, plan, rules, place)


@njit(cache=True)
def _run_chains(parameters, coupled, v, h, first, n_sweeps, clamped, key, step, replica):
    """Sweeps of chains first..first + CHAINS - 1 of one replica."""
    theta = padded_parameters(parameters, v.shape[1], h.shape[1], OFF)
    coupling = _coupling(coupled, parameters, v.shape[1], h.shape[1])
    space = _working_space(padded_size(v.shape[1]), padded_size(h.shape[1]))
    for k in range(first, min(first + CHAINS, v.shape[0])):
        x, y = padded_units(v[k]), padded_units(h[k])
        place = (key, step, np.int64((CLAMPED if clamped else FREE) + 256 * k), replica)
        enough = 1 if coupled is None and clamped else n_sweeps
        _sweeps(theta, coupling, None, None, x, y, enough, clamped, place, space, _ZERO, _ZERO)
        copy_units(x, v[k], v.shape[1])
        copy_units(y, h[k], h.shape[1])


@njit(cache=True, nogil=True)
def run_chains(item, stride, parameters, coupled, v, h, n_sweeps, clamped, place):
    """Sweeps of chains (n_replicas, n_chains, ...) in place, for each `stride`-th of the items from `item` on."""
    parts, (key, step, replicas) = -(-v.shape[1] // CHAINS), place
    for k in range(item, v.shape[0] * parts, stride):
        r = k // parts
        if n_sweeps[r] > 0:
            first = k % parts * CHAINS
            _run_chains(parameters[r], coupled, v[r], h[r], first, n_sweeps[r], clamped[r], key, step, replicas[r])


def sweeps_noise(rng: CounterStream, replica: int, stream: int, sizes: tuple[int, ...], n_sweeps: int) -> Iterator:
    """Logistic variates of each sweep, one array a layer of units, in the kernels' groups and padding."""
    padded = [-(-size // WIDTH) * WIDTH for size in sizes]
    row = sum(padded)
    group = max(1, min(NOISE // row, n_sweeps))
    starts = np.cumsum([0, *padded])
    place = {"step": rng.step, "stream": stream, "replica": int(rng.replicas[replica])}
    for start in range(0, n_sweeps, group):
        rows = min(group, n_sweeps - start)
        noise = logistics_numpy(rows * row, rng.key, first_block=start * row // 4, **place)
        for of_sweep in noise.reshape(rows, row):
            yield [of_sweep[at : at + size] for at, size in zip(starts, sizes, strict=False)]


def sweep_numpy(model: Network, v: np.ndarray, h: np.ndarray, noise: list[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """v given h if there is noise for both layers, then h given v: a unit is on where its activation is above it."""
    if len(noise) == 2:
        v = (h @ model.weights + model.visible_bias > noise[0]).astype(float)
    drive = model.weights @ v + model.hidden_bias
    if isinstance(model, RBM):
        return v, (drive > noise[-1]).astype(float)
    h = np.array(h)
    for j in range(h.size):
        h[j] = drive[j] + model.hidden_weights[j] @ h > noise[-1][j]
    return v, h


def gibbs_phase_numpy(
    rng: CounterStream, replicas: Replicas, v: np.ndarray, h: np.ndarray, n_sweeps: int, *, clamped: bool = False
) -> tuple[np.ndarray, np.ndarray]:
    """What `gibbs_phase` does."""
    v, h = np.array(v, dtype=float), np.array(h, dtype=float)
    for r, k in np.ndindex(v.shape[:2]):
        for noise in _noise(rng, replicas.model(r), r, clamped, n_sweeps, exact=True, chain=k):
            v[r, k], h[r, k] = sweep_numpy(replicas.model(r), v[r, k], h[r, k], noise)
    return v, h


def _noise(rng, model, r, clamped, n_sweeps, *, exact, chain=0):
    """Noise of a phase; where one draw of h given v is `exact` a clamped RBM takes a single one."""
    sizes = (model.n_hidden,) if clamped else (model.n_visible, model.n_hidden)
    enough = 1 if clamped and exact and isinstance(model, RBM) else n_sweeps
    return sweeps_noise(rng, r, (CLAMPED if clamped else FREE) + 256 * chain, sizes, enough)


def learn_phases_numpy(
    rng: CounterStream,
    replicas: Replicas,
    chains: Chains,
    plan: PhasePlan,
    data: np.ndarray,
    *,
    always_on: bool,
    chain: ChainName = "carried-over",
    visible_biases: bool = True,
    baseline: Baseline | None = None,
) -> tuple[list[Network], Chains, Baseline | None]:
    """What `learn_phases` does; the parameters come as models in float64."""
    last_h = chains.h if chains.last_h is None else chains.last_h
    v, h, last_h = (np.array(part, dtype=float) for part in (chains.v, chains.h, last_h))
    means = None if baseline is None else [np.array(part, dtype=float) for part in baseline[:2]]
    is_learned, learned = (parameter_kinds(replicas.like) != "visible_bias") | visible_biases, []
    for r in range(len(replicas)):
        model, waiting = replicas.model(r), np.zeros(replicas.parameters.shape[1])
        for p, positive in enumerate(plan.is_positive[r]):
            here, step = rng.later(p), float(plan.step_size[r, p]) * is_learned
            goes_on = always_on and positive and replicas.coupled
            x, y = v[r], last_h[r] if goes_on else h[r]
            if positive or chain == "cd":
                x = np.asarray(data[plan.data_row[r, p]], dtype=float)
            if chain == "cd" and not positive:
                (noise,) = sweeps_noise(here, r, int(START), (model.n_hidden,), 1)
                x, y = sweep_numpy(model, x, y, noise)
            for noise in _noise(here, model, r, positive, plan.n_sweeps[r, p], exact=not always_on):
                x, y = sweep_numpy(model, x, y, noise)
                statistic, centre = _statistic(model, x, y), 0.0
                if means is not None and baseline is not None:
                    b, mean = np.float32(baseline.p_positive[r]), means[0 if positive else 1][r]
                    centre = (1 - b) * means[0][r] + b * means[1][r]
                    mean += np.float32(baseline.rate[r]) * (statistic - mean)
                if always_on:
                    model = model.with_flat(model.flat + step * (statistic - centre))
            if not always_on:
                waiting = waiting + step * _statistic(model, x, y)
                if not plan.hold[r, p]:  # type: ignore[index]
                    model, waiting = model.with_flat(model.flat + waiting), np.zeros_like(waiting)
            last_h[r] = y
            if chain == "carried-over" or not positive:
                v[r], h[r] = x, y
        learned.append(model)
    after = None if means is None or baseline is None else Baseline(means[0], means[1], *baseline[2:])
    return learned, Chains(v, h, None if chains.last_h is None else last_h), after


def _statistic(model: Network, v: np.ndarray, h: np.ndarray) -> np.ndarray:
    return -model.gradient(v[None], h[None])[0]
