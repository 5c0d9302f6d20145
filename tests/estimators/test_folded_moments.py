"""Folding a law keeps its means, its traces and everything along the chosen vectors."""

import numpy as np

from cl_theory.learning.models.planted import weighted_batch_moments
from cl_theory.theory.estimators import moments as exact_moments
from cl_theory.theory.estimators.laws import FiniteLaw, folded_moments


def law(seed: int = 0) -> FiniteLaw:
    return FiniteLaw.random(np.random.default_rng(seed), 4, 9).floats().independent()


def test_traces_means_and_chosen_directions_survive() -> None:
    full = law().moments
    vectors = np.random.default_rng(1).standard_normal((2, 9))
    small, inside = folded_moments(full, vectors)
    assert small.dimension == 5
    for name in ("m_positive", "m_negative", "v_positive", "v_negative"):
        np.testing.assert_allclose(getattr(small, name), getattr(full, name))
    np.testing.assert_allclose(exact_moments.isd_trace(small, 0.3), exact_moments.isd_trace(full, 0.3))
    np.testing.assert_allclose(inside @ small.mean, vectors @ full.mean)
    covariances = exact_moments.isd_covariance(small, 0.3), exact_moments.isd_covariance(full, 0.3)
    np.testing.assert_allclose(inside @ covariances[0] @ inside.T, vectors @ covariances[1] @ vectors.T)


def test_a_dependent_vector_does_no_harm() -> None:
    full = law().moments
    small, inside = folded_moments(full, np.stack([full.mean, np.zeros(9)]))
    np.testing.assert_allclose(inside[0] @ small.mean, full.mean @ full.mean)
    np.testing.assert_allclose(small.m_positive, full.m_positive)


def test_moments_about_a_point_are_those_of_the_shifted_gradients() -> None:
    exact, c = law(), np.random.default_rng(2).standard_normal(9)
    moved = FiniteLaw(exact.probability, exact.g_positive - c, exact.g_negative - c).moments
    for name in ("mean_positive", "mean_negative", "second_positive", "second_negative", "cross"):
        np.testing.assert_allclose(getattr(exact.moments.about(c), name), getattr(moved, name), atol=1e-10)


def test_weighted_batch_of_one_phase_is_isd() -> None:
    moments, b = law().moments, 0.3
    mean, second = weighted_batch_moments(moments, (1 / b, -1 / (1 - b)), 1, b, b * (1 - b))
    np.testing.assert_allclose(mean, moments.mean)
    np.testing.assert_allclose(second - np.outer(mean, mean), exact_moments.isd_covariance(moments, b))


def test_weighted_batch_follows_the_design() -> None:
    moments, b, n = law().moments, 0.4, 5
    mean, second = weighted_batch_moments(moments, (1 / b, -1 / (1 - b)), n, n * b, 0.17)
    np.testing.assert_allclose(second - np.outer(mean, mean), exact_moments.batch_isd_covariance(moments, b, n, 0.17))
