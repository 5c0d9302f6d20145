"""The ISD estimate of a batch during learning: which phases come, and the baseline that follows them."""

import hashlib
from collections.abc import Callable

import numpy as np

from cl_theory.estimators.baselines import PhaseEMA, PhaseState
from cl_theory.estimators.isd import isd_weights
from cl_theory.learning.randomness import Randomness
from cl_theory.learning.schedules import ISD, Schedule
from cl_theory.learning.state import Memory, inside, under

ORDER_BLOCK = 1000
"""Phases are ordered in blocks of this many, so that an order is known without a memory of the run."""

WeightedGradient = Callable[[np.ndarray], np.ndarray]
"""From one weight a chain to the weighted sum of the chains' gradients, (n_parameters,)."""


def phase_signs(randomness: Randomness, schedule: ISD, n_chains: int, phase: int) -> np.ndarray:
    """B of phase number `phase` in every chain, bool (n_chains,)."""
    block, place = divmod(phase, ORDER_BLOCK)
    known = randomness.kept("order", block)
    if known is None:
        known = schedule.phases.indicators(randomness.at("order", block), ORDER_BLOCK, n_chains)
        randomness.keep("order", block, known)
    return known[:, place]


def running_baseline(schedule: Schedule, share: float = 1.0) -> PhaseEMA | None:
    """The baseline of a centred schedule, moved by `share` of its rate at a time; None for the others."""
    rate = getattr(schedule, "baseline_rate", None)
    if rate is None or not isinstance(schedule, ISD):
        return None
    return PhaseEMA(schedule.p_positive, rate * share)


def first_baseline(schedule: Schedule, n_parameters: int) -> Memory:
    """Memory of the baseline before the first phase."""
    baseline = running_baseline(schedule)
    return under("baseline", baseline.start((n_parameters,))._asdict()) if baseline else {}


def isd_estimate(
    schedule: ISD, memory: Memory, gradient: WeightedGradient, signs: np.ndarray, share: float = 1.0
) -> tuple[np.ndarray, Memory]:
    """Mean of w_k (g_k - c) over the chains, and the memory of the baseline after it has seen their gradients.

    w_k is 1/b or -1/(1-b). The baseline in use knows earlier phases only, which keeps the estimate unbiased.
    """
    weights = isd_weights(signs, p_positive=schedule.p_positive)
    estimate, baseline = gradient(weights / len(weights)), running_baseline(schedule, share)
    if baseline is None:
        return estimate, {}
    known = PhaseState(**inside(memory, "baseline"))
    estimate = estimate - weights.mean() * baseline.centre(known)
    for sign in (True, False):
        among = signs == sign
        if among.any():
            known = baseline.update(known, gradient(among / among.sum()), np.asarray(sign))
    return estimate, under("baseline", known._asdict())


def digest(array: np.ndarray) -> str:
    """SHA-256 of an array's bytes, by which a run knows its data again."""
    return hashlib.sha256(np.ascontiguousarray(array).tobytes()).hexdigest()
