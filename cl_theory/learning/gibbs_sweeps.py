"""Phases of one RBM replica: sweeps with and without learning, on padded arrays, with noise from the counter.

A sweep is v given h, then h given v; the state after it is (v, h). Noise of a phase comes in groups of sweeps, so that
short rows of units are drawn a thousand at a time; a group takes its own blocks of the phase's counter.
"""

import numpy as np
from numba import njit

from cl_theory.lanes import WIDTH, above, load, multiply_add, spread, store
from cl_theory.learning.gibbs_kernels import (
    add_multiple,
    add_outer,
    aligned,
    hidden_activation,
    learn_and_sample_visible,
    sample_hidden,
    sample_visible,
)
from cl_theory.philox import fill_logistic

FREE, CLAMPED = 0, 1
NOISE = 1024
"""Variates that are drawn at a time, where one sweep needs fewer."""

OFF = np.float32(-1e30)
"""Bias of a padded unit."""


@njit(cache=True)
def padded_size(n_units):
    return -(-n_units // WIDTH) * WIDTH


@njit(cache=True)
def copy_units(source, target, n_units):
    """target[:n_units] = source[:n_units]; a slice assignment would compile its error messages, for 3 s."""
    for i in range(n_units):
        target[i] = source[i]


@njit(cache=True)
def padded_units(units, padding):
    """Aligned copy with what is missing to a multiple of 16 filled by `padding`."""
    padded = aligned(padded_size(units.size))
    for i in range(padded.size):
        padded[i] = units[i] if i < units.size else padding
    return padded


@njit(cache=True)
def padded_weights(weights):
    """Flat aligned copy with rows and columns padded by zeros."""
    n_hidden, n_visible = weights.shape
    row = padded_size(n_visible)
    flat = aligned(padded_size(n_hidden) * row)
    for j in range(n_hidden):
        copy_units(weights[j], flat[j * row :], n_visible)
    return flat


@njit(cache=True)
def group_size(row, n_sweeps):
    """Sweeps whose noise is drawn together, `row` variates each."""
    return max(1, min(NOISE // row, n_sweeps))


@njit(cache=True)
def noise_room(n_visible, n_hidden):
    """Room for one group of any phase of padded sizes."""
    return aligned(max(NOISE, n_visible + n_hidden))


@njit(cache=True)
def free_phase(weights, visible_bias, hidden_bias, v, h, n_sweeps, place, noise, v_sum):
    """`n_sweeps` sweeps; adds each v to `v_sum` unless that is empty."""
    row = v.size + h.size
    group = group_size(row, n_sweeps)
    activation, rows = aligned(v.size), np.empty(h.size, dtype=np.int64)
    key, step, stream, replica = place
    for start in range(0, n_sweeps, group):
        fill_logistic(noise[: group * row], key, step, stream, replica, start // group * (group * row // 4))
        for s in range(min(group, n_sweeps - start)):
            sample_visible(weights, visible_bias, h, noise, s * row, v, activation, rows)
            sample_hidden(weights, hidden_bias, v, noise, s * row + v.size, h)
            if v_sum.size > 0:
                add_multiple(v_sum, np.float32(1), v)


@njit(cache=True)
def learning_free_phase(weights, visible_bias, hidden_bias, v, h, n_sweeps, place, noise, factor, visible_factor):
    """`n_sweeps` sweeps, each followed by theta += factor * (h v', v, h); the step of v uses `visible_factor`.

    The update of W waits for the next visible half-sweep, which has to read the same rows.
    """
    row = v.size + h.size
    group = group_size(row, n_sweeps)
    activation, rows = aligned(v.size), np.empty(h.size, dtype=np.int64)
    key, step, stream, replica = place
    waiting = np.float32(0)
    for start in range(0, n_sweeps, group):
        fill_logistic(noise[: group * row], key, step, stream, replica, start // group * (group * row // 4))
        for s in range(min(group, n_sweeps - start)):
            learn_and_sample_visible(weights, visible_bias, h, waiting, noise, s * row, v, activation, rows)
            sample_hidden(weights, hidden_bias, v, noise, s * row + v.size, h)
            waiting = factor
            add_multiple(visible_bias, visible_factor, v)
            add_multiple(hidden_bias, factor, h)
    add_outer(weights, waiting, h, v)


@njit(cache=True)
def clamped_phase(weights, hidden_bias, v, h, place, noise):
    """One draw of h given v, which is exact however long the phase."""
    key, step, stream, replica = place
    fill_logistic(noise[: h.size], key, step, stream, replica, 0)
    sample_hidden(weights, hidden_bias, v, noise, 0, h)


@njit(cache=True)
def learning_clamped_phase(weights, visible_bias, hidden_bias, v, h, n_sweeps, place, noise, factor, visible_factor):
    r"""`n_sweeps` draws of h given v, each followed by theta += factor * (h v', v, h), with one update of W.

    With v held an update moves the activations alone, :math:`a \mathrel{+}= \epsilon h (|v|^2 + 1)`, and the sum of all
    updates of W is :math:`\epsilon (\sum_t h_t) v^\top`: exact up to rounding, and 10 to 30 times faster.
    """
    group = group_size(h.size, n_sweeps)
    activation, counts = aligned(h.size), aligned(h.size)
    key, step, stream, replica = place
    hidden_activation(weights, hidden_bias, v, activation)
    gain = factor * (v.sum() + np.float32(1))
    for start in range(0, n_sweeps, group):
        fill_logistic(noise[: group * h.size], key, step, stream, replica, start // group * (group * h.size // 4))
        _clamped_sweeps(activation, counts, h, noise, min(group, n_sweeps - start), gain)
    add_multiple(visible_bias, visible_factor * np.float32(n_sweeps), v)
    add_multiple(hidden_bias, factor, counts)
    add_outer(weights, factor, counts, v)


@njit(inline="always")
def _clamped_sweeps(activation, counts, h, noise, n_sweeps, gain):
    """Sixteen hidden units after the other, since with v held they do not see each other."""
    step, one = spread(gain), spread(np.float32(1))
    for j in range(0, h.size, WIDTH):
        a, count, on = load(activation, j), load(counts, j), load(h, j)
        for s in range(n_sweeps):
            on = above(a, load(noise, s * h.size + j))
            a = multiply_add(step, on, a)
            count = multiply_add(one, on, count)
        store(activation, j, a)
        store(counts, j, count)
        store(h, j, on)
