"""Steps of forward-forward nets with Adam or plain descent: show, pass through the layers, set what they will learn."""

import numpy as np
from numba import njit

from cl_theory.learning.forward_forward_layers import FUSED, adam_layer, dot, plain_layer

_ZERO, _ONE, _TWO = np.float32(0), np.float32(1), np.float32(2)
_SMALLEST_LENGTH = np.float32(1e-8)


@njit(cache=True, error_model="numpy", fastmath=FUSED)
def _set_direction(source, target):
    """target = source / |source|."""
    total = _ZERO
    for i in range(source.size):
        total += source[i] * source[i]
    scale = _ONE / (np.sqrt(total) + _SMALLEST_LENGTH)
    for i in range(source.size):  # what lies beyond in `target` stays 0
        target[i] = source[i] * scale


@njit(cache=True, error_model="numpy")
def _set_pulls(activity, n_out, is_positive, weights, threshold, pulls):
    """The factor of each unit's inputs in the gradient: -w * 2 / n * sigmoid(+-(threshold - goodness)) * activity."""
    for k in range(activity.shape[0]):
        states = activity[k]
        goodness = dot(states[:n_out], states) / np.float32(n_out)
        distance = threshold - goodness if is_positive[k] else goodness - threshold
        surprise = _ONE / (_ONE + np.exp(-distance))
        factor = -weights[k] * surprise * _TWO / np.float32(n_out)
        for j in range(n_out):
            pulls[k, j] = factor * states[j]


@njit(cache=True, error_model="numpy")
def _show(images, rows, labels, n_classes, room, inputs):
    """Directions of the images with their labels written over the first pixels."""
    for k in range(rows.size):
        image = images[rows[k]]
        for i in range(room.size):
            room[i] = image[i]
        for c in range(n_classes):
            room[c] = _ONE if c == labels[k] else _ZERO
        _set_direction(room, inputs[k])


@njit(cache=True, error_model="numpy")
def _learn(
    theta, first, second, sizes, images, rows, labels, n_classes, is_positive, weights, threshold, adam, count
):  # fmt: skip
    """All steps of one net, in place; `adam` is (learning rate, beta1, beta2, epsilon), `count` the steps before.

    Descent is plain where there are no moments; both betas are 0 then, which leaves the learning rate as it is.
    """
    is_plain = first.size == 0
    n_layers, batch, widest = sizes.size - 1, rows.shape[1], sizes.max()
    inputs = np.zeros((2, n_layers, batch, widest), dtype=np.float32)
    pulls, activity = np.zeros((n_layers, batch, widest), dtype=np.float32), np.zeros((batch, widest), dtype=np.float32)
    row, room = np.zeros(widest, dtype=np.float32), np.zeros(sizes[0], dtype=np.float32)
    rate, beta1, beta2, epsilon = adam
    for t in range(rows.shape[0] + 1):
        learn, look = t > 0, t < rows.shape[0]
        old, new = inputs[(t + 1) % 2], inputs[t % 2]
        if look:
            _show(images, rows[t], labels[t], n_classes, room, new[0])
        power = np.float64(count + max(t, 1))
        step = np.float32(rate / (1.0 - np.float64(beta1) ** power))
        root = np.float32(1.0 / np.sqrt(1.0 - np.float64(beta2) ** power))
        constants, start = (beta1, beta2, step, root, epsilon) if learn else (_ONE, _ONE, _ZERO, _ONE, epsilon), 0
        for layer in range(n_layers):
            n_in, n_out = sizes[layer], sizes[layer + 1]
            if is_plain:
                plain_layer(
                    theta, start, n_in, n_out, pulls[layer], old[layer], new[layer], activity, constants[2], look
                )
            else:
                adam_layer(
                    theta, first, second, start, n_in, n_out, pulls[layer], old[layer], new[layer], activity,
                    row[:n_in], constants, learn, look,
                )  # fmt: skip
            if look:
                _set_pulls(activity, n_out, is_positive[t], weights[t], threshold, pulls[layer])
            if look and layer + 1 < n_layers:
                for k in range(batch):
                    _set_direction(activity[k, :n_out], new[layer + 1, k])
            start += (n_in + 1) * n_out


@njit(cache=True, nogil=True, error_model="numpy")
def learn_nets(
    net, stride, theta, first, second, sizes, images, rows, labels, n_classes, is_positive, weights, threshold,
    rates, beta1, beta2, epsilon, count,
):  # fmt: skip
    """Steps (n_nets, n_steps, batch) in place, for each `stride`-th of the nets from `net` on."""
    for r in range(net, theta.shape[0], stride):
        adam = (rates[r], beta1, beta2, epsilon)
        _learn(
            theta[r], first[r], second[r], sizes, images, rows[r], labels[r], n_classes, is_positive[r], weights[r],
            threshold, adam, count,
        )  # fmt: skip
