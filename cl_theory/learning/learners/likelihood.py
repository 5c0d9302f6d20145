"""Exact likelihoods by enumerating a layer of up to 20 units, for one model or many replicas; float64 throughout.

The readable siblings are `log_partition` and `free_energy` of the models, which take a logarithm per unit and state."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numba import njit

from cl_theory.learning.learners.loop import Measures
from cl_theory.learning.learners.parts import Network
from cl_theory.learning.learners.replicas import Replicas, bits
from cl_theory.learning.models.boltzmann import BoltzmannMachine
from cl_theory.learning.models.exact_law import log_probability_v
from cl_theory.learning.models.rbm import MAX_UNITS, RBM, all_states, binary_states
from cl_theory.threads import in_turns

_FUSED = {"contract"}
TILE = 64
"""Low parts that are worked on together; the table of a tile stays in the first cache."""


@njit(cache=True)
def subset_sums(values, first, count):
    """Sums of values[first:first + count] over all subsets, by index bits."""
    sums = np.zeros(1 << count)
    for i in range(count):
        half = 1 << i
        for index in range(half):
            sums[half + index] = sums[index] + values[first + i]
    return sums


@njit(cache=True, error_model="numpy")
def _tables(weights, own_bias, other_bias, n_low):
    """lo (tiles, units, tile), hi (high, units), and the exponentials of the layer's own bias in both parts.

    The units of the other layer are padded to a multiple of four by units whose factor is 1.
    """
    n_units, n = weights.shape
    n_low_states, n_high_states = 1 << n_low, 1 << (n - n_low)
    tile, padded = min(TILE, n_low_states), -(-n_units // 4) * 4
    lo, hi = np.zeros((n_low_states // tile, padded, tile)), np.zeros((n_high_states, padded))
    for j in range(n_units):
        low, high = subset_sums(weights[j], 0, n_low), subset_sums(weights[j], n_low, n - n_low)
        for x in range(n_low_states):
            lo[x // tile, j, x % tile] = np.exp(low[x])
        for y in range(n_high_states):
            hi[y, j] = np.exp(other_bias[j] + high[y])
    return lo, hi, np.exp(subset_sums(own_bias, 0, n_low)), np.exp(subset_sums(own_bias, n_low, n - n_low))


@njit(inline="always")
def _multiply_factors(product, lo, hi, first, last):
    """product *= the factors of units first..last - 1, a multiple of four of them."""
    for j in range(first, last, 4):
        h0, h1, h2, h3 = hi[j], hi[j + 1], hi[j + 2], hi[j + 3]
        l0, l1, l2, l3 = lo[j], lo[j + 1], lo[j + 2], lo[j + 3]
        for x in range(product.size):
            left = (1.0 + l0[x] * h0) * (1.0 + l1[x] * h1)
            product[x] *= left * ((1.0 + l2[x] * h2) * (1.0 + l3[x] * h3))


@njit(cache=True, nogil=True, error_model="numpy", fastmath={"contract", "reassoc"})
def summed_weights(first, stride, weights, own_bias, other_bias, n_low, out):
    """out[r] = sum of exp(-free energy) over all states, none of them written down."""
    for r in range(first, weights.shape[0], stride):
        lo, hi, own_low, own_high = _tables(weights[r], own_bias[r], other_bias[r], n_low)
        tile, padded = lo.shape[2], lo.shape[1]
        product, total = np.empty(tile), 0.0
        for part in range(lo.shape[0]):
            for high in range(hi.shape[0]):
                for x in range(tile):
                    product[x] = own_low[part * tile + x] * own_high[high]
                _multiply_factors(product, lo[part], hi[high], 0, padded)
                for x in range(tile):
                    total += product[x]
        out[r] = total


@njit(cache=True, nogil=True, error_model="numpy", fastmath=_FUSED)
def log_weights_of_states(first, stride, weights, own_bias, other_bias, n_low, group, out):
    """out[r, index] = -free energy, with a logarithm after each `group` (a multiple of four) of units."""
    for r in range(first, weights.shape[0], stride):
        lo, hi, _, _ = _tables(weights[r], own_bias[r], other_bias[r], n_low)
        tile, padded = lo.shape[2], lo.shape[1]
        n = weights.shape[2]
        low, high_sums = subset_sums(own_bias[r], 0, n_low), subset_sums(own_bias[r], n_low, n - n_low)
        states, product = out[r].reshape(hi.shape[0], lo.shape[0], tile), np.empty(tile)
        for part in range(lo.shape[0]):
            for high in range(hi.shape[0]):
                total = states[high, part]
                for x in range(tile):
                    total[x] = low[part * tile + x] + high_sums[high]
                for start in range(0, padded, group):
                    product[:] = 1.0
                    _multiply_factors(product, lo[part], hi[high], start, min(start + group, padded))
                    for x in range(tile):
                        total[x] += np.log(product[x])


SAFE = 700.0
"""Largest exponent that is trusted to a float64."""

_AT_ONCE = 2**23


def exact_log_partition(replicas: Replicas | RBM) -> np.ndarray:
    """log of the partition function of each replica, (n,); ValueError if both layers have more than 20 units."""
    transposed = replicas.n_hidden < replicas.n_visible
    return np.concatenate([_log_sums(layer) for layer in _layers(replicas, transposed)])


def exact_log_likelihood(replicas: Replicas | RBM, data: np.ndarray) -> np.ndarray:
    """log p(v) of each row of `data` (n_rows, n_visible) under each replica, (n, n_rows), in nats."""
    rows = bits(data, (None, replicas.n_visible), "data").astype(np.float64)
    weights, visible, hidden = _float64(replicas)
    activation = rows @ weights.transpose(0, 2, 1) + hidden[:, None]
    return visible @ rows.T + np.logaddexp(0, activation).sum(axis=2) - exact_log_partition(replicas)[:, None]


Layer = tuple[np.ndarray, np.ndarray, np.ndarray]


def _layers(replicas: Replicas | RBM, transposed: bool) -> Iterator[Layer]:
    """Weights (n, n_other, n_own), own and other biases of the layer to enumerate, a few replicas at a time."""
    weights, visible, hidden = _float64(replicas)
    layer = (
        (np.ascontiguousarray(weights.transpose(0, 2, 1)), hidden, visible)
        if transposed
        else (weights, visible, hidden)
    )
    n_own = layer[1].shape[1]
    if n_own > MAX_UNITS:
        raise ValueError(f"enumeration reaches {MAX_UNITS} units, got {n_own}; estimate the likelihood instead")
    step = max(1, _AT_ONCE >> n_own)
    for start in range(0, len(layer[0]), step):
        yield tuple(part[start : start + step] for part in layer)  # type: ignore[misc]


def _float64(replicas: Replicas | RBM) -> Layer:
    """W and both biases with an axis of replicas; those of a single RBM are not rounded to float32 on the way."""
    parts = replicas.weights, replicas.visible_bias, replicas.hidden_bias
    if isinstance(replicas, RBM):
        parts = tuple(part[None] for part in parts)  # type: ignore[assignment]
    return tuple(np.asarray(part, dtype=np.float64) for part in parts)  # type: ignore[return-value]


def _log_sums(layer: Layer) -> np.ndarray:
    if _is_safe(layer):
        sums, n_low = np.empty(len(layer[0])), _n_low(layer)
        in_turns(lambda first, stride: summed_weights(first, stride, *layer, n_low, sums), *_items(layer))
        return np.log(sums)
    values = _log_weights(layer)
    top = values.max(axis=1)
    return top + np.log(np.exp(values - top[:, None]).sum(axis=1))


def _log_weights(layer: Layer) -> np.ndarray:
    """-free energy of all states where the exponentials themselves would not be safe."""
    group = int(SAFE / np.logaddexp(0, _largest_activation(layer)).max()) // 4 * 4
    if group == 0:
        return _in_the_log_domain(layer)
    values, n_low = _room(layer), _n_low(layer)
    in_turns(lambda first, stride: log_weights_of_states(first, stride, *layer, n_low, group, values), *_items(layer))
    return values


def _largest_activation(layer: Layer) -> np.ndarray:
    weights, _, other = layer
    return np.abs(weights).sum(axis=2) + np.abs(other)


def _is_safe(layer: Layer) -> bool:
    """Whether exp(-free energy) stays within the range of a float64 for every state of every replica."""
    own = np.abs(layer[1]).sum(axis=1).max()
    return bool(own + np.logaddexp(0, _largest_activation(layer)).sum(axis=1).max() < SAFE)


def _n_low(layer: Layer) -> int:
    """Units whose states are the inner part of the tables."""
    return (layer[1].shape[1] + 1) // 2


def _items(layer: Layer) -> tuple[int, float]:
    """Number of replicas, and about how many nanoseconds their sums take."""
    return len(layer[0]), len(layer[0]) * 2.0 ** layer[1].shape[1] * (1 + layer[2].shape[1] / 8)


def _room(layer: Layer) -> np.ndarray:
    return np.empty((len(layer[0]), 2 ** layer[1].shape[1]))


def _in_the_log_domain(layer: Layer) -> np.ndarray:
    """-free energy with a logarithm per unit and state: slow, for weights in the hundreds."""
    weights, own, other = layer
    states = all_states(own.shape[1])
    totals = [
        states @ a + np.logaddexp(0, states @ w.T + c).sum(axis=1) for w, a, c in zip(weights, own, other, strict=True)
    ]
    return np.stack(totals)


def _of_machine(machine: BoltzmannMachine, rows: np.ndarray) -> np.ndarray:
    r"""log p(v) of each row, in nats; in the log domain where an exponential would leave the range of a float64.

    The hidden units are split in two halves, so that exponentials are needed for half the units only: with
    :math:`M(h) = e^{c^\top h + \frac12 h^\top L h}` as a matrix over the states of both halves, :math:`\tilde p(v)` is
    a bilinear form in M, and Z is the sum of M times :math:`\prod_i (1 + e^{a_i + (h^\top W)_i})`.
    """
    if machine.n_hidden == 1 or _largest_exponent(machine) > SAFE:
        return log_probability_v(machine, rows)
    v, n_low = binary_states(rows, machine.n_visible, "rows"), machine.n_hidden // 2
    low, high = all_states(n_low), all_states(machine.n_hidden - n_low)
    alone = _hidden_weights(machine).reshape(len(high), len(low))
    drive = v @ machine.weights.T
    unnormalised = ((np.exp(drive[:, n_low:] @ high.T) @ alone) * np.exp(drive[:, :n_low] @ low.T)).sum(axis=1)
    partition = (alone * _summed_over_v(machine, low, high)).sum()
    return v @ machine.visible_bias + np.log(unnormalised) - np.log(partition)


def _hidden_weights(machine: BoltzmannMachine) -> np.ndarray:
    """exp(c h + h L h / 2) of all hidden states."""
    h = all_states(machine.n_hidden)
    return np.exp(h @ machine.hidden_bias + 0.5 * ((h @ machine.hidden_weights) * h).sum(axis=1))


def _summed_over_v(machine: BoltzmannMachine, low: np.ndarray, high: np.ndarray) -> np.ndarray:
    """The product over visible units of 1 + exp(a + h W), for the states of both halves, (2**n_high, 2**n_low)."""
    n_low, product = low.shape[1], np.ones((len(high), len(low)))
    of_low = np.exp(low @ machine.weights[:n_low])
    of_high = np.exp(high @ machine.weights[n_low:] + machine.visible_bias)
    for i in range(machine.n_visible):
        product *= 1 + np.multiply.outer(of_high[:, i], of_low[:, i])
    return product


def _largest_exponent(machine: BoltzmannMachine) -> float:
    """A bound on the size of every exponent that occurs, and of the logarithm of their sums."""
    hidden = np.abs(machine.hidden_bias).sum() + 0.5 * np.abs(machine.hidden_weights).sum()
    activation = np.abs(machine.weights).sum(axis=0) + np.abs(machine.visible_bias)
    return float(hidden + np.logaddexp(0, activation).sum() + machine.n_hidden * np.log(2))


def exact_measures(data: np.ndarray) -> Measures:
    """Mean negative log-likelihood of `data` ("nll", nats a row) and total variation from it ("tv").

    They take an `RBM`, a `BoltzmannMachine`, a list of these or `Replicas` (then one value each), small enough to
    enumerate.
    """
    rows, count = np.unique(np.asarray(data, dtype=np.float64), axis=0, return_counts=True)
    share = count / count.sum()
    last: list[tuple[Any, np.ndarray]] = []  # both measures are asked of the same model, one after the other

    def log_probability(model: Any) -> np.ndarray:
        if not last or last[0][0] is not model:
            last[:] = [(model, log_likelihood(model, rows))]
        return last[0][1]

    def nll(model: Any) -> np.ndarray:
        return -log_probability(model) @ share

    def tv(model: Any) -> np.ndarray:
        return np.maximum(share - np.exp(log_probability(model)), 0).sum(axis=-1)

    return {"nll": nll, "tv": tv}


def usual_measures(data: np.ndarray, like: Network) -> Measures:
    """Exact measures where a side of `like` can be enumerated, the hidden one if its units are coupled; else none."""
    n_units = min(like.n_visible, like.n_hidden) if isinstance(like, RBM) else like.n_hidden
    return exact_measures(data) if n_units <= MAX_UNITS else {}


def log_likelihood(model: Network | Replicas | Sequence[Network], rows: np.ndarray) -> np.ndarray:
    """log p(v) of each row, in nats: (n_rows,), or (n, n_rows) for replicas and lists of models."""
    if isinstance(model, BoltzmannMachine):
        return _of_machine(model, rows)
    if isinstance(model, RBM):
        return exact_log_likelihood(model, binary_states(rows, model.n_visible, "rows"))[0]
    if isinstance(model, Replicas) and not model.coupled:
        return exact_log_likelihood(model, rows)
    models = [model.model(r) for r in range(len(model))] if isinstance(model, Replicas) else model
    return np.stack([log_likelihood(each, rows) for each in models])
