"""Planned draws of ISD: exact targets against draws and enumeration, and every planted error caught."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from cl_theory.learning.models.images import bars_and_stripes
from cl_theory.learning.models.planted import NOTHING_PLANTED, PLANTED_ERRORS
from cl_theory.learning.models.rbm import RBM, all_states
from cl_theory.proof.checks.exact import below
from cl_theory.proof.checks.planned_means import ERRORS
from cl_theory.proof.checks.statement_checks import drawing_check
from cl_theory.proof.systems import centring_systems as centring
from cl_theory.proof.systems import isd_systems as isd
from cl_theory.proof.systems.compute_systems import COINS_INSTEAD, BatchDesign
from cl_theory.proof.systems.real_models import (
    SEEN_BY_DUTY_CYCLE,
    IsdSettings,
    PhaseSlots,
    RealModel,
    Swapped,
    duty_cycle_check,
)
from cl_theory.theory.chains.phase_order import Alternating, Bernoulli, Stratified, Systematic
from cl_theory.theory.estimators import moments as exact_moments
from cl_theory.theory.estimators import symbols as s
from cl_theory.theory.estimators.baselines import PhaseEMA, PooledEMA
from cl_theory.theory.estimators.centred_statements import LEARNED_TRACE, NEYMAN, PEEKING
from cl_theory.theory.estimators.isd_statements import UNBIASED
from cl_theory.theory.statement import Statement
from cl_theory.theory.system import System

MODEL = RealModel("tiny", RBM.random(np.random.default_rng(3), 4, 3, 1.0), bars_and_stripes(2))
SMALL = RealModel("small", RBM.random(np.random.default_rng(3), 5, 4, 1.0), all_states(5)[:9])
MEAN = MODEL.moments.mean[None] / np.linalg.norm(MODEL.moments.mean)
DESIGNS = [Bernoulli(0.5), Stratified(0.5), Systematic(0.45), Alternating()]


def slots(m: int) -> PhaseSlots:
    return isd.slots_of(MODEL, m, MEAN)


def settings(m: int = 2) -> IsdSettings:
    centre = exact_moments.isd_centre(MODEL.moments, 0.4)
    contrast = [[1, 0, 0], [0, 1, -1]]
    pair = [(0.4, 0), (0.6, None)]
    return isd.isd_settings(MODEL, pair, MEAN, contrast, n_slots=m, baselines=[centre], two_term=True)


def running() -> centring.RunningBaselines:
    return centring.RunningBaselines(slots(5), 0.4, 0.3)


def price() -> IsdSettings:
    directions = isd.informative_directions(SMALL, 0.3)[:1]
    return isd.isd_settings(SMALL, [(0.3, None)], directions, [[1, -1], [0, 1]], two_term=True)


CASES: list[Callable[[], Any]] = [settings, running, *(lambda design=x: BatchDesign(slots(4), design) for x in DESIGNS)]  # type: ignore[misc]


@pytest.mark.parametrize("case", CASES)
def test_exact_targets_are_where_the_draws_are(case: Callable[[], Any]) -> None:
    planned = case().planned
    variants = [NOTHING_PLANTED, *planned.errors.values()]
    drawn = planned.moments(np.random.default_rng(4), 12_000, *variants)
    for moments, planted in zip(drawn, variants, strict=True):
        error = np.sqrt(np.diagonal(moments.covariance) / moments.n) + 1e-9
        assert below(np.abs(moments.mean - planned.target(planted)) / error, 5.5, scope="z").passed


@pytest.mark.parametrize("case", [settings, price])
def test_check_is_green_and_every_planted_error_is_caught(case: Callable[[], IsdSettings]) -> None:
    outcome, controls = case().planned.check(5, "a test", scope="tiny model")
    assert outcome.passed is True
    assert set(controls) == set(PLANTED_ERRORS) - {"coin off by 1 %"}
    assert [bad.passed for bad in controls.values()] == [False] * len(controls)


@pytest.mark.parametrize(
    ("statement", "system"),
    [
        (NEYMAN, centring.real_around(0.4)[0]),
        (LEARNED_TRACE, centring.replicas()[0]),
        (UNBIASED, isd.real_phases(0.3)[0]),
    ],
    ids=["around the best", "around learned ones", "the mean"],
)
def test_statements_agree_with_draws_of_real_models(statement: Statement, system: System) -> None:
    outcome, controls, hidden = drawing_check(statement, system, 5, ("a test",))
    assert outcome.passed is True
    assert [control.passed for control in controls.values()] == [False] * len(controls)
    assert statement is not UNBIASED or not hidden


def test_the_duty_cycle_agrees_and_what_draws_do_not_catch_it_does() -> None:
    outcome, controls = duty_cycle_check(5, "isd-unbiased", 0.3)
    assert outcome.passed is True
    assert {name: bad.passed for name, bad in controls.items()} == {"coin off by 1 %": False, "b off by 1 %": False}
    assert set(ERRORS) | set(SEEN_BY_DUTY_CYCLE) == set(PLANTED_ERRORS)


def test_statistic_is_that_of_the_gradient_rows() -> None:
    case = replace(settings(1), contrast=np.eye(2), settings=((0.4, 0),))
    drawn = case.slots.draw(np.random.default_rng(6), 20)
    rows = case.rows(drawn, PLANTED_ERRORS["scale off by 1 %"])
    products, coin = drawn.products, drawn.level[:, 0] < 0.4
    centred = [products[:, i, i] - 2 * products[:, i, 2] + products[:, 2, 2] for i in (0, 1)]
    np.testing.assert_allclose(rows[:, 2], 1.01**2 * np.where(coin, centred[0] / 0.4**2, centred[1] / 0.6**2))
    np.testing.assert_allclose(rows[:, 3], products[:, 0, 0] - 2 * products[:, 0, 1] + products[:, 1, 1])


def test_swapped_settings_move_the_target() -> None:
    case = settings()
    assert not np.allclose(case.target(Swapped(((0.4, None), (0.6, None))))[5:], case.target(NOTHING_PLANTED)[5:])


def test_the_target_of_a_price_is_the_excess_of_the_traces() -> None:
    (system,), m = isd.real_phases(0.3, (SMALL,)), SMALL.moments
    coin, _, excess, two_term, *_ = system.drawn[s.trace_Z - s.trace_D]().planned.goal
    assert coin == 0.3
    assert excess == pytest.approx(exact_moments.isd_excess_trace(m, 0.3), rel=1e-10)
    assert two_term == pytest.approx(np.trace(exact_moments.two_term_covariance(m)) + m.mean @ m.mean, rel=1e-10)


@pytest.mark.parametrize("design", DESIGNS)
def test_targets_of_designs_hold_the_count_variance(design: Any) -> None:
    case, moments, b = BatchDesign(slots(4), design), MODEL.moments, float(design.p_positive)
    for target, of_count in ((NOTHING_PLANTED, design), (COINS_INSTEAD, Bernoulli(b))):
        covariance = exact_moments.batch_isd_covariance(moments, b, 4, float(of_count.count_variance(4)))
        np.testing.assert_allclose(case.target(target)[3], np.trace(covariance) + moments.mean @ moments.mean)


def test_peeking_moves_the_mean_as_predicted() -> None:
    case = running()
    drawn = case.slots.draw(np.random.default_rng(7), 20_000)
    index = (drawn.level < 0.4) @ (1 << np.arange(5))
    shift = {}
    for baseline in (PooledEMA(0.4, 0.3), PhaseEMA(0.4, 0.3)):
        projections, _ = case.slots.looked_at(drawn, [case.step(baseline, peek=True)[index]])
        shift[type(baseline)] = projections.mean(), projections.std() / np.sqrt(len(projections))
    values = System("peeking", s.phase_values(MODEL.moments, 0.4) | {s.alpha: 0.3})
    biased = MEAN[0] @ (MODEL.moments.mean + PEEKING.right_value(values).ravel())
    mean, error = shift[PooledEMA]
    assert abs(mean - biased) < 5 * error < 0.4 * abs(MEAN[0] @ MODEL.moments.mean - biased)
