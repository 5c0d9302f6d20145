"""The fast loop of always-on learning in the AR(1) network.

Step t of replica r takes normal t mod 4 of the Philox block with counter (t div 4, 0, 0, r): shorter phases are
prefixes of longer ones, and nothing depends on threads or on other replicas.
"""

import numpy as np
from numba import njit, prange

from cl_theory.philox import philox_block

WORD = 2.0**-32
TURN = 2 * np.pi * WORD


@njit(inline="always")
def normal_pair(radius_word, angle_word):
    """Two standard normals in float64 from two words, by Box and Muller; at most 6.8 in size."""
    radius = np.sqrt(-2 * np.log((np.float64(radius_word) + 0.5) * WORD))
    angle = np.float64(angle_word) * TURN
    return radius * np.cos(angle), radius * np.sin(angle)


@njit(cache=True, parallel=True, error_model="numpy")
def run_linear_phases(theta, state, lengths, decay, drive, stiffness, noise, step_size, key):
    """Advance theta (n,) and state (n,) in place by `lengths` (n,) steps; `drive` is (1 - a) kappa."""
    k0, k1 = np.uint64(key[0]), np.uint64(key[1])
    zero = np.uint64(0)
    for r in prange(theta.size):
        x, z = theta[r], state[r]
        n0 = n1 = n2 = n3 = kick = 0.0
        for t in range(lengths[r]):
            lane = t & 3
            if lane == 0:
                w0, w1, w2, w3 = philox_block(np.uint64(t >> 2), zero, zero, np.uint64(r), k0, k1)
                n0, n1 = normal_pair(w0, w1)
                n2, n3 = normal_pair(w2, w3)
                kick = n0
            elif lane == 1:
                kick = n1
            elif lane == 2:
                kick = n2
            else:
                kick = n3
            after = decay * z + drive * x + noise * kick
            x -= step_size * (z + stiffness * x)
            z = after
        theta[r], state[r] = x, z
