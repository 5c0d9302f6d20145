"""Exact likelihoods of RBM replicas by enumerating the smaller layer, up to 20 units; float64 throughout.

The readable siblings are `RBM.log_partition` and `RBM.free_energy`, which take a logarithm per unit and state.
"""

from collections.abc import Iterator

import numpy as np

from cl_theory.arguments import probabilities
from cl_theory.learning.likelihood_kernels import log_weights_of_states, summed_weights, weights_of_states
from cl_theory.learning.replicas import Replicas, bits
from cl_theory.states import all_states
from cl_theory.threads import in_turns

LARGEST = 20
"""Units of the layer that is enumerated."""

SAFE = 700.0
"""Largest exponent that is trusted to a float64."""

_AT_ONCE = 2**23


def exact_log_partition(replicas: Replicas) -> np.ndarray:
    """log of the partition function of each replica, (n,); ValueError if both layers have more than 20 units."""
    transposed = replicas.n_hidden < replicas.n_visible
    return np.concatenate([_log_sums(layer) for layer in _layers(replicas, transposed)])


def exact_log_likelihood(replicas: Replicas, data: np.ndarray) -> np.ndarray:
    """log p(v) of each row of `data` (n_rows, n_visible) under each replica, (n, n_rows), in nats."""
    rows = bits(data, (None, replicas.n_visible), "data").astype(np.float64)
    weights, visible, hidden = _float64(replicas)
    activation = rows @ weights.transpose(0, 2, 1) + hidden[:, None]
    return visible @ rows.T + np.logaddexp(0, activation).sum(axis=2) - exact_log_partition(replicas)[:, None]


def exact_probabilities(replicas: Replicas) -> np.ndarray:
    """p(v) of all visible states, (n, 2**n_visible), unit i being bit i of the index; at most 20 visible units."""
    return np.concatenate([_normalised(layer) for layer in _layers(replicas, False)])


def exact_total_variation(replicas: Replicas, target: np.ndarray) -> np.ndarray:
    """Total variation distance of p(v) from `target` (2**n_visible,) for each replica, (n,)."""
    law = probabilities(target, "target", tolerance=1e-9)
    if law.shape != (2**replicas.n_visible,):
        raise ValueError(f"target must give all {2**replicas.n_visible} visible states, got shape {law.shape}")
    return np.concatenate([np.abs(_normalised(layer) - law).sum(axis=1) / 2 for layer in _layers(replicas, False)])


Layer = tuple[np.ndarray, np.ndarray, np.ndarray]


def _layers(replicas: Replicas, transposed: bool) -> Iterator[Layer]:
    """Weights (n, n_other, n_own), own and other biases of the layer to enumerate, a few replicas at a time."""
    weights, visible, hidden = _float64(replicas)
    layer = (
        (np.ascontiguousarray(weights.transpose(0, 2, 1)), hidden, visible)
        if transposed
        else (weights, visible, hidden)
    )
    n_own = layer[1].shape[1]
    if n_own > LARGEST:
        raise ValueError(f"enumeration reaches {LARGEST} units, got {n_own}; estimate the likelihood instead")
    step = max(1, _AT_ONCE >> n_own)
    for start in range(0, len(replicas), step):
        yield tuple(part[start : start + step] for part in layer)  # type: ignore[misc]


def _float64(replicas: Replicas) -> Layer:
    return tuple(
        np.asarray(part, dtype=np.float64) for part in (replicas.weights, replicas.visible_bias, replicas.hidden_bias)
    )  # type: ignore[return-value]


def _log_sums(layer: Layer) -> np.ndarray:
    if _is_safe(layer):
        sums, n_low = np.empty(len(layer[0])), _n_low(layer)
        in_turns(lambda first, stride: summed_weights(first, stride, *layer, n_low, sums), *_items(layer))
        return np.log(sums)
    values = _log_weights(layer)
    top = values.max(axis=1)
    return top + np.log(np.exp(values - top[:, None]).sum(axis=1))


def _normalised(layer: Layer) -> np.ndarray:
    if _is_safe(layer):
        values, n_low = _room(layer), _n_low(layer)
        in_turns(lambda first, stride: weights_of_states(first, stride, *layer, n_low, values), *_items(layer))
    else:
        values = _log_weights(layer)
        values = np.exp(values - values.max(axis=1)[:, None])
    return values / values.sum(axis=1, keepdims=True)


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
