"""The readable siblings of the replica kernels: one replica, one sweep a line, an update at every step.

They use the same random numbers, in float64 and without deferring any update, and are the kernels' oracle.
"""

from collections.abc import Iterator

import numpy as np

from cl_theory import philox
from cl_theory.learning.gibbs_sweeps import CLAMPED, FREE, NOISE
from cl_theory.learning.replica_kernels import START
from cl_theory.learning.replicas import PhasePlan, Replicas
from cl_theory.models.rbm import RBM
from cl_theory.philox import CounterStream


def sweeps_noise(rng: CounterStream, replica: int, stream: int, sizes: tuple[int, ...], n_sweeps: int) -> Iterator:
    """Logistic variates of each sweep, one array a layer of units, in the kernels' groups and padding."""
    padded = [-(-size // 16) * 16 for size in sizes]
    row = sum(padded)
    group = max(1, min(NOISE // row, n_sweeps))
    starts = np.cumsum([0, *padded])
    place = {"step": rng.step, "stream": stream, "replica": int(rng.replicas[replica])}
    for start in range(0, n_sweeps, group):
        rows = min(group, n_sweeps - start)
        noise = philox.logistics_numpy(rows * row, rng.key, first_block=start * row // 4, **place)
        for of_sweep in noise.reshape(rows, row):
            yield [of_sweep[at : at + size] for at, size in zip(starts, sizes, strict=False)]


def one_sweep(rbm: RBM, h: np.ndarray, noise: list[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """v given h, then h given v: a unit is on where its activation is above its noise."""
    v = (h @ rbm.weights + rbm.visible_bias > noise[0]).astype(float)
    return v, hidden_draw(rbm, v, noise[1])


def hidden_draw(rbm: RBM, v: np.ndarray, noise: np.ndarray) -> np.ndarray:
    """h given v."""
    return (rbm.weights @ v + rbm.hidden_bias > noise).astype(float)


def gibbs_phase(
    rng: CounterStream, replicas: Replicas, v: np.ndarray, h: np.ndarray, n_sweeps: int, *, clamped: bool = False
) -> tuple[np.ndarray, np.ndarray]:
    """What `replicas.gibbs_phase` does."""
    v, h = np.array(v, dtype=float), np.array(h, dtype=float)
    for r in range(len(replicas)):
        rbm = replicas.rbm(r)
        for k in range(v.shape[1]):
            if clamped:
                ((noise,),) = sweeps_noise(rng, r, CLAMPED + 256 * k, (rbm.n_hidden,), 1)
                h[r, k] = hidden_draw(rbm, v[r, k], noise)
            else:
                for noise in sweeps_noise(rng, r, FREE + 256 * k, (rbm.n_visible, rbm.n_hidden), n_sweeps):
                    v[r, k], h[r, k] = one_sweep(rbm, h[r, k], noise)
    return v, h


def learn_phases(
    rng: CounterStream,
    replicas: Replicas,
    v: np.ndarray,
    h: np.ndarray,
    plan: PhasePlan,
    data: np.ndarray,
    *,
    always_on: bool,
    chain: str = "carried-over",
    visible_biases: bool = True,
) -> tuple[list[RBM], np.ndarray, np.ndarray]:
    """What `replicas.learn_phases` does; the parameters come as RBMs in float64."""
    learned, v, h = [], np.array(v, dtype=float), np.array(h, dtype=float)
    for r in range(len(replicas)):
        rbm, remembered, waiting = replicas.rbm(r), (v[r], h[r]), np.zeros(replicas.rbm(r).n_parameters)
        for p in range(plan.is_positive.shape[1]):
            place = (rng.later(p), r, p)
            rbm, state, waiting = _phase(place, rbm, remembered, waiting, plan, data, always_on, chain, visible_biases)
            if chain == "carried-over" or not plan.is_positive[r, p]:
                remembered = state
        learned.append(rbm)
        v[r], h[r] = remembered
    return learned, v, h


def _phase(place, rbm, state, waiting, plan, data, always_on, chain, visible_biases):
    rng, r, p = place
    (v, h), positive, row = state, plan.is_positive[r, p], np.asarray(data[plan.data_row[r, p]], dtype=float)
    sizes = (rbm.n_hidden,) if positive else (rbm.n_visible, rbm.n_hidden)
    n_sweeps = 1 if positive and not always_on else plan.n_sweeps[r, p]
    if positive or chain == "cd":
        v = row
    if chain == "cd" and not positive:
        ((start,),) = sweeps_noise(rng, r, int(START), (rbm.n_hidden,), 1)
        h = hidden_draw(rbm, v, start)
    for noise in sweeps_noise(rng, r, CLAMPED if positive else FREE, sizes, n_sweeps):
        v, h = (v, hidden_draw(rbm, v, noise[0])) if positive else one_sweep(rbm, h, noise)
        if always_on:
            rbm = rbm.with_flat(rbm.flat + _step(rbm, v, h, plan.step_size[r, p], visible_biases))
    if not always_on:
        waiting = waiting + _step(rbm, v, h, plan.step_size[r, p], visible_biases)
        if not plan.hold[r, p]:
            rbm, waiting = rbm.with_flat(rbm.flat + waiting), np.zeros_like(waiting)
    return rbm, (v, h), waiting


def _step(rbm: RBM, v: np.ndarray, h: np.ndarray, size: float, visible_biases: bool) -> np.ndarray:
    gradient = rbm.gradient(v, h)
    if not visible_biases:
        gradient[rbm.weights.size : rbm.weights.size + rbm.n_visible] = 0
    return -float(size) * gradient
