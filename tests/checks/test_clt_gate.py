"""The true tails of skewed laws, computed exactly, under the CLT gate and without it."""

import math

import numpy as np
import pytest
from scipy import stats

from cl_theory.learning.models.moments import Moments
from cl_theory.proof.checks.monte_carlo import mean_agrees
from cl_theory.proof.checks.normality import CLT_LIMIT, clt_kappa, draws_for_clt
from cl_theory.proof.checks.plans import plan_mean
from cl_theory.proof.checks.stages import ThreeStages


def tails(b: float, n: int) -> tuple[np.ndarray, np.ndarray]:
    """Probability and t-test p-value of each count of n coins of bias b: the whole law, no simulation."""
    counts = np.arange(max(1, stats.binom.ppf(1e-15, n, b)), min(n - 1, stats.binom.isf(1e-15, n, b)) + 1)
    mean = counts / n
    t = (mean - b) / np.sqrt(mean * (1 - mean) / (n - 1))
    return stats.binom.pmf(counts, n, b), 2 * stats.t.sf(np.abs(t), n - 1)


def size(b: float, n: int, level: float) -> float:
    """Exact size of the t-test, averaged over neighbouring n since the law is a lattice."""
    return float(np.mean([pmf[p <= level].sum() for pmf, p in (tails(b, n + i) for i in range(12))]))


def skewness(b: float) -> np.ndarray:
    return np.array([(1 - 2 * b) / math.sqrt(b * (1 - b))])


@pytest.mark.parametrize("b", [0.05, 0.1, 0.2, 0.3])
@pytest.mark.parametrize("kappa", [0.25, 0.5])
def test_the_exact_size_of_a_skewed_t_test_is_cosh_kappa_times_its_level(b, kappa):
    level = ThreeStages().levels[0]
    n = math.ceil((clt_kappa(skewness(b), 1, level) / kappa) ** 2)
    assert size(b, n, level) / level == pytest.approx(math.cosh(kappa), rel=0.03)


@pytest.mark.parametrize("b", [0.05, 0.2, 0.9])
def test_the_three_stages_keep_their_rate_under_the_gate_exactly(b):
    rule = ThreeStages()
    n = math.ceil(draws_for_clt(skewness(b), rule.levels[0]))
    failed, going = 0.0, 1.0
    for draws, level in zip(rule.draws(n), rule.levels, strict=True):
        pmf, p = tails(b, draws)
        failed += going * pmf[p <= level].sum()
        going *= pmf[(p > level) & (p <= rule.gamma)].sum()
    assert failed == pytest.approx(rule.alpha, rel=0.03)


def test_without_the_gate_a_rare_phase_makes_the_test_many_times_too_loose():
    assert size(0.05, 1000, 1e-5) > 15 * 1e-5
    assert clt_kappa(skewness(0.05), 1000, 1e-5) > CLT_LIMIT


@pytest.mark.parametrize("k", [2, 6])
def test_the_gate_of_the_most_skewed_coordinate_holds_for_hotelling(k):
    rng, level, runs = np.random.default_rng(k), 1e-3, 200_000
    law = np.append(np.full(k, 0.1 / k), 0.9)  # k rare events that exclude each other
    each = 0.1 / k
    n = math.ceil((clt_kappa(skewness(each), 1, level) / CLT_LIMIT) ** 2)
    seen = rng.multinomial(n, law, size=runs)[:, :k] / n
    rest = 1 - seen.sum(1)  # Sherman-Morrison for diag(m) - m m'
    off = seen - each
    t_squared = (n - 1) * ((off**2 / seen).sum(1) + off.sum(1) ** 2 / rest)
    failed = (stats.f.sf(t_squared * (n - k) / (k * (n - 1)), k, n - k) <= level).sum()
    assert failed <= stats.binom(runs, 1.05 * level).isf(1e-4)
    assert failed >= stats.binom(runs, level).ppf(1e-4)


def test_a_plan_takes_more_draws_for_a_skewed_statistic():
    plain = plan_mean({"shift": [0.5]}, [[1.0]], scale=1.0)
    skewed = plan_mean({"shift": [0.5]}, [[1.0]], scale=1.0, skewness=[5.0])
    assert skewed.n > 100 * plain.n / 2
    assert clt_kappa(np.array([5.0]), skewed.n, skewed.rule.levels[0]) <= 0.2


@pytest.mark.parametrize(("kappa", "passed"), [(0.24, True), (0.26, None)])
def test_a_mean_too_skewed_for_its_draws_is_inconclusive(kappa, passed):
    plan = plan_mean({"shift": [0.1]}, [[1.0]], scale=1.0)
    skew = np.array([kappa / clt_kappa(np.ones(1), plan.n, plan.rule.levels[0])])
    outcome = mean_agrees(
        np.random.default_rng(1), lambda r, n: Moments(n, np.zeros(1), np.eye(1), skew), [0.0], plan=plan, scope="s"
    )
    assert outcome.passed is passed
    assert outcome.details["clt_kappa"] == pytest.approx(kappa)
    assert outcome.details.get("reason", "").startswith("CLT gate") is (passed is None)
