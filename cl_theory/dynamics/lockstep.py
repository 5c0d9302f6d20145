"""Always-on learning of any chain, all replicas in step, one NumPy line a formula: general, and the kernels' oracle."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from cl_theory.models.local_chain import ParametricChain
from cl_theory.philox import philox_blocks_numpy

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
