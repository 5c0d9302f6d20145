"""Covariances by listing, against sums by hand."""

import numpy as np
import pytest

from cl_theory.proof.systems.isd_systems import (
    listed_two_term_covariance,
    petersburg_law,
    petersburg_second_moment,
    three_couplings,
)
from cl_theory.theory.arithmetic import exact_array
from cl_theory.theory.estimators.laws import FiniteLaw

ONE_ATOM = FiniteLaw(exact_array([1]), exact_array([[3]]), exact_array([[1]]))


def test_two_terms_of_constant_gradients_do_not_vary() -> None:
    assert listed_two_term_covariance(ONE_ATOM).tolist() == [[0]]


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
