"""Always-on phases of an RBM, many copies in step: compiled, in NumPy, and their drift towards the flow."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numba import njit, prange
from scipy.integrate import solve_ivp

from cl_theory.arguments import finite, positive, probability_inside
from cl_theory.learning.models.rbm import RBM, FreePhase, binary_states
from cl_theory.philox import philox_block, philox_blocks_numpy, philox_key
from cl_theory.theory.chains.phase_lengths import PhaseLength

WORD = 2.0**-32
STREAM = 2


@njit(inline="always")
def _turn_on(activation, word):
    # u < sigmoid(x) without a division
    return 1.0 if (np.float64(word) + 0.5) * WORD * (1.0 + np.exp(-activation)) < 1.0 else 0.0


# Letting sums be reassociated takes a step of 16 x 16 units from 1.1 to 0.45 us.
@njit(cache=True, parallel=True, error_model="numpy", fastmath={"reassoc", "contract", "nsz"})
def run_rbm_phases(weights, visible_bias, hidden_bias, visible, hidden, lengths, rate, clamped, first, key):
    """Advance replicas in place: weights (n, n_hidden, n_visible), biases and states (n, n_units), lengths (n,).

    `rate` is what is added to W for h v^T at each step: epsilon in a positive phase, -epsilon in a negative one.
    `first` is the number of replica 0.
    """
    n, n_hidden, n_visible = weights.shape
    n_units = n_hidden + n_visible
    n_blocks = (n_units + 3) // 4
    k0, k1 = np.uint64(key[0]), np.uint64(key[1])
    for r in prange(n):
        words = np.empty(4 * n_blocks)
        new_h, new_v = np.empty(n_hidden), visible[r].copy()
        field = np.empty(n_visible)
        w, a, c, v, h = weights[r], visible_bias[r], hidden_bias[r], visible[r], hidden[r]
        for t in range(lengths[r]):
            for b in range(n_blocks):
                drawn = philox_block(np.uint64(b), np.uint64(t), np.uint64(STREAM), np.uint64(first + r), k0, k1)
                words[4 * b], words[4 * b + 1] = drawn[0], drawn[1]
                words[4 * b + 2], words[4 * b + 3] = drawn[2], drawn[3]
            for i in range(n_hidden):
                activation = c[i]
                for j in range(n_visible):
                    activation += w[i, j] * v[j]
                new_h[i] = _turn_on(activation, words[i])
            if not clamped:
                field[:] = a
                for i in range(n_hidden):
                    for j in range(n_visible):
                        field[j] += new_h[i] * w[i, j]
                for j in range(n_visible):
                    new_v[j] = _turn_on(field[j], words[n_hidden + j])
            for i in range(n_hidden):
                step = rate * h[i]
                c[i] += step
                for j in range(n_visible):
                    w[i, j] += step * v[j]
            for j in range(n_visible):
                a[j] += rate * v[j]
                v[j] = new_v[j]
            for i in range(n_hidden):
                h[i] = new_h[i]


def run_rbm_phases_numpy(weights, visible_bias, hidden_bias, visible, hidden, lengths, rate, clamped, first, key):
    """The same in NumPy, all replicas in step."""
    n, n_hidden, n_visible = weights.shape
    n_blocks = -(-(n_hidden + n_visible) // 4)
    for t in range(int(lengths.max())):
        counters = np.zeros((n, n_blocks, 4), dtype=np.uint64)
        counters[..., 0], counters[..., 1], counters[..., 2] = np.arange(n_blocks), t, STREAM
        counters[..., 3] = first + np.arange(n)[:, None]
        uniform = (philox_blocks_numpy(counters.reshape(-1, 4), key).reshape(n, -1).astype(float) + 0.5) * WORD
        up = hidden_bias + np.einsum("nij,nj->ni", weights, visible)
        new_h = (uniform[:, :n_hidden] * (1 + np.exp(-up)) < 1).astype(float)
        down = visible_bias + np.einsum("nij,ni->nj", weights, new_h)
        new_v = (uniform[:, n_hidden : n_hidden + n_visible] * (1 + np.exp(-down)) < 1).astype(float)
        live = (t < lengths)[:, None]
        weights += np.where(live[..., None], rate * hidden[:, :, None] * visible[:, None], 0)
        visible_bias += np.where(live, rate * visible, 0)
        hidden_bias += np.where(live, rate * hidden, 0)
        visible[:] = np.where(live & (not clamped), new_v, visible)
        hidden[:] = np.where(live, new_h, hidden)


CHUNK = 2048


@dataclass(frozen=True, eq=False)
class RBMPhaseEnds:
    """Of n replicas: displacement (n, k) of the flat parameters along k directions, and the last states v, h."""

    displacement: np.ndarray
    visible: np.ndarray
    hidden: np.ndarray


def simulate_rbm_phase(
    rng: np.random.Generator, rbm: RBM, visible: Any, hidden: Any, length: PhaseLength, *, learning_rate: float,
    is_positive: bool, directions: Any = None,
) -> RBMPhaseEnds:  # fmt: skip
    r"""One always-on phase of n independent replicas that all start with the parameters of `rbm`.

    Block Gibbs, h' ~ p(h | v), then v' ~ p(v | h') unless clamped, with the parameters before the update; each step
    adds :math:`\mp\frac\eta\tau\,\partial_\theta E(v, h)`, the upper sign in a positive phase (clamped), the lower in a
    negative one (free), gradient at the state before the transition. `visible` (n, n_visible) and `hidden`
    (n, n_hidden) are the starts; `directions` (k, d) keeps only those projections of the displacement, by default all
    d parameters. Results do not depend on threads. ValueError if the parameters overflow.
    """
    v, h = (np.array(finite(x, name), dtype=float) for x, name in ((visible, "visible"), (hidden, "hidden")))
    if v.shape != (len(v), rbm.n_visible) or h.shape != (len(v), rbm.n_hidden):
        raise ValueError(
            f"visible and hidden must be (n, {rbm.n_visible}) and (n, {rbm.n_hidden}), got {v.shape} and {h.shape}"
        )
    key = philox_key(rng)
    lengths = length.sample(rng, len(v))
    rate = positive(learning_rate, "learning_rate") / float(length.mean) * (1 if is_positive else -1)
    chunks = _displacements(rbm, v, h, lengths, rate, is_positive, key)
    project = (lambda moved: moved) if directions is None else (lambda moved: moved @ np.asarray(directions).T)
    return RBMPhaseEnds(np.concatenate([project(moved) for moved in chunks]), v, h)


def _displacements(
    rbm: RBM, v: np.ndarray, h: np.ndarray, lengths: np.ndarray, rate: float, clamped: bool, key: np.ndarray
) -> Iterator[np.ndarray]:
    """Displacements (chunk, d), chunk by chunk, so that memory stays small; v and h are advanced in place."""
    for first in range(0, len(v), CHUNK):
        part = slice(first, min(first + CHUNK, len(v)))
        n = part.stop - part.start
        start = (rbm.weights, rbm.visible_bias, rbm.hidden_bias)
        own = [np.repeat(array[None], n, axis=0) for array in start]
        run_rbm_phases(own[0], own[1], own[2], v[part], h[part], lengths[part], rate, clamped, first, key)
        moved = np.concatenate([(a - b).reshape(n, -1) for a, b in zip(own, start, strict=True)], axis=1)
        yield finite(moved, "parameters after the phase (lower the learning rate)")


@dataclass(frozen=True, eq=False)
class PhaseTurns:
    """Mean gradients of a clamped and of a free phase, and how each changes along the other, all (n_parameters,).

    `positive_along_negative` is :math:`Dg^+ g^-`, and so on; `rows` is R. Without visible biases their entries are 0.
    """

    positive: np.ndarray
    negative: np.ndarray
    positive_along_positive: np.ndarray
    positive_along_negative: np.ndarray
    negative_along_positive: np.ndarray
    negative_along_negative: np.ndarray
    rows: np.ndarray

    @property
    def mu(self) -> np.ndarray:
        """g+ - g-, the gradient of the loss."""
        return self.positive - self.negative

    def centre(self, p_positive: float) -> np.ndarray:
        """c* = (1-b) g+ + b g-."""
        return (1 - p_positive) * self.positive + p_positive * self.negative

    @property
    def euler(self) -> np.ndarray:
        r""":math:`\frac12 D\mu\,\mu`: the flow of mu against one step along it."""
        along_positive = self.positive_along_positive - self.negative_along_positive
        along_negative = self.positive_along_negative - self.negative_along_negative
        return (along_positive - along_negative) / 2

    def baseline_term(self, p_positive: float) -> np.ndarray:
        r""":math:`\frac{D c^* c^*}{2b(1-b)}`: what a baseline at c* removes."""
        b = probability_inside(p_positive)
        along_positive = (1 - b) * self.positive_along_positive + b * self.negative_along_positive
        along_negative = (1 - b) * self.positive_along_negative + b * self.negative_along_negative
        return ((1 - b) * along_positive + b * along_negative) / (2 * b * (1 - b))

    def row_term(self, p_positive: float) -> np.ndarray:
        r""":math:`\frac{R}{2b}`: what one row a phase adds, with any constant baseline."""
        return self.rows / (2 * probability_inside(p_positive))

    def coefficient(self, p_positive: float, *, centred: bool) -> np.ndarray:
        r""":math:`\kappa` with the baseline 0, or c* where `centred`."""
        rest = self.euler + self.row_term(p_positive)
        return rest if centred else rest + self.baseline_term(p_positive)

    def drift(self, rate: float, p_positive: float, *, centred: bool, second_moment: float = 1.0) -> np.ndarray:
        r"""Mean displacement a phase over :math:`\eta`; `second_moment` is :math:`E T^2/\tau^2`, 0 leaves mu alone."""
        return -self.mu + rate * second_moment * self.coefficient(p_positive, centred=centred)


def phase_turns(rbm: RBM, data: np.ndarray, *, visible_biases: bool = True) -> PhaseTurns:
    """The exact terms of `PhaseTurns` at one RBM and rows of data (n_rows, n_visible), by listing the smaller side.

    Without `visible_biases` these are not learned: no phase moves along them. ValueError as in `rbm_phase_moments`.
    """
    rows = binary_states(data, rbm.n_visible, "data")
    hidden, free = rbm.mean_h_given_v(rows), FreePhase.of(rbm)
    learned = _learned(rbm, visible_biases)
    positive, negative = learned * _clamped_mean(rows, hidden), learned * free.mean
    along_positive, along_negative = (_clamped_turn(rows, hidden, _field(rbm, rows, u)) for u in (positive, negative))
    # A row's own gradient -(h v', v, h) changes the input of its hidden units by -h (|v|^2 + 1).
    by_itself = _clamped_turn(rows, hidden, -hidden * (1 + rows.sum(axis=1, keepdims=True)))
    bent = [learned * free.along(u) for u in (positive, negative)]
    rest = by_itself - along_positive
    return PhaseTurns(positive, negative, along_positive, along_negative, bent[0], bent[1], rest)


def always_on_drift(
    rbm: RBM, data: np.ndarray, rate: float, p_positive: float, *, centred: bool, second_moment: float = 1.0,
    visible_biases: bool = True,
) -> np.ndarray:  # fmt: skip
    """`PhaseTurns.drift` at one RBM, without the parts: half the work, for flows; (n_parameters,)."""
    b, rows = probability_inside(p_positive), binary_states(data, rbm.n_visible, "data")
    hidden, free = rbm.mean_h_given_v(rows), FreePhase.of(rbm)
    learned = _learned(rbm, visible_biases)
    positive, negative = learned * _clamped_mean(rows, hidden), learned * free.mean
    if not second_moment:
        return negative - positive
    baseline = ((1 - b) * positive + b * negative) * centred
    own = -hidden * (1 + rows.sum(axis=1, keepdims=True)) - _field(rbm, rows, baseline)
    bends = _clamped_turn(rows, hidden, own) / b + learned * free.along(negative - baseline) / (1 - b)
    return negative - positive + rate * second_moment * bends / 2


def always_on_flow(
    rbm: RBM, data: np.ndarray, times: Sequence[float], rate: float, p_positive: float, *, centred: bool,
    second_moment: float = 1.0, visible_biases: bool = True, tolerance: float = 1e-3,
) -> list[RBM]:  # fmt: skip
    r"""The RBM at ascending `times` from 0 on, moved by `always_on_drift` alone: learning without its noise.

    n phases at rate :math:`\eta` take the time :math:`n\eta`. Runge-Kutta of order 3 with this relative tolerance.
    ValueError if the flow leaves every bound.
    """

    def field(_: float, parameters: np.ndarray) -> np.ndarray:
        return always_on_drift(
            rbm.with_flat(parameters), data, rate, p_positive, centred=centred, second_moment=second_moment,
            visible_biases=visible_biases,
        )  # fmt: skip

    span = (0.0, float(times[-1]))
    path = solve_ivp(field, span, rbm.flat, method="RK23", t_eval=times, rtol=tolerance, atol=tolerance)
    if not path.success:
        raise ValueError(f"the flow did not reach time {span[1]}: {path.message}; lower the learning rate")
    return [rbm.with_flat(parameters) for parameters in path.y.T]


def _learned(rbm: RBM, visible_biases: bool) -> np.ndarray:
    return np.repeat([1.0, float(visible_biases), 1.0], [rbm.weights.size, rbm.n_visible, rbm.n_hidden])


def _clamped_mean(rows: np.ndarray, hidden: np.ndarray) -> np.ndarray:
    """g+ over equally likely rows, in the order of `RBM.flat`."""
    n = len(rows)
    return -np.concatenate([(hidden.T @ rows / n).ravel(), rows.mean(axis=0), hidden.mean(axis=0)])


def _field(rbm: RBM, rows: np.ndarray, direction: np.ndarray) -> np.ndarray:
    """What a step along `direction` adds to the inputs of the hidden units at each row."""
    n_weights = rbm.weights.size
    return rows @ direction[:n_weights].reshape(rbm.weights.shape).T + direction[n_weights + rbm.n_visible :]


def _clamped_turn(rows: np.ndarray, hidden: np.ndarray, field: np.ndarray) -> np.ndarray:
    """Change of g+ when the inputs of the hidden units change by `field` (n_rows, n_hidden)."""
    change = hidden * (1 - hidden) * field
    product = change.T @ rows / len(rows)
    return -np.concatenate([product.ravel(), np.zeros(rows.shape[1]), change.mean(axis=0)])
