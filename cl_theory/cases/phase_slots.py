"""Many estimates on the same phases of a real model, each made by the estimators' own code.

An estimator is linear in the gradients. Fed with unit vectors it hands back its weights, and with the inner products
of the phases these give |Z| and u.Z in full dimension, without a row of a gradient.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np

from cl_theory.cases.real_models import RealModel
from cl_theory.estimators.batch import batch_isd_gradient
from cl_theory.laws.folded import folded_moments
from cl_theory.laws.moments import PhaseMoments
from cl_theory.samplers.isd_statistics import inner_products, linear_estimates, phase_states
from cl_theory.samplers.planted import Planted
from cl_theory.states import all_states


class DrawnSlots(NamedTuple):
    """Both phases in every slot: levels (n, m) that decide the coins, a key for other random choices, and the inner
    products of m positive gradients, m negative ones, the baselines and the directions."""

    level: np.ndarray
    key: int
    products: np.ndarray


@dataclass(frozen=True, eq=False)
class PhaseSlots:
    """`n_slots` phases of `model`, `baselines` (f, n_parameters) and `directions` (k, n_parameters) to look along."""

    model: RealModel
    n_slots: int
    directions: np.ndarray
    baselines: np.ndarray

    @property
    def fixed(self) -> np.ndarray:
        """Baselines, then directions."""
        return np.vstack([self.baselines, self.directions])

    @cached_property
    def folded(self) -> tuple[PhaseMoments, np.ndarray, np.ndarray]:
        """The model's exact moments in the few dimensions that matter here, with baselines and directions there."""
        moments, vectors = folded_moments(self.model.moments, self.fixed)
        return moments, vectors[: len(self.baselines)], vectors[len(self.baselines) :]

    def draw(self, rng: np.random.Generator, size: int) -> DrawnSlots:
        """Coins' levels and exact draws of both phases, independent throughout."""
        m = self.n_slots
        level, key = rng.random((size, m)), int(rng.integers(2**62))
        signs = np.broadcast_to(np.arange(2 * m) < m, (size, 2 * m))
        v, h = phase_states(rng, self.model.sampler, signs)
        return DrawnSlots(level, key, inner_products(self.model.rbm, v, h, self.fixed))

    @property
    def orders(self) -> np.ndarray:
        """Every order of phases, bool (2^m, m); the index of a row has bit k set where slot k is positive."""
        return all_states(self.n_slots).astype(bool)

    def units(self, planted: Planted, baseline: int | None = None) -> tuple[np.ndarray, np.ndarray]:
        """Unit vectors (2^m, m, ..) that stand for the slots' g+ and g-, less a baseline, with planted factors."""
        m = self.n_slots
        unit = np.eye(2 * m + len(self.fixed))
        centre = 0.0 if baseline is None else unit[2 * m + baseline]
        pair = planted.weight_positive * (unit[:m] - centre), planted.weight_negative * (unit[m : 2 * m] - centre)
        positive, negative = (np.broadcast_to(planted.scale * rows, (2**m, *rows.shape)) for rows in pair)
        return positive, negative

    def isd(self, is_positive: np.ndarray, planted: Planted, b: float, baseline: int | None = None) -> np.ndarray:
        """Weights (n, 2m + f + k) of the mean of ISD over the slots, when the orders `is_positive` (n, m) are run."""
        units = self.units(planted, baseline)
        table = batch_isd_gradient(*units, self.orders, p_positive=b * planted.p_positive)
        return table[order_index(is_positive)]

    def looked_at(self, drawn: DrawnSlots, weights: Sequence[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
        """(u.Z (n, e, k), |Z|^2 (n, e)) of the estimates whose `weights` are listed."""
        return linear_estimates(drawn.products, np.stack(weights, axis=1), len(self.directions))


def order_index(is_positive: np.ndarray) -> np.ndarray:
    """Row of `PhaseSlots.orders` for each order (n, m)."""
    return is_positive @ (1 << np.arange(is_positive.shape[1]))


def seen_counts(is_positive: np.ndarray, p_positive: float) -> np.ndarray:
    """Statistic [N/m, (N - mb)^2] of the number N of positive phases among the m of each row; N alone if m = 1.

    Given N the mean of u.Z is linear and that of a square quadratic in N: beside these two the coins' noise no longer
    hides an error in the rest.
    """
    m = is_positive.shape[1]
    count = is_positive.sum(axis=1)
    return np.column_stack([count / m, (count - m * p_positive) ** 2])[:, : min(m, 2)]


def seen_counts_exactly(p_positive: float, m: int, mean_count: float, count_variance: float) -> np.ndarray:
    """The exact mean of `seen_counts` when N has this mean and variance."""
    return np.array([mean_count / m, count_variance + (mean_count - m * p_positive) ** 2])[: min(m, 2)]


def seen_statistics(projections: np.ndarray, squares: np.ndarray, contrast: np.ndarray) -> np.ndarray:
    """Statistic [u.Z of the first estimate, C |Z|^2, C (u.Z)^2 for each u], rows (n, k + q + q k).

    `contrast` C (q, e) combines the estimates: their squares, differences of squares, second differences in b.
    """
    along = np.einsum("qe,nek->nqk", contrast, projections**2)
    return np.concatenate([projections[:, 0], squares @ contrast.T, along.reshape(len(squares), -1)], axis=1)


def seen_exactly(
    estimates: Sequence[tuple[np.ndarray, np.ndarray]], directions: np.ndarray, contrast: np.ndarray
) -> np.ndarray:
    """The exact mean of `seen`, from the mean (d,) and second moment (d, d) of each estimate."""
    squares = np.array([np.trace(second) for _, second in estimates])
    along = np.array([np.einsum("ki,ij,kj->k", directions, second, directions) for _, second in estimates])
    return np.concatenate([directions @ estimates[0][0], contrast @ squares, (contrast @ along).ravel()])
