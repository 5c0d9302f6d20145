"""Inner products of gradients against the rows themselves."""

import numpy as np
import pytest

from cl_theory.learning.models.rbm import RBM
from cl_theory.learning.samplers.exact_phase import ExactPhaseSampler
from cl_theory.learning.samplers.isd_statistics import inner_products, linear_estimates, phase_states


@pytest.fixture(params=[(5, 3), (9, 2), (70, 4)], ids=["5x3", "9x2", "70x4"])
def drawn(request: pytest.FixtureRequest) -> tuple[RBM, np.ndarray, np.ndarray]:
    n_visible, n_hidden = request.param
    rng = np.random.default_rng(n_visible)
    rbm = RBM.random(rng, n_visible, n_hidden)
    sampler = ExactPhaseSampler(rbm, rng.integers(2, size=(6, n_visible)))
    return rbm, *phase_states(rng, sampler, rng.random((40, 3)) < 0.5)


def test_inner_products_are_those_of_the_gradient_rows(drawn: tuple[RBM, np.ndarray, np.ndarray]) -> None:
    rbm, v, h = drawn
    fixed = np.random.default_rng(1).standard_normal((2, rbm.n_parameters))
    rows = np.concatenate([rbm.gradient(v, h), np.broadcast_to(fixed, (40, *fixed.shape))], axis=1)
    products = inner_products(rbm, v, h, fixed)
    np.testing.assert_allclose(products, rows @ rows.transpose(0, 2, 1), atol=1e-9)
    assert not np.allclose(products[:, 0, 0], 1.01 * (rows[:, 0] ** 2).sum(axis=1))


def test_linear_estimates_have_the_norms_and_projections_of_their_rows(
    drawn: tuple[RBM, np.ndarray, np.ndarray],
) -> None:
    rbm, v, h = drawn
    rng = np.random.default_rng(2)
    fixed, weights = rng.standard_normal((2, rbm.n_parameters)), rng.standard_normal((40, 2, 5))
    weights[..., -1] = 0  # the last vector is a direction to look along
    rows = np.concatenate([rbm.gradient(v, h), np.broadcast_to(fixed, (40, *fixed.shape))], axis=1)
    estimates = weights @ rows
    projections, squares = linear_estimates(inner_products(rbm, v, h, fixed), weights, 1)
    np.testing.assert_allclose(projections[..., 0], estimates @ fixed[-1], atol=1e-9)
    np.testing.assert_allclose(squares, (estimates**2).sum(axis=-1), atol=1e-9)


def test_states_come_from_the_phase_that_was_asked_for() -> None:
    rbm = RBM(np.zeros((2, 3)), np.full(3, 30.0), np.zeros(2))  # the model shows ones, the data zeros
    sampler = ExactPhaseSampler(rbm, np.zeros((1, 3)))
    sign = np.random.default_rng(0).random((50, 4)) < 0.5
    v, h = phase_states(np.random.default_rng(1), sampler, sign)
    np.testing.assert_array_equal(v, np.broadcast_to(~sign[..., None], v.shape))
    assert h.shape == (50, 4, 2)
