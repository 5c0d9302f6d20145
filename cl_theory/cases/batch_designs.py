"""Batches of phases in a designed order on a real model: planned check of their exact moments."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from cl_theory.cases.phase_slots import DrawnSlots, PhaseSlots, seen_counts, seen_counts_exactly, seen_exactly
from cl_theory.checks.planned_means import ERRORS, PlannedMean
from cl_theory.phases.order import Bernoulli
from cl_theory.samplers.planted import NOTHING_PLANTED, Planted, weighted_batch_moments

COINS_INSTEAD = "independent coins in the place of the design"


@dataclass(frozen=True, eq=False)
class BatchDesigns:
    """Mean ISD estimate over all slots under each of `designs`, in the same phases.

    The statistic is mean and spread of the number of positive phases for each design, u.Z for each design and
    direction u, |Z|^2 for each design, (u.Z)^2 for each design and direction.
    Controls: the named errors of 1 %, and independent coins of the same b in the place of every design.
    """

    slots: PhaseSlots
    designs: Sequence[Any]

    @property
    def planned(self) -> PlannedMean:
        """The check of this statistic's exact mean."""
        errors = {**ERRORS, COINS_INSTEAD: COINS_INSTEAD}
        return PlannedMean(self.slots.draw, self.rows, self.target, errors, self.scale)

    def rows(self, drawn: DrawnSlots, variant: Any) -> np.ndarray:
        """The statistic of each draw."""
        counts, weights = [], []
        for place, stated in enumerate(self.designs):
            design, planted = _varied(stated, variant, self.slots.n_slots)
            rng = np.random.Generator(np.random.Philox([drawn.key, place]))
            order = design.indicators(rng, self.slots.n_slots, len(drawn.level))
            b = float(design.p_positive)
            counts.append(seen_counts(order, float(stated.p_positive)))
            weights.append(self.slots.isd(order, planted, b))
        projections, squares = self.slots.looked_at(drawn, weights)
        return np.column_stack([*counts, *np.moveaxis(projections, 1, 0), squares, *np.moveaxis(projections**2, 1, 0)])

    def target(self, variant: Any) -> np.ndarray:
        """Its exact mean."""
        moments, _, directions = self.slots.folded
        counts, exact = [], []
        for stated in self.designs:
            design, planted = _varied(stated, variant, self.slots.n_slots)
            b, n = float(design.p_positive), self.slots.n_slots
            count = n * b, float(design.count_variance(n))
            counts.append(seen_counts_exactly(float(stated.p_positive), n, *count))
            estimate = weighted_batch_moments(moments, planted.signed_weights(b), n, *count)
            exact.append(seen_exactly([estimate], directions, np.eye(1)))
        k = len(directions)
        projections, squares, along = np.split(np.array(exact), [k, k + 1], axis=1)
        return np.concatenate([*counts, projections.ravel(), squares.ravel(), along.ravel()])

    @property
    def scale(self) -> np.ndarray:
        """What errors are relative to: one for the counts, the rms of u.Z, and the squares themselves."""
        goal, e, k = self.target(NOTHING_PLANTED), len(self.designs), len(self.slots.directions)
        squares, along = np.split(goal[-e * (1 + k) :], [e])
        return np.concatenate([np.ones(len(goal) - e * (1 + 2 * k)), np.sqrt(along), squares, along])


def _varied(design: Any, variant: Any, n_phases: int) -> tuple[Any, Planted]:
    """The design and the planted weights that are really used.

    A planted b goes into the order and into the weights; a design that fixes the count cannot be off by 1 %.
    """
    if variant == COINS_INSTEAD:
        return Bernoulli(float(design.p_positive)), NOTHING_PLANTED
    weights = replace(variant, p_positive=1.0)
    if design.count_variance(n_phases) == 0:
        return design, weights
    return replace(design, p_positive=float(design.p_positive) * variant.p_positive), weights
