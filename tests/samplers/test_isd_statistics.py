"""Sampled statistics against their exact targets; the same comparison fails for a planted 1 % error."""

import numpy as np
import pytest
from scipy.stats import chi2

from cl_theory.datasets import bars_and_stripes
from cl_theory.estimators import theory
from cl_theory.models import RBM, rbm_phase_moments
from cl_theory.phases import Bernoulli, Stratified
from cl_theory.samplers import (
    NOTHING_PLANTED,
    PLANTED_ERRORS,
    ExactPhaseSampler,
    Planted,
    batch_isd_statistic_moments,
    batch_isd_statistics,
    isd_coordinate_statistics,
    isd_rows,
    isd_states,
    isd_statistic_covariance,
    isd_statistic_target,
    isd_statistics,
    two_term_statistic_covariance,
    two_term_statistic_target,
    two_term_statistics,
)
from cl_theory.seeds import stream

B = 0.3
ALPHA = 1e-6
MODEL = RBM.random(stream(20230723, "tests", "isd-statistics"), 16, 8, scale=0.3)
SAMPLER = ExactPhaseSampler(MODEL, bars_and_stripes())
MOMENTS = rbm_phase_moments(MODEL, SAMPLER.data)
DIRECTIONS = np.stack([m / np.linalg.norm(m) for m in (MOMENTS.mean_positive, MOMENTS.mean_negative)])
CENTRE = theory.isd_centre(MOMENTS, B)


def p_value(found, target, covariance):
    """Chi-squared of a sample mean against its target, with the exact covariance of one draw."""
    miss = found.mean - target
    return chi2.sf(found.n * miss @ np.linalg.solve(covariance, miss), len(target))


@pytest.mark.parametrize("baseline", [None, CENTRE], ids=["plain", "centred"])
def test_isd_statistics_meet_their_target(baseline):
    rng = stream(20230723, "tests", "isd-statistics")
    target = isd_statistic_target(MOMENTS, B, DIRECTIONS, baseline=baseline)
    covariance = isd_statistic_covariance(SAMPLER, B, DIRECTIONS, baseline=baseline)
    found = isd_statistics(rng, SAMPLER, 100_000, B, DIRECTIONS, baseline=baseline)
    assert p_value(found, target, covariance) > ALPHA


@pytest.mark.parametrize("name", [name for name in PLANTED_ERRORS if "weight" in name or "scale" in name])
def test_a_planted_error_of_one_percent_misses_the_target(name):
    rng = stream(20230723, "tests", "isd-statistics", name)
    found = isd_statistics(rng, SAMPLER, 100_000, B, DIRECTIONS, PLANTED_ERRORS[name])
    target, covariance = isd_statistic_target(MOMENTS, B, DIRECTIONS), isd_statistic_covariance(SAMPLER, B, DIRECTIONS)
    assert p_value(found, target, covariance) < ALPHA


@pytest.mark.parametrize("baseline", [None, CENTRE], ids=["plain", "centred"])
@pytest.mark.parametrize("name", PLANTED_ERRORS)
def test_a_planted_error_of_ten_percent_moves_the_statistics_as_computed(name, baseline):
    far = Planted(**{field: 1 + 10 * (value - 1) for field, value in vars(PLANTED_ERRORS[name]).items()})
    rng = stream(20230723, "tests", "isd-statistics-far", name)
    found = isd_statistics(rng, SAMPLER, 100_000, B, DIRECTIONS, far, baseline)
    covariance = isd_statistic_covariance(SAMPLER, B, DIRECTIONS, far, baseline)
    moved = isd_statistic_target(MOMENTS, B, DIRECTIONS, far, baseline)
    assert p_value(found, moved, covariance) > ALPHA
    assert p_value(found, isd_statistic_target(MOMENTS, B, DIRECTIONS, baseline=baseline), covariance) < ALPHA


def test_sample_covariance_meets_the_exact_one():
    found = isd_statistics(stream(20230723, "tests", "isd-covariance"), SAMPLER, 200_000, B, DIRECTIONS)
    exact = isd_statistic_covariance(SAMPLER, B, DIRECTIONS)
    np.testing.assert_allclose(np.diagonal(found.covariance) / np.diagonal(exact), 1, atol=0.05)


def test_coordinate_statistics_are_those_of_the_rows():
    n = 3000
    found = isd_coordinate_statistics(stream(7, "coordinates"), SAMPLER, n, B, baseline=CENTRE)
    rows = isd_rows(MODEL, isd_states(stream(7, "coordinates"), SAMPLER, n, B), B, baseline=CENTRE)
    np.testing.assert_allclose(found.mean, rows.mean(axis=0), rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(found.variance, rows.var(axis=0, ddof=1), rtol=1e-9, atol=1e-12)
    standardised = (rows - rows.mean(axis=0)) / rows.std(axis=0)
    np.testing.assert_allclose(found.skewness, (standardised**3).mean(axis=0), rtol=1e-8, atol=1e-9)


def test_coordinates_meet_the_exact_gradient_and_covariance():
    error = np.sqrt(np.diagonal(theory.isd_covariance(MOMENTS, B)) / 400_000)
    for planted, seen in ((NOTHING_PLANTED, False), (Planted(weight_positive=1.05), True)):
        rng = stream(20230723, "tests", "coordinates", str(seen))
        found = isd_coordinate_statistics(rng, SAMPLER, 400_000, B, planted)
        assert (np.abs((found.mean - MOMENTS.mean) / error).max() > 6) == seen


def test_two_term_statistics_meet_their_target():
    target = two_term_statistic_target(MOMENTS, DIRECTIONS)
    covariance = two_term_statistic_covariance(SAMPLER, DIRECTIONS)
    found = two_term_statistics(stream(20230723, "tests", "two-term"), SAMPLER, 100_000, DIRECTIONS)
    assert p_value(found, target, covariance) > ALPHA
    planted = two_term_statistics(stream(20230723, "tests", "two-term"), SAMPLER, 400_000, DIRECTIONS, scale=1.01)
    assert p_value(planted, target, covariance) < ALPHA


def test_batches_meet_the_target_of_their_own_design_only():
    mean, covariance = batch_isd_statistic_moments(SAMPLER, Stratified(B), 10, DIRECTIONS)
    stratified = batch_isd_statistics(stream(20230723, "t", "strata"), SAMPLER, 4000, Stratified(B), 10, DIRECTIONS)
    assert p_value(stratified, mean, covariance) > ALPHA
    bernoulli = batch_isd_statistics(stream(20230723, "t", "coins"), SAMPLER, 4000, Bernoulli(B), 10, DIRECTIONS)
    assert p_value(bernoulli, mean, covariance) < ALPHA


def test_the_second_moment_of_a_batch_is_that_of_the_design_theorem():
    for order in (Stratified(B), Bernoulli(B)):
        mean, _ = batch_isd_statistic_moments(SAMPLER, order, 10, DIRECTIONS)
        stated = theory.batch_isd_covariance(MOMENTS, B, 10, order.count_variance(10))
        variance = np.einsum("ki,ij,kj->k", DIRECTIONS, stated, DIRECTIONS)
        np.testing.assert_allclose(mean[2:] - mean[:2] ** 2, variance, rtol=1e-9)
