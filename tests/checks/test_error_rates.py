"""By simulation: false alarms stay within the budget, and each planted 1 % error is caught."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from cl_theory.learning.models.moments import Moments, Population
from cl_theory.proof.checks.monte_carlo import binomial_p_value, mean_agrees
from cl_theory.proof.checks.plans import miss_rate_of_proportion, plan_mean, plan_proportion
from cl_theory.proof.checks.stages import BUDGET, ThreeStages, hotelling_p_value, miss_rate

LOUD = ThreeStages(alpha=1e-2, gamma=0.2)  # a rate that can be counted; the rule is the same at 5e-7
SURE = 1e-6  # each comparison of a count with its law below has at most this probability of a chance failure


def design_rate(rule: ThreeStages) -> float:
    """The rate of false alarms with uniform p-values."""
    return 1 - rule.miss(rule.levels, 3 * (1 - rule.gamma,))


def failures(p_values: Callable[[int, int], np.ndarray], n: int, rule: ThreeStages, runs: int) -> int:
    """How many of `runs` fail; p_values(n, runs) gives that many fresh p-values from n draws each."""
    failed, going = 0, runs
    for draws, level in zip(rule.draws(n), rule.levels, strict=True):
        p = p_values(draws, going)
        failed, going = failed + int((p <= level).sum()), int(((p > level) & (p <= rule.gamma)).sum())
    return failed


def t_squared_p(mean_off: np.ndarray, covariance: np.ndarray, n: int) -> np.ndarray:
    """p-values of many runs at once, (runs, k) and (runs, k, k), without the package's whitening."""
    k = mean_off.shape[1]
    t_squared = n * np.einsum("ri,ri->r", mean_off, np.linalg.solve(covariance, mean_off[..., None])[..., 0])
    return stats.f.sf(t_squared * (n - k) / (k * (n - 1)), k, n - k)


def gaussian(rng: np.random.Generator, k: int, shift: float = 0.0) -> Callable[[int, int], np.ndarray]:
    def p_values(n: int, runs: int) -> np.ndarray:
        off = rng.normal(size=(runs, k)) / np.sqrt(n)
        off[:, 0] += shift
        scatter = stats.wishart(n - 1, np.eye(k)).rvs(runs, random_state=rng).reshape(runs, k, k)
        return t_squared_p(off, scatter / (n - 1), n)

    return p_values


def finite_law(rng: np.random.Generator, law: tuple, goal: np.ndarray) -> Callable[[int, int], np.ndarray]:
    probability, values = law
    k = values.shape[1]
    squares = np.einsum("mi,mj->mij", values - goal, values - goal).reshape(len(values), -1)

    def p_values(n: int, runs: int) -> np.ndarray:
        counts = rng.multinomial(n, probability, size=runs)
        off = counts @ (values - goal) / n
        scatter = (counts @ squares).reshape(-1, k, k) - n * np.einsum("ri,rj->rij", off, off)
        return t_squared_p(off, scatter / (n - 1), n)

    return p_values


def binomial(rng: np.random.Generator, p: float, actual: float) -> Callable[[int, int], np.ndarray]:
    def p_values(n: int, runs: int) -> np.ndarray:
        seen = rng.binomial(n, actual, size=runs)
        return np.minimum(1, 2 * np.minimum(stats.binom.cdf(seen, n, p), stats.binom.sf(seen - 1, n, p)))

    return p_values


def assert_rate(count: int, runs: int, rate: float) -> None:
    law = stats.binom(runs, rate)
    assert law.ppf(SURE / 2) <= count <= law.isf(SURE / 2), (count / runs, rate)


@pytest.mark.parametrize("rule", [LOUD, ThreeStages(alpha=1e-3, gamma=0.1)])
def test_uniform_p_values_fail_at_the_design_rate_below_alpha(rule):
    rng = np.random.default_rng(1)
    runs = 1_000_000
    assert design_rate(rule) < rule.alpha
    assert_rate(failures(lambda n, r: rng.random(r), 1, rule, runs), runs, design_rate(rule))


def test_isd_means_fail_no_more_often_than_alpha(isd):
    runs, law = 200_000, isd.law()
    goal = Population.of(*law).mean
    failed = failures(finite_law(np.random.default_rng(3), law, goal), 50_000, LOUD, runs)
    assert failed <= stats.binom(runs, LOUD.alpha).isf(SURE)


def test_exact_binomial_tests_fail_no_more_often_than_alpha():
    assert 0.5 * LOUD.alpha < 1 - miss_rate_of_proportion(0.3, 0.3, 5000, LOUD) <= LOUD.alpha


def test_the_check_itself_fails_at_the_design_rate(isd):
    rng = np.random.default_rng(6)
    probability, values = isd.law()
    law = Population.of(probability, values)
    plan = plan_mean({"all": 0.05 * law.mean}, law.covariance, skewness=law.skewness, scale=1.0)
    plan = replace(plan, rule=LOUD)
    failed = 0
    for _ in range(2000):
        outcome = mean_agrees(rng, lambda r, n: counted(r, n, probability, values), law.mean, plan=plan, scope="s")
        failed += outcome.passed is not True
    assert_rate(failed, 2000, design_rate(LOUD))


def test_a_run_of_a_hundred_statistics_stays_within_the_budget():
    # Union bound: the design rate of each, and the 3 % that the CLT gate allows at most.
    assert 100 * design_rate(ThreeStages()) * np.cosh(0.25) < BUDGET


def counted(rng: np.random.Generator, n: int, probability: np.ndarray, values: np.ndarray) -> Moments:
    return Moments.of_counts(rng.multinomial(n, probability), values)


def isd_plan(isd, **options):
    law = Population.of(*isd.law())
    shifts = {name: Population.of(*isd.law(name)).mean - law.mean for name in isd.ERRORS}
    return plan_mean(shifts, law.covariance, skewness=law.skewness, scale=np.abs(law.mean).max(), **options), law


@pytest.mark.parametrize("planted", ["weight 1/b", "weight 1/(1-b)", "scale", "coin", "b consistently"])
def test_each_planted_error_of_one_percent_is_caught_with_power_above_0_999(isd, planted):
    plan, law = isd_plan(isd)
    runs, broken, shift = 20_000, isd.law(planted), plan.shifts[planted]
    missed = runs - failures(finite_law(np.random.default_rng(7), broken, law.mean), plan.n, plan.rule, runs)
    assert stats.beta.isf(0.999, runs - missed, missed + 1) > 0.999  # Clopper-Pearson, 99.9 % sure
    assert miss_rate(float(shift @ np.linalg.solve(law.covariance, shift)), plan.n, 3, plan.rule) <= 1e-6
    rng = np.random.default_rng(8)
    for _ in range(50):
        assert mean_agrees(rng, lambda r, n: counted(r, n, *broken), law.mean, plan=plan, scope="s").passed is False


@pytest.mark.parametrize("k", [1, 4])
def test_the_computed_miss_rate_is_that_of_simulated_gaussian_runs(k):
    rule, n, shift = ThreeStages(), 5000, 5.4 / np.sqrt(5000)
    runs = 200_000
    missed = runs - failures(gaussian(np.random.default_rng(9), k, shift), n, rule, runs)
    assert_rate(missed, runs, miss_rate(shift**2, n, k, rule))


@pytest.mark.parametrize("b", [0.05, 0.3, 0.5, 0.9])
def test_a_coin_off_by_one_percent_is_missed_once_in_a_million(b):
    plan = plan_proportion(b)
    assert all(miss_rate_of_proportion(b, coin, plan.n, plan.rule) <= 1e-6 for coin in (1.01 * b, 0.99 * b))
    assert miss_rate_of_proportion(b, 1.01 * b, plan.n // 2, plan.rule) > 1e-6


def test_the_computed_miss_rate_of_a_proportion_is_that_of_simulated_runs():
    rule, n, runs = ThreeStages(), 20_000, 200_000
    missed = runs - failures(binomial(np.random.default_rng(11), 0.3, 0.3175), n, rule, runs)
    assert_rate(missed, runs, miss_rate_of_proportion(0.3, 0.3175, n, rule))


def test_half_the_draws_would_miss_planted_errors_more_often_than_planned(isd):
    plan, law = isd_plan(isd)
    per_draw = min(float(s @ np.linalg.solve(law.covariance, s)) for s in plan.shifts.values())
    assert miss_rate(per_draw, plan.n, 3, plan.rule) <= 1e-6 < miss_rate(per_draw, int(0.98 * plan.n), 3, plan.rule)
    assert miss_rate(per_draw, plan.n // 2, 3, plan.rule) > 1e-3


def test_p_values_agree_with_scipy():
    assert hotelling_p_value(3.0**2, 5000, 1) == pytest.approx(2 * stats.t.sf(3.0, 4999), rel=1e-9)
    for seen in (0, 1, 5, 9, 10):
        less, more = (stats.binomtest(seen, 10, 0.4, alternative=side).pvalue for side in ("less", "greater"))
        assert binomial_p_value(seen, 10, 0.4) == pytest.approx(min(1, 2 * less, 2 * more), rel=1e-12)
