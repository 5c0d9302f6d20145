"""The readable sibling of the centred kernels: the same random numbers, in float64, one formula a line."""

from collections.abc import Iterator

import numpy as np

from cl_theory.learning.centred_always_on import Centred
from cl_theory.learning.gibbs_numpy import hidden_draw, one_sweep, sweeps_noise
from cl_theory.learning.gibbs_sweeps import CLAMPED, FREE
from cl_theory.learning.replica_kernels import START
from cl_theory.learning.replicas import PhasePlan
from cl_theory.models.rbm import RBM
from cl_theory.philox import CounterStream


def learn_centred_phases(
    rng: CounterStream,
    before: Centred,
    plan: PhasePlan,
    data: np.ndarray,
    *,
    p_positive: np.ndarray,
    rates: np.ndarray,
    chain: str = "carried-over",
    visible_biases: bool = True,
) -> Centred:
    """What `centred_always_on.learn_centred_phases` does."""
    after = Centred(*(np.array(part, dtype=float) for part in before))
    n_visible, n_hidden = after.v.shape[1], after.h.shape[1]
    learned = np.ones(after.parameters.shape[1])
    if not visible_biases:
        learned[n_hidden * n_visible : n_hidden * n_visible + n_visible] = 0
    for r, p in np.ndindex(plan.is_positive.shape):
        positive, step, last = plan.is_positive[r, p], float(plan.step_size[r, p]), None
        means, b = (after.positive, after.negative), np.float32(p_positive[r])
        for last in _states(rng.later(p), after, plan, data, chain, r, p):
            statistic = -RBM(*_split(after.parameters[r], *last)).gradient(*last)
            centre = (1 - b) * means[0][r] + b * means[1][r]
            after.parameters[r] += step * learned * (statistic - centre)
            means[0 if positive else 1][r] += np.float32(rates[r]) * (statistic - means[0 if positive else 1][r])
        if last and (chain == "carried-over" or not positive):
            after.v[r], after.h[r] = last
    return after


def _states(rng, after, plan, data, chain, r, p) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """States of one phase; each is drawn with the parameters that the one before has left."""
    v, h, positive = after.v[r], after.h[r], plan.is_positive[r, p]
    row = np.asarray(data[plan.data_row[r, p]], dtype=float)
    if positive or chain == "cd":
        v = row
    if chain == "cd" and not positive:
        ((noise,),) = sweeps_noise(rng, r, int(START), (h.size,), 1)
        h = hidden_draw(RBM(*_split(after.parameters[r], v, h)), v, noise)
    sizes = (h.size,) if positive else (v.size, h.size)
    for noise in sweeps_noise(rng, r, CLAMPED if positive else FREE, sizes, plan.n_sweeps[r, p]):
        rbm = RBM(*_split(after.parameters[r], v, h))
        v, h = (v, hidden_draw(rbm, v, noise[0])) if positive else one_sweep(rbm, h, noise)
        yield v, h


def _split(parameters: np.ndarray, v: np.ndarray, h: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(W, visible bias, hidden bias)."""
    weights, visible_bias, hidden_bias = np.split(parameters, [h.size * v.size, h.size * v.size + v.size])
    return weights.reshape(h.size, v.size), visible_bias, hidden_bias
