"""Systems for the best b, for coins that learn it, and for the best of all that see one phase: listed, real, drawn."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cache, partial, reduce
from itertools import product
from typing import Any

import numpy as np
from scipy.optimize import brentq, minimize_scalar

from cl_theory.arguments import positive, positive_integer, probability_inside
from cl_theory.learning.models.planted import NOTHING_PLANTED, weighted_batch_moments
from cl_theory.learning.models.rational_rbm import RationalRBM
from cl_theory.learning.models.rbm import all_states
from cl_theory.proof.checks.exact import at_least_exactly, close, equal_exactly
from cl_theory.proof.checks.outcome import Outcome
from cl_theory.proof.checks.statement_checks import Drawn
from cl_theory.proof.systems.centring_systems import RATE, any_baseline, learners, real_around
from cl_theory.proof.systems.centring_systems import rooted as rooted_at_mean
from cl_theory.proof.systems.isd_systems import (
    COIN_OFF,
    HALF,
    ONE_OFF,
    coin_of_atoms,
    drawn_squares,
    enumerated_isd,
    enumerated_trace,
    isd_settings,
    listed_two_term_covariance,
    random_laws,
    two_point_law,
)
from cl_theory.proof.systems.leading_systems import shifted_mean
from cl_theory.proof.systems.real_models import (
    RealModel,
    Swapped,
    duty_cycle_check,
    informative_directions,
    real_models,
)
from cl_theory.seeds import FIXED_ROOT, stream
from cl_theory.theory.arithmetic import exact_array, square_root
from cl_theory.theory.chains.stationary import identity
from cl_theory.theory.estimators import best_b_statements as adaptive
from cl_theory.theory.estimators import bound_statements as bound
from cl_theory.theory.estimators import moments as exact_moments
from cl_theory.theory.estimators import symbols as s
from cl_theory.theory.estimators.baselines import PhaseMeans, running_centred_isd
from cl_theory.theory.estimators.isd import centred_isd_gradient, gradient_that_ran
from cl_theory.theory.estimators.laws import (
    FiniteLaw,
    History,
    PhaseMoments,
    coin_law,
    exact_covariance,
    history_law,
    independent_law,
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
    deviations = Fraction(0), Fraction(5, 4), Fraction(9, 4), Fraction(4), Fraction(36, 5)  # all roots are rational
    laws = [two_point_law((3, 4), (3, deviation)) for deviation in deviations]
    best = [exact_moments.optimal_p_positive(law.moments) for law in laws]
    least = [exact_moments.isd_trace_minimum(law.moments) for law in laws]
    scope = "toy: least variance at b* for five negative phases, listed law"

    def check(values: list[Fraction], of: str) -> Outcome:
        return equal_exactly(values, least, scope=of)

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
    law: FiniteLaw, ends: tuple[Any, Any] = ENDS, family: str = "laws", *, shift: Any = 0, weight: Any = 1
) -> System:
    """The variance at both ends, between them (there b is) and at b*, each by the estimator's own code on every atom.

    Planted errors: `shift` moves the place between the ends, `weight` is a factor on 1/b.
    """
    middle = SHARE * ends[0] + (1 - SHARE) * ends[1]
    covariance = cache(lambda chance: enumerated_isd(law, chance, weight=weight)[1])
    values = _along_b(law.moments, (*ends, middle), SHARE, covariance, shift) | {
        s.trace_at_best: lambda: np.trace(covariance(exact_moments.optimal_p_positive(law.moments)))
    }
    wrong = {
        WEIGHT_OFF: partial(valley, law, ends, family, weight=ONE_OFF),
        MIDDLE_OFF: partial(valley, law, ends, family, shift=Fraction(1, 1000)),
    }
    return System(f"{family}, b from {ends[0]} to {ends[1]}", values, family=family, wrong=wrong)


def _along_b(
    m: PhaseMoments, places: tuple[Any, Any, Any], share: Any, covariance: Callable[[Any], np.ndarray], shift: Any = 0
) -> dict[Any, Any]:
    # Both ends and b between them; what the covariance measured there says of chord and move.
    low, high, middle = places
    return s.phase_values(m, middle) | {
        s.b_0: low,
        s.b_1: high,
        s.q: share,
        s.chord_gap: lambda: share * covariance(low) + (1 - share) * covariance(high) - covariance(middle + shift),
        s.trace_Z: lambda: np.trace(covariance(middle)),
        s.trace_move: lambda: np.trace(covariance(high) - covariance(low)),
    }


def listed_valleys(n_laws: int) -> list[System]:
    """Random rational laws of a coupled pair in 3 dimensions and a small RBM, each with a rational b*."""
    rbm = RationalRBM.random(stream(FIXED_ROOT, "best-b", "rbm"), 2, 1)
    machine = valley(rooted(rbm.finite_law(all_states(2)[[0, 1, 3]])), family="rational RBM")
    return [*(valley(rooted(law), family="random laws") for law in random_laws(n_laws, "best-b")), machine]


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
    values = s.phase_values(law.moments, near_one) | {s.trace_at_best: enumerated_trace(law, near_one)}
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
    saved = [-sign * system(s.trace_move) for sign, system in zip(signs, three_laws(), strict=True)]
    return at_least_exactly(saved, 0, strict=True, scope=scope)


def bends_strictly(system: System, *, scope: str) -> Outcome:
    """Whether the chord of the total variance lies above the curve."""
    return at_least_exactly(np.trace(system(s.chord_gap)), 0, strict=True, scope=scope)


def is_flat(system: System, *, scope: str) -> Outcome:
    """Whether chord and curve of the total variance are the same."""
    return equal_exactly(np.trace(system(s.chord_gap)), 0, scope=scope)


# Real models ---------------------------------------------------------------------------------------


def real_valleys() -> list[System]:
    """The same on both real models, the ends around 1/2: second moments of Z by adding up its two cases.

    The minimum and its place are searched for. Everything but the curve itself can be drawn.
    """
    return [_real_valley(model) for model in real_models()]


@cache
def _real_valley(model: RealModel) -> System:
    m, (low, high), middle = model.moments, AROUND_HALF, 0.5
    best, by_variance = exact_moments.optimal_p_positive(m), exact_moments.neyman_p_positive(m)

    @cache
    def covariance(chance: float) -> np.ndarray:
        weights = NOTHING_PLANTED.signed_weights(chance)
        mean, second = weighted_batch_moments(m, weights, 1, chance, chance * (1 - chance))
        return second - np.outer(mean, mean)

    values = _along_b(m, (low, high, middle), 0.5, covariance) | {
        s.trace_at_best: lambda: minimize_scalar(partial(exact_moments.isd_trace, m), (0.1, 0.5, 0.9), tol=1e-8).fun,
        s.b_star: lambda: brentq(partial(exact_moments.isd_trace_derivative, m), 0.01, 0.99, xtol=1e-14),
    }

    def drawn(grid: Sequence[float], contrast: Sequence[float], **swaps: Swapped) -> Any:
        settings = [(b, None) for b in grid]
        directions = informative_directions(model, middle)[:1]
        return drawn_squares(isd_settings(model, settings, directions, [contrast], swaps=swaps), most=MOST)

    wrong = {BY_VARIANCE: lambda: System(model.name, {s.b_star: by_variance})}
    ways = {
        s.chord_gap: partial(drawn, (low, high, middle), (1 / 2, 1 / 2, -1)),
        s.trace_move: partial(drawn, (low, high), (-1, 1)),
        s.trace_at_best: partial(drawn, (best,), (1,), **{BY_VARIANCE: Swapped(((by_variance, None),))}),
        s.trace_Z - s.trace_at_best: partial(drawn, (best, middle), (-1, 1)),
    }
    return System(model.name, values, family=model.name, drawn=ways, wrong=wrong)


def no_negative_eigenvalue(off: float, *, scope: str) -> Outcome:
    """Whether chord less curve has no negative eigenvalue on real models, less a part `off` of the largest one."""
    spectra = [np.linalg.eigvalsh(system(s.chord_gap)) for system in real_valleys()]
    lowest = [min(values[0] / values[-1] - off, 0.0) for values in spectra]
    return close(lowest, [0.0, 0.0], scale=1.0, scope=scope)


def duty_cycles(claim: str, seed: int) -> list[tuple[Outcome, dict[str, Outcome]]]:
    """How often the sampler runs a positive phase at the best b of each real model; checks with their controls."""
    best = [exact_moments.optimal_p_positive(model.moments) for model in real_models()]
    return [duty_cycle_check(seed, claim, round(chance, 3)) for chance in best]


# A coin that learns, chapter 24 --------------------------------------------------------------------

Sides = tuple[tuple[Any, Any], ...]
LOUD: Sides = ((Fraction(2, 5), 1), (Fraction(2, 5), -1), (Fraction(1, 10), 4), (Fraction(1, 10), -4))
SOFT: Sides = tuple((chance, deviation / Fraction(2)) for chance, deviation in LOUD)
"""Chances and deviations from the mean: variances 4 and 1, so that the Neyman b is 2/3."""
MILD: Sides = ((Fraction(3, 8), 1), (Fraction(3, 8), -1), (Fraction(1, 8), 3), (Fraction(1, 8), -3))
STEADY: Sides = ((HALF, 1), (HALF, -1))
OFTEN_STILL: Sides = ((HALF, 0), (Fraction(1, 4), 1), (Fraction(1, 4), -1))
PEEKS, NOT_LEARNED = "weights that know the phase", "a fair coin for ever"


@dataclass(frozen=True)
class LearnedCoin:
    """ISD in one parameter whose coin has b = sd+/(sd+ + sd-), from all earlier phases and kept in [keep, 1 - keep].

    `grid` rounds b to multiples of 1/grid, so that it is rational. b is 1/2 until both phases were seen. The means of
    the phases are known to the coin; the `baseline` is constant.
    """

    positive: Sides = LOUD
    negative: Sides = SOFT
    keep: Any = Fraction(1, 10)
    grid: int = 20
    baseline: Any = 2
    means: tuple[Any, Any] = (3, 1)

    def coin(self, state: tuple[Any, ...]) -> Any:
        """b after phases with the counts and sums of squared deviations `state`: n+, S+, n-, S-."""
        n_plus, square_plus, n_minus, square_minus = state
        if not (n_plus and n_minus):
            return HALF
        roots = np.sqrt([float(square_plus) / n_plus, float(square_minus) / n_minus])
        share = HALF if not roots.any() else Fraction(round(self.grid * roots[0] / roots.sum()), self.grid)
        return min(max(share, self.keep), 1 - self.keep)

    def outcomes(self, state: tuple[Any, ...], off: Any = 1, peek: bool = False) -> list[tuple[Any, Any, tuple]]:
        """(chance, estimate, next state) of one more phase; the coin shows `off` times the b that the weights use, or
        the weights `peek` at the b that comes next."""
        b, (n_plus, square_plus, n_minus, square_minus), found = self.coin(state), state, []
        for chance, deviation in self.positive if b else ():
            after = (n_plus + 1, square_plus + deviation**2, n_minus, square_minus)
            weight = 1 / (self.coin(after) if peek else b)
            found.append((off * b * chance, weight * (self.means[0] + deviation - self.baseline), after))
        for chance, deviation in self.negative:
            after = (n_plus, square_plus, n_minus + 1, square_minus + deviation**2)
            weight = -1 / (1 - (self.coin(after) if peek else b))
            found.append(((1 - off * b) * chance, weight * (self.means[1] + deviation - self.baseline), after))
        return found

    def states(self, n_phases: int) -> dict[tuple[Any, ...], Any]:
        """The chance of each state after so many phases, every history listed."""
        chances: dict[tuple[Any, ...], Any] = {(0, 0, 0, 0): Fraction(1)}
        for _ in range(n_phases):
            later: dict[tuple[Any, ...], Any] = {}
            for state, so_far in chances.items():
                for chance, _, after in self.outcomes(state):
                    later[after] = later.get(after, 0) + so_far * chance
            chances = later
        return chances

    @property
    def deviations(self) -> tuple[Any, Any]:
        """sigma+ and sigma-."""
        squares = (sum(chance * x**2 for chance, x in side) for side in (self.positive, self.negative))
        return tuple(square_root(square) for square in squares)


def learned_coins() -> list[System]:
    """The estimate after two to five phases of a coin that learns, around three baselines. Rational."""
    return [learned_coin(LearnedCoin(baseline=c), n) for c in (0, Fraction(3, 2), 2) for n in (2, 3, 5)]


def learned_coin(learner: LearnedCoin, n_phases: int, off: Any = 1, peek: bool = False) -> System:
    """What the symbols are for the estimate after `n_phases` of all histories; see `LearnedCoin.outcomes`."""
    states = learner.states(n_phases)
    places = {state: learner.coin(state) for state in states}
    (up, down), (loud, soft), c = learner.means, learner.deviations, learner.baseline
    best = loud / (loud + soft)

    def moment(power: int) -> list[Any]:
        return [sum(p * z**power for p, z, _ in learner.outcomes(state, off, peek)) for state in states]

    def mean(values: list[Any]) -> Any:
        return sum(chance * value for chance, value in zip(states.values(), values, strict=True))

    def over_states(miss: Callable[[Any], Any]) -> Any:
        return mean([miss(b) / (b * (1 - b)) for b in places.values()])

    values = {
        s.mean_Z_c: lambda: np.array([moment(1)], dtype=object), s.mu_plus: exact_array([up]),
        s.mu_minus: exact_array([down]), s.c: exact_array([c]), s.sigma_plus: loud, s.sigma_minus: soft,
        adaptive.trace_adaptive: lambda: mean(moment(2)) - mean(moment(1)) ** 2,
        adaptive.miss_b: lambda: over_states(lambda b: (b - best) ** 2),
        adaptive.miss_c: lambda: over_states(lambda b: ((1 - b) * up + b * down - c) ** 2),
    }  # fmt: skip
    wrong = {
        COIN_OFF: partial(learned_coin, learner, n_phases, ONE_OFF),
        PEEKS: partial(learned_coin, learner, n_phases, peek=True),
    }
    return System(f"b learned from {n_phases} phases, c = {c}", values, family="coins that learn", wrong=wrong)


def peeking_coin() -> System:
    """Weights that use the b to which the phase that has just run leads; the mean over all pasts of two phases."""
    learner = LearnedCoin(baseline=0)
    states = learner.states(2)
    parts = {True: Fraction(0), False: Fraction(0)}
    for state, so_far in states.items():
        for chance, estimate, after in learner.outcomes(state, peek=True):
            parts[after[0] > state[0]] += so_far * chance * estimate
    b_values = {adaptive.peeked_plus: exact_array([parts[True]]), adaptive.peeked_minus: exact_array([-parts[False]])}
    known = learned_coin(learner, 2, peek=True)
    mean = sum(so_far * row for so_far, row in zip(states.values(), known(s.mean_Z_c)[0], strict=True))
    values = {s.mean_Z_c: exact_array([mean]), s.mu_plus: known(s.mu_plus), s.mu_minus: known(s.mu_minus)}
    return System("the weight uses the b that the phase itself has changed", values | b_values)


def stuck_coin() -> System:
    """keep = 0, and a positive phase that did not deviate from its mean: the coin never shows it again."""
    learner = LearnedCoin(positive=OFTEN_STILL, keep=0)
    (mean,) = [sum(p * z for p, z, _ in learner.outcomes((1, Fraction(0), 1, Fraction(1, 4))))]
    known = learned_coin(learner, 0)
    values = {x: known(x) for x in (s.mu_plus, s.mu_minus, s.c)} | {s.mean_Z_c: exact_array([mean])}
    return System("b = 0 after a positive phase that showed no noise", values)


def running_excess(positive: Sides, n_phases: Sequence[int], keep: float = 0.1) -> np.ndarray:
    """Exact excess of the total variance after so many phases, over all histories: the squared deviation of the
    positive phase has two values, that of the negative one is 1, and the baseline is the best at each b."""
    low, high = sorted({float(x) ** 2 for _, x in positive})
    p = float(sum(chance for chance, x in positive if float(x) ** 2 == high))
    best = 1 - 1 / (1 + np.sqrt((1 - p) * low + p * high))
    size = max(n_phases) + 2
    seen, large = np.meshgrid(np.arange(size), np.arange(size), indexing="ij")
    square = (low * (seen - large) + high * large) / np.maximum(seen, 1)
    learned = np.clip(1 - 1 / (1 + np.sqrt(np.maximum(square, 0))), keep, 1 - keep)
    chance, found = np.zeros((size, size)), {}
    chance[0, 0] = 1.0
    for n in range(max(n_phases) + 1):
        here, now = slice(n + 1), chance[: n + 1, : n + 1]
        b = np.where((seen == 0) | (seen == n), 0.5, learned)[here, here]
        found[n] = float(np.sum(now * (b - best) ** 2 / (b * (1 - b)))) / (1 - best) ** 2
        later = np.zeros((n + 2, n + 2))
        later[:-1, :-1] += now * (1 - b)
        later[1:, :-1] += now * b * (1 - p)
        later[1:, 1:] += now * b * p
        chance[: n + 2, : n + 2] = later
    return np.array([found[n] for n in n_phases])


LADDER = (80, 100, 120, 150, 180, 220, 270, 330, 410, 512)


def scaled_running_excess(positive: Sides) -> float:
    """n times the excess as n grows: the constant of 1, log n/n, 1/n, log n/n^2 and 1/n^2 through LADDER."""
    n = np.array(LADDER, dtype=float)
    powers = np.stack([n**0, np.log(n) / n, 1 / n, np.log(n) / n**2, 1 / n**2], axis=1)
    weight = (n**2)[:, None]
    return float(np.linalg.lstsq(powers * weight, n * running_excess(positive, LADDER) * weight[:, 0])[0][0])


def long_running_coins() -> list[System]:
    """Coins learned from up to 256 phases, extrapolated: one phase has noise in its squares, the other has none."""

    def at(name: str, sides: tuple[Sides, Sides]) -> System:
        squares = [[(float(p), float(x) ** 2) for p, x in side] for side in sides]
        means = [sum(p * x for p, x in side) for side in squares]
        spreads = [sum(p * x**2 for p, x in side) / m**2 - 1 for side, m in zip(squares, means, strict=True)]
        values = {
            s.sigma_plus: means[0] ** 0.5, s.sigma_minus: means[1] ** 0.5,
            adaptive.spread_plus: spreads[0], adaptive.spread_minus: spreads[1],
            adaptive.scaled_excess: lambda: scaled_running_excess(next(side for side in sides if side is not STEADY)),
        }  # fmt: skip
        return System(name, values, family="running means, n to infinity")

    return [at("noisy positive squares", (MILD, STEADY)), at("noisy negative squares", (STEADY, MILD))]


def drawn_coin(n_phases: int = 6) -> System:
    """The trace of the estimate after some phases, by a learner that tosses its own coins."""
    learner = LearnedCoin(positive=MILD, keep=Fraction(1, 4))
    known = learned_coin(learner, n_phases)
    exact = float(known(adaptive.trace_adaptive))
    mu = float(learner.means[0] - learner.means[1])

    def draw(rng: np.random.Generator, size: int) -> np.ndarray:
        totals, coin = np.zeros((4, size)), np.full(size, 0.5)
        for _ in range(n_phases + 1):
            is_positive = rng.random(size) < coin
            sides = [
                rng.choice([float(x) for _, x in side], size, p=[float(p) for p, _ in side])
                for side in (learner.positive, learner.negative)
            ]
            gradients = [side + mean - learner.baseline for side, mean in zip(sides, learner.means, strict=True)]
            estimate = np.where(is_positive, gradients[0] / coin, -gradients[1] / (1 - coin))
            deviation = np.where(is_positive, *sides)
            totals += np.stack([is_positive, is_positive * deviation**2, ~is_positive, ~is_positive * deviation**2])
            both = (totals[0] > 0) & (totals[2] > 0)
            roots = np.sqrt(totals[1::2] / np.maximum(totals[::2], 1))
            share = np.round(learner.grid * roots[0] / np.maximum(roots.sum(axis=0), 1e-300)) / learner.grid
            coin = np.where(both, np.clip(share, float(learner.keep), 1 - float(learner.keep)), 0.5)
        return (estimate[:, None] - mu) ** 2

    fair = 2 * sum(float(x) ** 2 for x in learner.deviations)  # around its own c*, which the baseline is at b = 1/2
    planned = shifted_mean(draw, np.array([exact]), {NOT_LEARNED: np.array([fair - exact])}, most=2**22)
    values = {x: known(x) for x in (adaptive.miss_b, adaptive.miss_c)} | {
        s.sigma_plus: known(s.sigma_plus), s.sigma_minus: known(s.sigma_minus)
    }  # fmt: skip
    values = {x: float(value) for x, value in values.items()}
    drawn = Drawn(planned, lambda value: np.array([float(value)]))
    return System(f"b after {n_phases} phases", values, drawn={adaptive.trace_adaptive: drawn}, only_drawn=True)


# The best of all estimators that see one phase at a time --------------------------------------------

SEES_CURRENT = "baseline sees the current draw"
Estimator = Callable[[FiniteLaw, Any, History, bool], np.ndarray]
"""(law, b, histories, whether it looks at what it must not) to an estimate for each history, (m, d)."""


def _around(baseline: Callable[[FiniteLaw, Any], Any]) -> Estimator:
    def estimate(law: FiniteLaw, p_positive: Any, history: History, peek: bool) -> np.ndarray:
        _, plus, minus, signs = history
        centre = gradient_that_ran(plus, minus, signs) if peek else baseline(law, p_positive) + 0 * plus
        rows = zip(plus, minus, signs, centre, strict=True)
        around = [centred_isd_gradient(g, other, sign, c, p_positive=p_positive) for g, other, sign, c in rows]
        return np.stack(around).mean(axis=0)

    return estimate


def _running(kind: str) -> Estimator:
    def estimate(law: FiniteLaw, p_positive: Any, history: History, peek: bool) -> np.ndarray:
        _, *path = history
        learner = learners(p_positive, RATE)[kind]
        start = learner.start(path[0].shape[1:])
        return running_centred_isd(learner, start, *path, p_positive=p_positive, peek=peek)[0].mean(axis=0)

    return estimate


def _left_out(law: FiniteLaw, p_positive: Any, history: History, peek: bool) -> np.ndarray:
    # Every phase around what the means of all others say; last in turn, so that the baseline has seen all others.
    _, *path = history
    learner, n_phases = PhaseMeans(p_positive), len(path[0])
    start = learner.start(path[0].shape[1:])
    turned = [[np.roll(part, k, axis=0) for part in path] for k in range(n_phases)]
    how = {"p_positive": p_positive, "peek": peek}
    return np.stack([running_centred_isd(learner, start, *parts, **how)[0][-1] for parts in turned]).mean(axis=0)


ESTIMATORS: dict[str, Estimator] = {
    "ISD": _around(lambda law, _: 0),
    "any baseline": _around(lambda law, _: any_baseline(law)),
    "the best baseline": _around(lambda law, chance: exact_moments.isd_centre(law.moments, chance)),
    "means of earlier phases": _running("means of old samples"),
    "a pooled running mean": _running("a pooled mean"),
    "means of all other phases": _left_out,
}
"""Unbiased for every law, and each sees one phase an update."""


def unbiased_estimators(n_phases: int = 3, p_positive: Fraction = Fraction(2, 5)) -> list[System]:
    """Each of `ESTIMATORS` on every history of n phases of a small law, and its moments beside those of ISD at c*."""
    law = FiniteLaw.random(stream(FIXED_ROOT, "one phase"), 3, dimension=2)
    return [one_of_the_estimators(law, p_positive, n_phases, name) for name in ESTIMATORS]


def one_of_the_estimators(
    law: FiniteLaw, p_positive: Any, n_phases: int, name: str, *, peek: bool = False, coin: Any = 1
) -> System:
    """One of `ESTIMATORS`; planted errors: it looks at the current gradient, or the coin is off by a factor."""

    @cache
    def moments() -> np.ndarray:
        history = history_law(law, p_positive * coin, n_phases)
        estimates, best = (ESTIMATORS[kind](law, p_positive, history, look) for kind, look in sides)
        d = law.moments.dimension
        both = exact_covariance(history[0], np.hstack([estimates, best, estimates - best]))
        return np.stack([both[:d, :d], both[:d, d : 2 * d], both[2 * d :, 2 * d :]])

    sides = ((name, peek), ("the best baseline", False))
    values = s.phase_values(law.moments, p_positive) | {
        s.n: n_phases,
        bound.cov_delta: lambda: moments()[0],
        bound.cov_with_best: lambda: moments()[1],
        bound.cov_rest: lambda: moments()[2],
    }
    again = partial(one_of_the_estimators, law, p_positive, n_phases, name)
    wrong = {SEES_CURRENT: partial(again, peek=True), COIN_OFF: partial(again, coin=ONE_OFF)}
    return System(name, values, family="estimators on all histories", wrong=wrong)


def faces_of_best(p_positive: Fraction = Fraction(2, 5)) -> list[System]:
    """ISD around c* on every atom of three random laws and both faces of the coin, by its own code."""
    found = []
    for law in random_laws(3, "one phase", "faces"):
        centre = exact_moments.isd_centre(law.moments, p_positive)
        for k, face in product(range(len(law.probability)), (0, 1)):
            pair = law.g_positive[k], law.g_negative[k]
            around = centred_isd_gradient(pair[0][None], pair[1][None], [face], centre, p_positive=p_positive)
            values = s.phase_values(law.moments, p_positive)
            values |= {s.B: face, s.g_plus: pair[0], s.g_minus: pair[1], bound.Z_best: around[0]}
            found.append(System(f"atom {k}, B = {face}", values, family="atoms and faces of the coin"))
    return found


def rooted_estimators(n_phases: int = 2) -> list[System]:
    """Total variances of `ESTIMATORS` on a law with rational sigma+ and sigma-, away from the Neyman b."""
    law, chance = rooted_at_mean(FiniteLaw.random(stream(FIXED_ROOT, "one phase"), 2, dimension=1)), Fraction(2, 5)
    found = []
    for name in ESTIMATORS:
        matrices = one_of_the_estimators(law, chance, n_phases, name)
        traces = {
            bound.trace_delta: partial(_trace_of, matrices, bound.cov_delta),
            bound.trace_rest: partial(_trace_of, matrices, bound.cov_rest),
        }
        values = {symbol: partial(matrices, symbol) for symbol in matrices.symbols} | traces
        found.append(System(name, values, family="total variances on all histories"))
    return found


def _trace_of(system: System, symbol: Any) -> Any:
    return np.trace(system(symbol))


def least_of_all(p_positive: float = 0.4) -> list[System]:
    """The best estimator of one phase, and of two, of *all* functions of what was seen that are unbiased for every law.

    On given atoms unbiasedness is linear: the mean over each of enough laws is that law's gradient. The solution of
    least second moment is that of least squares; nothing in it knows of baselines.
    """
    law = FiniteLaw.random(stream(FIXED_ROOT, "one phase"), 3, dimension=2).floats()
    return [_least_of_all(law, p_positive, n_phases) for n_phases in (1, 2)]


def _least_of_all(law: FiniteLaw, p_positive: float, n_phases: int, coin: float = 1.0) -> System:
    def chances(plus: np.ndarray, minus: np.ndarray) -> np.ndarray:
        one = np.concatenate([p_positive * coin * plus, (1 - p_positive * coin) * minus])
        return reduce(np.kron, [one] * n_phases)

    here, n_atoms = chances(law.probability, law.probability), len(law.probability)
    rng = stream(FIXED_ROOT, "one phase", "laws")
    laws = rng.dirichlet(np.ones(n_atoms), size=(4 * len(here), 2))
    wanted = np.stack([plus @ law.g_positive - minus @ law.g_negative for plus, minus in laws])
    rows = np.stack([chances(plus, minus) for plus, minus in laws])
    scaled = np.linalg.lstsq(rows / np.sqrt(here), wanted, rcond=1e-12)[0]
    values = s.phase_values(law.moments, p_positive) | {
        s.n: n_phases,
        bound.cov_least: lambda: exact_covariance(here, scaled / np.sqrt(here)[:, None]),
    }
    wrong = {COIN_OFF: partial(_least_of_all, law, p_positive, n_phases, 1.01)}
    return System(f"{n_phases} phases", values, family="all unbiased estimators, by least squares", wrong=wrong)


def real_estimators(p_positive: float = 0.3) -> list[System]:
    """One phase of both real models around c*, half of it, and nothing: covariances that can be drawn."""
    found = []
    for share in (1.0, 0.5, 0.0):
        for system in real_around(p_positive, share):
            missed = (1 - share) * system(s.c_star)
            values = {symbol: partial(system, symbol) for symbol in system.symbols} | {
                s.n: 1,
                bound.cov_delta: partial(system, s.cov_Z_c),
                bound.cov_rest: partial(_outer, missed, p_positive),
            }
            drawn = {bound.cov_delta: system.drawn[s.cov_Z_c]}
            name = f"{system.name}, {share} c*"
            found.append(System(name, values, family="real models", drawn=drawn))
    return found


def _outer(missed: np.ndarray, p_positive: float) -> np.ndarray:
    return np.outer(missed, missed) / (p_positive * (1 - p_positive))


# Below the floor: without an assumption -------------------------------------------------------------


def without_weights(p_positive: Fraction = Fraction(1, 10)) -> System:
    """g+ or -g- as it comes, not divided by b or 1 - b: biased, and quieter than any unbiased estimator."""
    law = two_point_law((1, 2), (1, 2))
    probability, is_positive, plus, minus = coin_law(law, p_positive)
    rows = np.where(is_positive[:, None], plus, -minus)
    values = _one_phase(law, p_positive, exact_covariance(probability, rows))
    return System("g+ or -g- as it comes, without weights", values)


def both_phases(p_positive: Fraction = HALF) -> System:
    """The two-term estimate of a pair: unbiased, and it sees both phases."""
    law = two_point_law((1, 2), (1, 2))
    return System("two terms", _one_phase(law, p_positive, listed_two_term_covariance(law)))


def quieter_phase() -> System:
    """Gradients 0, 1 or -1; of each pair the smaller one runs, by a fair coin if both are of one size."""
    each = exact_array(["1/2", "1/4", "1/4"]), exact_array([[0], [1], [-1]])
    law = independent_law(*each, *each)
    louder = np.abs(law.g_positive) - np.abs(law.g_negative)
    chances = (HALF * (1 - exact_array(np.sign(louder.astype(int)))))[:, 0]
    chosen = coin_of_atoms(law, chances, "of each pair the quieter phase runs")
    return System(chosen.name, _one_phase(law, chosen(s.b), chosen(s.cov_Z)) | {s.mean_Z: chosen(s.mean_Z)})


def _one_phase(law: FiniteLaw, p_positive: Any, covariance: np.ndarray) -> dict[Any, Any]:
    d = law.moments.dimension
    of_one = {s.n: 1, bound.cov_delta: covariance, bound.cov_rest: 0 * identity(d, like=law.g_positive)}
    return s.phase_values(law.moments, p_positive) | of_one
