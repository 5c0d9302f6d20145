"""ISD draws with running moments: against their readable siblings, the exact covariance, and planted errors."""

import numba
import numpy as np
import pytest

from cl_theory import threads
from cl_theory.learning.models import isd_draws
from cl_theory.learning.models.isd_draws import (
    GAUSSIAN_CHUNK,
    NOTHING_PLANTED,
    PLANTED_ERRORS,
    GaussianPhases,
    Planted,
    finite_isd_draws,
    gaussian_isd_draws,
    isd_count,
)
from cl_theory.learning.models.moments import Moments
from cl_theory.philox import philox_key
from cl_theory.proof.checks.exact import close
from cl_theory.proof.checks.monte_carlo import mean_agrees
from cl_theory.proof.checks.plans import plan_mean
from cl_theory.seeds import stream
from cl_theory.theory.estimators.laws import FiniteLaw, coin_law, exact_covariance, exact_mean

B = 0.3
EVERY_FACTOR = Planted(1.3, 1.2, 1.1, 0.9, 1.05)


def _phases(d, seed=3):
    rng = np.random.default_rng(seed)
    a, b = rng.normal(size=(2, d, d))
    return GaussianPhases(rng.normal(size=d), a @ a.T, rng.normal(size=d), b @ b.T)


def _exact(phases, b):
    """Mean and covariance of Z by mixing the two weighted laws."""
    means = phases.mean_positive / b, -phases.mean_negative / (1 - b)
    covariances = phases.covariance_positive / b**2, phases.covariance_negative / (1 - b) ** 2
    parts = zip((b, 1 - b), means, covariances, strict=True)
    second = sum(weight * (c + np.outer(m, m)) for weight, m, c in parts)
    mean = b * means[0] + (1 - b) * means[1]
    return mean, second - np.outer(mean, mean)


@pytest.mark.parametrize("planted", [NOTHING_PLANTED, EVERY_FACTOR], ids=["as stated", "planted"])
@pytest.mark.parametrize(("d", "n"), [(1, 300), (2, GAUSSIAN_CHUNK + 1), (8, 40_000), (9, 5000), (17, 300)])
def test_gaussian_moments_are_those_of_the_sibling(d, n, planted):
    phases = _phases(d)
    moments, n_positive = gaussian_isd_draws(np.random.default_rng(5), phases, n, B, planted, squared_norm=True)
    z, is_positive = isd_draws.gaussian_isd_samples_numpy(
        philox_key(np.random.default_rng(5)), phases, n, p_positive=B, planted=planted
    )
    expected = Moments.of(np.column_stack([z, (z**2).sum(axis=1)]))
    assert n_positive == is_positive.sum()
    assert moments.n == expected.n == n
    np.testing.assert_allclose(moments.mean, expected.mean, rtol=1e-5, atol=1e-6 * np.abs(expected.mean).max())
    scale = np.sqrt(np.diag(expected.covariance))
    assert np.abs((moments.covariance - expected.covariance) / np.outer(scale, scale)).max() < 3e-6
    np.testing.assert_allclose(moments.skewness, expected.skewness, atol=1e-5)


def test_draws_do_not_depend_on_the_number_of_threads(monkeypatch):
    monkeypatch.setattr(threads, "WORTH", 0)
    phases = _phases(3)
    results, before = [], numba.get_num_threads()
    for n_threads in (1, numba.config.NUMBA_NUM_THREADS):
        numba.set_num_threads(n_threads)
        results.append(gaussian_isd_draws(np.random.default_rng(5), phases, 5 * GAUSSIAN_CHUNK + 7, B))
    numba.set_num_threads(before)
    for name in ("mean", "covariance", "skewness"):
        np.testing.assert_array_equal(getattr(results[0].moments, name), getattr(results[1].moments, name))


def test_gaussian_draws_have_the_exact_mean_and_covariance():
    phases, n = _phases(4), 2_000_000
    mean, covariance = _exact(phases, B)
    moments, n_positive = gaussian_isd_draws(np.random.default_rng(6), phases, n, B)
    se = np.sqrt(np.diag(covariance) / n)
    assert (np.abs(moments.mean - mean) < 5 * se).all()
    assert np.abs(moments.covariance - covariance).max() < 0.01 * np.abs(covariance).max()
    assert abs(n_positive / n - B) < 5 * np.sqrt(B * (1 - B) / n)


def test_finite_draws_have_the_exact_mean_and_covariance():
    law, n = FiniteLaw.random(np.random.default_rng(1), 6, 3).floats(), 2_000_000
    probability, is_positive, g_positive, g_negative = coin_law(law, B)
    z = np.where(is_positive[:, None], g_positive / B, -g_negative / (1 - B))
    covariance = exact_covariance(probability, z)
    moments, _ = finite_isd_draws(np.random.default_rng(6), law, n, B)
    se = np.sqrt(np.diag(covariance) / n)
    assert (np.abs(moments.mean - exact_mean(probability, z)) < 5 * se).all()
    assert np.abs(moments.covariance - covariance).max() < 0.02 * np.abs(covariance).max()


def _mean_check(planted):
    """Errors that leave the mean alone (b off consistently) are for the second moment, so |Z|^2 is in the statistic."""
    phases = _phases(2)
    mean, covariance = _exact(phases, B)
    target = np.append(mean, np.trace(covariance) + mean @ mean)
    pilot, _ = gaussian_isd_draws(np.random.default_rng(8), phases, 400_000, B, squared_norm=True)
    shift = 0.01 * phases.mean_positive
    positive = B * (np.trace(phases.covariance_positive) + phases.mean_positive @ phases.mean_positive) / B**2
    plan = plan_mean(
        {"weight 1/b off by 1 %": np.append(shift, 0.0201 * positive)}, pilot.covariance, scale=np.abs(target)
    )

    def sample(rng, n):
        return gaussian_isd_draws(rng, phases, n, B, planted, squared_norm=True).moments

    return mean_agrees(np.random.default_rng(9), sample, target, plan=plan, scope="Gaussian phases, d = 2")


def test_the_mean_check_passes_on_the_draws_and_catches_a_weight_off_by_one_percent():
    assert _mean_check(NOTHING_PLANTED).passed is True
    assert _mean_check(PLANTED_ERRORS["weight 1/b off by 1 %"]).passed is False


def test_singular_covariances_are_drawn_exactly():
    phases = GaussianPhases([1.0, 1.0], np.ones((2, 2)), [0.0, 0.0], np.zeros((2, 2)))
    moments, _ = gaussian_isd_draws(np.random.default_rng(0), phases, 1000, p_positive=0.5)
    assert close(moments.covariance[0, 0], moments.covariance[1, 1], scope="equal coordinates").passed


@pytest.mark.parametrize("p_positive", [0.0, 1.0, float("nan")])
def test_b_outside_the_open_interval_is_refused(p_positive):
    with pytest.raises(ValueError, match="strictly between 0 and 1"):
        gaussian_isd_draws(np.random.default_rng(0), _phases(2), 10, p_positive)


def test_shapes_asymmetry_and_negative_eigenvalues_are_refused():
    good = np.eye(2)
    with pytest.raises(ValueError, match="means must be"):
        GaussianPhases(np.zeros(2), np.eye(3), np.zeros(2), good)
    with pytest.raises(ValueError, match="covariance_positive must be finite"):
        GaussianPhases(np.zeros(2), good * np.nan, np.zeros(2), good)
    for bad, message in ((np.array([[1.0, 1.0], [0.0, 1.0]]), "symmetric"), (-good, "semidefinite")):
        with pytest.raises(ValueError, match=f"covariance_negative must be .*{message}"):
            gaussian_isd_draws(np.random.default_rng(0), GaussianPhases(np.zeros(2), good, np.zeros(2), bad), 10, B)
    with pytest.raises(ValueError, match="at least 2 draws"):
        gaussian_isd_draws(np.random.default_rng(0), _phases(2), 1, B)


def test_the_planted_coin_keeps_the_weights_and_the_planted_b_does_not():
    coin, both = Planted(coin=1.01), Planted(p_positive=1.01)
    assert coin.coin_probability(B) == both.coin_probability(B) == pytest.approx(0.303)
    assert coin.signed_weights(B) == (1 / B, -1 / (1 - B))
    assert both.signed_weights(B) == pytest.approx((1 / 0.303, -1 / 0.697))


def test_planted_values_are_checked():
    with pytest.raises(ValueError, match="scale must be a finite number above 0"):
        Planted(scale=0)
    with pytest.raises(ValueError, match="planted coin probability"):
        Planted(coin=4).coin_probability(B)


def test_the_count_is_binomial():
    counts = [isd_count(stream(20230723, "tests", "count", k), 1000, B) for k in range(400)]
    assert abs(np.mean(counts) - 300) < 5 * np.sqrt(210 / 400)
    assert np.var(counts) == pytest.approx(210, rel=0.35)
