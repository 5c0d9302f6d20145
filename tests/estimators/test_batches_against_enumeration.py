"""Batch formulas against averages over every order of phases and every combination of atoms."""

from fractions import Fraction

import numpy as np
import pytest

from cl_theory.seeds import stream
from cl_theory.theory.chains.phase_order import Alternating, Bernoulli, Stratified, Systematic
from cl_theory.theory.estimators import moments as exact_moments
from cl_theory.theory.estimators.isd import batch_isd_gradient
from cl_theory.theory.estimators.laws import FiniteLaw, exact_covariance, exact_mean, repeated_law

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
    stated = exact_moments.batch_isd_covariance(LAW.moments, order.p_positive, n, order.count_variance(n))
    assert weights.sum() == 1
    assert (exact_mean(weights, rows) == LAW.moments.mean).all()
    assert (exact_covariance(weights, rows) == stated).all()


def test_independent_coins_divide_the_single_covariance_by_n():
    stated = exact_moments.batch_isd_covariance(LAW.moments, THIRD, 5, Bernoulli(THIRD).count_variance(5))
    assert (stated == exact_moments.isd_covariance(LAW.moments, THIRD) / 5).all()


def test_a_fixed_first_phase_biases_an_odd_alternation():
    order = Alternating("positive")
    weights, rows = enumerated_batch(
        order, 3, lambda plus, minus, b: batch_isd_gradient(plus, minus, b, p_positive=order.p_positive)
    )
    centre = exact_moments.isd_centre(LAW.moments, order.p_positive)
    assert (exact_mean(weights, rows) == LAW.moments.mean + Fraction(1, 2) * centre / (3 * Fraction(1, 4))).all()


def test_impossible_batches_are_refused():
    with pytest.raises(ValueError, match="n_phases"):
        exact_moments.batch_isd_covariance(LAW.moments, THIRD, 0, 0)
    with pytest.raises(ValueError, match="count_variance"):
        exact_moments.batch_isd_covariance(LAW.moments, THIRD, 2, -1)
