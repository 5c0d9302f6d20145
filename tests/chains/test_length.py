"""Laws of a phase length: exact moments against sums of the pmf, and against draws."""

from fractions import Fraction

import numpy as np
import pytest

from cl_theory.seeds import stream
from cl_theory.theory.chains.phase_lengths import (
    Fixed,
    Geometric,
    PhaseLength,
    ShiftedGeometric,
    ShiftedPoisson,
    TwoPoint,
    Uniform,
)
from cl_theory.theory.chains.stopping import StopAt

LAWS: list[PhaseLength] = [
    Fixed(7),
    Uniform(3, 11),
    TwoPoint(2, 9, Fraction(1, 3)),
    Geometric(5),
    Geometric(1),
    ShiftedGeometric(3, 8),
    ShiftedPoisson(2, 7),
    ShiftedPoisson(4, 4),
]
by_law = pytest.mark.parametrize("law", LAWS, ids=repr)


def moment(law: PhaseLength, power: int) -> float:
    return sum(float(law.pmf(n)) * n**power for n in range(law.horizon(1e-18) + 2))


@by_law
def test_moments_are_those_of_the_pmf(law: PhaseLength) -> None:
    assert moment(law, 0) == pytest.approx(1, rel=1e-12)
    for power, value in enumerate((law.mean, law.second_moment, law.third_moment), start=1):
        assert isinstance(value, Fraction)
        assert moment(law, power) == pytest.approx(float(value), rel=1e-11)


@by_law
def test_the_tail_is_what_the_pmf_leaves(law: PhaseLength) -> None:
    for n in range(12):
        assert float(law.tail(n)) == pytest.approx(1 - sum(float(law.pmf(k)) for k in range(n + 1)), abs=1e-12)
    assert law.tails(law.horizon()).sum() == pytest.approx(float(law.mean), rel=1e-12)


@by_law
def test_no_phase_is_shorter_than_one_step(law: PhaseLength) -> None:
    assert float(law.tail(0)) == 1
    draws = law.sample(stream(5, "length"), 20_000)
    assert draws.dtype == np.int64
    assert draws.min() >= 1


@by_law
def test_draws_have_the_exact_mean_and_second_moment(law: PhaseLength) -> None:
    draws = law.sample(stream(6, "length", repr(law)), 200_000).astype(float)
    spread = np.sqrt(float(law.variance) / len(draws))
    assert abs(draws.mean() - float(law.mean)) <= 5.5 * spread
    squares = draws**2
    assert abs(squares.mean() - float(law.second_moment)) <= 5.5 * squares.std() / np.sqrt(len(draws))


def test_the_factor_of_the_quadratic_term_is_one_for_fixed_and_two_for_geometric_lengths() -> None:
    tau, s = 12, 4
    assert Fixed(tau).pair_ratio == 1 - Fraction(1, tau)
    assert Geometric(tau).pair_ratio == 2 - Fraction(2, tau)
    second = {
        Fixed(tau): Fraction(1),
        ShiftedPoisson(s, tau): 1 + Fraction(tau - s, tau**2),
        Uniform(s, 2 * tau - s): 1 + Fraction((tau - s) * (tau - s + 1), 3 * tau**2),
        Geometric(tau): 2 - Fraction(1, tau),
        ShiftedGeometric(s, tau): 1 + Fraction((tau - s) ** 2 - (tau - s), tau**2),
    }
    for law, ratio in second.items():
        assert law.mean == tau
        assert law.second_moment / law.mean**2 == ratio


def test_lengths_print_as_they_are_written() -> None:
    assert repr(Uniform(2, 6)) == "Uniform(low=2, high=6)"
    assert repr(StopAt((2, 1))) == "StopAt(states=(1, 2), longest=None, shortest=1)"


@pytest.mark.parametrize(
    "make",
    [
        lambda: Fixed(0),
        lambda: Uniform(0, 3),
        lambda: Uniform(4, 3),
        lambda: TwoPoint(3, 3),
        lambda: TwoPoint(1, 3, 1.0),
        lambda: Geometric(Fraction(1, 2)),
        lambda: Geometric(float("inf")),
        lambda: Geometric(float("nan")),
        lambda: ShiftedGeometric(3, 3),
        lambda: ShiftedPoisson(0, 3),
        lambda: ShiftedPoisson(3, float("inf")),
        lambda: StopAt(()),
        lambda: StopAt((1,), longest=2, shortest=3),
    ],
)
def test_lengths_below_one_or_of_infinite_mean_are_refused(make) -> None:
    with pytest.raises(ValueError, match="got"):
        make()


def test_a_stopping_rule_reads_only_the_present_state() -> None:
    rule = StopAt((2,), longest=5, shortest=2)
    assert [rule.stops(t, 2) for t in (1, 2, 3)] == [False, True, True]
    assert [rule.stops(t, 0) for t in (4, 5)] == [False, True]
