"""Systems for the variance of ISD as a function of b: listed laws, the real models, and a parameter in closed form."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cache, partial
from typing import Any

import numpy as np
from scipy.optimize import brentq, minimize_scalar

from cl_theory.arguments import positive, positive_integer, probability_inside
from cl_theory.learning.models.isd_draws import NOTHING_PLANTED, weighted_batch_moments
from cl_theory.learning.models.rational_rbm import RationalRBM
from cl_theory.learning.models.rbm import all_states
from cl_theory.proof.checks.exact import at_least_exactly, close, equal_exactly
from cl_theory.proof.checks.outcome import Outcome
from cl_theory.proof.checks.statement_checks import Drawn
from cl_theory.proof.systems.isd_systems import ONE_OFF, enumerated_isd, enumerated_trace, two_values
from cl_theory.proof.systems.real_models import (
    IsdSettings,
    PhaseSlots,
    RealModel,
    Swapped,
    duty_cycle_check,
    informative_directions,
    real_models,
)
from cl_theory.seeds import FIXED_ROOT, stream
from cl_theory.theory.estimators import moments as exact_moments
from cl_theory.theory.estimators.laws import FiniteLaw, PhaseMoments, independent_law
from cl_theory.theory.estimators.symbols import (
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
from cl_theory.theory.system import System


@dataclass(frozen=True)
class QuadraticToy:
    """`slope` k > 0, common `mean` a, and the standard deviations `positive` and `negative` of both phases."""

    slope: Any = 1
    mean: Any = 1
    positive: Any = 1
    negative: Any = 1

    def __post_init__(self) -> None:
        positive(self.slope, "slope")

    def with_negative(self, deviation: Any) -> "QuadraticToy":
        """The same toy with another deviation of the negative phase."""
        return replace(self, negative=deviation)

    @property
    def second_moments(self) -> tuple[Any, Any]:
        """(m+, m-) at theta = 0."""
        return self.mean**2 + self.positive**2, self.mean**2 + self.negative**2

    def variance(self, p_positive: Any) -> Any:
        """Variance of the ISD estimate at theta = 0, where its mean is 0."""
        b = probability_inside(p_positive)
        m_positive, m_negative = self.second_moments
        return m_positive / b + m_negative / (1 - b)

    @property
    def least_variance_b(self) -> float:
        """b* at theta = 0 (claim `isd-optimal-b`)."""
        up, down = (float(m) ** 0.5 for m in self.second_moments)
        return up / (up + down)

    def after_a_phase(self, moments: tuple[Any, Any], rate: Any, p_positive: Any) -> tuple[Any, Any]:
        """(E theta, E theta^2) after one more phase: numbers, Fractions or SymPy."""
        first, second = moments
        b = probability_inside(p_positive)
        along = 2 * self.mean * self.slope * first + self.slope**2 * second
        squared = self.variance(b) + along / b  # E Z^2 given the moments of theta
        return (1 - rate * self.slope) * first, second - 2 * rate * self.slope * second + rate**2 * squared

    def rest_error(self, rate: Any, p_positive: Any) -> Any:
        r"""E theta^2 in the long run, :math:`\frac{\eta\operatorname{Var}Z(b)}{k(2 - \eta k/b)}`.

        ValueError where descent has no rest: rate >= 2b/slope.
        """
        room = 2 - rate * self.slope / p_positive
        if not room > 0:
            raise ValueError(f"rate must be below 2b/slope = {2 * p_positive / self.slope}, got {rate!r}")
        return rate * self.variance(p_positive) / (self.slope * room)

    def simulate(self, rng: np.random.Generator, rate: float, p_positive: float, n_phases: int, n: int) -> np.ndarray:
        """theta (n,) of n learners after `n_phases` from theta = 0, with normal noise."""
        b, theta = float(probability_inside(p_positive)), np.zeros(positive_integer(n, "n"))
        for _ in range(positive_integer(n_phases, "n_phases")):
            coin, noise = rng.random(n) < b, rng.standard_normal(n)
            up = (self.mean + self.slope * theta + self.positive * noise) / b
            theta -= rate * np.where(coin, up, -(self.mean + self.negative * noise) / (1 - b))
        return theta

    def drawn_rest_errors(
        self, rng: np.random.Generator, rate: float, places: Sequence[float], n_phases: int = 250, n: int = 2000
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """(b, mean, standard error) of the squared error of n learners at each b of `places`."""
        squared = np.array([self.simulate(rng, rate, b, n_phases, n) ** 2 for b in places])
        return np.array(places), squared.mean(axis=1), squared.std(axis=1, ddof=1) / np.sqrt(n)


def least_variance_check() -> tuple[list[Fraction], Outcome, dict[str, Outcome]]:
    """(b*, check, planted errors) of five laws with rational b*: g+ is 3 ± 4, g- is 3 ± s, listed with the coin."""
    roots_by_deviation = {  # s: the root of m-, where that of m+ is 5
        Fraction(0): Fraction(3),
        Fraction(5, 4): Fraction(13, 4),
        Fraction(9, 4): Fraction(15, 4),
        Fraction(4): Fraction(5),
        Fraction(36, 5): Fraction(39, 5),
    }
    laws = [independent_law(*two_values(3, 4), *two_values(3, s)) for s in roots_by_deviation]
    roots = roots_by_deviation.values()
    best = [Fraction(5) / (5 + root) for root in roots]
    scope = "toy: least variance at b* for five negative phases, listed law"

    def check(values: list[Fraction], of: str) -> Outcome:
        return equal_exactly(values, [(5 + root) ** 2 for root in roots], scope=of)

    def traces(places: list[Fraction]) -> list[Fraction]:
        return [Fraction(enumerated_trace(law, b)) for law, b in zip(laws, places, strict=True)]

    mirrored = zip(best, traces([1 - b for b in best]), strict=True)
    exchanged = [Fraction(0) if b == Fraction(1, 2) else trace for b, trace in mirrored]
    planted = {"b exchanged for 1 - b": exchanged, "b* by deviations": traces([Fraction(4, 5)] * len(laws))}
    return best, check(traces(best), scope), {name: check(bad, f"{scope}; {name}") for name, bad in planted.items()}


def best_b_at_rest(toy: QuadraticToy, rate: float, grid: np.ndarray) -> float:
    """The b of `grid` at which descent at this rate rests with the least error."""
    errors = [toy.rest_error(rate, b) if rate * toy.slope < 2 * b else np.inf for b in grid]
    return float(grid[int(np.argmin(errors))])


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
        trace_at_best: lambda: np.trace(covariance(exact_moments.optimal_p_positive(law.moments))),
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
    best = exact_moments.optimal_p_positive(m)
    by_variance = {BY_VARIANCE: ((exact_moments.neyman_p_positive(m), None),)}

    @cache
    def covariance(chance: float) -> np.ndarray:
        mean, second = weighted_batch_moments(
            m, NOTHING_PLANTED.signed_weights(chance), 1, chance, chance * (1 - chance)
        )
        return second - np.outer(mean, mean)

    def trace(chance: float) -> float:
        return exact_moments.isd_trace(m, chance)

    values = _moments(m, middle) | {
        b_0: low,
        b_1: high,
        q: 0.5,
        chord_gap: lambda: (covariance(low) + covariance(high)) / 2 - covariance(middle),
        trace_Z: lambda: np.trace(covariance(middle)),
        trace_move: lambda: np.trace(covariance(high) - covariance(low)),
        trace_at_best: lambda: minimize_scalar(trace, (0.1, 0.5, 0.9), tol=1e-8).fun,
        b_star: lambda: brentq(partial(exact_moments.isd_trace_derivative, m), 0.01, 0.99, xtol=1e-14),
    }
    drawn = {
        chord_gap: partial(_drawn, model, (low, high, middle), (1 / 2, 1 / 2, -1)),
        trace_move: partial(_drawn, model, (low, high), (-1, 1)),
        trace_at_best: partial(
            _drawn, model, (best,), (1,), swaps={BY_VARIANCE: ((exact_moments.neyman_p_positive(m), None),)}
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
    best = [exact_moments.optimal_p_positive(model.moments) for model in real_models()]
    return [duty_cycle_check(seed, claim, round(chance, 3)) for chance in best]
