"""An RBM of useful size on mini-batches, in float32: products by BLAS, units drawn in place, parameters moved in place.

The readable `EndOfPhaseLearner` is the oracle: the law of a step is the same, the random numbers are not. Chains of a
batch are arranged with clamped ones first, so that a phase is two blocks of rows and each product is taken once. With
plain descent the update is a product that BLAS adds to the weights; other rules take one more pass over them.

All products ask one BLAS, that of SciPy, for one thread. NumPy has another with threads of its own, and where the two
took turns on two cores, idle threads kept busy ones out: 22 ms at best for what takes 0.7 with either alone. One BLAS
with two threads was 1.6 times faster while both cores were free, and 4 to 15 times slower where others used them too.
Runs side by side, a thread each, are the better use of cores.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any, ClassVar, NamedTuple

import numpy as np
from numba import njit
from scipy.linalg.blas import sgemm
from scipy.sparse import csr_array, issparse
from threadpoolctl import ThreadpoolController

from cl_theory.arguments import positive_integer
from cl_theory.lanes import (
    WIDTH,
    add,
    address,
    four_sums,
    load,
    multiply_add,
    quarter_sums,
    spread,
    spread_element,
    store,
)
from cl_theory.learning.learners.energy_learner import ORDER_BLOCK, phase_signs
from cl_theory.learning.learners.loop import Learner, Memory, Randomness, TrainingState, identity
from cl_theory.learning.learners.parts import (
    COMPILED_CHAINS,
    ISD,
    SGD,
    Adam,
    AlwaysOnISD,
    CentredISD,
    ChainPolicy,
    ContrastiveDivergence,
    EndOfPhasePace,
    Momentum,
    Optimiser,
    Schedule,
)
from cl_theory.learning.models.rbm import RBM
from cl_theory.philox import fill_logistic, fill_words, philox_key
from cl_theory.threads import in_turns

NANOSECONDS_A_UNIT = 2.0
"""Rough time in which one unit is drawn."""

HIDDEN, VISIBLE, DATA = 0, 1 << 20, 1 << 21
"""First streams of random numbers of hidden units, of visible ones, and of data that are rates."""

WORD = 2.0**32

OPTIMISERS = SGD, Momentum, Adam
"""Those that move parameters in place."""


FEW_UP, FEW_DOWN = 48, 16
"""Rows below which products in registers are faster than those of BLAS. Of 784 x 500, on one thread, in microseconds:
5 rows 52 and 218 upwards, 65 and 109 downwards; 16 rows 140 and 252, 147 and 137; 50 rows 429 and 463, 500 and 348."""

FEW_CENTRED = 24
"""Phases of an update below which sums of their statistics stay in registers, and are never written."""

_ZERO = np.float32(0)


@njit(inline="always")
def _add_row(a, b, c, d, p, q, r, s, x):
    """Four sums, each with one more product by x."""
    return multiply_add(p, x, a), multiply_add(q, x, b), multiply_add(r, x, c), multiply_add(s, x, d)


@njit(cache=True, error_model="numpy", nogil=True)
def _few_up(weights, v, h):
    """h = v W' for few rows: four of them by four rows of W at a time; at least four hidden units."""
    n, size = v.shape
    n_hidden, full = weights.shape[0], size - size % WIDTH
    sums = np.empty(WIDTH, dtype=np.float32)
    w, u, zero = address(weights), address(v), spread(_ZERO)
    for start in range(0, n_hidden, 4):
        j = min(start, n_hidden - 4)
        w0, w1, w2, w3 = j * size, (j + 1) * size, (j + 2) * size, (j + 3) * size
        for k in range(0, n, 4):
            v0, v1, v2, v3 = k * size, min(k + 1, n - 1) * size, min(k + 2, n - 1) * size, min(k + 3, n - 1) * size
            a0 = a1 = a2 = a3 = b0 = b1 = b2 = b3 = c0 = c1 = c2 = c3 = d0 = d1 = d2 = d3 = zero
            for i in range(0, full, WIDTH):
                p, q, r, s = load(w, w0 + i), load(w, w1 + i), load(w, w2 + i), load(w, w3 + i)
                a0, a1, a2, a3 = _add_row(a0, a1, a2, a3, p, q, r, s, load(u, v0 + i))
                b0, b1, b2, b3 = _add_row(b0, b1, b2, b3, p, q, r, s, load(u, v1 + i))
                if k + 2 < n:
                    c0, c1, c2, c3 = _add_row(c0, c1, c2, c3, p, q, r, s, load(u, v2 + i))
                    d0, d1, d2, d3 = _add_row(d0, d1, d2, d3, p, q, r, s, load(u, v3 + i))
            first, second = four_sums(a0, a1, a2, a3), four_sums(b0, b1, b2, b3)
            third, fourth = four_sums(c0, c1, c2, c3), four_sums(d0, d1, d2, d3)
            store(address(sums), 0, quarter_sums(first, second, third, fourth))
            for row in range(k, min(k + 4, n)):
                for unit in range(4):
                    total = sums[4 * (row - k) + unit]
                    for i in range(full, size):
                        total += weights[j + unit, i] * v[row, i]
                    h[row, j + unit] = total


@njit(inline="always")
def _store_four(pointer, place, a, b, c, d):
    store(pointer, place, a)
    store(pointer, place + WIDTH, b)
    store(pointer, place + 2 * WIDTH, c)
    store(pointer, place + 3 * WIDTH, d)


@njit(cache=True, error_model="numpy", nogil=True)
def _few_down(weights, h, v):
    """v = h W for few rows: four of them by 64 visible units at a time; at least 64 visible units."""
    n, n_hidden = h.shape
    size = weights.shape[1]
    w, u, out, zero = address(weights), address(h), address(v), spread(_ZERO)
    for k in range(0, n, 4):
        h0, h1 = k * n_hidden, min(k + 1, n - 1) * n_hidden
        h2, h3 = min(k + 2, n - 1) * n_hidden, min(k + 3, n - 1) * n_hidden
        for start in range(0, size, 4 * WIDTH):
            i = min(start, size - 4 * WIDTH)
            a0 = a1 = a2 = a3 = b0 = b1 = b2 = b3 = c0 = c1 = c2 = c3 = d0 = d1 = d2 = d3 = zero
            for j in range(n_hidden):
                z = j * size + i
                p, q, r, s = load(w, z), load(w, z + WIDTH), load(w, z + 2 * WIDTH), load(w, z + 3 * WIDTH)
                a0, a1, a2, a3 = _add_row(a0, a1, a2, a3, p, q, r, s, spread_element(u, h0 + j))
                b0, b1, b2, b3 = _add_row(b0, b1, b2, b3, p, q, r, s, spread_element(u, h1 + j))
                if k + 2 < n:
                    c0, c1, c2, c3 = _add_row(c0, c1, c2, c3, p, q, r, s, spread_element(u, h2 + j))
                    d0, d1, d2, d3 = _add_row(d0, d1, d2, d3, p, q, r, s, spread_element(u, h3 + j))
            _store_four(out, k * size + i, a0, a1, a2, a3)
            if k + 1 < n:
                _store_four(out, (k + 1) * size + i, b0, b1, b2, b3)
            if k + 2 < n:
                _store_four(out, (k + 2) * size + i, c0, c1, c2, c3)
            if k + 3 < n:
                _store_four(out, (k + 3) * size + i, d0, d1, d2, d3)


@njit(cache=True, error_model="numpy", nogil=True)
def _draw(units, bias, key, step, stream, first, stride):
    """Replace activations without bias by bits, in rows first, first + stride, ...; row k draws as replica k."""
    n_rows, n_units = units.shape
    noise = np.empty(-(-n_units // 4) * 4, dtype=np.float32)
    for k in range(first, n_rows, stride):
        fill_logistic(noise, key, step, stream, k)
        row = units[k]
        for i in range(n_units):
            row[i] = np.float32(1) if row[i] + bias[i] > noise[i] else np.float32(0)


@njit(cache=True, error_model="numpy", nogil=True)
def _draw_rates(rates, key, step, n_rows):
    """Replace the first rates, in [0, 1], by bits that are on with these probabilities."""
    n_units = rates.shape[1]
    words = np.empty(-(-n_units // 4) * 4, dtype=np.uint32)
    for k in range(n_rows):
        fill_words(words, key, step, DATA, k)
        for i in range(n_units):
            rates[k, i] = np.float32(1) if words[i] < rates[k, i] * WORD else np.float32(0)


@njit(cache=True)
def _copy_rows(data, rows, out):
    for k in range(rows.size):
        source, target = data[rows[k]], out[k]
        for i in range(target.size):
            target[i] = source[i]


@njit(cache=True)
def _copy_sparse_rows(values, columns, starts, rows, out):
    for k in range(rows.size):
        target, row = out[k], rows[k]
        target[:] = 0
        for place in range(starts[row], starts[row + 1]):
            target[columns[place]] = values[place]


@njit(cache=True, error_model="numpy", fastmath={"contract", "reassoc"})
def _add_weighted(weights, size, v, h, visible, hidden):
    """visible += size sum of w_k v_k and hidden += size sum of w_k h_k, and h_k becomes w_k h_k.

    Sums are complete before they are added: small steps one by one would drown in the rounding of a large bias.
    """
    v_total, h_total = np.zeros_like(visible), np.zeros_like(hidden)
    for k in range(weights.size):
        w, v_row, h_row = weights[k], v[k], h[k]
        for i in range(visible.size):
            v_total[i] += w * v_row[i]
        for j in range(hidden.size):
            h_row[j] *= w
            h_total[j] += h_row[j]
    for i in range(visible.size):
        visible[i] += size * v_total[i]
    for j in range(hidden.size):
        hidden[j] += size * h_total[j]


@njit(inline="always")
def _centred_lanes(target, clamped, free, place, s, t, c):
    """Sixteen parameters and both averages of them; see `_add_centred`."""
    m, k, zero = load(clamped, place), load(free, place), spread(_ZERO)
    step = multiply_add(spread(c[0]), s, multiply_add(spread(c[1]), t, load(target, place)))
    store(target, place, multiply_add(spread(c[2]), m, multiply_add(spread(c[3]), k, step)))
    store(clamped, place, multiply_add(spread(c[4]), s, multiply_add(spread(c[6]), m, zero)))
    store(free, place, multiply_add(spread(c[5]), t, multiply_add(spread(c[7]), k, zero)))


@njit(cache=True, error_model="numpy", nogil=True)
def _add_centred(target, clamped, free, s, t, c):
    """target += c0 s + c1 t + c2 m + c3 k, then m = c4 s + c6 m and k = c5 t + c7 k, in one pass over flat arrays.

    s and t are the sums of the statistics over clamped and free phases, m and k (`clamped` and `free`) their averages.
    """
    full = target.size - target.size % WIDTH
    places = address(target), address(clamped), address(free)
    for i in range(0, full, WIDTH):
        _centred_lanes(places[0], places[1], places[2], i, load(address(s), i), load(address(t), i), c)
    for i in range(full, target.size):
        m, k = clamped[i], free[i]
        target[i] += c[0] * s[i] + c[1] * t[i] + (c[2] * m + c[3] * k)
        clamped[i], free[i] = c[4] * s[i] + c[6] * m, c[5] * t[i] + c[7] * k


@njit(inline="always")
def _rows_on(h, j, begin, end, size, places, count):
    """Append to `count` places those of the rows that have unit j on; how many there are then."""
    for q in range(begin, end):
        if h[q, j] > _ZERO:
            places[count] = q * size
            count += 1
    return count


@njit(inline="always")
def _sum_of_rows(v, places, first, last, offset):
    """Sixteen units summed over the rows that begin at places[first:last]."""
    total = spread(_ZERO)
    for q in range(first, last):
        total = add(total, load(v, places[q] + offset))
    return total


@njit(cache=True, error_model="numpy", nogil=True)
def _add_centred_few(target, clamped, free, v, h, n_clamped, c):
    """`_add_centred` for all of W where phases are few: sums are taken in registers, and never written."""
    n, size = v.shape
    full = size - size % WIDTH
    places, out, m, k, u = np.empty(n, np.int64), address(target), address(clamped), address(free), address(v)
    for j in range(h.shape[1]):
        first, row = _rows_on(h, j, 0, n_clamped, size, places, 0), j * size
        last = _rows_on(h, j, n_clamped, n, size, places, first)
        for i in range(0, full, WIDTH):
            s, t = _sum_of_rows(u, places, 0, first, i), _sum_of_rows(u, places, first, last, i)
            _centred_lanes(out, m, k, row + i, s, t, c)
        for i in range(full, size):
            s = t = _ZERO
            for q in range(first):
                s += v[places[q] // size, i]
            for q in range(first, last):
                t += v[places[q] // size, i]
            a, b = clamped[j, i], free[j, i]
            target[j, i] += c[0] * s + c[1] * t + (c[2] * a + c[3] * b)
            clamped[j, i], free[j, i] = c[4] * s + c[6] * a, c[5] * t + c[7] * b


@njit(cache=True, error_model="numpy", fastmath={"contract"})
def _momentum_step(theta, gradient, velocity, rate, momentum):
    for i in range(theta.size):
        velocity[i] = momentum * velocity[i] + gradient[i]
        theta[i] -= rate * velocity[i]


@njit(cache=True, error_model="numpy", fastmath={"contract"})
def _adam_step(theta, gradient, first, second, rates, betas, epsilon):
    """`rates` are the learning rate over the weight of the first moment, and one over that of the second."""
    step, share = rates
    beta1, beta2 = betas
    one = np.float32(1)
    for i in range(theta.size):
        g = gradient[i]
        first[i] = beta1 * first[i] + (one - beta1) * g
        second[i] = beta2 * second[i] + (one - beta2) * g * g
        theta[i] -= step * first[i] / (np.sqrt(second[i] * share) + epsilon)


def as_rows(data: Any, n_units: int, name: str = "data") -> Any:
    """Data ready to be learned from: uint8 where all is 0 or 1, else float32 rates in [0, 1]; CSR stays sparse.

    ValueError unless `data` (n_rows, n_units) are numbers in [0, 1] with at least one row.
    """
    given = csr_array(data) if issparse(data) else np.asarray(data)
    if given.dtype.kind not in "buif" or given.ndim != 2 or given.shape[1] != n_units or given.shape[0] == 0:
        raise ValueError(f"{name} must be non-empty rows of {n_units} numbers, got {given.dtype} {given.shape}")
    values: Any = given.data if issparse(given) else given
    if not np.all((values >= 0) & (values <= 1)):  # NaN compares false
        raise ValueError(f"{name} must hold 0 and 1, or rates between them")
    is_bits = np.all((values == 0) | (values == 1))
    dtype = np.uint8 if is_bits else np.float32
    return given.astype(dtype) if issparse(given) else np.ascontiguousarray(given, dtype=dtype)


class Parts(NamedTuple):
    """Views of flat parameters: W (n_hidden, n_visible) and the biases."""

    weights: np.ndarray
    visible: np.ndarray
    hidden: np.ndarray


@dataclass(frozen=True, eq=False)
class MinibatchLearner(EndOfPhasePace, Learner):
    """What `EndOfPhaseLearner` learns, for an RBM of useful size: one update from `batch_size` chains, in float32.

    `data` are bits or rates in [0, 1], dense or CSR, as `as_rows` makes them; rates are drawn anew each time a row is
    shown. Chains are `ContrastiveDivergence`, `Persistent` or `CarriedOver`; any schedule that learns at the end of
    phases, and any optimiser of `parts`. States keep hidden units of chains.
    """

    network: RBM
    data: Any
    schedule: Schedule
    chain: ChainPolicy
    optimiser: Optimiser
    batch_size: int = 10
    weight_decay: float = 0.0
    visible_biases: bool = True

    parameter_limit: ClassVar[float] = 100.0
    chunk: ClassVar[int] = 100

    def __post_init__(self) -> None:
        positive_integer(self.batch_size, "batch_size")
        if isinstance(self.schedule, AlwaysOnISD) or not can_learn(self.network, self.chain, self.optimiser):
            raise ValueError(
                f"mini-batches learn an RBM at the end of phases by SGD, Momentum or Adam from CarriedOver, "
                f"ContrastiveDivergence or Persistent chains, got {self.schedule!r}, {self.chain!r}, {self.optimiser!r}"
            )
        if not 0 <= self.weight_decay < np.inf:
            raise ValueError(f"weight_decay must be a finite number of at least 0, got {self.weight_decay!r}")
        if not self.visible_biases and np.any(self.network.visible_bias):
            raise ValueError("a network without visible biases must start with visible_bias 0, got other values")
        object.__setattr__(self, "data", as_rows(self.data, self.network.n_visible))

    @property
    def steps_per_phase(self) -> int:
        return self.chain.n_steps

    def model(self, parameters: np.ndarray) -> RBM:
        """The network with these parameters."""
        return self.network.with_flat(parameters)

    def describe(self) -> Mapping[str, Any]:
        """What identifies the run, ready for JSON."""
        data = self.data
        parts = (data.data, data.indices, data.indptr) if issparse(data) else (data,)
        return identity(
            self,
            f"RBM {self.network.n_visible} x {self.network.n_hidden}",
            (self.network.flat, *parts),
            schedule=repr(self.schedule),
            chain=repr(self.chain),
            optimiser=repr(self.optimiser),
            batch_size=self.batch_size,
            weight_decay=self.weight_decay,
            visible_biases=self.visible_biases,
        )

    def start(self, randomness: Randomness) -> TrainingState:
        """Fair coins for the hidden units of each chain, and nothing remembered otherwise."""
        theta, rng = self.network.flat.astype(np.float32), randomness.at("start", 0)
        memory = {"chain.h": rng.integers(0, 2, (self.batch_size, self.network.n_hidden)).astype(np.float32)}
        for name in self._remembered:
            memory[name] = np.zeros(() if name == "optimiser.count" else theta.shape, dtype=np.float32)
        return TrainingState(0, theta, memory)

    @property
    def _remembered(self) -> tuple[str, ...]:
        """Names of what is remembered besides the chains."""
        baseline = ("baseline.positive", "baseline.negative") if isinstance(self.schedule, CentredISD) else ()
        moments: dict[type[Optimiser], tuple[str, ...]]
        moments = {Momentum: ("velocity",), Adam: ("first", "second", "count")}
        return (*baseline, *(f"optimiser.{name}" for name in moments.get(type(self.optimiser), ())))

    def run(self, state: TrainingState, n: int, randomness: Randomness) -> TrainingState:
        """State after `n` more updates of a copy, in place."""
        theta, memory = state.parameters.copy(), {name: part.copy() for name, part in state.memory.items()}
        with _blas().limit(limits=1):
            for iteration in range(state.iteration, state.iteration + n):
                self._update(theta, memory, iteration, randomness)
        return TrainingState(state.iteration + n, theta, memory)

    def parts(self, theta: np.ndarray) -> Parts:
        """Views of flat parameters, or of anything of their order."""
        m, d = self.network.n_hidden, self.network.n_visible
        return Parts(theta[: m * d].reshape(m, d), theta[m * d : m * d + d], theta[m * d + d :])

    @cached_property
    def _space(self) -> tuple[np.ndarray, np.ndarray]:
        """Room for the visible and the hidden units of all phases of an update, clamped phases first."""
        n, network = self.phases_per_update * self.batch_size, self.network
        return np.empty((n, network.n_visible), np.float32), np.empty((n, network.n_hidden), np.float32)

    @cached_property
    def _room(self) -> np.ndarray:
        """Room for two sums of statistics, and for an estimate of the gradient."""
        return np.zeros((3, self.network.n_parameters), np.float32)

    def _update(self, theta: np.ndarray, memory: Memory, iteration: int, randomness: Randomness) -> None:
        """One update in place."""
        draw = _Draws(randomness.once("kernel", 0, philox_key), iteration)
        signs, rows = self._order(iteration, randomness)
        n_clamped = self._run_phases(self.parts(theta), memory["chain.h"], signs, rows, draw)
        if self.weight_decay:
            self.parts(theta).weights[:] *= np.float32(1 - self.optimiser.learning_rate * self.weight_decay)
        if isinstance(self.optimiser, SGD):
            self._add_estimate(theta, self.optimiser.learning_rate, memory, n_clamped)
        else:
            gradient = self._room[2]
            gradient[:] = 0
            self._add_estimate(gradient, -1.0, memory, n_clamped)
            _move(theta, gradient, memory, self.optimiser)
        if not self.visible_biases:
            self.parts(theta).visible[:] = 0

    def _order(self, iteration: int, randomness: Randomness) -> tuple[np.ndarray, np.ndarray]:
        """(B of each chain, row of data of each chain), drawn for a block of updates at a time."""
        block, place = divmod(iteration, ORDER_BLOCK)
        n_rows, size = self.data.shape[0], (ORDER_BLOCK, self.batch_size)
        subject = f"{self.batch_size} of {n_rows} rows"  # what is kept must not serve other data
        rows = randomness.once(subject, block, lambda rng: rng.integers(0, n_rows, size))[place]
        if isinstance(self.schedule, ISD):
            return phase_signs(randomness, self.schedule, self.batch_size, iteration), rows
        return np.ones(self.batch_size, dtype=bool), rows

    def _run_phases(self, parts: Parts, chain: np.ndarray, signs: np.ndarray, rows: np.ndarray, draw: "_Draws") -> int:
        """Fill the room for units with the ends of clamped phases, then of free ones; how many are clamped.

        Where nothing depends on the hidden units of clamped phases they are drawn with the last ones of free phases.
        """
        (v, h), pairs = self._space, not isinstance(self.schedule, ISD)
        clamped, free = np.flatnonzero(signs), np.flatnonzero(signs if pairs else ~signs)
        n, at_data = clamped.size, isinstance(self.chain, ContrastiveDivergence)
        after_clamped = at_data or (pairs and self.chain.remembers_data)
        if after_clamped:
            self._show(rows if pairs else rows[np.concatenate([clamped, free])], v, draw)
            begun = n if pairs else len(h)
            _up(parts.weights, v[:begun], h[:begun])
            if pairs and at_data:
                h[n:] = h[:n]  # the same activations: hidden units of both phases are drawn apart
                begun = len(h)
            draw.units(h[:begun], parts.hidden, HIDDEN)
            if pairs and not at_data:
                h[n:] = h[:n]
        else:
            self._show(rows[clamped], v, draw)
            h[n:] = chain[free]
        for k in range(self.chain.n_steps):
            first = n if after_clamped or k + 1 < self.chain.n_steps else 0
            _down(parts.weights, h[n:], v[n:])
            draw.units(v[n:], parts.visible, VISIBLE + k)
            _up(parts.weights, v[first:], h[first:])
            draw.units(h[first:], parts.hidden, HIDDEN + 1 + k)
        chain[free] = h[n:]
        if self.chain.remembers_data and not pairs:
            chain[clamped] = h[:n]
        return n

    def _show(self, rows: np.ndarray, v: np.ndarray, draw: "_Draws") -> None:
        """Copy rows of the data into the first rows of `v`, and draw them where they are rates."""
        if issparse(self.data):
            _copy_sparse_rows(self.data.data, self.data.indices, self.data.indptr, rows, v)
        else:
            _copy_rows(self.data, rows, v)
        if self.data.dtype.kind == "f":
            _draw_rates(v, draw.key, draw.step, len(rows))

    def _add_estimate(self, target: np.ndarray, scale: float, memory: Memory, n_clamped: int) -> None:
        """target += scale times the estimate of the descent direction, minus the gradient of the energy."""
        v, h = self._space
        numbers = n_clamped, len(h) - n_clamped
        b = getattr(self.schedule, "p_positive", 0.5)
        size = (1.0, 1.0) if not isinstance(self.schedule, ISD) else (1 / b, 1 / (1 - b))
        weights = scale * size[0] / self.batch_size, -scale * size[1] / self.batch_size
        if not isinstance(self.schedule, CentredISD):
            # Weights of 1 and -1 where phases count alike: what is on in all of them then cancels exactly.
            ratios = np.repeat([1.0, weights[1] / weights[0]], numbers)
            _add_statistics(self.parts(target), v, h, ratios, weights[0])
            return
        total = weights[0] * numbers[0] + weights[1] * numbers[1]
        rates = np.where(np.array(numbers) > 0, self.schedule.baseline_rate, 0.0)
        pulls = -total * (1 - b), -total * b
        factors = np.array([*weights, *pulls, *rates / np.maximum(numbers, 1), *(1 - rates)], dtype=np.float32)
        clamped, free = memory["baseline.positive"], memory["baseline.negative"]
        if len(h) < FEW_CENTRED:
            w, m, k = (self.parts(array).weights for array in (target, clamped, free))
            _add_centred_few(w, m, k, v, h, n_clamped, factors)
        first = self.network.weights.size if len(h) < FEW_CENTRED else 0
        sums = self._room[:2]
        for of_phase, here in zip(sums, (slice(n_clamped), slice(n_clamped, None)), strict=True):
            parts = self.parts(of_phase)
            v[here].sum(0, out=parts.visible)
            h[here].sum(0, out=parts.hidden)
            if not first and len(h[here]):
                sgemm(1.0, v[here].T, h[here].T, trans_b=True, c=parts.weights.T, overwrite_c=True)
        _add_centred(target[first:], clamped[first:], free[first:], sums[0, first:], sums[1, first:], factors)


@lru_cache(maxsize=1)
def _blas() -> ThreadpoolController:
    """The libraries whose threads can be limited; to find them takes a millisecond."""
    return ThreadpoolController().select(user_api="blas")


class _Draws(NamedTuple):
    """Random numbers of one update."""

    key: np.ndarray
    step: int

    def units(self, units: np.ndarray, bias: np.ndarray, stream: int) -> None:
        """Replace activations without bias by bits."""

        def work(first: int, stride: int) -> None:
            _draw(units, bias, self.key, self.step, stream, first, stride)

        if len(units):
            in_turns(work, len(units), NANOSECONDS_A_UNIT * units.size)


def _up(weights: np.ndarray, v: np.ndarray, h: np.ndarray) -> None:
    """h = v W' in place."""
    if len(h) < FEW_UP and len(weights) >= 4:
        _few_up(weights, v, h)
    elif len(h):
        sgemm(1.0, weights.T, v.T, trans_a=True, c=h.T, overwrite_c=True)


def _down(weights: np.ndarray, h: np.ndarray, v: np.ndarray) -> None:
    """v = h W in place."""
    if len(h) < FEW_DOWN and weights.shape[1] >= 4 * WIDTH:
        _few_down(weights, h, v)
    elif len(h):
        sgemm(1.0, weights.T, h.T, c=v.T, overwrite_c=True)


def _add_statistics(parts: Parts, v: np.ndarray, h: np.ndarray, weights: np.ndarray, size: float) -> None:
    """Add `size` times the sum of w_k (h_k v_k', v_k, h_k) to the parts; h_k becomes w_k h_k."""
    _add_weighted(weights.astype(np.float32), np.float32(size), v, h, parts.visible, parts.hidden)
    sgemm(size, v.T, h.T, beta=1.0, c=parts.weights.T, trans_b=True, overwrite_c=True)


def _move(theta: np.ndarray, gradient: np.ndarray, memory: Memory, optimiser: Optimiser) -> None:
    """One step of Momentum or Adam in place."""
    rate = optimiser.learning_rate
    if isinstance(optimiser, Momentum):
        velocity, momentum = memory["optimiser.velocity"], np.float32(optimiser.momentum)
        _momentum_step(theta, gradient, velocity, np.float32(rate), momentum)
        return
    assert isinstance(optimiser, Adam)
    memory["optimiser.count"] += 1
    count, betas = float(memory["optimiser.count"]), (optimiser.beta1, optimiser.beta2)
    rates = np.float32(rate / (1 - betas[0] ** count)), np.float32(1 / (1 - betas[1] ** count))
    first, second, epsilon = memory["optimiser.first"], memory["optimiser.second"], np.float32(optimiser.epsilon)
    _adam_step(theta, gradient, first, second, rates, (np.float32(betas[0]), np.float32(betas[1])), epsilon)


def can_learn(network: Any, chain: ChainPolicy, optimiser: Optimiser) -> bool:
    """Whether mini-batches of these parts run in single precision."""
    return isinstance(network, RBM) and isinstance(chain, COMPILED_CHAINS) and isinstance(optimiser, OPTIMISERS)
