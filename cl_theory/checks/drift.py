"""No drift: a kernel started from exact draws of its stationary law must stay there."""

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from scipy import stats

from cl_theory.arguments import positive, positive_integer, probabilities
from cl_theory.checks.outcome import Outcome
from cl_theory.checks.stages import ALPHA, POWER

States = Any


def no_drift(
    rng: np.random.Generator,
    draw: Callable[[np.random.Generator, int], States],
    kernel: Callable[[np.random.Generator, States], States],
    probability: Any,
    *,
    n: int,
    scope: str,
    index: Callable[[States], np.ndarray] | None = None,
    steps: Sequence[int] = (1, 4, 16),
    alpha: float = ALPHA,
    power: float = POWER,
) -> Outcome:
    r"""Whether `kernel` leaves the law `probability` (n_states,) alone, seen after 1, 4 and 16 steps.

    ``draw(rng, n)`` gives n exact independent draws and ``kernel(rng, states)`` moves each by one step. `index`
    turns states into integers below n_states; without it, integer states are taken as they are and rows of 0/1
    units are read with unit i as bit i. The distance is the total variation TV between the histogram and the law.
    Its exact mean under the law, the *floor*, is :math:`\tfrac12\sum_x E|N_x/n - p_x|` (binomial mean deviations,
    de Moivre), and it exceeds its mean by :math:`\sqrt{\log(m/\alpha)/2n}` at any of the m steps with probability
    at most `alpha` (McDiarmid), whatever the law. `details["ratio"]` is TV over floor, near 1 for a right kernel.

    `smallest_error` is a TV distance that would have been seen with `power`; with one of 1 or more the check is
    inconclusive: take more draws (`draws_for_drift`).
    """
    law, steps = probabilities(np.asarray(probability, dtype=float)), sorted(steps)
    n = positive_integer(n, "n")
    floor = total_variation_floor(law, n)
    limit = floor + _excess(n, alpha / len(steps))
    states, done, distances = draw(rng, n), 0, []
    for step in steps:
        for _ in range(step - done):
            states = kernel(rng, states)
        done = step
        distances.append(_total_variation(_codes(states, index, n, len(law)), law))
    smallest = limit + _excess(n, 1 - power)
    details = {
        "n": n,
        "alpha": alpha,
        "power": power,
        "estimate": distances,
        "floor": floor,
        "limit": limit,
        "ratio": [distance / floor if floor else 0.0 for distance in distances],
        "steps": list(steps),
        "draws": n,
    }
    passed = False if max(distances) > limit else (None if smallest >= 1 else True)
    return Outcome("monte_carlo", scope, passed, {"states": len(law)}, smallest, 1.0, details, n * steps[-1])


def draws_for_drift(probability: Any, distance: float, *, alpha: float = ALPHA, power: float = POWER) -> int:
    """Draws with which `no_drift` sees a drift of `distance` in total variation (three steps), to about 2 %."""
    law = probabilities(np.asarray(probability, dtype=float))
    positive(distance, "distance")
    n = 100
    while total_variation_floor(law, n) + _excess(n, alpha / 3) + _excess(n, 1 - power) > distance:
        n = math.ceil(1.02 * n)
    return n


def total_variation_floor(probability: np.ndarray, n: int) -> float:
    """Exact mean of the total variation distance between n independent draws' histogram and their own law."""
    p = np.asarray(probability, dtype=float)
    mode = np.floor(n * p) + 1  # de Moivre: E|N - np| = 2 m (1 - p) P(N = m) with m = floor(np) + 1
    return float((mode * (1 - p) * stats.binom.pmf(mode, n, p)).sum() / n)


def _excess(n: int, level: float) -> float:
    return math.sqrt(math.log(1 / level) / (2 * n))


def _total_variation(codes: np.ndarray, law: np.ndarray) -> float:
    histogram = np.bincount(codes, minlength=len(law)) / len(codes)
    return float(np.abs(histogram - law).sum() / 2)


def _codes(states: States, index: Callable[[States], np.ndarray] | None, n: int, n_states: int) -> np.ndarray:
    codes = np.asarray(states if index is None else index(states))
    if index is None and codes.ndim == 2:
        codes = codes @ 2.0 ** np.arange(codes.shape[1])
    whole = codes.astype(np.int64)
    if whole.shape != (n,) or (whole != codes).any() or whole.min() < 0 or whole.max() >= n_states:
        raise ValueError(f"states must give {n} integers in 0..{n_states - 1}, got shape {codes.shape}; pass index")
    return whole
