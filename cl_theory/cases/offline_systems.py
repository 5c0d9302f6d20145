"""Systems for offline ISD: the phases until n of them were positive, as a chain that ends, in rationals."""

from fractions import Fraction
from typing import Any

import numpy as np

from cl_theory.cases.enumerated import ONE_OFF
from cl_theory.estimators.isd import isd_gradient
from cl_theory.estimators.offline_statements import mean_phases, mean_sum, n
from cl_theory.estimators.symbols import phase_values
from cl_theory.laws import FiniteLaw, coin_law, exact_mean
from cl_theory.markov.solve import solve
from cl_theory.seeds import FIXED_ROOT, stream
from cl_theory.statements import System

COIN_OFF = "coin off by 1 %"
UNWEIGHTED = "negatives without their weight"
CHANCES = (Fraction(1, 5), Fraction(1, 2), Fraction(6, 7))


def offline_laws(n_laws: int = 4, counts: tuple[int, ...] = (1, 3, 10)) -> list[System]:
    """Random rational laws of a coupled pair, stopped after each of `counts` positive phases at every b."""
    laws = [FiniteLaw.random(stream(FIXED_ROOT, "offline", k), 5, dimension=3) for k in range(n_laws)]
    return [offline(law, b, count) for law in laws for b in CHANCES for count in counts]


def offline(
    law: FiniteLaw, p_positive: Fraction, count: int, *, coin: Fraction | None = None, weight: Any = 1
) -> System:
    """Phases on `law` until `count` of them were positive; a phase by the estimator's own code, over all its faces.

    Planted errors: a `coin` that is not the b of the weights, and a factor `weight` on negative phases.
    """
    shows = p_positive if coin is None else coin
    probability, is_positive, g_positive, g_negative = coin_law(law, shows)
    estimates = isd_gradient(g_positive, g_negative, is_positive, p_positive=p_positive)
    estimates = np.where(is_positive[:, None], estimates, weight * estimates)
    values = phase_values(law.moments, p_positive) | {
        n: Fraction(count),
        mean_phases: lambda: summed(np.array([[Fraction(1)]]), shows, count)[0],
        mean_sum: lambda: summed(exact_mean(probability, estimates)[None], shows, count),
    }
    wrong = {
        COIN_OFF: lambda: offline(law, p_positive, count, coin=p_positive * ONE_OFF),
        UNWEIGHTED: lambda: offline(law, p_positive, count, weight=1 - p_positive),
    }
    return System(f"n = {count}, b = {p_positive}", values, family="stopped laws", wrong=wrong)


def summed(a_phase: np.ndarray, p_positive: Fraction, count: int) -> np.ndarray:
    """Mean sum of what each phase brings on average, (1, d), until `count` phases were positive.

    It solves (I - Q) x = r, where Q leads from k positive phases to k (with probability 1 - b) and to k + 1 (with b).
    """
    left = np.array([[Fraction(int(i == j)) for j in range(count)] for i in range(count)], dtype=object)
    for k in range(count):
        left[k, k] -= 1 - p_positive
        if k + 1 < count:
            left[k, k + 1] -= p_positive
    return solve(left, np.repeat(a_phase, count, axis=0))[0]
