"""Slopes of the loss, by polynomials and by finite differences, against the difference of phase means."""

from fractions import Fraction

import numpy as np
import pytest

from cl_theory.learning.models.rational_rbm import RationalRBM, loss_slopes_by_calculus
from cl_theory.learning.models.rbm import RBM, loss_slope, rbm_phase_means
from cl_theory.learning.models.states import all_states


@pytest.mark.parametrize(("n_visible", "n_hidden"), [(2, 1), (2, 2)])
def test_calculus_gives_the_difference_of_phase_means(n_visible: int, n_hidden: int) -> None:
    rbm = RationalRBM.random(np.random.default_rng(1), n_visible, n_hidden)
    data = all_states(n_visible)[[1, 1, 2]]
    assert loss_slopes_by_calculus(rbm, data) == rbm.phase_moments(data).mean.tolist()


def test_one_unit_by_hand() -> None:
    rbm = RationalRBM([[1]], [3], [1])  # v is on with probability 3/4, whatever h does
    slope = loss_slopes_by_calculus(rbm, np.array([[1.0]]))
    assert slope == [Fraction(-1, 8), Fraction(-1, 4), Fraction(0)]


def test_finite_differences_give_the_slope() -> None:
    rbm = RBM.random(np.random.default_rng(4), 4, 3)
    data, direction = all_states(4)[::5], np.random.default_rng(5).standard_normal(rbm.n_parameters)
    positive, negative = rbm_phase_means(rbm, data)
    assert loss_slope(rbm, data, direction / 4) == pytest.approx(direction @ (positive - negative) / 4, rel=1e-11)


def test_a_direction_of_another_length_is_refused() -> None:
    rbm = RBM.random(np.random.default_rng(4), 4, 3)
    with pytest.raises(ValueError, match="direction must have shape"):
        loss_slope(rbm, all_states(4), np.ones(3))
