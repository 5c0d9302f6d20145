"""Offline ISD: the mean sum until n phases were positive is that of all orders of phases, one by one."""

from fractions import Fraction
from itertools import product

import numpy as np
import pytest

from cl_theory.proof.systems.run_systems import CHANCES, COIN_OFF, UNWEIGHTED, offline_laws, summed
from cl_theory.theory.estimators.pair_statements import mean_phases, mean_sum


def until_stopped(a_phase: float, p_positive: float, count: int, longest: int) -> float:
    """The mean sum over every order of phases, longer ones left out."""
    total = 0.0
    for length in range(count, longest + 1):
        for order in product((False, True), repeat=length - 1):
            if sum(order) == count - 1:
                total += a_phase * length * p_positive**count * (1 - p_positive) ** (length - count)
    return total


@pytest.mark.parametrize("count", [1, 2, 3])
def test_sums_are_those_of_all_orders(count: int) -> None:
    b = Fraction(6, 7)
    found = summed(np.array([[Fraction(2, 3)]]), b, count)[0]
    assert float(found) == pytest.approx(until_stopped(2 / 3, float(b), count, 16), rel=1e-6)


def test_planted_errors_change_what_they_are_planted_in() -> None:
    system = offline_laws(1, counts=(3,))[0]
    assert system(mean_phases) == 3 / CHANCES[0]
    assert system.with_error(COIN_OFF)(mean_phases) != system(mean_phases)
    assert system.with_error(UNWEIGHTED)(mean_phases) == system(mean_phases)
    assert (system.with_error(UNWEIGHTED)(mean_sum) != system(mean_sum)).all()
