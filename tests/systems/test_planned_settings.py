"""The planned checks of ISD at several settings: exact targets against enumeration, controls caught, draws shared."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from cl_theory.learning.models.bars_and_stripes import bars_and_stripes
from cl_theory.learning.models.rbm import RBM
from cl_theory.learning.samplers.planted import NOTHING_PLANTED, PLANTED_ERRORS
from cl_theory.proof.checks.exact import below
from cl_theory.proof.checks.planned_means import PlannedMean
from cl_theory.proof.systems.centring_systems import RunningBaselines
from cl_theory.proof.systems.compute_systems import COINS_INSTEAD, BatchDesigns
from cl_theory.proof.systems.real_models import IsdSettings, PhaseSlots, RealModel, Swapped
from cl_theory.theory.chains.phase_order import Alternating, Bernoulli, Stratified, Systematic
from cl_theory.theory.estimators import moments as exact_moments
from cl_theory.theory.estimators import symbols
from cl_theory.theory.estimators.baselines import PhaseEMA, PooledEMA
from cl_theory.theory.estimators.centred_statements import PEEKING
from cl_theory.theory.system import System

DATA = bars_and_stripes(2)
MODEL = RealModel("tiny", RBM.random(np.random.default_rng(3), 4, 3, 1.0), DATA)
MEAN = MODEL.moments.mean[None] / np.linalg.norm(MODEL.moments.mean)


def slots(m: int, *baselines: np.ndarray) -> PhaseSlots:
    return PhaseSlots(MODEL, m, MEAN, np.reshape(baselines, (len(baselines), MODEL.rbm.n_parameters)))


def settings(m: int = 2) -> IsdSettings:
    centre = exact_moments.isd_centre(MODEL.moments, 0.4)
    contrast = np.array([[1.0, 0, 0], [0, 1, -1]])
    return IsdSettings(slots(m, centre), ((0.4, 0), (0.6, None)), contrast, two_term=True)


def designs() -> BatchDesigns:
    return BatchDesigns(slots(4), [Bernoulli(0.5), Stratified(0.5), Systematic(0.45), Alternating()])


def running() -> RunningBaselines:
    return RunningBaselines(slots(5), 0.4, 0.3)


CASES: list[Callable[[], IsdSettings | BatchDesigns | RunningBaselines]] = [settings, designs, running]


@pytest.mark.parametrize("case", CASES)
def test_exact_targets_are_where_the_draws_are(case: Callable[[], IsdSettings]) -> None:
    planned: PlannedMean = case().planned
    variants = [NOTHING_PLANTED, *planned.errors.values()]
    drawn = planned.moments(np.random.default_rng(4), 12_000, *variants)
    for moments, planted in zip(drawn, variants, strict=True):
        error = np.sqrt(np.diagonal(moments.covariance) / moments.n) + 1e-9
        assert below(np.abs(moments.mean - planned.target(planted)) / error, 5.5, scope="z").passed


def test_statistic_is_that_of_the_gradient_rows() -> None:
    case = settings(1)
    small = replace(case, contrast=np.array([[1.0, 0, 0]]), settings=((0.4, 0),), two_term=True)
    small = replace(small, contrast=np.array([[1.0, 0], [0, 1]]))
    drawn = small.slots.draw(np.random.default_rng(6), 20)
    rows = small.rows(drawn, PLANTED_ERRORS["scale off by 1 %"])
    products, coin = drawn.products, drawn.level[:, 0] < 0.4
    centred = [products[:, i, i] - 2 * products[:, i, 2] + products[:, 2, 2] for i in (0, 1)]
    np.testing.assert_allclose(rows[:, 2], 1.01**2 * np.where(coin, centred[0] / 0.4**2, centred[1] / 0.6**2))
    np.testing.assert_allclose(rows[:, 3], products[:, 0, 0] - 2 * products[:, 0, 1] + products[:, 1, 1])


def test_swapped_settings_move_the_target() -> None:
    case = settings()
    assert not np.allclose(case.target(Swapped(((0.4, None), (0.6, None))))[5:], case.target(NOTHING_PLANTED)[5:])


def test_targets_of_designs_hold_the_count_variance() -> None:
    case, moments = designs(), MODEL.moments
    squares = case.target(NOTHING_PLANTED)[12:16]
    for square, design in zip(squares, case.designs, strict=True):
        b = float(design.p_positive)
        covariance = exact_moments.batch_isd_covariance(moments, b, 4, float(design.count_variance(4)))
        np.testing.assert_allclose(square, np.trace(covariance) + moments.mean @ moments.mean)
    assert np.allclose(case.target(COINS_INSTEAD)[12:16][[0, 1, 3]], squares[0])


def test_peeking_moves_the_mean_as_predicted() -> None:
    case = running()
    drawn = case.slots.draw(np.random.default_rng(7), 20_000)
    index = (drawn.level < 0.4) @ (1 << np.arange(5))
    shift = {}
    for baseline in (PooledEMA(0.4, 0.3), PhaseEMA(0.4, 0.3)):
        weights = case.step(baseline, 0.4, peek=True)[index][:, None]
        projections, _ = case.slots.looked_at(drawn, [weights[:, 0]])
        shift[type(baseline)] = projections.mean(), projections.std() / np.sqrt(len(projections))
    values = System("peeking", symbols.phase_values(MODEL.moments, 0.4) | {symbols.alpha: 0.3})
    biased = MEAN[0] @ (MODEL.moments.mean + PEEKING.right_value(values).ravel())
    mean, error = shift[PooledEMA]
    assert abs(mean - biased) < 5 * error < 0.4 * abs(MEAN[0] @ MODEL.moments.mean - biased)
