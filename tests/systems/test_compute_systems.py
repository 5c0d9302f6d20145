"""The systems on which equal compute and designs of batches are tried."""

from fractions import Fraction

import numpy as np
import pytest
import sympy as sp

from cl_theory.proof.checks.statement_checks import systems_check
from cl_theory.proof.systems import compute_systems as systems
from cl_theory.theory.estimators import compute_statements as stated
from cl_theory.theory.estimators.symbols import cov_batch, cov_D, fraction, trace_batch_best, trace_D, var_N
from cl_theory.theory.statement import Statement

INDEPENDENT, COUPLED = systems.races(1)
COINS, ROUNDED = systems.batches(1)
SHARES = systems.estimated_shares(1)
WHERE = {
    stated.TWO_TERM: (COUPLED, ()),
    stated.GAP_AT_HALF: (INDEPENDENT, (systems.WEIGHT_OFF,)),
    stated.GAP_AT_BEST: (INDEPENDENT, (systems.WEIGHT_OFF,)),
    stated.GAP_COUPLED: (COUPLED, (systems.WEIGHT_OFF,)),
    stated.GAP_AT_BEST_COUPLED: (COUPLED, (systems.WEIGHT_OFF,)),
    stated.BATCH_MEAN: ([*COINS, *ROUNDED], (systems.WEIGHT_OFF,)),
    stated.BATCH: ([*COINS, *ROUNDED], (systems.WEIGHT_OFF, systems.OTHER_DESIGN)),
    stated.COINS: (COINS, (systems.OTHER_DESIGN,)),
    stated.ROUNDED: (ROUNDED, (systems.OTHER_DESIGN,)),
    stated.LEAST_COUNT: ([*COINS, *ROUNDED], ()),
    stated.ROUNDED_BOUND: (ROUNDED, (systems.OTHER_DESIGN,)),
    stated.RATIO: (SHARES, (systems.KNOWN_B,)),
}
BROKEN = [
    (stated.GAP_AT_HALF, systems.moving_together, stated.GAP_COUPLED.right),
    (stated.BATCH_MEAN, systems.looking_design, sp.Rational(1, 2)),
    (stated.BATCH, systems.frozen_phases, stated.TWO_TERM.right),
    (stated.BATCH_MEAN, systems.quota_of_another_b, stated.MEAN_GIVEN_COUNT.right),
]


@pytest.mark.parametrize("statement", WHERE, ids=lambda x: x.name)
def test_listed_batches_have_what_is_stated_and_see_every_error(statement: Statement) -> None:
    on, errors = WHERE[statement]
    outcome, controls = systems_check(statement, on, errors=errors)
    assert (outcome.passed, outcome.level) == (True, "exact")
    assert [control.passed for control in controls.values()] == [False] * len(controls)


def test_isd_wins_twice_loses_once_and_draws_once_on_the_four_laws() -> None:
    assert [x(trace_batch_best) - x(trace_D) for x in systems.four_races()] == [-2, Fraction(-1, 2), 32, 0]


@pytest.mark.parametrize(("statement", "make", "instead"), BROKEN, ids=lambda x: getattr(x, "__name__", ""))
def test_without_an_assumption_the_prediction_holds_and_the_statement_does_not(statement, make, instead) -> None:
    system = make()
    assert systems_check(statement, [system])[0].passed is False
    assert systems_check(statement.replaced_by(instead), [system])[0].passed is True


def test_coins_are_replaced_by_a_fixed_count_and_other_designs_by_coins() -> None:
    coins, quota = COINS[0], ROUNDED[0]
    assert coins.with_error(systems.OTHER_DESIGN)(var_N) < coins(var_N)
    assert quota.with_error(systems.OTHER_DESIGN)(var_N) > quota(var_N) == quota(fraction) * (1 - quota(fraction))


def test_real_batches_have_what_is_stated_and_draws_drop_errors_that_their_design_cannot_show() -> None:
    batches = systems.real_batches()
    outcome, controls = systems_check(stated.BATCH, batches, errors=[systems.OTHER_DESIGN])
    assert outcome.passed is True
    assert [control.passed for control in controls.values()] == [False] * len(controls)
    shown = [set(batch.drawn[cov_batch]().planned.errors) for batch in batches]
    assert ["b off by 1 %" in errors for errors in shown] == [True, True, False, False]


def test_the_real_race_is_between_two_phases_each() -> None:
    for race in systems.real_races():
        gap = race(cov_batch) - race(cov_D)
        np.testing.assert_allclose(gap, stated.GAP_AT_HALF.right_value(race), atol=1e-10 * abs(gap).max())
