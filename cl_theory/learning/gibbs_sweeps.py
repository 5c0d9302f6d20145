"""Phases of one RBM replica: sweeps with and without learning, on padded arrays, with noise from the counter.

A sweep is v given h, then h given v; the state after it is (v, h). Noise of a phase comes in groups of sweeps, so that
short rows of units are drawn a thousand at a time; a group takes its own blocks of the phase's counter.
"""

import numpy as np
from numba import njit

from cl_theory.lanes import WIDTH, above, add, address, load, multiply_add, spread, store, total
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
def working_space(n_visible, n_hidden):
    """Room for the noise of one group, for activations of both layers, counts of hidden units, and a list of rows."""
    noise = aligned(max(NOISE, n_visible + n_hidden))
    return noise, aligned(n_visible), aligned(n_hidden), aligned(n_hidden), np.empty(n_hidden, dtype=np.int64)


@njit(cache=True)
def free_phase(weights, visible_bias, hidden_bias, v, h, n_sweeps, place, space, v_sum):
    """`n_sweeps` sweeps; adds each v to `v_sum` unless that is empty."""
    key, step, stream, replica = place
    noise, n_visible, n_hidden = space[0], v.size, h.size
    w, a, c, x, y = address(weights), address(visible_bias), address(hidden_bias), address(v), address(h)
    variates, activation, rows, sums = address(noise), address(space[1]), address(space[4]), address(v_sum)
    row = n_visible + n_hidden
    group = group_size(row, n_sweeps)
    for start in range(0, n_sweeps, group):
        size = min(group, n_sweeps - start)
        fill_logistic(noise[: size * row], key, step, stream, replica, start * row // 4)
        for s in range(size):
            sample_visible(w, a, y, n_hidden, variates, s * row, x, n_visible, activation, rows)
            sample_hidden(w, c, x, n_visible, variates, s * row + n_visible, y, n_hidden)
            if v_sum.size > 0:
                add_multiple(sums, 0, np.float32(1), x, n_visible)


@njit(cache=True)
def learning_free_phase(weights, visible_bias, hidden_bias, v, h, n_sweeps, place, space, factor, visible_factor):
    """`n_sweeps` sweeps, each followed by theta += factor * (h v', v, h); the step of v uses `visible_factor`.

    The update of W waits for the next visible half-sweep, which has to read the same rows.
    """
    key, step, stream, replica = place
    noise, n_visible, n_hidden = space[0], v.size, h.size
    w, a, c, x, y = address(weights), address(visible_bias), address(hidden_bias), address(v), address(h)
    variates, activation, rows = address(noise), address(space[1]), address(space[4])
    row, waiting = n_visible + n_hidden, np.float32(0)
    group = group_size(row, n_sweeps)
    for start in range(0, n_sweeps, group):
        size = min(group, n_sweeps - start)
        fill_logistic(noise[: size * row], key, step, stream, replica, start * row // 4)
        for s in range(size):
            learn_and_sample_visible(
                w, a, y, n_hidden, waiting, variates, s * row, x, n_visible, activation, rows
            )  # fmt: skip
            sample_hidden(w, c, x, n_visible, variates, s * row + n_visible, y, n_hidden)
            waiting = factor
            add_multiple(a, 0, visible_factor, x, n_visible)
            add_multiple(c, 0, factor, y, n_hidden)
    add_outer(w, waiting, y, n_hidden, x, n_visible)


@njit(cache=True)
def clamped_phase(weights, hidden_bias, v, h, place, space):
    """One draw of h given v, which is exact however long the phase."""
    key, step, stream, replica = place
    noise, n_hidden = space[0], h.size
    fill_logistic(noise[:n_hidden], key, step, stream, replica, np.int64(0))
    w, c, x, y = address(weights), address(hidden_bias), address(v), address(h)
    sample_hidden(w, c, x, v.size, address(noise), 0, y, n_hidden)


@njit(cache=True)
def learning_clamped_phase(weights, visible_bias, hidden_bias, v, h, n_sweeps, place, space, factor, visible_factor):
    r"""`n_sweeps` draws of h given v, each followed by theta += factor * (h v', v, h), with one update of W.

    With v held an update moves the activations alone, :math:`a \mathrel{+}= \epsilon h (|v|^2 + 1)`, and the sum of all
    updates of W is :math:`\epsilon (\sum_t h_t) v^\top`: exact up to rounding, and 10 to 30 times faster.
    """
    key, step, stream, replica = place
    noise, n_visible, n_hidden = space[0], v.size, h.size
    w, a, c, x, y = address(weights), address(visible_bias), address(hidden_bias), address(v), address(h)
    variates, activation, counts = address(noise), address(space[2]), address(space[3])
    hidden_activation(w, c, x, n_visible, activation, n_hidden)
    for j in range(0, n_hidden, WIDTH):
        store(counts, j, spread(np.float32(0)))
    gain, group = factor * (_count_on(x, n_visible) + np.float32(1)), group_size(n_hidden, n_sweeps)
    for start in range(0, n_sweeps, group):
        size = min(group, n_sweeps - start)
        fill_logistic(noise[: size * n_hidden], key, step, stream, replica, start * n_hidden // 4)
        _clamped_sweeps(activation, counts, y, n_hidden, variates, size, gain)
    add_multiple(a, 0, visible_factor * np.float32(n_sweeps), x, n_visible)
    add_multiple(c, 0, factor, counts, n_hidden)
    add_outer(w, factor, counts, n_hidden, x, n_visible)


@njit(inline="always")
def _count_on(units, size):
    """How many bits are 1, as float32."""
    sums = spread(np.float32(0))
    for i in range(0, size, WIDTH):
        sums = add(sums, load(units, i))
    return total(sums)


@njit(inline="always")
def _clamped_sweeps(activation, counts, h, n_hidden, noise, n_sweeps, gain):
    """Sixteen hidden units after the other, since with v held they do not see each other."""
    step, one = spread(gain), spread(np.float32(1))
    for j in range(0, n_hidden, WIDTH):
        a, count, on = load(activation, j), load(counts, j), load(h, j)
        for s in range(n_sweeps):
            on = above(a, load(noise, s * n_hidden + j))
            a = multiply_add(step, on, a)
            count = multiply_add(one, on, count)
        store(activation, j, a)
        store(counts, j, count)
        store(h, j, on)
