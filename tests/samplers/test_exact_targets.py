"""Exact mean and covariance of the statistic vectors, against a sum over all states of a small model."""

import numpy as np

from cl_theory.learning.models.rbm import RBM
from cl_theory.learning.models.states import all_states
from cl_theory.learning.samplers.exact_phase import ExactPhaseSampler
from cl_theory.learning.samplers.phase_statistics import JointCumulants, phase_statistics
from cl_theory.seeds import stream

B = 0.3
SIZES = [(3, 2), (2, 3)]


def system(n_visible, n_hidden):
    rng = stream(20230723, "tests", "targets", n_visible)
    rbm = RBM.random(rng, n_visible, n_hidden, scale=1.0)
    data = rng.integers(0, 2, size=(3, n_visible)).astype(float)
    directions, baseline = rng.standard_normal((2, rbm.n_parameters)), rng.standard_normal(rbm.n_parameters)
    return ExactPhaseSampler(rbm, data), directions, baseline


def phase_laws(sampler):
    """((probability, rows of g) for each phase), all joint states listed."""
    rbm, v, h = sampler.rbm, all_states(sampler.rbm.n_visible), all_states(sampler.rbm.n_hidden)
    weight = np.exp(-rbm.energy(v[:, None], h[None]))
    rows = rbm.gradient(np.repeat(v, len(h), axis=0), np.tile(h, (len(v), 1)))
    share = np.array([(sampler.data == state).all(axis=1).mean() for state in v])
    positive = share[:, None] * weight / weight.sum(axis=1, keepdims=True)
    return (positive.ravel(), rows), ((weight / weight.sum()).ravel(), rows)


def statistic(z, directions):
    projected = z @ directions.T
    return np.column_stack([projected, (z**2).sum(axis=1), projected**2])


def test_cumulants_and_moments_are_inverse():
    sampler, directions, _ = system(3, 2)
    for cumulants in phase_statistics(sampler, directions).cumulants:
        again = JointCumulants.from_moments(*cumulants.moments())
        for name in ("mean", "two", "three", "four"):
            np.testing.assert_allclose(getattr(again, name), getattr(cumulants, name), rtol=1e-9, atol=1e-10)
