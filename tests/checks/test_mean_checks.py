"""Hotelling's test: what passes, what turns red, what stays undecided, what is refused."""

import json

import numpy as np
import pytest
from scipy import stats

from cl_theory.learning.models.moments import Moments
from cl_theory.proof.checks.monte_carlo import mean_agrees
from cl_theory.proof.checks.plans import plan_mean
from cl_theory.proof.ledger.record import plain

ROOT = np.array([[1.0, 0.0, 0.0], [0.5, 2.0, 0.0], [0.0, -1.0, 0.7]])
TARGET = np.array([1.0, -2.0, 0.5])
SHIFTS = {"first off": [0.05, 0, 0], "all off": [0.05, 0.05, 0.05]}


def sampler(target=TARGET, factor=1.0):
    def sample(rng, n):
        return Moments.of(target + factor * rng.normal(size=(n, 3)) @ ROOT.T)

    return sample


def planned(**options):
    return plan_mean(SHIFTS, ROOT @ ROOT.T, scale=2.0, **options)


def rng():
    return np.random.default_rng(20)


def test_a_right_sampler_passes_and_its_record_is_json():
    outcome = mean_agrees(rng(), sampler(), TARGET, plan=planned(), scope="gaussian")
    assert outcome.passed is True
    keys = {"n", "alpha", "power", "estimate", "standard_error", "target", "stages", "stage_p_values", "clt_kappa"}
    assert keys | {"draws"} <= set(outcome.details)
    json.dumps(plain(outcome.details), allow_nan=False)
    assert outcome.values == {"target": TARGET.tolist(), "count": 3}
    assert outcome.cost == outcome.details["draws"]


@pytest.mark.parametrize("name", SHIFTS)
def test_a_sampler_and_a_target_with_a_planted_shift_turn_red(name):
    wrong = TARGET + SHIFTS[name]
    assert mean_agrees(rng(), sampler(wrong), TARGET, plan=planned(), scope="broken").passed is False
    assert mean_agrees(rng(), sampler(), wrong, plan=planned(), scope="wrong target").passed is False


def test_the_p_value_is_that_of_hotelling_with_the_sample_covariance():
    outcome = mean_agrees(rng(), sampler(), TARGET, plan=planned(), scope="p")
    n = outcome.details["n"]
    x = TARGET + rng().normal(size=(n, 3)) @ ROOT.T
    off = x.mean(0) - TARGET
    t_squared = n * off @ np.linalg.inv(np.cov(x.T)) @ off
    assert outcome.details["stage_p_values"][0] == pytest.approx(
        stats.f.sf(t_squared * (n - 3) / (3 * (n - 1)), 3, n - 3), rel=1e-6
    )


def test_a_pass_without_the_power_for_a_planted_error_is_inconclusive():
    outcome = mean_agrees(rng(), sampler(factor=3.0), TARGET, plan=planned(), scope="noisy")
    assert outcome.passed is None
    assert "power" in outcome.details["reason"]


def test_the_smallest_error_shrinks_with_the_root_of_the_draws():
    few, many = planned(), planned(least=100 * planned().n)
    assert many.smallest_error == pytest.approx(few.smallest_error / 10, rel=0.02)
    assert few.smallest_error <= 0.05 / 2.0


@pytest.mark.parametrize("shift", [0.3, 5.0, 1e6])
def test_a_gross_planted_error_takes_the_fewest_draws(shift):
    plan = plan_mean({"gross": [shift, shift]}, np.eye(2), scale=1.0)
    assert plan.n == 5000
    assert 0 < plan.smallest_error < 0.2


@pytest.mark.parametrize(
    ("t_values", "passed"), [((3.0, 0.0), True), ((3.0, 3.0, 0.0), True), ((3.0, 3.0, 3.5), False)]
)
def test_a_doubtful_stage_is_settled_on_fresh_draws(t_values, passed):
    left, draws = iter(t_values), []

    def sample(rng, n):
        draws.append(n)
        return Moments(n, np.array([next(left) / np.sqrt(n)]), np.eye(1), np.zeros(1))

    plan = plan_mean({"shift": [0.1]}, [[1.0]], scale=1.0)
    outcome = mean_agrees(rng(), sample, [0.0], plan=plan, scope="doubtful")
    assert (outcome.passed, draws) == (passed, [plan.n, 4 * plan.n, 16 * plan.n][: len(t_values)])
    assert outcome.details["draws"] == sum(draws)


def collinear(rng, n, slip=0.0, noise=0.0):
    x = rng.normal(size=n)
    return Moments.of(np.column_stack([x, 2 * x + 1 + slip + noise * rng.normal(size=n), np.full(n, 5.0)]))


def collinear_plan():
    covariance = np.array([[1.0, 2.0, 0.0], [2.0, 4.0, 0.0], [0.0, 0.0, 0.0]])
    return plan_mean({"x off": [0.1, 0.2, 0.0]}, covariance, scale=1.0)


@pytest.mark.parametrize("broken", [{}, {"slip": 1e-4}, {"noise": 5e-5}])
def test_directions_that_never_vary_are_left_out_of_the_test_and_a_slip_in_them_turns_red(broken):
    plan = collinear_plan()
    assert plan.whitening.rank == 1
    outcome = mean_agrees(rng(), lambda r, n: collinear(r, n, **broken), [0, 1, 5], plan=plan, scope="collinear")
    assert outcome.passed is (not broken)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: plan_mean({}, np.eye(2), scale=1.0), "at least one planted error"),
        (lambda: plan_mean({"none": [0, 0]}, np.eye(2), scale=1.0), "'none' is 0"),
        (lambda: plan_mean({"a": [1, 0, 0]}, np.eye(2), scale=1.0), r"shape \(2,\), got \(3,\)"),
        (lambda: plan_mean({"a": [1, np.nan]}, np.eye(2), scale=1.0), "finite, got .*nan"),
        (lambda: plan_mean({"a": [1, 0]}, np.eye(2), scale=0.0), "scale must be above 0, got 0.0"),
        (lambda: plan_mean({"a": [1, 0]}, [[1, 2], [0, 1]], scale=1.0), "symmetric"),
        (lambda: plan_mean({"a": [1, 0]}, [[1, 2], [2, 1]], scale=1.0), "semidefinite"),
        (lambda: plan_mean({"a": [1, 0]}, np.zeros((2, 2)), scale=1.0), "nothing varies"),
        (lambda: plan_mean({"a": np.ones(33)}, np.eye(33), scale=1.0), "at most 32 coordinates, got 33; test fewer"),
        (lambda: plan_mean({"a": [1, 0]}, np.eye(2), scale=1.0, power=0.99), "power must lie"),
        (lambda: plan_mean({"a": [1, 0]}, np.eye(2), scale=1.0, alpha=0.05), "alpha must lie in"),
        (lambda: mean_agrees(rng(), sampler(), [0, 0], plan=planned(), scope="s"), r"got \(2,\)"),
        (lambda: mean_agrees(rng(), sampler(), [0, 0, np.nan], plan=planned(), scope="s"), "finite"),
        (lambda: mean_agrees(rng(), lambda r, n: sampler()(r, 10), TARGET, plan=planned(), scope="s"), "got n = 10"),
    ],
)
def test_bad_input_is_refused_with_its_value_and_a_remedy(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_a_sampler_that_returns_something_else_is_refused():
    with pytest.raises(TypeError, match="must return Moments, got ndarray"):
        mean_agrees(rng(), lambda r, n: r.normal(size=n), TARGET, plan=planned(), scope="s")
