"""Intervals of effects over seeds: their values, and how often all of them hold at once."""

import math

import numpy as np
import pytest
from scipy import stats

from cl_theory.proof.checks.comparisons import (
    CONFIDENCE,
    FAMILY,
    FAMILY_WISE_ERROR,
    WIDEST_LOG_RATIO,
    difference,
    log_ratio_of_spreads,
    mean,
    paired_difference,
    power_of_difference,
)

RNG = np.random.default_rng(20230723)
A, B = RNG.normal(1.0, 2.0, 24), RNG.normal(0.5, 0.7, 20)


def at_most(trials, rate):
    """A count that a rate of at most `rate` exceeds once in a million simulations."""
    return stats.binom.ppf(1 - 1e-6, trials, rate)


def test_the_family_shares_its_error_evenly():
    assert pytest.approx(FAMILY_WISE_ERROR) == FAMILY * (1 - CONFIDENCE)


@pytest.mark.parametrize(
    ("effect", "peer"),
    [
        (difference(A, B), stats.ttest_ind(A, B, equal_var=False)),
        (paired_difference(A[:20], B), stats.ttest_rel(A[:20], B)),
        (mean(A), stats.ttest_1samp(A, 0.0)),
    ],
    ids=["difference", "paired difference", "mean"],
)
def test_intervals_of_means_are_those_of_scipy(effect, peer):
    expected = peer.confidence_interval(CONFIDENCE)
    assert (effect.low, effect.high) == pytest.approx((expected.low, expected.high), rel=1e-10)
    assert effect.estimate == pytest.approx((expected.low + expected.high) / 2, rel=1e-10)


def test_at_the_ends_of_a_ratio_of_spreads_brown_and_forsythes_test_is_on_its_threshold():
    effect = log_ratio_of_spreads(A, B)
    for end in (effect.low, effect.high):
        distances = [np.abs(x - np.median(x)) * math.sqrt(x.size / (x.size - 1)) for x in (A, B * math.exp(end))]
        p_value = stats.ttest_ind(*distances, equal_var=False).pvalue
        assert p_value == pytest.approx(1 - CONFIDENCE, rel=1e-6)
    assert effect.low < math.log(2.0 / 0.7) < effect.high


def test_a_ratio_of_spreads_does_not_depend_on_the_unit_and_turns_with_its_arms():
    effect, scaled = log_ratio_of_spreads(A, B), log_ratio_of_spreads(5 - 3 * A, 7 + 3 * B)
    turned = log_ratio_of_spreads(B, A)
    assert (scaled.low, scaled.high) == pytest.approx((effect.low, effect.high), rel=1e-9)
    assert (-turned.high, -turned.low) == pytest.approx((effect.low, effect.high), rel=1e-9)


def test_a_side_that_the_seeds_do_not_bound_reaches_as_far_as_a_ratio_can():
    effect = log_ratio_of_spreads(A, [0.0] * 19 + [9.0])
    assert effect.high == effect.estimate + WIDEST_LOG_RATIO
    assert effect.estimate - WIDEST_LOG_RATIO < effect.low < effect.estimate


def test_hedges_g_is_the_standard_difference_without_the_bias_of_few_seeds():
    rng = np.random.default_rng(1)
    sizes = [difference(rng.normal(0.8, 1, 6), rng.normal(0, 1, 6)).hedges_g for _ in range(4000)]
    error = np.std(sizes) / math.sqrt(len(sizes))
    assert abs(np.mean(sizes) - 0.8) < 5 * error
    assert abs(np.mean(sizes) / 0.923 - 0.8) > 5 * error  # what it would be with the bias of 10 degrees of freedom


def test_a_pairing_shortens_the_interval_and_leaves_the_standard_size():
    seed_effect = RNG.normal(0, 3, 20)
    a, b = seed_effect + RNG.normal(1, 0.1, 20), seed_effect + RNG.normal(0, 0.1, 20)
    paired, free = paired_difference(a, b), difference(a, b)
    assert paired.reach < free.reach / 5
    assert paired.hedges_g == pytest.approx(free.hedges_g, rel=0.05)


@pytest.mark.parametrize("draw", ["standard_normal", "standard_exponential"])
def test_intervals_of_a_ratio_of_spreads_hold_for_data_that_are_not_normal(draw):
    rng, trials, missed = np.random.default_rng(3), 3000, 0
    for _ in range(trials):
        a, b = getattr(rng, draw)(20), getattr(rng, draw)(20)
        effect = log_ratio_of_spreads(a, b, 0.95)
        missed += not effect.low < 0.0 < effect.high
    assert 0.02 * trials < missed <= at_most(trials, 0.05)


def test_the_simulation_tells_a_ratio_of_variances_that_takes_the_data_for_normal():
    data = np.random.default_rng(3).standard_exponential((3000, 2, 20)).var(axis=2, ddof=1)
    ratio = data[:, 0] / data[:, 1]
    missed = (np.abs(np.log(ratio)) > np.log(stats.f.ppf(0.975, 19, 19))).sum()
    assert missed > at_most(3000, 0.05)


@pytest.mark.parametrize("distance", [1.0, 1.5, 2.0])
def test_the_planned_power_is_the_share_of_intervals_beyond_the_margin(distance):
    rng, trials = np.random.default_rng(11), 2000
    beyond = sum(difference(rng.normal(distance, 1, 20), rng.normal(0, 1, 20)).low > 0 for _ in range(trials))
    power = power_of_difference(distance, 20)
    assert abs(beyond / trials - power) < 5 * math.sqrt(power * (1 - power) / trials)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: difference([1.0, 2.0], B), r"a must hold one value a seed, of at least 5 seeds, got shape \(2,\)"),
        (lambda: difference(A, [[1.0] * 6]), r"b must hold one value a seed, .* got shape \(1, 6\)"),
        (lambda: difference(A, [float("nan")] * 6), "b must be finite"),
        (lambda: paired_difference(A, B), "must have the same seeds, got 24 and 20"),
        (lambda: difference([1.0] * 6, [2.0] * 6), "no value depends on its seed"),
        (lambda: paired_difference([1.0] * 6, [1.0] * 6), "no value depends on its seed"),
        (lambda: log_ratio_of_spreads(A, [2.0] * 6), "no spread to compare"),
    ],
)
def test_data_that_allow_no_interval_are_refused_with_the_remedy(make, message):
    with pytest.raises(ValueError, match=message):
        make()
