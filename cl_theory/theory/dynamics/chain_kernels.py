"""Always-on learning of finite chains, many replicas in step: NumPy for any, compiled for three-state softmax."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numba import njit, prange

from cl_theory.philox import philox_block, philox_blocks_numpy
from cl_theory.theory.chains.local_chain import ParametricChain

TRANSITIONS, STARTS = 0, 1


@dataclass(frozen=True, eq=False)
class Replicas:
    """Parameters (n, d), states (n,), steps made (n,), and the gathered martingale (n, d) of n replicas."""

    parameters: np.ndarray
    states: np.ndarray
    lengths: np.ndarray
    martingale: np.ndarray


def uniforms(n: int, t: int, key: np.ndarray, stream: int = TRANSITIONS) -> np.ndarray:
    """The uniform of step `t` of replicas 0 .. n-1, float64 (n,), inside (0, 1)."""
    counters = np.zeros((n, 4), dtype=np.uint64)
    counters[:, 0], counters[:, 2], counters[:, 3] = t // 4, stream, np.arange(n)
    return (philox_blocks_numpy(counters, key)[:, t % 4].astype(float) + 0.5) * 2.0**-32


def draw_states(rows: np.ndarray, uniform: np.ndarray) -> np.ndarray:
    """One state per row of `rows` (n, m) by inversion of `uniform` (n,)."""
    reached = np.cumsum(rows[:, :-1], axis=1)
    return (uniform[:, None] >= reached).sum(axis=1)


def run_lockstep(
    chain: ParametricChain, begin: Replicas, *, stops: np.ndarray, shortest: int, psi: np.ndarray, step_size: Any,
    key: np.ndarray,
) -> Replicas:  # fmt: skip
    """Advance copies of all replicas by their `lengths`; arguments as for the kernel. ValueError at overflow."""
    theta, states, martingale = begin.parameters.copy(), begin.states.copy(), np.zeros_like(begin.parameters)
    lengths, n = begin.lengths.copy(), len(begin.states)
    for t in range(int(lengths.max(initial=0))):
        live = np.flatnonzero(t < lengths)
        here = states[live]
        rows = chain.transition_matrix(theta[live])[np.arange(len(live)), here]
        gradient = chain.gradient(theta[live])[np.arange(len(live)), here]
        after = draw_states(rows, uniforms(n, t, key)[live])
        if psi.size:
            martingale[live] += psi[after] - rows @ psi
        theta[live] -= step_size * gradient
        if not np.isfinite(theta).all():
            raise ValueError(f"parameters overflowed at step {t}; lower the learning rate")
        states[live] = after
        ended = live[stops[after] & (t + 1 >= shortest)]
        lengths[ended] = t + 1
    return Replicas(theta, states, lengths, martingale)


WORD = 2.0**-32


LANES = 32
LARGEST_LOGIT = 600.0
_NO_REORDERING = {"contract", "nsz", "arcp"}

# exp(x) = 2^n exp(r), n = round(x / log 2): adding 1.5 * 2^52 leaves n in the low bits. Taylor terms up to r^11/11!
# leave 1e-17 on |r| <= log(2)/2.
_LOG2_E, _ROUND = 1.4426950408889634, 6755399441055744.0
_LN2_HIGH, _LN2_LOW = 6.93147180369123816490e-01, 1.90821492927058770002e-10
_BIAS, _EXPONENT = np.int64(1023), np.int64(52)
_E3, _E4, _E5, _E6, _E7 = 1 / 6, 1 / 24, 1 / 120, 1 / 720, 1 / 5040
_E8, _E9, _E10, _E11 = 1 / 40320, 1 / 362880, 1 / 3628800, 1 / 39916800


@njit(inline="always")
def _exp(x):
    shifted = x * _LOG2_E + _ROUND
    n = shifted - _ROUND
    r = (x - n * _LN2_HIGH) - n * _LN2_LOW
    series = _E11 * r + _E10
    series = series * r + _E9
    series = series * r + _E8
    series = series * r + _E7
    series = series * r + _E6
    series = series * r + _E5
    series = series * r + _E4
    series = series * r + _E3
    series = series * r + 0.5
    series = series * r + 1.0
    series = series * r + 1.0
    power = np.int64((np.float64(shifted).view(np.int64) + _BIAS) << _EXPONENT).view(np.float64)
    return series * power


@njit(inline="always")
def _clipped(x):
    return min(max(x, -LARGEST_LOGIT), LARGEST_LOGIT)


@njit(cache=True, parallel=True, error_model="numpy", fastmath=_NO_REORDERING)
def run_three_state_phases(
    parameters, states, lengths, martingale, order, log_weights, features, offset, slope, psi, stops, shortest,
    step_size, key,
):  # fmt: skip
    """Advance all replicas in place by their `lengths`; returns 1 for replicas whose logits left [-600, 600].

    parameters (n, 2), states (n,), lengths (n,) as asked for, overwritten by the steps made; martingale (n, 2) gathers
    psi(z') - (P_theta psi)(z); log_weights (3, 3) and features (3, 3, 2) relative to column 0; stops (3,) marks states
    that end a phase from time `shortest` on. In log_weights, features, offset, slope and psi, rows 1 and 2 hold the
    difference to row 0; in psi row 0 is 0. `order` (n,) lists the replicas in the order in which they share registers:
    similar lengths together waste least, and the result does not depend on it.
    """
    n = len(states)
    k0, k1, zero = np.uint64(key[0]), np.uint64(key[1]), np.uint64(0)
    w, f, o, s = log_weights, features, offset, slope
    overflow = np.zeros(n, dtype=np.uint8)
    rule = stops[0] or stops[1] or stops[2]
    for block in prange((n + LANES - 1) // LANES):
        first, second, is_1, is_2 = np.zeros(LANES), np.zeros(LANES), np.zeros(LANES), np.zeros(LANES)
        gathered_0, gathered_1, largest = np.zeros(LANES), np.zeros(LANES), np.zeros(LANES)
        steps, replica, uniform = np.zeros(LANES), np.zeros(LANES, dtype=np.uint64), np.zeros((4, LANES))
        n_lanes = min(LANES, n - block * LANES)
        longest = 0
        for lane in range(n_lanes):
            r = order[block * LANES + lane]
            first[lane], second[lane] = parameters[r, 0], parameters[r, 1]
            is_1[lane], is_2[lane] = states[r] == 1, states[r] == 2
            steps[lane], replica[lane] = lengths[r], r
            longest = max(longest, lengths[r])
        for t in range(longest):
            if t & 3 == 0:
                for lane in range(LANES):
                    w0, w1, w2, w3 = philox_block(np.uint64(t >> 2), zero, zero, replica[lane], k0, k1)
                    uniform[0, lane] = (np.float64(np.int64(w0)) + 0.5) * WORD
                    uniform[1, lane] = (np.float64(np.int64(w1)) + 0.5) * WORD
                    uniform[2, lane] = (np.float64(np.int64(w2)) + 0.5) * WORD
                    uniform[3, lane] = (np.float64(np.int64(w3)) + 0.5) * WORD
            drawn, now = uniform[t & 3], np.float64(t)
            for lane in range(LANES):
                x, y, p, q = first[lane], second[lane], is_1[lane], is_2[lane]
                logit_1 = w[0, 1] + p * w[1, 1] + q * w[2, 1]
                logit_1 += x * (f[0, 1, 0] + p * f[1, 1, 0] + q * f[2, 1, 0])
                logit_1 += y * (f[0, 1, 1] + p * f[1, 1, 1] + q * f[2, 1, 1])
                logit_2 = w[0, 2] + p * w[1, 2] + q * w[2, 2]
                logit_2 += x * (f[0, 2, 0] + p * f[1, 2, 0] + q * f[2, 2, 0])
                logit_2 += y * (f[0, 2, 1] + p * f[1, 2, 1] + q * f[2, 2, 1])
                mass_1, mass_2 = _exp(_clipped(logit_1)), _exp(_clipped(logit_2))
                odds_x, odds_y = 1.0 + _exp(_clipped(-x)), 1.0 + _exp(_clipped(-y))
                total = 1.0 + mass_1 + mass_2
                sigmoid_x, sigmoid_y, share = 1.0 / odds_x, 1.0 / odds_y, 1.0 / total
                gradient_x = o[0, 0] + p * o[1, 0] + q * o[2, 0]
                gradient_x += sigmoid_x * (s[0, 0, 0] + p * s[1, 0, 0] + q * s[2, 0, 0])
                gradient_x += sigmoid_y * (s[0, 0, 1] + p * s[1, 0, 1] + q * s[2, 0, 1])
                gradient_y = o[0, 1] + p * o[1, 1] + q * o[2, 1]
                gradient_y += sigmoid_x * (s[0, 1, 0] + p * s[1, 1, 0] + q * s[2, 1, 0])
                gradient_y += sigmoid_y * (s[0, 1, 1] + p * s[1, 1, 1] + q * s[2, 1, 1])
                place = drawn[lane] * total
                to_2 = 1.0 if place >= 1.0 + mass_1 else 0.0
                to_1 = (1.0 if place >= 1.0 else 0.0) - to_2
                live = 1.0 if now < steps[lane] else 0.0
                moved = live * step_size
                first[lane] = x - moved * gradient_x
                second[lane] = y - moved * gradient_y
                surprise_1, surprise_2 = live * (to_1 - mass_1 * share), live * (to_2 - mass_2 * share)
                gathered_0[lane] += surprise_1 * psi[1, 0] + surprise_2 * psi[2, 0]
                gathered_1[lane] += surprise_1 * psi[1, 1] + surprise_2 * psi[2, 1]
                is_1[lane] = p + live * (to_1 - p)
                is_2[lane] = q + live * (to_2 - q)
                largest[lane] = max(largest[lane], max(abs(logit_1), abs(logit_2)))
            if rule and t + 1 >= shortest:
                for lane in range(LANES):
                    if stops[np.int64(is_1[lane] + 2 * is_2[lane])]:
                        steps[lane] = min(steps[lane], t + 1.0)
        for lane in range(n_lanes):
            r = order[block * LANES + lane]
            parameters[r, 0], parameters[r, 1] = first[lane], second[lane]
            states[r] = np.int64(is_1[lane] + 2 * is_2[lane])
            martingale[r, 0], martingale[r, 1] = gathered_0[lane], gathered_1[lane]
            lengths[r] = np.int64(steps[lane])
            overflow[r] = not largest[lane] <= LARGEST_LOGIT
    return overflow
