"""Systems for the variance of ISD as a function of b: listed laws at several b, the real models, drawn and broken."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from fractions import Fraction
from functools import cache, partial
from typing import Any

import numpy as np
from scipy.optimize import brentq, minimize_scalar

from cl_theory.cases.enumerated import ONE_OFF, enumerated_isd, two_values
from cl_theory.cases.isd_checks import duty_cycle_check, informative_directions
from cl_theory.cases.isd_settings import IsdSettings, Swapped
from cl_theory.cases.phase_slots import PhaseSlots
from cl_theory.cases.real_models import RealModel, real_models
from cl_theory.checks.exact import at_least_exactly, equal_exactly
from cl_theory.checks.numeric import close
from cl_theory.checks.outcome import Outcome
from cl_theory.checks.statement_checks import Drawn
from cl_theory.estimators import theory
from cl_theory.estimators.symbols import (
    b_0,
    b_1,
    b_star,
    chord_gap,
    mu_minus_squared,
    mu_plus_squared,
    phase_values,
    q,
    trace_at_best,
    trace_move,
    trace_Z,
)
from cl_theory.laws import FiniteLaw, PhaseMoments, independent_law
from cl_theory.models.rational_rbm import RationalRBM
from cl_theory.samplers.planted import NOTHING_PLANTED
from cl_theory.samplers.planted_batch import weighted_batch_moments
from cl_theory.seeds import FIXED_ROOT, stream
from cl_theory.statements import System
from cl_theory.states import all_states

WEIGHT_OFF = "weight 1/b off by 1 %"
MIDDLE_OFF = "middle of the chord off by 1/1000"
BY_VARIANCE = "the b that variances say"
ENDS, SHARE = (Fraction(1, 5), Fraction(2, 3)), Fraction(1, 4)
"""Two b and the share of the first; b between them is 11/20."""
AROUND_HALF = (0.25, 0.75)
"""The ends on the real models; b between them is 1/2."""
MOST = 2**20
"""Draws of a first stage at most: what one real model shows only with more, the other one shows with fewer."""


# Listed laws ---------------------------------------------------------------------------------------


def rooted(law: FiniteLaw) -> FiniteLaw:
    """`law` with a constant more in each phase, so that the roots of m+ and m- are rational, and so is b*.

    A constant (m - 1)/2 makes ((m + 1)/2)^2 of m.
    """
    m = law.moments
    last = [np.full((len(law.probability), 1), (x - 1) / 2) for x in (m.m_positive, m.m_negative)]
    return FiniteLaw(law.probability, np.hstack([law.g_positive, last[0]]), np.hstack([law.g_negative, last[1]]))


def valley(
    law: FiniteLaw, ends: tuple[Any, Any] = ENDS, family: str = "laws", *, shift: Any = 0, **planted: Any
) -> System:
    """The variance at both ends, between them (there b is) and at b*, each by the estimator's own code on every atom.

    `shift` moves the place between the ends; `planted` are errors of `enumerated_isd`.
    """
    middle = SHARE * ends[0] + (1 - SHARE) * ends[1]

    @cache
    def covariance(chance: Any) -> np.ndarray:
        return enumerated_isd(law, chance, **planted)[1]

    def gap() -> np.ndarray:
        chord = SHARE * covariance(ends[0]) + (1 - SHARE) * covariance(ends[1])
        return chord - covariance(middle + shift)

    values = _moments(law.moments, middle) | {
        b_0: ends[0],
        b_1: ends[1],
        q: SHARE,
        chord_gap: gap,
        trace_Z: lambda: np.trace(covariance(middle)),
        trace_move: lambda: np.trace(covariance(ends[1]) - covariance(ends[0])),
        trace_at_best: lambda: np.trace(covariance(theory.optimal_p_positive(law.moments))),
    }
    wrong = {
        WEIGHT_OFF: partial(valley, law, ends, family, weight=ONE_OFF),
        MIDDLE_OFF: partial(valley, law, ends, family, shift=Fraction(1, 1000)),
    }
    return System(f"{family}, b from {ends[0]} to {ends[1]}", values, family=family, wrong=wrong)


def _moments(m: PhaseMoments, b: Any) -> dict[Any, Any]:
    return phase_values(m, b) | {
        mu_plus_squared: lambda: m.mean_positive @ m.mean_positive,
        mu_minus_squared: lambda: m.mean_negative @ m.mean_negative,
    }


def listed_valleys(n_laws: int) -> list[System]:
    """Random rational laws of a coupled pair in 3 dimensions and a small RBM, each with a rational b*."""
    laws = [FiniteLaw.random(stream(FIXED_ROOT, "best-b", k), 5, dimension=3) for k in range(n_laws)]
    rbm = RationalRBM.random(stream(FIXED_ROOT, "best-b", "rbm"), 2, 1)
    machine = valley(rooted(rbm.finite_law(all_states(2)[[0, 1, 3]])), family="rational RBM")
    return [*(valley(rooted(law), family="random laws") for law in laws), machine]


def two_point_law(positive: tuple[int, int], negative: tuple[int, int]) -> FiniteLaw:
    """Independent gradients that are numbers, each centre - spread or centre + spread with equal chances."""
    return independent_law(*two_values(*positive), *two_values(*negative))


THREE_LAWS = {
    "quiet": two_point_law((0, 1), (0, 2)),
    "shifted": two_point_law((0, 2), (3, 1)),
    "centred": two_point_law((0, 2), (0, 1)),
}
"""The last two have the same variances, and need opposite advice."""


def three_laws() -> list[System]:
    """The three of them, b moved from 1/3 to 2/3."""
    thirds = Fraction(1, 3), Fraction(2, 3)
    return [valley(law, thirds, name) for name, law in THREE_LAWS.items()]


def one_sided() -> System:
    """g- = 0, g+ = 3 or -3: no b is best."""
    return valley(two_point_law((0, 3), (0, 0)), family="g- = 0")


def silent() -> System:
    """Both gradients are 0."""
    return valley(two_point_law((0, 0), (0, 0)), family="both gradients zero: f is flat, convex but not strictly")


def nearly_always_positive() -> System:
    """g- = 0 at b = 9999/10000, where the variance is all but at its infimum, in the place of the minimum."""
    law, near_one = two_point_law((0, 3), (0, 0)), 1 - Fraction(1, 10**4)
    values = phase_values(law.moments, near_one) | {trace_at_best: np.trace(enumerated_isd(law, near_one)[1])}
    return System("g- = 0: the infimum m+ - |mu|^2 is approached as b -> 1 and never reached", values)


RULES: dict[str, Callable[[PhaseMoments], bool]] = {
    "larger second moment": lambda m: m.m_positive > m.m_negative,
    "lower variance": lambda m: m.v_positive < m.v_negative,
    "higher variance": lambda m: m.v_positive > m.v_negative,
}
"""Which phase to visit more often: whether it is the positive one."""


def rule_saves_variance(rule: str, *, scope: str) -> Outcome:
    """Whether visiting the phase that `rule` names in 2/3 of the phases, not in 1/3, saves variance on three laws."""
    signs = [1 if RULES[rule](law.moments) else -1 for law in THREE_LAWS.values()]
    saved = [-sign * system(trace_move) for sign, system in zip(signs, three_laws(), strict=True)]
    return at_least_exactly(saved, 0, strict=True, scope=scope)


def bends_strictly(system: System, *, scope: str) -> Outcome:
    """Whether the chord of the total variance lies above the curve."""
    return at_least_exactly(np.trace(system(chord_gap)), 0, strict=True, scope=scope)


def is_flat(system: System, *, scope: str) -> Outcome:
    """Whether chord and curve of the total variance are the same."""
    return equal_exactly(np.trace(system(chord_gap)), 0, scope=scope)


# Real models ---------------------------------------------------------------------------------------


def real_valleys() -> list[System]:
    """The same on both real models, the ends around 1/2: second moments of Z by adding up its two cases.

    The minimum and its place are searched for. Everything but the curve itself can be drawn.
    """
    return [real_valley(model) for model in real_models()]


@cache
def real_valley(model: RealModel) -> System:
    """One of them."""
    m, (low, high), middle = model.moments, AROUND_HALF, 0.5
    best = theory.optimal_p_positive(m)
    by_variance = {BY_VARIANCE: ((theory.neyman_p_positive(m), None),)}

    @cache
    def covariance(chance: float) -> np.ndarray:
        mean, second = weighted_batch_moments(
            m, NOTHING_PLANTED.signed_weights(chance), 1, chance, chance * (1 - chance)
        )
        return second - np.outer(mean, mean)

    def trace(chance: float) -> float:
        return theory.isd_trace(m, chance)

    values = _moments(m, middle) | {
        b_0: low,
        b_1: high,
        q: 0.5,
        chord_gap: lambda: (covariance(low) + covariance(high)) / 2 - covariance(middle),
        trace_Z: lambda: np.trace(covariance(middle)),
        trace_move: lambda: np.trace(covariance(high) - covariance(low)),
        trace_at_best: lambda: minimize_scalar(trace, (0.1, 0.5, 0.9), tol=1e-8).fun,
        b_star: lambda: brentq(partial(theory.isd_trace_derivative, m), 0.01, 0.99, xtol=1e-14),
    }
    drawn = {
        chord_gap: partial(_drawn, model, (low, high, middle), (1 / 2, 1 / 2, -1)),
        trace_move: partial(_drawn, model, (low, high), (-1, 1)),
        trace_at_best: partial(
            _drawn, model, (best,), (1,), swaps={BY_VARIANCE: ((theory.neyman_p_positive(m), None),)}
        ),
        trace_Z - trace_at_best: partial(_drawn, model, (best, middle), (-1, 1)),
    }
    wrong = {BY_VARIANCE: lambda: System(model.name, {b_star: by_variance[BY_VARIANCE][0][0]})}
    return System(model.name, values, family=model.name, drawn=drawn, wrong=wrong)


def _drawn(model: RealModel, grid: Sequence[float], contrast: Sequence[float], swaps: Any = None) -> Drawn:
    slots = _slots(model)
    direction, mean = slots.directions[0], model.moments.mean
    swapped = {name: Swapped(settings) for name, settings in (swaps or {}).items()}
    settings = IsdSettings(slots, tuple((b, None) for b in grid), np.array([contrast], dtype=float), swaps=swapped)
    planned = replace(settings.planned, most=MOST)
    trace, along = len(grid) + 1, len(grid) + 2

    def image(value: Any) -> np.ndarray:
        goal = planned.goal.copy()
        goal[trace] = (np.trace(value) if np.ndim(value) else value) + sum(contrast) * (mean @ mean)
        if np.ndim(value):
            goal[along] = direction @ value @ direction + sum(contrast) * (direction @ mean) ** 2
        return goal

    return Drawn(planned, image)


@cache
def _slots(model: RealModel) -> PhaseSlots:
    directions = informative_directions(model, 0.5)[:1]
    return PhaseSlots(model, 1, directions, np.empty((0, directions.shape[1])))


def no_negative_eigenvalue(off: float, *, scope: str) -> Outcome:
    """Whether chord less curve has no negative eigenvalue on real models, less a part `off` of the largest one."""
    spectra = [np.linalg.eigvalsh(system(chord_gap)) for system in real_valleys()]
    lowest = [min(values[0] / values[-1] - off, 0.0) for values in spectra]
    return close(lowest, [0.0, 0.0], scale=1.0, scope=scope)


def duty_cycles(claim: str, seed: int) -> list[tuple[Outcome, dict[str, Outcome]]]:
    """How often the sampler runs a positive phase at the best b of each real model; checks with their controls."""
    best = [theory.optimal_p_positive(model.moments) for model in real_models()]
    return [duty_cycle_check(seed, claim, round(chance, 3)) for chance in best]
