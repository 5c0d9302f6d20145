"""The toy in which one phase gets noisier: its moments against enumeration, its rest against the moments."""

from fractions import Fraction

import numpy as np
import pytest

from cl_theory.proof.systems.best_b_systems import QuadraticToy, best_b_at_rest
from cl_theory.proof.systems.isd_systems import enumerated_trace, two_values
from cl_theory.seeds import stream
from cl_theory.theory.estimators.laws import independent_law

TOY = QuadraticToy(Fraction(3, 2), Fraction(2), Fraction(1), Fraction(3))


def test_the_variance_at_rest_is_that_of_an_enumerated_law() -> None:
    law = independent_law(*two_values(2, 1), *two_values(2, 3))
    for b in (Fraction(1, 5), Fraction(1, 2), Fraction(2, 3)):
        assert TOY.variance(b) == enumerated_trace(law, b)
    assert TOY.variance(Fraction(1, 5)) != enumerated_trace(law, Fraction(4, 5))


def test_moments_after_two_phases_are_those_of_all_outcomes_listed() -> None:
    b, rate, paths = Fraction(1, 4), Fraction(1, 10), {Fraction(1, 3): Fraction(1)}
    moments = Fraction(1, 3), Fraction(1, 9)
    for _ in range(2):
        moments = TOY.after_a_phase(moments, rate, b)
        after: dict[Fraction, Fraction] = {}
        for theta, chance in paths.items():
            for sign in (-1, 1):
                up = (TOY.mean + TOY.slope * theta + sign * TOY.positive) / b
                down = -(TOY.mean + sign * TOY.negative) / (1 - b)
                for step, share in ((up, b), (down, 1 - b)):
                    end = theta - rate * step
                    after[end] = after.get(end, Fraction(0)) + chance * share / 2
        paths = after
    assert moments == tuple(sum(p * x**k for x, p in paths.items()) for k in (1, 2))


def test_the_error_at_rest_stays_what_it_is() -> None:
    rate, b = Fraction(1, 20), Fraction(2, 5)
    rest = TOY.rest_error(rate, b)
    assert TOY.after_a_phase((Fraction(0), rest), rate, b) == (0, rest)
    assert TOY.after_a_phase((Fraction(0), rest * Fraction(101, 100)), rate, b)[1] != rest * Fraction(101, 100)


def test_small_rates_rest_best_at_the_b_of_least_variance_and_large_ones_above_it() -> None:
    grid = np.linspace(0.01, 0.99, 9801)
    toy = QuadraticToy(1.0, 1.0, 1.0, 3.0)
    small, large = (best_b_at_rest(toy, rate, grid) for rate in (1e-5, 0.3))
    assert abs(small - toy.least_variance_b) < 2e-4
    assert large > toy.least_variance_b + 0.02


def test_simulated_learners_rest_where_the_closed_form_says() -> None:
    toy = QuadraticToy(1.0, 1.0, 1.0, 2.0)
    squared = toy.simulate(stream(1, "toy"), 0.1, 0.4, 150, 20_000) ** 2
    error = squared.std() / np.sqrt(squared.size)
    assert abs(squared.mean() - toy.rest_error(0.1, 0.4)) < 5 * error
    assert abs(squared.mean() - 1.1 * toy.rest_error(0.1, 0.4)) > 5 * error


def test_a_rate_too_large_to_rest_is_refused() -> None:
    with pytest.raises(ValueError, match="rate must be below 2b/slope"):
        TOY.rest_error(1, Fraction(1, 5))
    with pytest.raises(ValueError, match="slope must be"):
        QuadraticToy(slope=0)
