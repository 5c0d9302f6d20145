"""Boltzmann machines in lock-step: hidden units that see each other are drawn one after the other, in float32.

A free sweep is v given h at once, then every hidden unit in its turn; a clamped sweep leaves v alone. Unit j is on
where ``c_j + (W v)_j + (L h)_j`` is above its logistic variate. Noise, padding and groups of sweeps are those of
`gibbs_sweeps`; L is padded by zeros to rows of a multiple of 16, its diagonal stays 0. With 16 visible and 12 hidden
units a clamped sweep takes 125 ns and a free one 260 ns, learning at every sweep 145 to 215 ns more (Xeon, one thread).
"""

import numpy as np
from numba import njit

from cl_theory.lanes import WIDTH, address, load, multiply_add, spread, store
from cl_theory.learning.flat_parameters import copy_parameters, padded_parameters
from cl_theory.learning.gibbs_kernels import (
    add_multiple,
    add_outer,
    aligned,
    copy_lanes,
    hidden_activation,
    sample_visible,
)
from cl_theory.learning.gibbs_sweeps import (
    CLAMPED,
    FREE,
    OFF,
    copy_units,
    group_size,
    padded_size,
    padded_units,
    working_space,
)
from cl_theory.learning.replica_kernels import CARRIED, FROM_DATA, START
from cl_theory.philox import fill_logistic

_ZERO, _ONE = np.float32(0), np.float32(1)


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
def copy_upper(coupling, upper, n_units):
    """The reverse of `padded_coupling`."""
    row, k = padded_size(n_units), 0
    for i in range(n_units):
        copy_units(coupling[i * row + i + 1 :], upper[k:], n_units - i - 1)
        k += n_units - i - 1


@njit(inline="always")
def _add_row(coupling, place, change, activation, size):
    """activation += change * the row of L that begins at `place`; no branch, since nobody could predict it."""
    step = spread(change)
    for i in range(0, size, WIDTH):
        store(activation, i, multiply_add(step, load(coupling, place + i), load(activation, i)))


@njit(inline="always")
def _hidden_in_turn(coupling, drive, noise, first, h, n_units, size, activation):
    """Each hidden unit given v and all the others; `drive` is W v + c."""
    copy_lanes(drive, activation, size)
    for j in range(n_units):
        _add_row(coupling, j * size, h[j], activation, size)
    for j in range(n_units):
        on = _ONE if activation[j] > noise[first + j] else _ZERO
        _add_row(coupling, j * size, on - h[j], activation, size)
        h[j] = on


@njit(inline="always")
def _learn(w, a, c, coupling, x, n_visible, y, n_units, size, factor, visible_factor):
    """theta += factor * (h v', v, h, h h' off the diagonal)."""
    add_outer(w, factor, y, n_units, x, n_visible)
    add_multiple(a, 0, visible_factor, x, n_visible)
    add_multiple(c, 0, factor, y, size)
    add_outer(coupling, factor, y, n_units, y, size)
    for j in range(n_units):
        coupling[j * size + j] = _ZERO


@njit(cache=True)
def learn_at_end(theta, coupling, v, h, n_units, factor, visible_factor):
    """One update from the state (v, h)."""
    biases = h.size * v.size
    w, a, c = address(theta), address(theta[biases:]), address(theta[biases + v.size :])
    _learn(w, a, c, address(coupling), address(v), v.size, address(h), n_units, h.size, factor, visible_factor)


@njit(cache=True)
def sweeps(theta, coupling, v, h, n_units, n_sweeps, clamped, place, space, learning, factor, visible_factor):
    """`n_sweeps` sweeps in place, each followed by an update where `learning`."""
    key, number, stream, replica = place
    noise, n_visible, size, biases = space[0], v.size, h.size, h.size * v.size
    w, a, c, coupled = address(theta), address(theta[biases:]), address(theta[biases + v.size :]), address(coupling)
    x, y, variates, rows = address(v), address(h), address(noise), address(space[4])
    activation, hidden, drive = address(space[1]), address(space[2]), address(space[3])
    row, stale = size if clamped else n_visible + size, True
    group = group_size(row, n_sweeps)
    for start in range(0, n_sweeps, group):
        of_group = min(group, n_sweeps - start)
        fill_logistic(noise[: of_group * row], key, number, stream, replica, start * row // 4)
        for s in range(of_group):
            if not clamped:
                sample_visible(w, a, y, size, variates, s * row, x, n_visible, activation, rows)
            if stale:
                hidden_activation(w, c, x, n_visible, drive, size)
                stale = learning or not clamped
            _hidden_in_turn(coupled, drive, variates, (s + 1) * row - size, y, n_units, size, hidden)
            if learning:
                _learn(w, a, c, coupled, x, n_visible, y, n_units, size, factor, visible_factor)


@njit(inline="always")
def _run_phases(
    parameters, v, h, last_h, data, is_positive, n_sweeps, factor, data_row, hold, always_on, policy,
    learn_visible_bias, key, first_step, replica,
):  # fmt: skip
    """All phases of one replica, in place; (v, h) is what a chain remembers, (x, y) the state of a phase."""
    n_units, upper = h.size, parameters[h.size * v.size + v.size + h.size :]
    theta, coupling = padded_parameters(parameters, v.size, n_units, OFF), padded_coupling(upper, n_units)
    kept_x, kept_y, y = padded_units(v, _ZERO), padded_units(h, _ZERO), padded_units(last_h, _ZERO)
    x, held_x, held_y, held_factor = aligned(kept_x.size), aligned(kept_x.size), aligned(y.size), _ZERO
    space = working_space(x.size, y.size)
    for p in range(n_sweeps.size):
        number, positive, visible_factor = first_step + p, is_positive[p], factor[p] * learn_visible_bias
        copy_units(kept_x, x, x.size)
        if not (always_on and positive):
            copy_units(kept_y, y, y.size)
        if positive or policy == FROM_DATA:
            copy_units(data[data_row[p]], x, v.size)
        if policy == FROM_DATA and not positive:
            place = (key, number, np.int64(START), replica)
            sweeps(theta, coupling, x, y, n_units, 1, True, place, space, False, _ZERO, _ZERO)
        place = (key, number, np.int64(CLAMPED if positive else FREE), replica)
        sweeps(
            theta, coupling, x, y, n_units, n_sweeps[p], positive, place, space, always_on, factor[p], visible_factor
        )  # fmt: skip
        if not always_on and hold[p]:
            held_factor = factor[p]
            copy_units(x, held_x, x.size)
            copy_units(y, held_y, y.size)
        elif not always_on:
            if held_factor != _ZERO:
                learn_at_end(theta, coupling, held_x, held_y, n_units, held_factor, held_factor * learn_visible_bias)
            learn_at_end(theta, coupling, x, y, n_units, factor[p], visible_factor)
            held_factor = _ZERO
        if policy == CARRIED or not positive:
            copy_units(x, kept_x, x.size)
            copy_units(y, kept_y, y.size)
    copy_parameters(theta, parameters, v.size, n_units)
    copy_upper(coupling, upper, n_units)
    copy_units(kept_x, v, v.size)
    copy_units(kept_y, h, n_units)
    copy_units(y, last_h, n_units)


@njit(cache=True, nogil=True)
def run_boltzmann_phases(
    first, stride, parameters, v, h, last_h, data, is_positive, n_sweeps, factor, data_row, hold, always_on, policy,
    learn_visible_bias, key, first_step, replicas,
):  # fmt: skip
    """Phases (n_replicas, n_phases) in place, for each `stride`-th of the replicas from `first` on.

    `parameters` (n_replicas, n_parameters) are in the order of `BoltzmannMachine.flat`. A clamped phase begins at the
    remembered h; where learning is always on it goes on from `last_h`, that of the last phase whatever its kind.
    """
    for r in range(first, parameters.shape[0], stride):
        _run_phases(
            parameters[r], v[r], h[r], last_h[r], data, is_positive[r], n_sweeps[r], factor[r], data_row[r], hold[r],
            always_on, policy, learn_visible_bias, key, first_step, replicas[r],
        )  # fmt: skip
