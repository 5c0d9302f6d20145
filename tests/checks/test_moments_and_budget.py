"""Moments of draws, exact moments of finite laws, the three-stage rule's arithmetic, and the run's budget."""

import numpy as np
import pytest
from scipy import stats

from cl_theory.learning.models.moments import Moments, Population
from cl_theory.proof.checks.monte_carlo import proportion_agrees
from cl_theory.proof.checks.plans import plan_mean, plan_proportion
from cl_theory.proof.checks.stages import ThreeStages, alpha_spent


def draws(n=500):
    return np.random.default_rng(n).exponential(size=(n, 3)) @ np.array([[1, 0, 0], [2, 1, 0], [0, 1, 3]])


def assert_same(ours, theirs):
    assert ours.n == theirs.n
    for name in ("mean", "covariance", "skewness"):
        np.testing.assert_allclose(getattr(ours, name), getattr(theirs, name), rtol=1e-10, atol=1e-12)


def test_moments_are_those_of_numpy_and_scipy():
    moments = Moments.of(draws())
    np.testing.assert_allclose(moments.covariance, np.cov(draws().T), rtol=1e-12)
    np.testing.assert_allclose(moments.skewness, stats.skew(draws()), rtol=1e-10)
    assert Moments.of(np.full((10, 1), 0.1)).skewness == 0.0


@pytest.mark.parametrize("cuts", [[2], [100, 300], [2, 4, 250, 498]])
def test_merged_moments_are_those_of_all_draws(cuts):
    parts = [Moments.of(part) for part in np.split(draws(), cuts)]
    assert_same(Moments.merged(parts), Moments.of(draws()))


def test_moments_of_counts_are_those_of_the_draws_they_count():
    values, counts = draws(4), np.array([3, 0, 5, 2])
    assert_same(Moments.of_counts(counts, values), Moments.of(np.repeat(values, counts, axis=0)))


def test_exact_moments_of_a_finite_law_are_those_of_an_even_sample():
    law = Population.of([0.25, 0.75], [[0.0], [4.0]])
    sample = Moments.of([[0.0], [4.0], [4.0], [4.0]])
    np.testing.assert_allclose(law.mean, sample.mean)
    np.testing.assert_allclose(law.covariance, sample.covariance * 3 / 4)
    np.testing.assert_allclose(law.skewness, sample.skewness)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: Moments.of([[1.0, np.nan], [0.0, 1.0]]), "samples must be finite"),
        (lambda: Moments.of([[1.0]]), "n >= 2"),
        (lambda: Moments(10, np.zeros(2), np.eye(3), np.zeros(2)), r"covariance \(3, 3\)"),
        (lambda: Moments(10, np.zeros(1), np.array([[np.inf]]), np.zeros(1)), "covariance must be finite"),
        (lambda: Moments(0, np.zeros(1), np.eye(1), np.zeros(1)), "n must be an integer above 0"),
        (lambda: Moments.merged([]), "nothing to merge"),
        (lambda: Moments.of_counts([1.5, 2], np.eye(2)), "integers"),
        (lambda: Population.of([0.5, 0.4], np.eye(2)), "sum to one"),
        (lambda: Population.of([0.5, 0.5], np.eye(3)), "one row of values per atom"),
    ],
)
def test_bad_moments_are_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_the_rule_fails_passes_and_goes_on_where_the_text_says():
    rule = ThreeStages(alpha=3e-7, gamma=0.01)
    assert rule.levels == pytest.approx((1e-7, 1e-5, 1e-3))
    assert rule.draws(10) == (10, 40, 160)
    assert [rule.decide(0, p) for p in (1e-7, 2e-7, 0.01, 0.011)] == [False, None, None, True]
    assert [rule.decide(2, p) for p in (0.9e-3, 2e-3)] == [False, True]
    with pytest.raises(ValueError, match="p-value must lie"):
        rule.decide(2, float("nan"))


def test_the_miss_rate_adds_up_the_ways_to_pass():
    failing, passing = (0.5, 0.6, 0.9), (0.2, 0.1, 0.05)
    ways = 0.2 + 0.3 * 0.1 + 0.3 * 0.3 * 0.1
    assert ThreeStages().miss(failing, passing) == pytest.approx(ways)


@pytest.mark.parametrize(("alpha", "gamma"), [(0.0, 0.01), (1e-5, 0.01), (1e-7, 1.0), (float("nan"), 0.01)])
def test_a_rule_with_impossible_rates_is_refused(alpha, gamma):
    with pytest.raises(ValueError, match="must lie"):
        ThreeStages(alpha, gamma)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: plan_proportion(0.0), "p must lie strictly between 0 and 1, got 0.0"),
        (lambda: plan_proportion(float("nan")), "got nan"),
        (lambda: plan_proportion(0.3, power=0.5), "power must lie"),
        (lambda: counted(lambda rng, n: n + 1), "integer in 0.."),
        (lambda: counted(lambda rng, n: 0.5), "integer in 0.."),
    ],
)
def test_bad_proportions_are_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def counted(count):
    return proportion_agrees(np.random.default_rng(0), count, plan=plan_proportion(0.3), scope="coin")


def test_a_coin_of_the_wrong_duty_cycle_turns_red():
    right = counted(lambda rng, n: rng.binomial(n, 0.3))
    assert (right.passed, right.details["target"], right.details["clt_kappa"]) == (True, 0.3, 0.0)
    assert 0 < right.smallest_error <= 0.01
    assert counted(lambda rng, n: rng.binomial(n, 0.303)).passed is False
    assert counted(lambda rng, n: 0).passed is False


def monte_carlo(alpha):
    return {"level": "monte_carlo", "scope": f"alpha {alpha}", "details": {"alpha": alpha}, "controls": [{"name": "x"}]}


def test_the_budget_adds_monte_carlo_checks_only():
    exact = {"level": "exact", "scope": "exact", "details": {}}
    records = [{"checks": [monte_carlo(5e-7), exact]}, {"checks": [monte_carlo(2e-6)]}, {"checks": []}]
    assert alpha_spent(records) == pytest.approx(2.5e-6)
    with pytest.raises(ValueError, match="'alpha None' must record its alpha in details, got None"):
        alpha_spent([{"checks": [monte_carlo(None)]}])
    assert plan_mean({"shift": [0.1]}, [[1.0]], scale=1.0).rule.alpha == 5e-7
