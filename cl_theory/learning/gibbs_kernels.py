"""One Gibbs half-sweep of one RBM replica, on padded float32 memory; nothing here draws random numbers.

Padding: rows and columns are multiples of 16, padded weights are 0 and padded biases so low that their units stay off.
Row j of the weights begins at ``j * n_visible``. Noise is a logistic variate per unit: a unit is on where its
activation is above it. Where a row of weights is a few registers long all rows are added, since a branch on a random
unit costs more than its row; longer rows are added for units that are on, four at a time.
"""

import numpy as np
from numba import njit

from cl_theory.lanes import (
    WIDTH,
    above,
    add,
    four_sums,
    load,
    multiply_add,
    quarter_sums,
    spread,
    spread_element,
    store,
)

DENSE = 4 * WIDTH
"""Longest row of weights, in units, that is added whether its unit is on or not."""

_ZERO = np.float32(0)


@njit(cache=True)
def aligned(size):
    """Zeros that begin at a cache line: 16 lanes across two lines cost double."""
    room = np.zeros(size + WIDTH, dtype=np.float32)
    start = (-room.ctypes.data % 64) // 4
    return room[start : start + size]


@njit(inline="always")
def copy_lanes(source, target, size):
    """target[:size] = source[:size]."""
    for i in range(0, size, WIDTH):
        store(target, i, load(source, i))


@njit(inline="always")
def add_multiple(target, first, factor, direction, size):
    """target[first : first + size] += factor * direction[:size]."""
    step = spread(factor)
    for i in range(0, size, WIDTH):
        store(target, first + i, multiply_add(step, load(direction, i), load(target, first + i)))


@njit(inline="always")
def add_outer(weights, factor, h, n_hidden, v, n_visible):
    """W += factor * h v', rows of units that are off left alone."""
    for j in range(n_hidden):
        if h[j] != _ZERO:
            add_multiple(weights, j * n_visible, factor * h[j], v, n_visible)


@njit(inline="always")
def _four_rows(weights, start, v, n_visible):
    """Products of four rows with v, in each quarter the part of that quarter."""
    a = b = c = d = spread(_ZERO)
    for i in range(0, n_visible, WIDTH):
        units, place = load(v, i), start + i
        a = multiply_add(load(weights, place), units, a)
        b = multiply_add(load(weights, place + n_visible), units, b)
        c = multiply_add(load(weights, place + 2 * n_visible), units, c)
        d = multiply_add(load(weights, place + 3 * n_visible), units, d)
    return four_sums(a, b, c, d)


@njit(inline="always")
def _sixteen_activations(weights, hidden_bias, v, n_visible, j):
    """Activations of hidden units j to j + 15."""
    start = j * n_visible
    a = _four_rows(weights, start, v, n_visible)
    b = _four_rows(weights, start + 4 * n_visible, v, n_visible)
    c = _four_rows(weights, start + 8 * n_visible, v, n_visible)
    d = _four_rows(weights, start + 12 * n_visible, v, n_visible)
    return add(quarter_sums(a, b, c, d), load(hidden_bias, j))


@njit(inline="always")
def hidden_activation(weights, hidden_bias, v, n_visible, activation, n_hidden):
    """activation = W v + hidden_bias."""
    for j in range(0, n_hidden, WIDTH):
        store(activation, j, _sixteen_activations(weights, hidden_bias, v, n_visible, j))


@njit(inline="always")
def sample_hidden(weights, hidden_bias, v, n_visible, noise, first, h, n_hidden):
    """h given v, with the noise that begins at `first`."""
    for j in range(0, n_hidden, WIDTH):
        activation = _sixteen_activations(weights, hidden_bias, v, n_visible, j)
        store(h, j, above(activation, load(noise, first + j)))


@njit(inline="always")
def sample_visible(weights, visible_bias, h, n_hidden, noise, first, v, n_visible, activation, rows):
    """v given h; `activation` (n_visible) and `rows` (int64, n_hidden) are working space."""
    if n_visible <= DENSE:
        _sample_from_all_rows(weights, visible_bias, h, n_hidden, noise, first, v, n_visible)
    else:
        copy_lanes(visible_bias, activation, n_visible)
        _add_rows(weights, rows, _units_on(h, n_hidden, rows), activation, n_visible)
        _switch(activation, noise, first, v, n_visible)


@njit(inline="always")
def learn_and_sample_visible(weights, visible_bias, h, n_hidden, factor, noise, first, v, n_visible, activation, rows):
    """W += factor * h v', then v given h, in one pass over the rows."""
    if n_visible <= DENSE:
        _learn_and_sample_from_all_rows(weights, visible_bias, h, n_hidden, factor, noise, first, v, n_visible)
    else:
        copy_lanes(visible_bias, activation, n_visible)
        _learn_and_add_rows(weights, rows, _units_on(h, n_hidden, rows), factor, v, activation, n_visible)
        _switch(activation, noise, first, v, n_visible)


@njit(inline="always")
def _switch(activation, noise, first, units, size):
    """units = 1 where the activation is above the noise, which begins at `first`."""
    for i in range(0, size, WIDTH):
        store(units, i, above(load(activation, i), load(noise, first + i)))


@njit(inline="always")
def _sample_from_all_rows(weights, visible_bias, h, n_hidden, noise, first, v, n_visible):
    for i in range(0, n_visible, WIDTH):
        a, b, c, d = load(visible_bias, i), spread(_ZERO), spread(_ZERO), spread(_ZERO)
        for j in range(0, n_hidden, 4):
            place = j * n_visible + i
            a = multiply_add(spread_element(h, j), load(weights, place), a)
            b = multiply_add(spread_element(h, j + 1), load(weights, place + n_visible), b)
            c = multiply_add(spread_element(h, j + 2), load(weights, place + 2 * n_visible), c)
            d = multiply_add(spread_element(h, j + 3), load(weights, place + 3 * n_visible), d)
        store(v, i, above(add(add(a, b), add(c, d)), load(noise, first + i)))


@njit(inline="always")
def _learned_row(weights, place, step, units):
    """One register of a row after its update."""
    row = multiply_add(step, units, load(weights, place))
    store(weights, place, row)
    return row


@njit(inline="always")
def _learn_and_sample_from_all_rows(weights, visible_bias, h, n_hidden, factor, noise, first, v, n_visible):
    for i in range(0, n_visible, WIDTH):
        a, b, c, d = load(visible_bias, i), spread(_ZERO), spread(_ZERO), spread(_ZERO)
        change = multiply_add(spread(factor), load(v, i), spread(_ZERO))
        for j in range(0, n_hidden, 4):
            place = j * n_visible + i
            on0, on1 = spread_element(h, j), spread_element(h, j + 1)
            on2, on3 = spread_element(h, j + 2), spread_element(h, j + 3)
            a = multiply_add(on0, _learned_row(weights, place, on0, change), a)
            b = multiply_add(on1, _learned_row(weights, place + n_visible, on1, change), b)
            c = multiply_add(on2, _learned_row(weights, place + 2 * n_visible, on2, change), c)
            d = multiply_add(on3, _learned_row(weights, place + 3 * n_visible, on3, change), d)
        store(v, i, above(add(add(a, b), add(c, d)), load(noise, first + i)))


@njit(inline="always")
def _units_on(h, n_hidden, rows):
    """Put the units that are on first in `rows`; how many there are."""
    n_on = 0
    for j in range(n_hidden):
        rows[n_on] = j
        n_on += h[j] > _ZERO
    return n_on


@njit(inline="always")
def _add_rows(weights, rows, n_on, activation, n_visible):
    for k in range(0, n_on - 3, 4):
        p0, p1 = rows[k] * n_visible, rows[k + 1] * n_visible
        p2, p3 = rows[k + 2] * n_visible, rows[k + 3] * n_visible
        for i in range(0, n_visible, WIDTH):
            left = add(load(weights, p0 + i), load(weights, p1 + i))
            right = add(load(weights, p2 + i), load(weights, p3 + i))
            store(activation, i, add(load(activation, i), add(left, right)))
    for k in range(n_on - n_on % 4, n_on):
        place = rows[k] * n_visible
        for i in range(0, n_visible, WIDTH):
            store(activation, i, add(load(activation, i), load(weights, place + i)))


@njit(inline="always")
def _learn_and_add_rows(weights, rows, n_on, factor, v, activation, n_visible):
    step = spread(factor)
    for k in range(0, n_on - 3, 4):
        p0, p1 = rows[k] * n_visible, rows[k + 1] * n_visible
        p2, p3 = rows[k + 2] * n_visible, rows[k + 3] * n_visible
        for i in range(0, n_visible, WIDTH):
            units = load(v, i)
            left = add(_learned_row(weights, p0 + i, step, units), _learned_row(weights, p1 + i, step, units))
            right = add(_learned_row(weights, p2 + i, step, units), _learned_row(weights, p3 + i, step, units))
            store(activation, i, add(load(activation, i), add(left, right)))
    for k in range(n_on - n_on % 4, n_on):
        place = rows[k] * n_visible
        for i in range(0, n_visible, WIDTH):
            store(activation, i, add(load(activation, i), _learned_row(weights, place + i, step, load(v, i))))
