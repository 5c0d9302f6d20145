"""Figures of Part IV show what the formulas and the estimators' own code say."""

from fractions import Fraction

import numpy as np
import pytest

from cl_theory.proof.figures import limits
from cl_theory.proof.systems import best_b_systems as systems
from cl_theory.proof.systems import compute_systems as orders
from cl_theory.theory.estimators import bound_statements as bound
from cl_theory.theory.estimators.laws import FiniteLaw, PhaseMoments


def listed_price(law: FiniteLaw, name: str, n_phases: int, p_positive: Fraction) -> float:
    system = systems.one_of_the_estimators(law, p_positive, n_phases, name)
    return float(np.trace(system(bound.cov_delta)) / np.trace(bound.COMMON.right_value(system)))


@pytest.mark.parametrize("n_phases", [1, 2, 4])
def test_the_price_of_learning_the_baseline_is_that_of_every_history(n_phases: int) -> None:
    law, b = FiniteLaw.random(np.random.default_rng(5), 2, dimension=2), Fraction(2, 5)
    running, _ = limits.prices(law.moments.floats(), float(b), n_phases)
    assert running[-1] == pytest.approx(listed_price(law, "means of earlier phases", n_phases, b))


def test_phase_means_are_dearest_after_a_few_phases_and_reach_the_floor() -> None:
    ones = np.ones((1, 1))
    _, ratio = limits.prices(PhaseMoments(0 * ones[0], 0 * ones[0], ones, ones, 0 * ones), 0.5, 400)
    assert ratio[1] == pytest.approx(1)  # one of each: v+ + v-, the floor of two phases
    assert ratio[1:].max() > 1.1
    assert ratio[-1] == pytest.approx(1, abs=0.01)


def test_only_the_best_baseline_stands_on_the_floor() -> None:
    over = limits.over_the_floor()
    assert over.pop("the best baseline") == 1
    assert min(over.values()) > 1


def test_bouts_are_as_dear_as_their_correlation_says() -> None:
    bouts = np.array([[0, 1, 0, 0], [0.5, 0, 0.5, 0], [0, 0, 0, 1], [0.5, 0, 0.5, 0]])
    length, kinds = 2, np.array([True, True, False, False])
    assert orders.long_run_count((bouts, kinds)) == pytest.approx(length / 4)
    again = orders.long_run_count(orders.sticky_order(0.5, (length - 1) / (length + 1)))
    assert again == pytest.approx(length / 4)


def test_long_after_the_start_the_moments_are_the_settled_ones() -> None:
    chain = orders.sticky_order(Fraction(2, 5), Fraction(1, 3))
    learner = orders.as_float_learner(orders.linear_learner(chain, 2))
    mean, second = learner.after(0.02, 3000)
    settled, covariance = learner.settled(0.02)
    np.testing.assert_allclose(mean, settled, rtol=1e-9)
    np.testing.assert_allclose(second - np.outer(mean, mean), covariance, rtol=1e-9)
