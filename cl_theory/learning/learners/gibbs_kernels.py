"""What one chain of one replica does, on padded float32 memory: half-sweeps, and the steps of learning after them.

Nothing here draws random numbers. In padded memory rows of W and both layers are multiples of 16 long: padded weights
are 0 and padded biases so low that their units stay off. Parameters are in the order of a model's `flat`: W row by row,
so that row j begins at ``j * n_visible``, then visible and hidden biases; L apart, by rows. Noise is a logistic variate
per unit: a unit is on where its activation is above it. Where a row of weights is a few registers long all rows are
added, since a branch on a random unit costs more than its row; longer rows are added for units that are on, four at a
time."""

from collections.abc import Callable

import numpy as np
from numba import njit, types
from numba.extending import overload

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

OFF = np.float32(-1e30)
"""Bias of a padded unit."""

_ZERO, _ONE = np.float32(0), np.float32(1)


def unless_none(function: Callable) -> Callable:
    """`function` compiled, but None where its first argument is: a part that a learner lacks stays None.

    The choice is made by type. Numba leaves out what a test finds to be None, yet not the other way round: a function
    that returned None for some types would return an optional value for all.
    """
    compiled = njit(cache=True)(function)

    def chosen(first, *others):
        return None if first is None else compiled(first, *others)

    @overload(chosen)
    def _(first, *others):
        if isinstance(first, types.NoneType):
            return lambda first, *others: None
        return lambda first, *others: compiled(first, *others)

    return chosen


@njit(cache=True)
def aligned(size):
    """Zeros that begin at a cache line: 16 lanes across two lines cost double."""
    room = np.zeros(size + WIDTH, dtype=np.float32)
    start = (-room.ctypes.data % 64) // 4
    return room[start : start + size]


@njit(cache=True)
def padded_size(n_units):
    """`n_units` up to a multiple of 16."""
    return -(-n_units // WIDTH) * WIDTH


@njit(cache=True)
def copy_units(source, target, n_units):
    """target[:n_units] = source[:n_units]; a slice assignment would compile its error messages, for 3 s."""
    for i in range(n_units):
        target[i] = source[i]


@njit(cache=True)
def padded_units(units):
    """Aligned copy with zeros up to a multiple of 16."""
    padded = aligned(padded_size(units.size))
    copy_units(units, padded, units.size)
    return padded


@njit(cache=True)
def padded_parameters(flat, n_visible, n_hidden, padding):
    """Aligned copy of W and the biases, the first entries of `flat`; biases padded by `padding` and weights by 0."""
    row, column = padded_size(n_visible), padded_size(n_hidden)
    padded = aligned(column * row + row + column)
    padded[column * row :] = padding
    for j in range(n_hidden):
        copy_units(flat[j * n_visible :], padded[j * row :], n_visible)
    copy_units(flat[n_hidden * n_visible :], padded[column * row :], n_visible)
    copy_units(flat[n_hidden * n_visible + n_visible :], padded[column * row + row :], n_hidden)
    return padded


@njit(cache=True)
def copy_parameters(padded, flat, n_visible, n_hidden):
    """The reverse of `padded_parameters`: write what was padded back to the first entries of `flat`."""
    row, column = padded_size(n_visible), padded_size(n_hidden)
    for j in range(n_hidden):
        copy_units(padded[j * row :], flat[j * n_visible :], n_visible)
    copy_units(padded[column * row :], flat[n_hidden * n_visible :], n_visible)
    copy_units(padded[column * row + row :], flat[n_hidden * n_visible + n_visible :], n_hidden)


@njit(cache=True)
def padded_coupling(upper, n_units):
    """L as flat aligned rows, from its upper triangle row by row."""
    row, k = padded_size(n_units), 0
    coupling = aligned(n_units * row)
    for i in range(n_units):
        for j in range(i + 1, n_units):
            coupling[i * row + j] = coupling[j * row + i] = upper[k]
            k += 1
    return coupling


@njit(cache=True)
def copy_coupling(coupling, upper, n_units):
    """The reverse of `padded_coupling`."""
    row, k = padded_size(n_units), 0
    for i in range(n_units):
        copy_units(coupling[i * row + i + 1 :], upper[k:], n_units - i - 1)
        k += n_units - i - 1


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
def add_pairs(coupling, factor, h, n_units, size):
    """L += factor * h h', its diagonal left at 0."""
    add_outer(coupling, factor, h, n_units, h, size)
    for j in range(n_units):
        coupling[j * size + j] = _ZERO


@njit(inline="always")
def centred_step(theta, average, v, n_visible, h, n_hidden, factor, visible_factor):
    """All parameters and the average of the running phase after the state (v, h); see `replicas` for the rule."""
    biases, always = n_hidden * n_visible, spread(_ONE)
    for j in range(n_hidden):
        _centred_row(theta, average, j * n_visible, factor, spread_element(h, j), v, n_visible)
    _centred_row(theta, average, biases, visible_factor, always, v, n_visible)
    _centred_row(theta, average, biases + n_visible, factor, always, h, n_hidden)


@njit(inline="always")
def _centred_row(theta, average, place, factor, on, units, size):
    """One row of the parameters, whose statistic is on * units, and its average in phases of this kind."""
    own, other, rate, own_share, other_share = average
    step, pull, minus = spread(factor), spread(rate), spread(-_ONE)
    less_own, less_other = spread(-own_share), spread(-other_share)
    for i in range(0, size, WIDTH):
        statistic = multiply_add(on, load(units, i), spread(_ZERO))
        mine = load(own, place + i)
        excess = multiply_add(less_own, mine, multiply_add(less_other, load(other, place + i), statistic))
        store(theta, place + i, multiply_add(step, excess, load(theta, place + i)))
        store(own, place + i, multiply_add(pull, multiply_add(minus, mine, statistic), mine))


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
def _add_row(coupling, place, change, activation, size):
    """activation += change * the row of L that begins at `place`; no branch, since nobody could predict it."""
    step = spread(change)
    for i in range(0, size, WIDTH):
        store(activation, i, multiply_add(step, load(coupling, place + i), load(activation, i)))


@njit(inline="always")
def hidden_in_turn(coupling, drive, noise, first, h, n_units, size, activation):
    """Each hidden unit given v and all the others, one after the other; `drive` is W v + hidden_bias."""
    copy_lanes(drive, activation, size)
    for j in range(n_units):
        _add_row(coupling, j * size, h[j], activation, size)
    for j in range(n_units):
        on = _ONE if activation[j] > noise[first + j] else _ZERO
        _add_row(coupling, j * size, on - h[j], activation, size)
        h[j] = on


@njit(inline="always")
def sample_visible(weights, visible_bias, h, n_hidden, learning, factor, noise, first, v, n_visible, activation, rows):
    """v given h, and W += factor * h v' before it unless `learning` is None: one pass over the rows serves both.

    `activation` (n_visible) and `rows` (int64, n_hidden) are working space.
    """
    if n_visible <= DENSE:
        _sample_from_all_rows(weights, visible_bias, h, n_hidden, learning, factor, noise, first, v, n_visible)
    else:
        copy_lanes(visible_bias, activation, n_visible)
        _add_rows(weights, rows, _units_on(h, n_hidden, rows), learning, factor, v, activation, n_visible)
        for i in range(0, n_visible, WIDTH):
            store(v, i, above(load(activation, i), load(noise, first + i)))


@njit(inline="always")
def _row(weights, place, on, learning, change):
    """One register of a row, after its update where there is one."""
    row = load(weights, place)
    if learning is not None:
        row = multiply_add(on, change, row)
        store(weights, place, row)
    return row


@njit(inline="always")
def _sample_from_all_rows(weights, visible_bias, h, n_hidden, learning, factor, noise, first, v, n_visible):
    for i in range(0, n_visible, WIDTH):
        a, b, c, d = load(visible_bias, i), spread(_ZERO), spread(_ZERO), spread(_ZERO)
        change = multiply_add(spread(factor), load(v, i), spread(_ZERO))
        for j in range(0, n_hidden, 4):
            place = j * n_visible + i
            on0, on1 = spread_element(h, j), spread_element(h, j + 1)
            on2, on3 = spread_element(h, j + 2), spread_element(h, j + 3)
            a = multiply_add(on0, _row(weights, place, on0, learning, change), a)
            b = multiply_add(on1, _row(weights, place + n_visible, on1, learning, change), b)
            c = multiply_add(on2, _row(weights, place + 2 * n_visible, on2, learning, change), c)
            d = multiply_add(on3, _row(weights, place + 3 * n_visible, on3, learning, change), d)
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
def _add_rows(weights, rows, n_on, learning, factor, v, activation, n_visible):
    step = spread(factor)
    for k in range(0, n_on - 3, 4):
        p0, p1 = rows[k] * n_visible, rows[k + 1] * n_visible
        p2, p3 = rows[k + 2] * n_visible, rows[k + 3] * n_visible
        for i in range(0, n_visible, WIDTH):
            units = load(v, i)
            left = add(_row(weights, p0 + i, step, learning, units), _row(weights, p1 + i, step, learning, units))
            right = add(_row(weights, p2 + i, step, learning, units), _row(weights, p3 + i, step, learning, units))
            store(activation, i, add(load(activation, i), add(left, right)))
    for k in range(n_on - n_on % 4, n_on):
        place = rows[k] * n_visible
        for i in range(0, n_visible, WIDTH):
            row = _row(weights, place + i, step, learning, load(v, i))
            store(activation, i, add(load(activation, i), row))
