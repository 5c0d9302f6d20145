"""Replicas in lock-step: each takes its own phases with its own rates, one replica a work item.

What a replica does depends on its numbers alone, so it is bitwise the same for any number of threads and neighbours.
"""

import numpy as np
from numba import njit

from cl_theory.lanes import address
from cl_theory.learning.gibbs_kernels import add_multiple, add_outer, aligned
from cl_theory.learning.gibbs_sweeps import (
    CLAMPED,
    FREE,
    OFF,
    clamped_phase,
    copy_units,
    free_phase,
    learning_clamped_phase,
    learning_free_phase,
    padded_units,
    padded_weights,
    working_space,
)

CHAINS = 32
"""Chains of one replica that share a work item."""

CARRIED, FROM_DATA, PERSISTENT = 0, 1, 2
START = np.int64(2)
"""Stream of the hidden units that start a free phase at the data."""

_NOTHING = np.float32(0)


@njit(inline="always")
def _run_chains(weights, visible_bias, hidden_bias, v, h, v_sum, first, n_sweeps, clamped, key, step, replica):
    """Sweeps of chains first..first + CHAINS - 1 of one replica."""
    w, a, c = padded_weights(weights), padded_units(visible_bias, OFF), padded_units(hidden_bias, OFF)
    space = working_space(a.size, c.size)
    for k in range(first, min(first + CHAINS, v.shape[0])):
        x, y = padded_units(v[k], _NOTHING), padded_units(h[k], _NOTHING)
        total = aligned(a.size if v_sum.size > 0 else 0)
        if clamped:
            clamped_phase(w, c, x, y, (key, step, CLAMPED + 256 * k, replica), space)
        else:
            free_phase(w, a, c, x, y, n_sweeps, (key, step, FREE + 256 * k, replica), space, total)
        copy_units(x, v[k], v.shape[1])
        copy_units(y, h[k], h.shape[1])
        if v_sum.size > 0:
            copy_units(total, v_sum[k], v.shape[1])


@njit(cache=True, nogil=True)
def run_chains(item, stride, weights, visible_bias, hidden_bias, v, h, v_sum, n_sweeps, clamped, key, step, replicas):
    """Sweeps of chains (n_replicas, n_chains, ...) in place, for each `stride`-th of the items from `item` on.

    `v_sum` gets the sum of v over the sweeps; it may be empty along its chains.
    """
    parts = -(-v.shape[1] // CHAINS)
    for k in range(item, v.shape[0] * parts, stride):
        r = k // parts
        if n_sweeps[r] > 0:
            _run_chains(
                weights[r], visible_bias[r], hidden_bias[r], v[r], h[r], v_sum[r], k % parts * CHAINS,
                n_sweeps[r], clamped[r], key, step, replicas[r],
            )  # fmt: skip


@njit(inline="always")
def _one_phase(w, a, c, x, y, n_sweeps, place, space, factor, visible_factor, is_positive, always_on, nothing):
    """One phase from the state (x, y), to its last state."""
    if not always_on and is_positive:
        clamped_phase(w, c, x, y, place, space)
    elif not always_on:
        free_phase(w, a, c, x, y, n_sweeps, place, space, nothing)
    elif is_positive:
        learning_clamped_phase(w, a, c, x, y, n_sweeps, place, space, factor, visible_factor)
    else:
        learning_free_phase(w, a, c, x, y, n_sweeps, place, space, factor, visible_factor)


@njit(cache=True)
def _learn_at_end(w, a, c, x, y, factor, visible_factor):
    """theta += factor * (h v', v, h)."""
    v, h = address(x), address(y)
    add_outer(address(w), factor, h, y.size, v, x.size)
    add_multiple(address(c), 0, factor, h, y.size)
    add_multiple(address(a), 0, visible_factor, v, x.size)


@njit(inline="always")
def _run_phases(
    weights, visible_bias, hidden_bias, v, h, data, is_positive, n_sweeps, factor, data_row, hold, always_on, policy,
    learn_visible_bias, key, first_step, replica,
):  # fmt: skip
    """All phases of one replica, in place; (v, h) is what a chain remembers, (x, y) the state of a phase."""
    w, a, c = padded_weights(weights), padded_units(visible_bias, OFF), padded_units(hidden_bias, OFF)
    kept_x, kept_y = padded_units(v, _NOTHING), padded_units(h, _NOTHING)
    x, y, held_x, held_y = aligned(a.size), aligned(c.size), aligned(a.size), aligned(c.size)
    space, nothing, held_factor = working_space(a.size, c.size), aligned(np.int64(0)), _NOTHING
    for p in range(n_sweeps.size):
        step, positive = first_step + p, is_positive[p]
        copy_units(kept_x, x, x.size)
        copy_units(kept_y, y, y.size)
        if positive or policy == FROM_DATA:
            copy_units(data[data_row[p]], x, v.size)
        if policy == FROM_DATA and not positive:
            clamped_phase(w, c, x, y, (key, step, START, replica), space)
        place, visible_factor = (key, step, CLAMPED if positive else FREE, replica), factor[p] * learn_visible_bias
        _one_phase(w, a, c, x, y, n_sweeps[p], place, space, factor[p], visible_factor, positive, always_on, nothing)
        if not always_on and hold[p]:
            held_factor = factor[p]
            copy_units(x, held_x, x.size)
            copy_units(y, held_y, y.size)
        elif not always_on:
            if held_factor != _NOTHING:
                _learn_at_end(w, a, c, held_x, held_y, held_factor, held_factor * learn_visible_bias)
            _learn_at_end(w, a, c, x, y, factor[p], visible_factor)
            held_factor = _NOTHING
        if policy == CARRIED or not positive:
            copy_units(x, kept_x, x.size)
            copy_units(y, kept_y, y.size)
    for j in range(h.size):
        copy_units(w[j * x.size :], weights[j], v.size)
    copy_units(a, visible_bias, v.size)
    copy_units(c, hidden_bias, h.size)
    copy_units(kept_x, v, v.size)
    copy_units(kept_y, h, h.size)


@njit(cache=True, nogil=True)
def run_phases(
    first, stride, weights, visible_bias, hidden_bias, v, h, data, is_positive, n_sweeps, factor, data_row, hold,
    always_on, policy, learn_visible_bias, key, first_step, replicas,
):  # fmt: skip
    """Phases (n_replicas, n_phases) in place, for each `stride`-th of the replicas from `first` on.

    `learn_visible_bias` is 1 or 0 as float32. A phase with `hold` keeps its update until the end of the next one.
    """
    for r in range(first, weights.shape[0], stride):
        _run_phases(
            weights[r], visible_bias[r], hidden_bias[r], v[r], h[r], data, is_positive[r], n_sweeps[r], factor[r],
            data_row[r], hold[r], always_on, policy, learn_visible_bias, key, first_step, replicas[r],
        )  # fmt: skip
