"""Steps of forward-forward nets by ISD around a running baseline, one image a step, with Adam or plain descent."""

import numpy as np
from numba import njit

from cl_theory.learning.forward_forward_kernels import _set_direction, _set_pulls, _show
from cl_theory.learning.forward_forward_layers import FUSED, _first_moment, _moved, _second_moment, dot

_ZERO, _ONE = np.float32(0), np.float32(1)
_VANISHED = np.float32(1e-30)
"""An average below this is 0: left alone it ends in subnormal numbers, which are slow."""


@njit(inline="always")
def _centred(gradient, mine, other, phase):
    """weight * (gradient - baseline); the baseline knows earlier phases only."""
    weight, share, _ = phase
    return weight * (gradient - share * mine - (_ONE - share) * other)


@njit(inline="always")
def _followed(average, gradient, rate):
    new = average + rate * (gradient - average)
    return new if abs(new) > _VANISHED else _ZERO


@njit(cache=True, error_model="numpy", fastmath=FUSED)
def _adam_row(weights, first, second, mine, other, pull, x, phase, adam):
    """Adam on one row with the gradient pull * x around its baseline.

    `phase` is (ISD weight, share of the baseline that the average of this phase has, rate of that average), `mine` the
    average of the phase that ran, `other` that of the other one.
    """
    beta1, beta2, step, root, epsilon = adam
    for i in range(weights.size):
        gradient = pull * x[i]
        estimate = _centred(gradient, mine[i], other[i], phase)
        mine[i] = _followed(mine[i], gradient, phase[2])
        m, s = _first_moment(first[i], estimate, beta1), _second_moment(second[i], estimate, beta2)
        first[i], second[i], weights[i] = m, s, _moved(weights[i], m, s, step, root, epsilon)


@njit(cache=True, error_model="numpy", fastmath=FUSED)
def _plain_row(weights, mine, other, pull, x, phase, rate):
    """The same by plain descent."""
    for i in range(weights.size):
        gradient = pull * x[i]
        weights[i] -= rate * _centred(gradient, mine[i], other[i], phase)
        mine[i] = _followed(mine[i], gradient, phase[2])


@njit(cache=True, error_model="numpy")
def _layer(theta, first, second, mine, other, start, n_in, n_out, pulls, old, new, activity, phase, adam, learn):
    """Apply what the last step left to learn, if `learn`; then set the activity of the new input.

    A row stays in the fastest cache between its update and its use.
    """
    one, is_plain = np.ones(1, dtype=np.float32), first.size == 0
    for j in range(n_out):
        place, bias = start + j * n_in, start + n_out * n_in + j
        for at, end, x in ((place, place + n_in, old[:n_in]), (bias, bias + 1, one)):
            if learn and is_plain:
                _plain_row(theta[at:end], mine[at:end], other[at:end], pulls[j], x, phase, adam[2])
            elif learn:
                _adam_row(
                    theta[at:end], first[at:end], second[at:end], mine[at:end], other[at:end], pulls[j], x, phase, adam
                )  # fmt: skip
        activity[j] = max(dot(theta[place : place + n_in], new) + theta[bias], _ZERO)


@njit(cache=True, error_model="numpy")
def _learn(
    theta, first, second, positive, negative, sizes, images, rows, labels, n_classes, is_positive, weights, threshold,
    adam, b, baseline_rate, count,
):  # fmt: skip
    """All steps of one net, in place; `adam` is (learning rate, beta1, beta2, epsilon), `count` the steps before.

    Descent is plain where there are no moments; both betas are 0 then, which leaves the learning rate as it is.
    """
    n_layers, widest = sizes.size - 1, sizes.max()
    inputs, one = np.zeros((2, n_layers, 1, widest), dtype=np.float32), np.ones(1, dtype=np.float32)
    pulls, activity = np.zeros((n_layers, 1, widest), dtype=np.float32), np.zeros((1, widest), dtype=np.float32)
    room = np.zeros(sizes[0], dtype=np.float32)
    rate, beta1, beta2, epsilon = adam
    for t in range(rows.shape[0] + 1):
        learn, look = t > 0, t < rows.shape[0]
        old, new, last = inputs[(t + 1) % 2], inputs[t % 2], max(t - 1, 0)
        if look:
            _show(images, rows[t], labels[t], n_classes, room, new[0])
        power = np.float64(count + max(t, 1))
        step = np.float32(rate / (1.0 - np.float64(beta1) ** power))
        root = np.float32(1.0 / np.sqrt(1.0 - np.float64(beta2) ** power))
        was_positive = is_positive[last, 0]
        phase = (weights[last, 0], _ONE - b if was_positive else b, baseline_rate)
        mine, other = (positive, negative) if was_positive else (negative, positive)
        start = 0
        for layer in range(n_layers):
            n_in, n_out = sizes[layer], sizes[layer + 1]
            _layer(
                theta, first, second, mine, other, start, n_in, n_out, pulls[layer, 0], old[layer, 0], new[layer, 0],
                activity[0], phase, (beta1, beta2, step, root, epsilon), learn,
            )  # fmt: skip
            if look:
                _set_pulls(activity, n_out, is_positive[t], one, threshold, pulls[layer])
            if look and layer + 1 < n_layers:
                _set_direction(activity[0, :n_out], new[layer + 1, 0])
            start += (n_in + 1) * n_out


@njit(cache=True, nogil=True, error_model="numpy")
def learn_centred_nets(
    net, stride, theta, first, second, positive, negative, sizes, images, rows, labels, n_classes, is_positive, weights,
    threshold, rates, beta1, beta2, epsilon, b, baseline_rates, count,
):  # fmt: skip
    """Steps (n_nets, n_steps, 1) in place, for each `stride`-th of the nets from `net` on."""
    for r in range(net, theta.shape[0], stride):
        adam = (rates[r], beta1, beta2, epsilon)
        _learn(
            theta[r], first[r], second[r], positive[r], negative[r], sizes, images, rows[r], labels[r], n_classes,
            is_positive[r], weights[r], threshold, adam, b[r], baseline_rates[r], count,
        )  # fmt: skip
