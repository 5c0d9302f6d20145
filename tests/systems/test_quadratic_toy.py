"""The toy in which one phase gets noisier: its moments against enumeration, its rest against the moments."""

from fractions import Fraction

import numpy as np
import pytest

from cl_theory.proof.systems.best_b_systems import QuadraticToy, best_b_at_rest
from cl_theory.proof.systems.isd_systems import enumerated_trace, two_point_law
from cl_theory.seeds import stream

TOY = QuadraticToy(Fraction(3, 2), Fraction(2), Fraction(1), Fraction(3))


def test_the_variance_at_rest_is_that_of_an_enumerated_law() -> None:
    law = two_point_law((2, 1), (2, 3))
    for b in (Fraction(1, 5), Fraction(1, 2), Fraction(2, 3)):
        assert TOY.variance(b) == enumerated_trace(law, b)
    assert TOY.variance(Fraction(1, 5)) != enumerated_trace(law, Fraction(4, 5))


def square_after_a_phase(theta: Fraction, rate: Fraction, b: Fraction) -> Fraction:
    """E theta^2 after one more phase from `theta`, every sign of the noise and face of the coin listed."""
    up = [(TOY.mean + TOY.slope * theta + sign * TOY.positive) / b for sign in (-1, 1)]
    down = [-(TOY.mean + sign * TOY.negative) / (1 - b) for sign in (-1, 1)]
    shares = {b: up, 1 - b: down}
    return sum(
        (share * (theta - rate * step) ** 2 / 2 for share, steps in shares.items() for step in steps), Fraction(0)
    )


def test_the_error_at_rest_stays_what_it_is() -> None:
    rate, b = Fraction(1, 20), Fraction(2, 5)
    ahead, behind = (square_after_a_phase(Fraction(theta), rate, b) for theta in (1, -1))
    added = square_after_a_phase(Fraction(0), rate, b)  # a phase takes E theta^2 to a multiple of it and this
    kept, rest = (ahead + behind) / 2 - added, TOY.rest_error(rate, b)
    assert kept * rest + added == rest
    assert kept * rest * Fraction(101, 100) + added != rest * Fraction(101, 100)


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
