"""The fast loop of always-on learning in an RBM, every replica with its own parameters; and its NumPy sibling.

Unit k of step t of replica r is drawn with word k of the Philox blocks with counters (b, t, 2, r), hidden units first.
"""

import numpy as np
from numba import njit, prange

from cl_theory.philox import philox_block, philox_blocks_numpy

WORD = 2.0**-32
STREAM = 2


@njit(inline="always")
def _turn_on(activation, word):
    # u < sigmoid(x) without a division
    return 1.0 if (np.float64(word) + 0.5) * WORD * (1.0 + np.exp(-activation)) < 1.0 else 0.0


# Letting sums be reassociated takes a step of 16 x 16 units from 1.1 to 0.45 us.
@njit(cache=True, parallel=True, error_model="numpy", fastmath={"reassoc", "contract", "nsz"})
def run_rbm_phases(weights, visible_bias, hidden_bias, visible, hidden, lengths, rate, clamped, first, key):
    """Advance replicas in place: weights (n, n_hidden, n_visible), biases and states (n, n_units), lengths (n,).

    `rate` is what is added to W for h v^T at each step: epsilon in a positive phase, -epsilon in a negative one.
    `first` is the number of replica 0.
    """
    n, n_hidden, n_visible = weights.shape
    n_units = n_hidden + n_visible
    n_blocks = (n_units + 3) // 4
    k0, k1 = np.uint64(key[0]), np.uint64(key[1])
    for r in prange(n):
        words = np.empty(4 * n_blocks)
        new_h, new_v = np.empty(n_hidden), visible[r].copy()
        field = np.empty(n_visible)
        w, a, c, v, h = weights[r], visible_bias[r], hidden_bias[r], visible[r], hidden[r]
        for t in range(lengths[r]):
            for b in range(n_blocks):
                drawn = philox_block(np.uint64(b), np.uint64(t), np.uint64(STREAM), np.uint64(first + r), k0, k1)
                words[4 * b], words[4 * b + 1] = drawn[0], drawn[1]
                words[4 * b + 2], words[4 * b + 3] = drawn[2], drawn[3]
            for i in range(n_hidden):
                activation = c[i]
                for j in range(n_visible):
                    activation += w[i, j] * v[j]
                new_h[i] = _turn_on(activation, words[i])
            if not clamped:
                field[:] = a
                for i in range(n_hidden):
                    for j in range(n_visible):
                        field[j] += new_h[i] * w[i, j]
                for j in range(n_visible):
                    new_v[j] = _turn_on(field[j], words[n_hidden + j])
            for i in range(n_hidden):
                step = rate * h[i]
                c[i] += step
                for j in range(n_visible):
                    w[i, j] += step * v[j]
            for j in range(n_visible):
                a[j] += rate * v[j]
                v[j] = new_v[j]
            for i in range(n_hidden):
                h[i] = new_h[i]


def run_rbm_phases_numpy(weights, visible_bias, hidden_bias, visible, hidden, lengths, rate, clamped, first, key):
    """The same in NumPy, all replicas in step."""
    n, n_hidden, n_visible = weights.shape
    n_blocks = -(-(n_hidden + n_visible) // 4)
    for t in range(int(lengths.max())):
        counters = np.zeros((n, n_blocks, 4), dtype=np.uint64)
        counters[..., 0], counters[..., 1], counters[..., 2] = np.arange(n_blocks), t, STREAM
        counters[..., 3] = first + np.arange(n)[:, None]
        uniform = (philox_blocks_numpy(counters.reshape(-1, 4), key).reshape(n, -1).astype(float) + 0.5) * WORD
        up = hidden_bias + np.einsum("nij,nj->ni", weights, visible)
        new_h = (uniform[:, :n_hidden] * (1 + np.exp(-up)) < 1).astype(float)
        down = visible_bias + np.einsum("nij,ni->nj", weights, new_h)
        new_v = (uniform[:, n_hidden : n_hidden + n_visible] * (1 + np.exp(-down)) < 1).astype(float)
        live = (t < lengths)[:, None]
        weights += np.where(live[..., None], rate * hidden[:, :, None] * visible[:, None], 0)
        visible_bias += np.where(live, rate * visible, 0)
        hidden_bias += np.where(live, rate * hidden, 0)
        visible[:] = np.where(live & (not clamped), new_v, visible)
        hidden[:] = np.where(live, new_h, hidden)
