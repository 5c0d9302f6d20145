"""One layer of a forward-forward net in one pass over its weights: apply the last update, take the next products.

The input of a step is known before the step, and a layer's update is needed when its next input comes. So the update of
a row waits for the next step's pass over that row, which applies it and takes the products with the new inputs: half
the traffic of an update after each step, and traffic is what a step costs.
"""

import numpy as np
from numba import njit

FUSED = {"contract", "nsz", "arcp", "reassoc"}
_ZERO, _ONE = np.float32(0), np.float32(1)
_VANISHED = np.float32(1e-30)
"""A first moment or a change below this is 0: left alone it ends in subnormal numbers, which are slow."""
_VANISHED_SQUARE = np.float32(1e-36)
"""The same for a second moment, whose root nobody sees beside epsilon. Its decay never leaves the subnormal numbers, as
0.999 times the smallest of them is rounded back: nets with silent units were slower by a factor of five."""


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
    new = beta2 * s + (_ONE - beta2) * (gradient * gradient)
    return new if new > _VANISHED_SQUARE else _ZERO


@njit(cache=True, error_model="numpy", fastmath=FUSED)
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


@njit(cache=True, error_model="numpy", fastmath=FUSED)
def _learn_row(weights, first, second, gradient, adam):
    """Adam on one row."""
    beta1, beta2, step, root, epsilon = adam
    for i in range(weights.size):
        m, s = _first_moment(first[i], gradient[i], beta1), _second_moment(second[i], gradient[i], beta2)
        first[i], second[i], weights[i] = m, s, _moved(weights[i], m, s, step, root, epsilon)


@njit(cache=True, error_model="numpy", fastmath=FUSED)
def dot(a, b):
    total = _ZERO
    for i in range(a.size):
        total += a[i] * b[i]
    return total


@njit(cache=True, error_model="numpy", fastmath=FUSED)
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


@njit(cache=True, error_model="numpy", fastmath=FUSED)
def _learn_bias(theta, first, second, bias, gradient, adam):
    beta1, beta2, step, root, epsilon = adam
    m, s = _first_moment(first[bias], gradient, beta1), _second_moment(second[bias], gradient, beta2)
    first[bias], second[bias], theta[bias] = m, s, _moved(theta[bias], m, s, step, root, epsilon)


@njit(cache=True, error_model="numpy", fastmath=FUSED)
def _descend(weights, change, x):
    """weights -= change * x."""
    for i in range(weights.size):
        weights[i] -= change * x[i]


@njit(cache=True, error_model="numpy")
def plain_layer(theta, start, n_in, n_out, pulls, old, new, activity, step, look):
    """What `adam_layer` does, by plain descent. The row stays in the fastest cache between its update and its use."""
    batch = activity.shape[0]
    for j in range(n_out):
        place, bias = start + j * n_in, start + n_out * n_in + j
        weights = theta[place : place + n_in]
        for k in range(batch):
            change = step * pulls[k, j]
            if abs(change) > _VANISHED:  # a silent unit pulls nothing
                _descend(weights, change, old[k])
                theta[bias] -= change
        if look:
            for k in range(batch):
                activity[k, j] = max(dot(weights, new[k]) + theta[bias], _ZERO)


@njit(cache=True, error_model="numpy")
def adam_layer(theta, first, second, start, n_in, n_out, pulls, old, new, activity, row, adam, learn, look):
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
                    activity[k, j] = max(dot(weights, new[k]) + theta[bias], _ZERO)
