"""Batch formulas against averages over every order of phases and every combination of atoms."""

from fractions import Fraction

import numpy as np
import pytest

from cl_theory.estimators import batch_isd_gradient, ratio_isd_gradient, theory
from cl_theory.laws import FiniteLaw, exact_covariance, exact_mean, repeated_law
from cl_theory.phases import Alternating, Bernoulli, Stratified, Systematic
from cl_theory.seeds import stream

LAW = FiniteLaw.random(stream(20230723, "tests", "batches"), n_atoms=2, dimension=2)
THIRD = Fraction(1, 3)
DESIGNS = [
    (Bernoulli(THIRD), 3),
    (Stratified(THIRD), 3),
    (Stratified(THIRD), 4),
    (Systematic(THIRD), 3),
    (Systematic(Fraction(2, 5)), 4),
    (Alternating(), 4),
    (Alternating(), 3),
    (Alternating("positive"), 4),
]


def enumerated_batch(order, n, estimator):
    probability, plus, minus = repeated_law(LAW, n)
    weights, rows = [], []
    for chance, indicators in order.enumerate(n):
        weights.append(chance * probability)
        rows.append(estimator(plus, minus, indicators))
    return np.concatenate(weights), np.concatenate(rows)


@pytest.mark.parametrize(("order", "n"), DESIGNS, ids=str)
def test_each_design_is_unbiased_with_the_stated_covariance(order, n):
    weights, rows = enumerated_batch(
        order, n, lambda plus, minus, b: batch_isd_gradient(plus, minus, b, p_positive=order.p_positive)
    )
    stated = theory.batch_isd_covariance(LAW.moments, order.p_positive, n, order.count_variance(n))
    assert weights.sum() == 1
    assert (exact_mean(weights, rows) == LAW.moments.mean).all()
    assert (exact_covariance(weights, rows) == stated).all()


def test_independent_coins_divide_the_single_covariance_by_n():
    stated = theory.batch_isd_covariance(LAW.moments, THIRD, 5, Bernoulli(THIRD).count_variance(5))
    assert (stated == theory.isd_covariance(LAW.moments, THIRD) / 5).all()


def test_a_fixed_first_phase_biases_an_odd_alternation():
    order = Alternating("positive")
    weights, rows = enumerated_batch(
        order, 3, lambda plus, minus, b: batch_isd_gradient(plus, minus, b, p_positive=order.p_positive)
    )
    centre = theory.isd_centre(LAW.moments, order.p_positive)
    assert (exact_mean(weights, rows) == LAW.moments.mean + Fraction(1, 2) * centre / (3 * Fraction(1, 4))).all()


def test_the_estimated_share_has_the_stated_covariance_where_it_is_defined():
    probability, plus, minus = repeated_law(LAW, 3)
    kept = [(p, b) for p, b in Bernoulli(THIRD).enumerate(3) if 0 < b.sum() < 3]
    missing = 1 - sum(p for p, _ in kept)
    weights = np.concatenate([p * probability for p, _ in kept]) / (1 - missing)
    rows = np.concatenate([ratio_isd_gradient(plus, minus, b) for _, b in kept])
    assert missing == theory.undefined_ratio_probability(THIRD, 3)
    assert (exact_mean(weights, rows) == LAW.moments.mean).all()
    assert (exact_covariance(weights, rows) == theory.ratio_isd_covariance(LAW.moments, THIRD, 3)).all()


def test_a_missing_mean_set_to_zero_biases_by_the_stated_amount():
    n, moments = 3, LAW.moments
    plus, minus = moments.mean_positive, moments.mean_negative
    mean = sum(p * ((k > 0) * plus - (k < n) * minus) for k, p in enumerate(theory.count_probabilities(THIRD, n)))
    assert (theory.ratio_isd_mean_with_zero(moments, THIRD, n) == mean).all()
    assert (mean != moments.mean).any()


def test_impossible_batches_are_refused():
    with pytest.raises(ValueError, match="n_phases"):
        theory.batch_isd_covariance(LAW.moments, THIRD, 0, 0)
    with pytest.raises(ValueError, match="count_variance"):
        theory.batch_isd_covariance(LAW.moments, THIRD, 2, -1)
    with pytest.raises(ValueError, match="at least 2"):
        theory.ratio_isd_covariance(LAW.moments, THIRD, 1)
