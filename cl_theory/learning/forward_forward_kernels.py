"""Steps of forward-forward nets with Adam, each weight read and written once a step.

The input of a step is known before the step, and a layer's update is needed when its next input comes. So the update of
a row waits for the next step's pass over that row, which applies it and takes the products with the new inputs: half
the traffic of an update after each step, and traffic is what a step costs.
"""

import numpy as np
from numba import njit

_FUSED = {"contract", "nsz", "arcp", "reassoc"}
_ZERO, _ONE, _TWO = np.float32(0), np.float32(1), np.float32(2)
_SMALLEST_LENGTH = np.float32(1e-8)
_VANISHED = np.float32(1e-30)
"""A first moment below this is 0: left alone it decays into subnormal numbers, which are slow."""


@njit(cache=True, error_model="numpy", fastmath=_FUSED)
def _set_direction(source, target):
    """target = source / |source|."""
    total = _ZERO
    for i in range(source.size):
        total += source[i] * source[i]
    scale = _ONE / (np.sqrt(total) + _SMALLEST_LENGTH)
    for i in range(source.size):  # what lies beyond in `target` stays 0
        target[i] = source[i] * scale


@njit(inline="always")
def _moved(weight, m, s, step, root, epsilon):
    """Adam's new weight; `step` is eta / (1 - beta1^t), `root` is 1 / sqrt(1 - beta2^t)."""
    return weight - step * m / (np.sqrt(s) * root + epsilon)


@njit(inline="always")
def _first_moment(m, gradient, beta1):
    new = beta1 * m + (_ONE - beta1) * gradient
    return new if abs(new) > _VANISHED else _ZERO


@njit(inline="always")
def _second_moment(s, gradient, beta2):
    return beta2 * s + (_ONE - beta2) * (gradient * gradient)


@njit(cache=True, error_model="numpy", fastmath=_FUSED)
def _learn_and_look(weights, first, second, pull, old, new, adam):
    """Adam on one row with the gradient pull * old, and the product of the new row with `new`: one image a step."""
    beta1, beta2, step, root, epsilon = adam
    total = _ZERO
    for i in range(weights.size):
        gradient = pull * old[i]
        m, s = _first_moment(first[i], gradient, beta1), _second_moment(second[i], gradient, beta2)
        weight = _moved(weights[i], m, s, step, root, epsilon)
        first[i], second[i], weights[i] = m, s, weight
        total += weight * new[i]
    return total


@njit(cache=True, error_model="numpy", fastmath=_FUSED)
def _learn_row(weights, first, second, gradient, adam):
    """Adam on one row."""
    beta1, beta2, step, root, epsilon = adam
    for i in range(weights.size):
        m, s = _first_moment(first[i], gradient[i], beta1), _second_moment(second[i], gradient[i], beta2)
        first[i], second[i], weights[i] = m, s, _moved(weights[i], m, s, step, root, epsilon)


@njit(cache=True, error_model="numpy", fastmath=_FUSED)
def _dot(a, b):
    total = _ZERO
    for i in range(a.size):
        total += a[i] * b[i]
    return total


@njit(cache=True, error_model="numpy", fastmath=_FUSED)
def _set_gradient_row(pulls, inputs, j, batch, row):
    """row = sum over the batch of pulls[k][j] * inputs[k]; the sum of the pulls."""
    total = _ZERO
    for i in range(row.size):
        row[i] = _ZERO
    for k in range(batch):
        pull, x = pulls[k, j], inputs[k]
        if pull != _ZERO:
            total += pull
            for i in range(row.size):
                row[i] += pull * x[i]
    return total


@njit(cache=True, error_model="numpy", fastmath=_FUSED)
def _learn_bias(theta, first, second, bias, gradient, adam):
    beta1, beta2, step, root, epsilon = adam
    m, s = _first_moment(first[bias], gradient, beta1), _second_moment(second[bias], gradient, beta2)
    first[bias], second[bias], theta[bias] = m, s, _moved(theta[bias], m, s, step, root, epsilon)


@njit(cache=True, error_model="numpy")
def _pass_layer(theta, first, second, start, n_in, n_out, pulls, old, new, activity, row, adam, learn, look):
    """Apply what the last step left to learn, if `learn`; then, if `look`, set the activity of the new inputs.

    The layer's parameters begin at `start` of the flat vectors: weights by rows, then biases. The other arrays have a
    row for each image of the batch.
    """
    batch = activity.shape[0]
    for j in range(n_out):
        place, bias = start + j * n_in, start + n_out * n_in + j
        weights, m, s = theta[place : place + n_in], first[place : place + n_in], second[place : place + n_in]
        if batch == 1:  # before the first step `adam` changes nothing, so that one loop makes every product
            product = _learn_and_look(weights, m, s, pulls[0, j], old[0], new[0], adam)
            _learn_bias(theta, first, second, bias, pulls[0, j], adam)
            activity[0, j] = max(product + theta[bias], _ZERO)
        else:
            if learn:
                total = _set_gradient_row(pulls, old, j, batch, row)
                _learn_row(weights, m, s, row, adam)
                _learn_bias(theta, first, second, bias, total, adam)
            if look:
                for k in range(batch):
                    activity[k, j] = max(_dot(weights, new[k]) + theta[bias], _ZERO)


@njit(cache=True, error_model="numpy")
def _set_pulls(activity, n_out, is_positive, weights, threshold, pulls):
    """The factor of each unit's inputs in the gradient: -w * 2 / n * sigmoid(+-(threshold - goodness)) * activity."""
    for k in range(activity.shape[0]):
        states = activity[k]
        goodness = _dot(states[:n_out], states) / np.float32(n_out)
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
    """All steps of one net, in place; `adam` is (learning rate, beta1, beta2, epsilon), `count` the steps before."""
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
            _pass_layer(
                theta, first, second, start, n_in, n_out, pulls[layer], old[layer], new[layer], activity, row[:n_in],
                constants, learn, look,
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
