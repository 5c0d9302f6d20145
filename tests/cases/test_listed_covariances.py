"""Covariances by listing, against sums by hand."""

from fractions import Fraction

import numpy as np
import pytest

from cl_theory.cases.listed_covariances import (
    ListedCases,
    listed_isd_covariance,
    listed_two_term_covariance,
    petersburg_law,
    petersburg_second_moment,
    three_couplings,
)
from cl_theory.estimators import theory
from cl_theory.laws import FiniteLaw, equality_law, exact_array

ONE_ATOM = FiniteLaw(exact_array([1]), exact_array([[3]]), exact_array([[1]]))


def test_constant_gradients_by_hand() -> None:
    # Z is 3/b = 9 with chance 1/3, else -1/(2/3) = -3/2: mean 2, variance (1/3) 49 + (2/3) 49/4 = 49/2.
    assert listed_isd_covariance(ONE_ATOM, Fraction(1, 3)).tolist() == [[Fraction(49, 2)]]
    assert listed_two_term_covariance(ONE_ATOM).tolist() == [[0]]


def test_weights_that_believe_in_another_coin_change_it() -> None:
    believed = listed_isd_covariance(ONE_ATOM, Fraction(1, 3), Fraction(1, 2))
    assert believed.tolist() == [[Fraction(2, 9) * (6 + 2) ** 2]]


def test_couplings_share_their_marginals() -> None:
    law = FiniteLaw.random(np.random.default_rng(0), 4, 2)
    first, *others = (coupling.moments for coupling in three_couplings(law))
    for other in others:
        assert other.mean_negative.tolist() == first.mean_negative.tolist()
        assert other.second_negative.tolist() == first.second_negative.tolist()
        assert other.second_positive.tolist() == first.second_positive.tolist()
        assert other.cross.tolist() != first.cross.tolist()


@pytest.mark.parametrize("levels", [1, 2, 7])
def test_the_second_moment_of_the_petersburg_law_is_its_closed_form(levels: int) -> None:
    moments = petersburg_law(levels).moments
    assert moments.m_positive == petersburg_second_moment(levels)
    assert moments.mean_positive.tolist() == [0]


def test_cases_line_up_listing_formula_and_price() -> None:
    third = Fraction(1, 3)
    flat = equality_law(exact_array(["1/2", "1/2"]), exact_array([[1], [4]]), third)
    cases = ListedCases([(ONE_ATOM, third), (flat, third)])
    assert cases.isd().tolist() == cases.by_formula(theory.isd_covariance).tolist()
    assert cases.prices() == [Fraction(49, 2), 0]
    assert cases.shares() == [1, 0]
    assert cases.at_another_b(2).prices()[1] > 0
    assert cases.at_another_b(2).shares() == [1, 1]
    assert cases.isd(belief=Fraction(3, 2))[0] == Fraction(2, 9) * (6 + 2) ** 2
    assert cases.two_term().tolist() == [0, Fraction(9, 4)]
