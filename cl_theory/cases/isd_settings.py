"""ISD at several b and baselines on the same phases, beside one two-term step: planned checks of exact moments."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from cl_theory.cases.phase_slots import (
    DrawnSlots,
    PhaseSlots,
    seen_counts,
    seen_counts_exactly,
    seen_exactly,
    seen_statistics,
)
from cl_theory.checks.planned_means import ERRORS, PlannedMean
from cl_theory.estimators.theory import two_term_covariance
from cl_theory.estimators.two_term import two_term_gradient
from cl_theory.laws.moments import PhaseMoments
from cl_theory.samplers.planted import NOTHING_PLANTED, Planted, weighted_batch_moments

Setting = tuple[float, int | None]
"""b, and which of the slots' baselines is used (None: none)."""


@dataclass(frozen=True)
class Swapped:
    """A planted error of design: other settings in the place of the stated ones."""

    settings: tuple[Setting, ...]


@dataclass(frozen=True, eq=False)
class IsdSettings:
    r"""ISD averaged over the slots, for each of `settings`, and with `two_term` also D of the first slot.

    The statistic is: mean and spread of the number of positive phases, for each b; u.Z of the first setting; C |Z|^2
    and C (u.Z)^2 with the `contrast` C (q, number of estimates). All coins of a draw come from the same levels (common
    random numbers), and the counts stand in the statistic so that the coins' noise does not hide the rest.
    """

    slots: PhaseSlots
    settings: tuple[Setting, ...]
    contrast: np.ndarray
    two_term: bool = False
    swaps: Mapping[str, Swapped] = field(default_factory=dict)

    @property
    def planned(self) -> PlannedMean:
        """The check of this statistic's exact mean, with the named errors of 1 % and the swaps as controls."""
        return PlannedMean(self.slots.draw, self.rows, self.target, {**ERRORS, **self.swaps}, self.scale)

    def rows(self, drawn: DrawnSlots, variant: Any) -> np.ndarray:
        """The statistic of each draw."""
        planted, settings = self._variant(variant)
        coins = {b: drawn.level < planted.coin_probability(b) for b, _ in settings}
        weights = [self.slots.isd(coins[b], planted, b, baseline) for b, baseline in settings]
        if self.two_term:
            weights.append(np.broadcast_to(self._two_term(), weights[0].shape))
        counts = [seen_counts(is_positive, b) for b, is_positive in coins.items()]
        return np.column_stack([*counts, seen_statistics(*self.slots.looked_at(drawn, weights), self.contrast)])

    def target(self, variant: Any) -> np.ndarray:
        """Its exact mean."""
        planted, settings = self._variant(variant)
        coins = [self._counts(b, planted.coin_probability(b)) for b in _different(settings)]
        _, _, directions = self.slots.folded
        exact = np.concatenate([*coins, seen_exactly(self._exact(planted, settings), directions, self.contrast)])
        return np.where(np.abs(exact) < 1e-12 * self.scale, 0.0, exact)  # differences that are 0 but for rounding

    @property
    def scale(self) -> np.ndarray:
        """What errors are relative to: the counts, the rms of u.Z, and the largest square that enters a contrast."""
        _, _, directions = self.slots.folded
        estimates = self._exact(NOTHING_PLANTED, self.settings)
        contrast = np.abs(self.contrast)
        squares = seen_exactly(estimates, directions, contrast)
        first = seen_exactly(estimates, directions, np.eye(1, len(estimates)))
        k = len(directions)
        coins = [self._counts(b, b) for b in _different(self.settings)]
        return np.concatenate([*coins, np.sqrt(first[k + 1 :]), squares[k:]])

    def _exact(self, planted: Planted, settings: Sequence[Setting]) -> list[tuple[np.ndarray, np.ndarray]]:
        moments, baselines, _ = self.slots.folded
        n, exact = self.slots.n_slots, []
        for b, baseline in settings:
            law = moments if baseline is None else moments.about(baselines[baseline])
            coin = planted.coin_probability(b)
            exact.append(weighted_batch_moments(law, planted.signed_weights(b), n, n * coin, n * coin * (1 - coin)))
        return [*exact, _two_term_exactly(moments)] if self.two_term else exact

    def _counts(self, b: float, coin: float) -> np.ndarray:
        m = self.slots.n_slots
        return seen_counts_exactly(b, m, m * coin, m * coin * (1 - coin))

    def _two_term(self) -> np.ndarray:
        positive, negative = self.slots.units(NOTHING_PLANTED)
        return two_term_gradient(positive[0, :1], negative[0, :1])[0]

    def _variant(self, variant: Any) -> tuple[Planted, tuple[Setting, ...]]:
        return (NOTHING_PLANTED, variant.settings) if isinstance(variant, Swapped) else (variant, self.settings)


def _two_term_exactly(moments: PhaseMoments) -> tuple[np.ndarray, np.ndarray]:
    return moments.mean, two_term_covariance(moments) + np.outer(moments.mean, moments.mean)


def _different(settings: Sequence[Setting]) -> list[float]:
    return list(dict.fromkeys(b for b, _ in settings))
