"""Monte Carlo moments of batches of phases in a designed order on an RBM, with their exact targets."""

from collections.abc import Iterator
from typing import Any, Protocol

import numpy as np

from cl_theory.checks.moments import Moments
from cl_theory.samplers.exact_phase import ExactPhaseSampler
from cl_theory.samplers.isd_states import CHUNK, chunk_sizes, gradient_projections
from cl_theory.samplers.joint_cumulants import JointCumulants
from cl_theory.samplers.phase_statistics import phase_statistics
from cl_theory.samplers.planted import NOTHING_PLANTED, Planted


class Order(Protocol):
    """What is asked of an order of phases (`cl_theory.phases`)."""

    @property
    def p_positive(self) -> Any: ...
    def indicators(self, rng: np.random.Generator, n_phases: int, n_repeats: int) -> np.ndarray: ...
    def count_law(self, n_phases: int) -> list[tuple[int, Any]]: ...


def batch_isd_statistics(
    rng: np.random.Generator,
    sampler: ExactPhaseSampler,
    n: int,
    order: Order,
    n_phases: int,
    directions: np.ndarray,
    planted: Planted = NOTHING_PLANTED,
) -> Moments:
    r"""Moments of :math:`Y = [u_1\cdot\bar Z, \dots, (u_1\cdot\bar Z)^2, \dots]` from n batches of `n_phases` phases.

    Only the weights of `planted` apply; to plant another coin, pass another `order`.
    """
    _weights_only(planted)
    parts = []
    for size in chunk_sizes(n, max(2, CHUNK // n_phases)):
        is_positive = order.indicators(rng, n_phases, size)
        projected = _batch_projections(rng, sampler, is_positive, order, directions, planted)
        parts.append(Moments.of(np.column_stack([projected, projected**2])))
    return Moments.merged(parts)


def batch_isd_statistic_moments(
    sampler: ExactPhaseSampler,
    order: Order,
    n_phases: int,
    directions: np.ndarray,
    planted: Planted = NOTHING_PLANTED,
) -> tuple[np.ndarray, np.ndarray]:
    """Exact mean (2k,) and covariance (2k, 2k) of the statistic vector of one batch.

    Given the number of positive phases the terms are independent, so their cumulants add; then the average over
    the order's law of that number.
    """
    _weights_only(planted)
    terms = list(_given_count(sampler, order, n_phases, directions, planted))
    first = sum(float(probability) * cumulants.moments()[0] for probability, cumulants in terms)
    second = sum(float(probability) * cumulants.moments()[1] for probability, cumulants in terms)
    return np.asarray(first), second - np.outer(first, first)


def _given_count(
    sampler: ExactPhaseSampler, order: Order, n_phases: int, directions: np.ndarray, planted: Planted
) -> Iterator[tuple[Any, JointCumulants]]:
    positive_weight, negative_weight = planted.signed_weights(order.p_positive)
    positive, negative = phase_statistics(sampler, directions).cumulants
    one_positive = positive.scaled(positive_weight / n_phases)
    one_negative = negative.scaled(negative_weight / n_phases)
    for count, probability in order.count_law(n_phases):
        yield probability, one_positive.copies(count) + one_negative.copies(n_phases - count)


def _batch_projections(
    rng: np.random.Generator,
    sampler: ExactPhaseSampler,
    is_positive: np.ndarray,
    order: Order,
    directions: np.ndarray,
    planted: Planted,
) -> np.ndarray:
    """u.Zbar for each batch and direction, (n_batches, k)."""
    projected = np.empty((*is_positive.shape, len(np.atleast_2d(directions))))
    draws = (sampler.positive, sampler.negative)
    for mask, draw, weight in zip(
        (is_positive, ~is_positive), draws, planted.signed_weights(order.p_positive), strict=True
    ):
        states = draw(rng, int(mask.sum()))
        projected[mask] = weight * gradient_projections(sampler.rbm, *states, directions)
    return projected.mean(axis=1)


def _weights_only(planted: Planted) -> None:
    if planted.coin != 1 or planted.p_positive != 1:
        raise ValueError("a batch takes planted weights only; to plant another coin, pass another order")
