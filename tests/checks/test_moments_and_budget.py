"""Moments of draws, exact moments of finite laws, the three-stage rule's arithmetic, and the run's budget."""

import json
from fractions import Fraction

import numpy as np
import pytest
from scipy import stats

from cl_theory.learning.models.moments import DiagonalMoments, Moments, Population
from cl_theory.proof.checks.monte_carlo import plan_proportion, proportion_agrees
from cl_theory.proof.checks.outcome import Outcome
from cl_theory.proof.checks.plans import plan_mean
from cl_theory.proof.checks.stages import ThreeStages, alpha_spent
from cl_theory.proof.ledger.record import plain


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
    diagonal = DiagonalMoments.of(draws())
    np.testing.assert_allclose(diagonal.variance, draws().var(0, ddof=1), rtol=1e-12)
    np.testing.assert_allclose(diagonal.skewness, moments.skewness, rtol=1e-12)


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


def test_a_constant_has_no_skewness():
    assert Moments.of(np.full((10, 1), 0.1)).skewness == 0.0


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
        (lambda: DiagonalMoments(10, np.zeros(2), -np.ones(2)), "not be negative"),
        (lambda: DiagonalMoments(10, np.zeros(2), np.ones(3)), r"\(d,\) each"),
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
        (lambda: plan_proportion(0.3, {}), "relative_errors must name"),
        (lambda: plan_proportion(0.3, {"none": 0.0}), "other than 0"),
        (lambda: plan_proportion(0.3, power=0.5), "power must lie"),
        (lambda: counted(lambda rng, n: n + 1), "integer in 0.."),
        (lambda: counted(lambda rng, n: 0.5), "integer in 0.."),
        (lambda: counted(lambda rng, n: n, p=0.4), "the plan is for p = 0.3, got 0.4"),
    ],
)
def test_bad_proportions_are_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def counted(count, p=0.3):
    return proportion_agrees(np.random.default_rng(0), count, p, plan=plan_proportion(0.3), scope="coin")


def test_a_coin_of_the_wrong_duty_cycle_turns_red():
    assert counted(lambda rng, n: rng.binomial(n, 0.3)).passed is True
    assert counted(lambda rng, n: rng.binomial(n, 0.303)).passed is False
    assert counted(lambda rng, n: 0).passed is False


def test_a_rational_proportion_is_recorded_as_one():
    plan = plan_proportion(Fraction(3, 10))
    outcome = proportion_agrees(
        np.random.default_rng(1), lambda rng, n: rng.binomial(n, 0.3), Fraction(3, 10), plan=plan, scope="coin"
    )
    assert json.loads(json.dumps(plain(outcome.values))) == {"target": "3/10"}
    json.dumps(plain(outcome.details), allow_nan=False)
    assert 0 < outcome.smallest_error <= 0.01


def monte_carlo(alpha):
    return Outcome("monte_carlo", f"alpha {alpha}", True, {}, 0.01, details={"alpha": alpha})


def test_the_budget_adds_monte_carlo_checks_only():
    exact = Outcome("exact", "exact", True, {}, 0.0)
    recorded = {"level": "monte_carlo", "scope": "r", "details": {"alpha": 2e-6}, "controls": [{"name": "x"}]}
    record = {"claim": "c", "checks": [recorded, recorded]}
    assert alpha_spent([monte_carlo(5e-7), exact, recorded, record]) == pytest.approx(5e-7 + 3 * 2e-6)
    assert alpha_spent([]) == 0


def test_the_default_plan_charges_the_default_alpha():
    assert plan_mean({"shift": [0.1]}, [[1.0]], scale=1.0).alpha == 5e-7
