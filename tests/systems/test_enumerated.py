"""Listing every order, coin and atom gives the theory's moments, and planted errors show."""

from fractions import Fraction

import numpy as np
import pytest

from cl_theory.learning.models.rational_rbm import RationalRBM
from cl_theory.proof.systems.isd_systems import (
    ONE_OFF,
    enumerated_batch,
    enumerated_isd,
    enumerated_ratio,
    enumerated_trace,
    exact_cases,
    two_values,
)
from cl_theory.theory.chains.phase_order import Alternating, Bernoulli, Stratified, Systematic
from cl_theory.theory.estimators import moments as exact_moments
from cl_theory.theory.estimators.laws import FiniteLaw, independent_law


@pytest.fixture(scope="module")
def law() -> FiniteLaw:
    return exact_cases("a test", 1)[0]


def test_enumerated_isd_is_the_formula_and_sees_planted_errors(law: FiniteLaw) -> None:
    b, c = Fraction(2, 7), np.array([Fraction(k) for k in (1, -2, 0)])
    mean, covariance = enumerated_isd(law, b, baseline=c)
    assert (mean == law.moments.mean).all()
    assert (covariance == exact_moments.centred_isd_covariance(law.moments, b, c)).all()
    assert enumerated_trace(law, b) == exact_moments.isd_trace(law.moments, b)
    assert enumerated_trace(law, b, weight=ONE_OFF) != exact_moments.isd_trace(law.moments, b)
    assert (enumerated_isd(law, b, coin=Fraction(1, 2))[0] != law.moments.mean).any()


@pytest.mark.parametrize(
    "design", [Bernoulli(Fraction(1, 3)), Stratified(Fraction(2, 5)), Systematic(Fraction(2, 5)), Alternating()]
)
def test_enumerated_batches_follow_their_design(design: Bernoulli) -> None:
    law = independent_law(*two_values(1, 2), *two_values(-1, 3))
    mean, covariance = enumerated_batch(law, design, 3)
    assert (mean == law.moments.mean).all()
    expected = exact_moments.batch_isd_covariance(law.moments, design.p_positive, 3, design.count_variance(3))
    assert (covariance == expected).all()
    assert (enumerated_batch(law, design, 3, weight=ONE_OFF)[1] != expected).all()


def test_enumerated_ratio_stays_exact_on_integer_gradients() -> None:
    rbm = RationalRBM(np.array([[3]]), np.array([2]), np.array(["1/2"]))
    law = rbm.finite_law(np.array([[0.0], [1.0]]))  # gradients are Python integers
    mean, covariance = enumerated_ratio(law, Fraction(1, 3), 2)
    assert (mean == law.moments.mean).all()
    assert (covariance == law.moments.covariance_positive + law.moments.covariance_negative).all()  # N = 1
