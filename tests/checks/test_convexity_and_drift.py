"""Convexity in b on a grid, and kernels that must leave their law alone."""

from fractions import Fraction as F

import numpy as np
import pytest

from cl_theory.checks import (
    Moments,
    convexity_fit,
    draws_for_drift,
    equal_exactly,
    mean_agrees,
    no_drift,
    plan_mean,
    second_difference,
    total_variation_floor,
)

B_GRID = np.linspace(0.2, 0.8, 7)


def variance(b):
    return 2.0 / b + 3.0 / (1 - b) - 1.0


def test_the_fit_finds_the_coefficients_of_the_variance():
    fit = convexity_fit(B_GRID, variance(B_GRID))
    assert (fit.positive, fit.negative, fit.constant) == pytest.approx((2, 3, -1))
    assert fit.largest_residual < 1e-12 * fit.scale
    assert fit(0.37) == pytest.approx(variance(0.37))


def test_the_fit_leaves_a_residual_on_another_law():
    fit = convexity_fit(B_GRID, variance(B_GRID) + 0.01 / B_GRID**2)
    assert fit.largest_residual > 1e-5 * fit.scale


def test_second_differences_are_exact_on_rationals():
    grid = np.array([F(1, 5), F(1, 3), F(1, 2), F(9, 10)])
    assert equal_exactly(second_difference(grid, grid**2), [2, 2], scope="parabola").passed is True
    assert equal_exactly(second_difference(grid, grid**2 * F(101, 100)), [2, 2], scope="1 % off").passed is False
    assert (second_difference(grid, 1 / grid) > 0).all()


def test_second_differences_of_draws_with_common_random_numbers_have_the_exact_mean():
    plus, minus = np.array([1.0, 2.0]), np.array([-1.0, 0.5])  # g+ and g-, even chances each

    def sample(rng, n, factor=1.0):
        coin = rng.random((n, 1)) < B_GRID
        g_plus, g_minus = plus[rng.integers(2, size=(n, 1))], minus[rng.integers(2, size=(n, 1))]
        z = np.where(coin, factor * g_plus / B_GRID, -g_minus / (1 - B_GRID))
        return Moments.of(second_difference(B_GRID, z**2))

    target = second_difference(B_GRID, (plus**2).mean() / B_GRID + (minus**2).mean() / (1 - B_GRID))
    pilot = sample(np.random.default_rng(1), 20_000)
    shifts = {"1/b off by 10 %": 0.21 * second_difference(B_GRID, (plus**2).mean() / B_GRID)}
    plan = plan_mean(shifts, pilot.covariance, skewness=pilot.skewness, scale=target)
    rng = np.random.default_rng(2)
    assert mean_agrees(rng, sample, target, plan=plan, scope="curvature").passed is True
    broken = mean_agrees(rng, lambda r, n: sample(r, n, 1.1), target, plan=plan, scope="planted")
    assert broken.passed is False


LAW = np.array([0.1, 0.2, 0.3, 0.4])


def draw(rng, n):
    return rng.choice(4, size=n, p=LAW)


def metropolis(rng, states):
    proposal = rng.integers(4, size=states.shape)
    accepted = rng.random(states.shape) < LAW[proposal] / LAW[states]
    return np.where(accepted, proposal, states)


def drifted(kernel, n=20_000, **options):
    return no_drift(np.random.default_rng(3), draw, kernel, LAW, n=n, scope="kernel", **options)


def test_a_right_kernel_stays_near_the_floor():
    outcome = drifted(metropolis)
    assert outcome.passed is True
    assert max(outcome.details["ratio"]) < 2.5
    assert outcome.smallest_error < 0.06


def test_a_kernel_that_halves_a_probability_turns_red():
    def forgetful(rng, states):
        moved = metropolis(rng, states)
        return np.where((moved == 3) & (rng.random(states.shape) < 0.5), states, moved)

    outcome = drifted(forgetful)
    assert outcome.passed is False
    assert max(outcome.details["ratio"]) > 5


def test_rows_of_units_are_read_as_bits():
    def units(rng, n):
        return np.repeat(rng.random((n, 1)) < 0.6, 2, axis=1).astype(float)

    law = np.array([0.4, 0.0, 0.0, 0.6])  # both units off, or both on
    outcome = no_drift(np.random.default_rng(1), units, lambda r, s: s, law, n=5000, scope="bits")
    assert outcome.passed is True
    flipped = no_drift(np.random.default_rng(1), units, lambda r, s: 1 - s, law, n=5000, scope="flip")
    assert flipped.passed is False


def test_the_floor_is_the_mean_distance_of_multinomial_histograms():
    counts = np.random.default_rng(4).multinomial(50, LAW, size=200_000)
    simulated = np.abs(counts / 50 - LAW).sum(1).mean() / 2
    assert total_variation_floor(LAW, 50) == pytest.approx(simulated, rel=0.01)


def test_too_few_draws_are_inconclusive_and_planned_ones_are_enough():
    assert drifted(lambda rng, states: states, n=30).passed is None
    n = draws_for_drift(LAW, 0.05)
    assert drifted(metropolis, n=n).smallest_error <= 0.05


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: second_difference([0.5, 0.4, 0.6], [1, 2, 3]), "increase inside"),
        (lambda: second_difference([0.0, 0.4, 0.6], [1, 2, 3]), "increase inside"),
        (lambda: second_difference([0.2, 0.4, 0.6], [1, 2]), "must match b_grid"),
        (lambda: convexity_fit([0.2, 0.4, 0.6], [1, 2, 3]), "at least 4"),
        (lambda: convexity_fit(B_GRID, np.full(7, np.nan)), "finite"),
        (lambda: drifted(lambda rng, states: states + 7), "integers in 0..3"),
        (lambda: drifted(lambda rng, states: states[:5]), r"got shape \(5,\)"),
        (lambda: no_drift(None, draw, metropolis, [0.5, 0.4], n=10, scope="s"), "sum to one"),
        (lambda: draws_for_drift(LAW, 0.0), "distance must be"),
    ],
)
def test_bad_grids_and_kernels_are_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()
