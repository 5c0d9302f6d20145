"""Sampled statistics against their exact targets; the same comparison fails for a planted 1 % error."""

import numpy as np
import pytest
from scipy.stats import chi2

from cl_theory.learning.models.bars_and_stripes import bars_and_stripes
from cl_theory.learning.models.rbm import RBM, rbm_phase_moments
from cl_theory.learning.samplers.exact_phase import ExactPhaseSampler
from cl_theory.learning.samplers.isd_statistics import isd_statistic_covariance, isd_statistic_target, isd_statistics
from cl_theory.learning.samplers.planted import PLANTED_ERRORS, Planted
from cl_theory.seeds import stream
from cl_theory.theory.estimators import moments as exact_moments

B = 0.3
ALPHA = 1e-6
MODEL = RBM.random(stream(20230723, "tests", "isd-statistics"), 16, 8, scale=0.3)
SAMPLER = ExactPhaseSampler(MODEL, bars_and_stripes())
MOMENTS = rbm_phase_moments(MODEL, SAMPLER.data)
DIRECTIONS = np.stack([m / np.linalg.norm(m) for m in (MOMENTS.mean_positive, MOMENTS.mean_negative)])
CENTRE = exact_moments.isd_centre(MOMENTS, B)


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
