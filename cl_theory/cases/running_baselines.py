"""Centred ISD around baselines that learn on the way, on a real model: planned check of one step's exact moments.

The unit is a replica: a short history of phases, from which the baseline is made, and one fresh phase.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from cl_theory.cases.phase_slots import DrawnSlots, PhaseSlots, order_index
from cl_theory.checks.planned_means import PlannedMean
from cl_theory.estimators.baselines import PhaseEMA, PhaseMeans, PooledEMA, running_centred_isd
from cl_theory.laws.moments import PhaseMoments
from cl_theory.phases.order import Stratified
from cl_theory.samplers.planted import NOTHING_PLANTED, Planted

Learned = tuple[np.ndarray, np.ndarray]
"""Mean (d,) and second moment (d, d) of a baseline."""


def old_means(law: PhaseMoments, b: float, n_positive: int, n_negative: int) -> Learned:
    """Moments of the baseline made of means of n+ and n- old samples."""
    plus, minus = (1 - b) ** 2 / n_positive, b**2 / n_negative
    centre = (1 - b) * law.mean_positive + b * law.mean_negative
    return centre, np.outer(centre, centre) + plus * law.covariance_positive + minus * law.covariance_negative


def phase_ema(law: PhaseMoments, b: float, rate: float, n_phases: int) -> Learned:
    """Moments of the baseline made of one moving average a phase, n phases after both started at 0."""
    keep, shares = 1 - rate, (1 - b, b)
    coins, phases = (b, 1 - b), (law.mean_positive, law.mean_negative)
    once = [(1 - coin * rate) ** n_phases for coin in coins]  # E keep^N over the visits N
    twice = [(1 - coin + coin * keep**2) ** n_phases for coin in coins]
    second = np.zeros((law.dimension, law.dimension))
    for share, mean, sigma, q, qq in zip(
        shares, phases, (law.covariance_positive, law.covariance_negative), once, twice, strict=True
    ):
        second += share**2 * ((1 - 2 * q + qq) * np.outer(mean, mean) + rate / (2 - rate) * (1 - qq) * sigma)
    across = b * (1 - b) * (1 - sum(once) + keep**n_phases) * np.outer(*phases)
    mean = (1 - b) * (1 - once[0]) * phases[0] + b * (1 - once[1]) * phases[1]
    return mean, second + across + across.T


def pooled_ema(law: PhaseMoments, b: float, rate: float, n_phases: int) -> Learned:
    """Moments of the baseline made of one moving average of Y, n phases after it started at 0."""
    centre = (1 - b) * law.mean_positive + b * law.mean_negative
    spread = (1 - b) ** 2 / b * law.second_positive + b**2 / (1 - b) * law.second_negative - np.outer(centre, centre)
    left = (1 - rate) ** n_phases
    mean = (1 - left) * centre
    return mean, np.outer(mean, mean) + rate / (2 - rate) * (1 - left**2) * spread


@dataclass(frozen=True, eq=False)
class RunningBaselines:
    """One step of centred ISD after a history that fills all slots but the last.

    The baselines: means of old samples, half of the history in each phase; a moving average a phase; a pooled one.
    The statistic is B of the last phase, u.Z for each baseline and direction, and |Z|^2 for each baseline.
    """

    slots: PhaseSlots
    p_positive: float
    rate: float

    @property
    def planned(self) -> PlannedMean:
        """The check of this statistic's exact mean, with errors of 1 % planted in the last step."""
        errors = {
            "last weight 1/b off by 1 %": Planted(weight_positive=1.01),
            "last weight 1/(1-b) off by 1 %": Planted(weight_negative=1.01),
            "last step's scale off by 1 %": Planted(scale=1.01),
            "b off by 1 %": Planted(p_positive=1.01),
        }
        return PlannedMean(self.slots.draw, self.rows, self.target, errors, self.scale)

    @property
    def n_old(self) -> int:
        """Phases in the history."""
        return self.slots.n_slots - 1

    def rows(self, drawn: DrawnSlots, planted: Planted) -> np.ndarray:
        """The statistic of each replica."""
        coins = drawn.level < planted.coin_probability(self.p_positive)
        rng = np.random.Generator(np.random.Philox(drawn.key))
        halves = coins.copy()
        halves[:, :-1] = Stratified(0.5).indicators(rng, self.n_old, len(coins))
        b = self.p_positive * planted.p_positive
        baselines = (PhaseMeans(b), halves), (PhaseEMA(b, self.rate), coins), (PooledEMA(b, self.rate), coins)
        weights = [self.step(baseline, b, planted)[order_index(order)] for baseline, order in baselines]
        projections, squares = self.slots.looked_at(drawn, weights)
        return np.column_stack([coins[:, -1], projections.reshape(len(squares), -1), squares])

    def step(self, baseline: Any, b: float, planted: Planted = NOTHING_PLANTED, peek: bool = False) -> np.ndarray:
        """Weights (2^m, 2m + k) of the last step's estimate for every order of phases, by the estimator's own code."""
        positive, negative = (np.moveaxis(units, 1, 0) for units in self.slots.units(NOTHING_PLANTED))
        signs = self.slots.orders.T
        start = baseline.start(positive.shape[1:])
        steps, _ = running_centred_isd(baseline, start, positive, negative, signs, p_positive=b, peek=peek)
        factor = planted.scale * np.where(signs[-1], planted.weight_positive, planted.weight_negative)
        return factor[:, None] * steps[-1]

    def learned(self, law: PhaseMoments, b: float) -> list[Learned]:
        """Exact moments of the three baselines."""
        half, n = self.n_old // 2, self.n_old
        return [old_means(law, b, half, half), phase_ema(law, b, self.rate, n), pooled_ema(law, b, self.rate, n)]

    def target(self, planted: Planted) -> np.ndarray:
        """Its exact mean."""
        law, _, directions = self.slots.folded
        b = self.p_positive * planted.p_positive
        weights = planted.signed_weights(self.p_positive)
        steps = [_one_step(law, b, weights, learned) for learned in self.learned(law, b)]
        squares = [np.trace(second) for _, second in steps]
        return np.concatenate([[b], *(directions @ mean for mean, _ in steps), squares])

    @property
    def scale(self) -> np.ndarray:
        """What errors are relative to: b, the rms |Z| for each u.Z, and the squares themselves."""
        goal, k = self.target(NOTHING_PLANTED), len(self.slots.directions)
        return np.concatenate([goal[:1], np.repeat(np.sqrt(goal[-3:]), k), goal[-3:]])


def _one_step(law: PhaseMoments, b: float, weights: tuple[float, float], learned: Learned) -> Learned:
    """Mean and second moment of w+ B (g+ - c) + w- (1-B)(g- - c) around an independent baseline c."""
    mean, second = learned
    plus, minus = weights
    left = law.second_positive, law.second_negative
    cross = [np.outer(phase, mean) for phase in (law.mean_positive, law.mean_negative)]
    seconds = [m - x - x.T + second for m, x in zip(left, cross, strict=True)]
    first = b * plus * (law.mean_positive - mean) + (1 - b) * minus * (law.mean_negative - mean)
    return first, b * plus**2 * seconds[0] + (1 - b) * minus**2 * seconds[1]
