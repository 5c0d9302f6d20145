"""The systems on which the bounds of always-on learning are tried."""

from fractions import Fraction

import numpy as np
import pytest

from cl_theory.proof.systems.chain_systems import (
    LearningPhase,
    extrapolated_slope,
    lazy_chain,
    lazy_constants,
    local_slopes,
    ordinary_systems,
    propagated,
    sliding_system,
)
from cl_theory.theory.arithmetic import exact_array
from cl_theory.theory.chains.phase_lengths import Fixed, TwoPoint
from cl_theory.theory.chains.stationary import stationary_distribution
from cl_theory.theory.chains.symbols import g_bar, mean_Delta, mean_update
from cl_theory.theory.dynamics.enumeration import phase_means


@pytest.mark.parametrize("stay", [Fraction(0), Fraction(1, 2), Fraction(9, 10)])
def test_a_lazy_chain_forgets_exactly_as_its_constants_say(stay):
    chain, constants = lazy_chain(stay, Fraction(1, 10)), lazy_constants(stay, Fraction(1, 10), farthest=1)
    law, power = stationary_distribution(chain.base), chain.base
    for n in range(1, 5):
        assert abs(power - law).sum(axis=1).max() == constants.C * constants.rho**n
        power = power @ chain.base


def test_the_kernel_of_a_lazy_chain_moves_by_its_constant_per_unit_of_theta():
    how = {"stay": Fraction(1, 3), "p_on": Fraction(1, 2), "response": Fraction(1, 4)}
    chain, constants = lazy_chain(**how), lazy_constants(farthest=1, **how)
    moved = chain.transition_matrix(exact_array([1])) - chain.transition_matrix(exact_array([0]))
    assert abs(moved).sum(axis=1).max() == constants.K


def test_biases_agree_with_the_enumeration_of_all_paths():
    one = ordinary_systems()[0]
    system = propagated(LearningPhase(one.name, one.chain, one.parameters, 0, Fixed(7), 0.1, (2, 6)))
    means = phase_means(one.chain, one.parameters, 0, 7, step_size=0.1 / 7)
    expected = means.displacement[-1] + 0.1 * system(g_bar)
    assert system(mean_Delta) + 0.1 * system(g_bar) == pytest.approx(expected, rel=1e-9)
    updates = 0.1 / 7 * (means.gradient[[2, 6]] - system(g_bar))
    assert 0.1 / 7 * (system(mean_update).T - system(g_bar)) == pytest.approx(updates, rel=1e-8)


def test_a_wider_box_for_longer_phases_keeps_rare_long_phases_exact():
    one, law = sliding_system(), TwoPoint(1, 199)
    system = propagated(LearningPhase(one.name, one.chain, one.parameters, one.start, law, 0.1))
    expected = np.mean([(1 - 0.1 / 100) ** n for n in (1, 199)]) - 1 + 0.1
    assert system(mean_Delta) + 0.1 * system(g_bar) == pytest.approx([expected], rel=1e-9)


def test_slopes_of_powers_are_their_exponents():
    ladder = 2.0 ** -np.arange(3, 9)
    assert local_slopes(3 * ladder**2, ladder) == pytest.approx([2.0] * 5)
    assert extrapolated_slope(ladder**2 + ladder**3, ladder) == pytest.approx(2.0, abs=1e-3)


def test_a_linear_term_of_one_per_cent_bends_a_long_ladder():
    ladder = 2.0 ** -np.arange(3, 20)
    slopes = local_slopes(ladder**2 + 0.01 * ladder, ladder)
    assert slopes[0] > 1.8
    assert slopes[-1] < 1.01


def test_ladders_that_do_not_halve_are_refused():
    with pytest.raises(ValueError, match="halve"):
        extrapolated_slope([1, 2, 3], [1, 2, 3])
    with pytest.raises(ValueError, match="nonzero"):
        local_slopes([0.0, 1.0], [1, 2])
