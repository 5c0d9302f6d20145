"""The fast loop of always-on learning on a softmax chain; `lockstep` is its slow oracle, word for word.

Step t of replica r takes word t mod 4 of the Philox block with counter (t div 4, 0, 0, r), so a phase does not
depend on other replicas, on threads, or on how long it was asked to be: shorter phases are prefixes of longer ones.
"""

import numpy as np
from numba import njit, prange

from cl_theory.philox import philox_block

WORD = 2.0**-32
LARGEST_MASS = 1e260


@njit(cache=True, parallel=True, error_model="numpy")
def run_softmax_phases(
    parameters, states, lengths, martingale, log_weights, features, offset, slope, psi, stops, shortest, step_size, key
):
    """Advance all replicas in place by their `lengths`; returns 1 for replicas whose parameters overflowed.

    parameters (n, d), states (n,), lengths (n,) as asked for, overwritten by the steps made; martingale (n, d)
    gathers psi(z') - (P_theta psi)(z) when `psi` is (m, d) and not empty; log_weights (m, m) and features (m, m, d)
    relative to column 0; stops (m,) marks states that end a phase from time `shortest` on.
    """
    n, d = parameters.shape
    m = len(offset)
    k0, k1 = np.uint64(key[0]), np.uint64(key[1])
    overflow = np.zeros(n, dtype=np.uint8)
    for r in prange(n):
        z, t = states[r], 0
        theta, gathered = parameters[r].copy(), np.zeros(d)
        mass, sigmoid = np.ones(m), np.empty(d)
        word = w0 = w1 = w2 = w3 = np.uint64(0)
        while t < lengths[r]:
            lane = t & 3
            if lane == 0:
                w0, w1, w2, w3 = philox_block(np.uint64(t >> 2), np.uint64(0), np.uint64(0), np.uint64(r), k0, k1)
                word = w0
            elif lane == 1:
                word = w1
            elif lane == 2:
                word = w2
            else:
                word = w3
            total = 1.0
            for y in range(1, m):
                logit = log_weights[z, y]
                for i in range(d):
                    logit += theta[i] * features[z, y, i]
                mass[y] = np.exp(logit)
                total += mass[y]
            if not total < LARGEST_MASS:  # also when NaN
                overflow[r] = 1
                break
            for i in range(d):
                sigmoid[i] = 1 / (1 + np.exp(-theta[i]))
            for i in range(d):
                gradient = offset[z, i]
                for j in range(d):
                    gradient += slope[z, i, j] * sigmoid[j]
                theta[i] -= step_size * gradient
            place, reached, y = (np.float64(word) + 0.5) * WORD * total, 1.0, 0
            while place >= reached and y < m - 1:
                y += 1
                reached += mass[y]
            if psi.size:
                for i in range(d):
                    mean = 0.0
                    for x in range(m):
                        mean += mass[x] * psi[x, i]
                    gathered[i] += psi[y, i] - mean / total
            z = y
            t += 1
            if stops[z] and t >= shortest:
                break
        parameters[r], states[r], lengths[r], martingale[r] = theta, z, t, gathered
    return overflow
