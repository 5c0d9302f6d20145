"""Systems for ISD around a baseline: listed laws and histories, settled running means, real models, drawn, broken.

On real models the unit is a replica: a short history of phases, from which the baseline is made, and one fresh phase.
"""

from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cache, partial
from typing import Any

import numpy as np
import sympy as sp
from scipy.optimize import brentq

from cl_theory.learning.models.planted import NOTHING_PLANTED, Planted, weighted_batch_moments
from cl_theory.learning.models.rational_rbm import RationalRBM
from cl_theory.proof.checks.planned_means import ERRORS, PlannedMean
from cl_theory.proof.checks.statement_checks import Drawn
from cl_theory.proof.systems import isd_systems as isd
from cl_theory.proof.systems.isd_systems import COIN_OFF, HALF, ONE_OFF, enumerated_isd, random_laws
from cl_theory.proof.systems.real_models import (
    DrawnSlots,
    PhaseSlots,
    RealModel,
    informative_directions,
    order_index,
    real_models,
)
from cl_theory.seeds import FIXED_ROOT, stream
from cl_theory.theory.arithmetic import exact_array
from cl_theory.theory.chains.phase_order import Stratified
from cl_theory.theory.chains.stationary import identity, solve
from cl_theory.theory.estimators import moments as exact_moments
from cl_theory.theory.estimators import symbols as s
from cl_theory.theory.estimators.baselines import PhaseEMA, PhaseMeans, PooledEMA, running_centred_isd
from cl_theory.theory.estimators.isd import centred_isd_gradient
from cl_theory.theory.estimators.laws import (
    FiniteLaw,
    PhaseMoments,
    coin_law,
    exact_covariance,
    history_law,
    mean_given_past,
    repeated_law,
)
from cl_theory.theory.system import System

Learned = tuple[np.ndarray, np.ndarray]
"""Mean (d,) and second moment (d, d) of a baseline."""


def old_means(law: PhaseMoments, b: float, n_positive: int, n_negative: int) -> Learned:
    """Moments of the baseline made of means of n+ and n- old samples."""
    plus, minus = (1 - b) ** 2 / n_positive, b**2 / n_negative
    centre = exact_moments.isd_centre(law, b)
    return centre, np.outer(centre, centre) + plus * law.covariance_positive + minus * law.covariance_negative


def phase_ema(law: PhaseMoments, b: float, rate: float, n_phases: int) -> Learned:
    """Moments of the baseline made of one moving average a phase, n phases after both started at 0."""
    keep, shares, coins = 1 - rate, (1 - b, b), (b, 1 - b)
    means, covariances = (law.mean_positive, law.mean_negative), (law.covariance_positive, law.covariance_negative)
    once = [(1 - coin * rate) ** n_phases for coin in coins]  # E keep^N over the visits N
    twice = [(1 - coin + coin * keep**2) ** n_phases for coin in coins]
    second = np.zeros((law.dimension, law.dimension))
    for share, mean, sigma, q, qq in zip(shares, means, covariances, once, twice, strict=True):
        second += share**2 * ((1 - 2 * q + qq) * np.outer(mean, mean) + rate / (2 - rate) * (1 - qq) * sigma)
    across = b * (1 - b) * (1 - sum(once) + keep**n_phases) * np.outer(*means)
    mean = np.array([share * (1 - q) for share, q in zip(shares, once, strict=True)]) @ means
    return mean, second + across + across.T


def pooled_ema(law: PhaseMoments, b: float, rate: float, n_phases: int) -> Learned:
    """Moments of the baseline made of one moving average of Y, n phases after it started at 0."""
    centre = exact_moments.isd_centre(law, b)
    spread = (1 - b) ** 2 / b * law.second_positive + b**2 / (1 - b) * law.second_negative - np.outer(centre, centre)
    left = (1 - rate) ** n_phases
    mean = (1 - left) * centre
    return mean, np.outer(mean, mean) + rate / (2 - rate) * (1 - left**2) * spread


@dataclass(frozen=True, eq=False)
class RunningBaselines:
    """One step of centred ISD after a history that fills all slots but the last.

    The baselines: means of old samples, half of the history in each phase; a moving average a phase; a pooled one.
    The statistic is B of the last phase, u.Z for each baseline and direction, and |Z|^2 for each baseline.
    """

    slots: PhaseSlots
    p_positive: float
    rate: float

    @property
    def planned(self) -> PlannedMean:
        """The check of this statistic's exact mean, with errors of 1 % planted in the last step."""
        errors = {
            "last weight 1/b off by 1 %": Planted(weight_positive=1.01),
            "last weight 1/(1-b) off by 1 %": Planted(weight_negative=1.01),
            "last step's scale off by 1 %": Planted(scale=1.01),
            "b off by 1 %": Planted(p_positive=1.01),
        }
        return PlannedMean(self.slots.draw, self.rows, self.target, errors, self.scale)

    @property
    def n_old(self) -> int:
        """Phases in the history."""
        return self.slots.n_slots - 1

    def rows(self, drawn: DrawnSlots, planted: Planted) -> np.ndarray:
        """The statistic of each replica."""
        coins = drawn.level < planted.coin_probability(self.p_positive)
        rng = np.random.Generator(np.random.Philox(drawn.key))
        halves = coins.copy()
        halves[:, :-1] = Stratified(0.5).indicators(rng, self.n_old, len(coins))
        kinds = learners(self.p_positive * planted.p_positive, self.rate).values()
        orders = zip(kinds, (halves, coins, coins), strict=True)
        weights = [self.step(kind, planted)[order_index(order)] for kind, order in orders]
        projections, squares = self.slots.looked_at(drawn, weights)
        return np.column_stack([coins[:, -1], projections.reshape(len(squares), -1), squares])

    def step(self, baseline: Any, planted: Planted = NOTHING_PLANTED, peek: bool = False) -> np.ndarray:
        """Weights (2^m, 2m + k) of the last step's estimate for every order of phases, by the estimator's own code."""
        positive, negative = (np.moveaxis(units, 1, 0) for units in self.slots.units(NOTHING_PLANTED))
        signs = self.slots.orders.T
        start = baseline.start(positive.shape[1:])
        how = {"p_positive": baseline.p_positive, "peek": peek}
        steps, _ = running_centred_isd(baseline, start, positive, negative, signs, **how)
        factor = planted.scale * np.where(signs[-1], planted.weight_positive, planted.weight_negative)
        return factor[:, None] * steps[-1]

    def learned(self, law: PhaseMoments, b: float) -> list[Learned]:
        """Exact moments of the three baselines."""
        half, n = self.n_old // 2, self.n_old
        return [old_means(law, b, half, half), phase_ema(law, b, self.rate, n), pooled_ema(law, b, self.rate, n)]

    def target(self, planted: Planted) -> np.ndarray:
        """Its exact mean."""
        law, _, directions = self.slots.folded
        b = self.p_positive * planted.p_positive
        weights = planted.signed_weights(self.p_positive)
        steps = [_one_step(law, b, weights, learned) for learned in self.learned(law, b)]
        squares = [np.trace(second) for _, second in steps]
        return np.concatenate([[b], *(directions @ mean for mean, _ in steps), squares])

    @property
    def scale(self) -> np.ndarray:
        """What errors are relative to: b, the rms |Z| for each u.Z, and the squares themselves."""
        goal, k = self.target(NOTHING_PLANTED), len(self.slots.directions)
        return np.concatenate([goal[:1], np.repeat(np.sqrt(goal[-3:]), k), goal[-3:]])


def _one_step(law: PhaseMoments, b: float, weights: tuple[float, float], learned: Learned) -> Learned:
    """Mean and second moment of w+ B (g+ - c) + w- (1-B)(g- - c) around an independent baseline c."""
    centre, second = learned
    plus, minus = weights
    mean, around = weighted_batch_moments(law.about(centre), weights, 1, b, b * (1 - b))
    return mean, around + (b * plus**2 + (1 - b) * minus**2) * (second - np.outer(centre, centre))


BASELINE_OFF = "baseline off by 1 %"
PEEKS = "baseline sees the current draw"
RATE_OFF = "rate off by 1 %"
CHANCES = (Fraction(1, 10), HALF, Fraction(5, 7))
SMALL_B, RATE = Fraction(2, 5), Fraction(1, 4)
MOST = 2**18
"""Draws of a first stage at most: what takes more to be seen 1 % off is left out altogether."""
FOR_A_TRACE = 125_000
"""Draws of a first stage at least, that show 0.42 % of a total variance."""


# Listed laws ---------------------------------------------------------------------------------------


def listed(
    law: FiniteLaw, p_positive: Any, family: str, baseline: Any = None, *, coin: Any = 1, factor: Any = 1
) -> System:
    """ISD around a `baseline`, by default c*, on a law whose atoms are listed, both faces of the coin.

    Left sides by the estimators' own code; two averaged phases by listing both. `coin` is a planted factor on the
    coin's probability, `factor` one on the baseline that is used, while the right sides keep what they are told.
    """
    centre = exact_moments.isd_centre(law.moments, p_positive) if baseline is None else baseline

    @cache
    def around() -> tuple[np.ndarray, np.ndarray]:
        return enumerated_isd(law, p_positive, baseline=centre * factor, coin=p_positive * coin)

    @cache
    def of_two() -> np.ndarray:
        probability, is_positive, plus, minus = coin_law(law, p_positive)
        chance, values = _merged(
            probability, centred_isd_gradient(plus, minus, is_positive, centre * factor, p_positive=p_positive)
        )
        both = (values[:, None] + values[None]).reshape(-1, values.shape[1]) / Fraction(2)
        return exact_covariance(np.outer(chance, chance).ravel(), both)

    values = s.phase_values(law.moments, p_positive) | {
        s.c: centre,
        s.mean_Z_c: lambda: around()[0],
        s.cov_Z_c: lambda: around()[1],
        s.cov_D: lambda: isd.listed_two_term_covariance(law),
        s.trace_D: lambda: np.trace(isd.listed_two_term_covariance(law)),
    }
    if baseline is None:  # the statements name the place where they hold
        values |= {
            s.cov_Z_best: lambda: around()[1],
            s.trace_Z_best: lambda: np.trace(around()[1]),
            s.cov_two: of_two,
            s.cov_at_half: of_two,
            s.trace_at_neyman: lambda: np.trace(around()[1]),
            s.half_at_neyman: lambda: np.trace(of_two()),
        }
    wrong = {
        COIN_OFF: partial(listed, law, p_positive, family, baseline, coin=ONE_OFF),
        BASELINE_OFF: partial(listed, law, p_positive, family, baseline, factor=ONE_OFF),
    }
    return System(f"{family}, b = {p_positive}", values, family=family, wrong=wrong)


def _merged(probability: np.ndarray, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    # Each value once, with its whole probability: pairs of phases are many.
    chances: dict[tuple[Any, ...], Any] = {}
    for p, row in zip(probability, rows, strict=True):
        chances[tuple(row)] = chances.get(tuple(row), 0) + p
    return exact_array(list(chances.values())), exact_array([list(row) for row in chances])


def any_baseline(law: FiniteLaw) -> np.ndarray:
    """A baseline that nothing recommends."""
    return 2 * law.g_positive[0] - law.g_negative[-1] + 1


def coupled_laws(n_laws: int) -> list[FiniteLaw]:
    """Random rational laws of a coupled pair in two dimensions."""
    return random_laws(n_laws, "centring", n_atoms=4, dimension=2)


def machines() -> list[FiniteLaw]:
    """Two small RBMs with rational factors, their phases independent."""
    factors = ([["1/5"]], [1], ["5/2"]), ([["1/3"]], ["5/4"], [1])
    first, second = (RationalRBM(*map(exact_array, of_one)) for of_one in factors)
    return [first.finite_law(np.array([[1], [1], [1], [0]])), second.finite_law(np.array([[1], [0], [0], [0]]))]


def rooted(law: FiniteLaw) -> FiniteLaw:
    """`law` with a coordinate more, so that sigma+, sigma- and the Neyman b are rational.

    In each phase it is (v - 1)/2 or its negative, by a fair coin of its own, which makes ((v + 1)/2)^2 of v.
    """
    signs = exact_array([[1, 1], [1, -1], [-1, 1], [-1, -1]])
    phases = (law.g_positive, law.moments.v_positive), (law.g_negative, law.moments.v_negative)
    pair = [
        np.hstack([np.repeat(rows, 4, axis=0), np.tile(side * (v - 1) / 2, len(rows))[:, None]])
        for (rows, v), side in zip(phases, signs.T, strict=True)
    ]
    return FiniteLaw(np.repeat(law.probability / 4, 4), *pair)


def around_any_baseline(n_laws: int) -> list[System]:
    """Random laws and rational RBMs at three b, around a baseline that is the best for nobody."""
    families = [(law, "random laws") for law in coupled_laws(n_laws)] + [(law, "rational RBMs") for law in machines()]
    return [listed(law, chance, family, any_baseline(law)) for law, family in families for chance in CHANCES]


def around_best(*chances: Any, coupled: bool = False) -> list[System]:
    """Random laws, and rational RBMs unless `coupled`, around c* at their Neyman b and at `chances`.

    Both phases are independent, or those of the random laws `coupled`.
    """
    pairs = random_laws(3, "centring", "best", n_atoms=2, dimension=2)
    families = [(pair if coupled else pair.independent(), "random laws") for pair in pairs]
    families += [] if coupled else [(law, "rational RBMs") for law in machines()]
    laws = [(rooted(law), f"{'coupled' if coupled else 'independent'} {family}") for law, family in families]
    return [
        listed(law, chance, family)
        for law, family in laws
        for chance in dict.fromkeys([exact_moments.neyman_p_positive(law.moments), *chances])
    ]


def states_of_real_models() -> list[System]:
    """Given three pairs of states of each real model: the mean over the coin alone, around a rational baseline."""
    return [_states(model, Fraction(3, 10), 1) for model in real_models()]


def _states(model: RealModel, chance: Fraction, coin: Any) -> System:
    rng = stream(FIXED_ROOT, "centring", "states", model.name)
    plus, minus = isd.drawn_gradients(model, rng, 3)
    baseline = exact_array(rng.integers(-9, 9, size=model.rbm.n_parameters)) / Fraction(10)
    heads, tails = (
        centred_isd_gradient(plus, minus, np.full(3, side), baseline, p_positive=chance) for side in (True, False)
    )
    mean = chance * coin * heads + (1 - chance * coin) * tails
    values = {s.mu_plus: plus.T, s.mu_minus: minus.T, s.mean_Z_c: mean.T}  # a pair that is given is its own mean
    wrong = {COIN_OFF: partial(_states, model, chance, ONE_OFF)}
    return System(f"states of {model.name}", values, family=f"three pairs of states of {model.name}", wrong=wrong)


# Learned baselines, listed -------------------------------------------------------------------------


def _small_law() -> FiniteLaw:
    return FiniteLaw.random(stream(FIXED_ROOT, "centring", "histories"), 2, dimension=2)


def learners(p_positive: Any, rate: Any) -> dict[str, Any]:
    """Means of old samples, a running mean in each phase, a pooled one."""
    kinds = PhaseMeans(p_positive), PhaseEMA(p_positive, rate), PooledEMA(p_positive, rate)
    return dict(zip(("means of old samples", "a running mean in each phase", "a pooled mean"), kinds, strict=True))


def histories() -> list[System]:
    """Every history of three phases: the third estimate, around a baseline of each kind that learned from two."""
    return [_history(name, 3, peek=False) for name in learners(SMALL_B, RATE)]


def _history(name: str, n_phases: int, peek: bool) -> System:
    law, learner = _small_law(), learners(SMALL_B, RATE)[name]
    chance, *path = history_law(law, SMALL_B, n_phases)
    start = learner.start(path[0].shape[1:])

    def run(n: int) -> tuple[np.ndarray, Any]:
        return running_centred_isd(learner, start, *(part[:n] for part in path), p_positive=SMALL_B, peek=peek)

    @cache
    def last() -> np.ndarray:
        return run(n_phases)[0][-1]

    def missed() -> np.ndarray:
        before = run(n_phases - 1)[1] if n_phases > 1 else start
        rows = exact_moments.isd_centre(law.moments, SMALL_B) - learner.centre(before)
        return (chance[:, None] * rows).T @ rows

    def given_past() -> np.ndarray:
        return mean_given_past(chance, last(), n_phases).T

    values = s.phase_values(law.moments, SMALL_B) | {
        s.alpha: RATE,
        s.mean_Z_c: given_past,
        s.peeking_bias: lambda: given_past() - law.moments.mean[:, None],
        s.cov_Z_t: lambda: exact_covariance(chance, last()),
        s.mean_miss: missed,
    }
    wrong = {PEEKS: partial(_history, name, n_phases, True)}
    words = f"{name} of rate {RATE} that includes the current draw" if peek else name
    return System(words, values, family=f"histories around {name}", wrong=wrong)


def peeking(n_phases: int = 3) -> System:
    """The pooled mean of rate 1/4 that includes the current draw, in the n-th of a history of phases."""
    return _history("a pooled mean", n_phases, peek=True)


def old_samples(n_positive: int = 2, n_negative: int = 1) -> System:
    """A baseline from n+ and n- old samples, every combination of samples listed."""
    law, n = _small_law(), n_positive + n_negative
    chance, *pair = repeated_law(law, n)
    plus, minus = (np.moveaxis(rows, 1, 0) for rows in pair)
    learner, start = PhaseMeans(SMALL_B), PhaseMeans(SMALL_B).start((len(chance), 2))
    signs = np.repeat(np.arange(n)[:, None] < n_positive, len(chance), axis=1)
    _, state = running_centred_isd(learner, start, plus, minus, signs, p_positive=SMALL_B)
    rows = exact_moments.isd_centre(law.moments, SMALL_B) - learner.centre(state)
    lost = chance @ (rows**2).sum(axis=1) / (SMALL_B * (1 - SMALL_B))
    values = s.phase_values(law.moments, SMALL_B) | {
        s.n_plus: n_positive,
        s.n_minus: n_negative,
        s.price_of_means: lost,
    }
    return System("means of old samples", values, family="all samples listed")


def settled_means() -> list[System]:
    """Running means in equilibrium: the second moments that one more phase leaves as they are, in rationals."""
    return [_settled(law, SMALL_B) for law in [_small_law(), *coupled_laws(2)]]


def _settled(law: FiniteLaw, chance: Fraction) -> System:
    _, each, pooled = learners(chance, RATE).values()
    values = s.phase_values(law.moments, chance) | {
        s.alpha: RATE,
        s.price_of_each: lambda: _price(settled_miss(each, law, chance), chance),
        s.price_of_pooled: lambda: _price(settled_miss(pooled, law, chance), chance),
    }
    return System("settled running means", values, family="settled running means")


def _price(miss: np.ndarray, chance: Any) -> Any:
    return np.trace(miss) / (chance * (1 - chance))


def settled_miss(learner: Any, law: FiniteLaw, p_positive: Any) -> np.ndarray:
    """E (c* - c)(c* - c)', (d, d), of a PhaseEMA or PooledEMA whose moments one more phase does not change: solved for.

    An update is affine in the state. Its factor and its shift, for each atom and each face of the coin, are read off
    from the learner's own code, applied to 0 and to unit vectors.
    """
    probability, is_positive, *pair = coin_law(law, p_positive)
    ran = np.where(is_positive[:, None], *pair)
    d, pooled = ran.shape[1], isinstance(learner, PooledEMA)
    size = d if pooled else 2 * d
    unit = identity(size, like=ran)

    def updated(x: np.ndarray) -> np.ndarray:
        rows = np.broadcast_to(x, (len(ran), size))
        state: Any = rows if pooled else learner.start(ran.shape)._replace(positive=rows[:, :d], negative=rows[:, d:])
        after = learner.update(state, ran, is_positive)
        return after if pooled else np.hstack([after.positive, after.negative])

    shift = updated(0 * unit[0])
    factor = np.stack([updated(row) - shift for row in unit], axis=2)
    mean = solve(unit - np.tensordot(probability, factor, 1), probability @ shift)
    moved = factor @ mean
    known = sum(
        p * (np.outer(m, x) + np.outer(x, m) + np.outer(x, x))
        for p, m, x in zip(probability, moved, shift, strict=True)
    )
    twice = sum(p * np.kron(a, a) for p, a in zip(probability, factor, strict=True))
    second = solve(identity(size**2, like=ran) - twice, known.ravel()).reshape(size, size)
    mix = unit if pooled else np.hstack([(1 - p_positive) * unit[:d, :d], p_positive * unit[:d, :d]])
    return _miss(exact_moments.isd_centre(law.moments, p_positive), (mix @ mean, mix @ second @ mix.T))


def _miss(centre: np.ndarray, learned: Learned) -> np.ndarray:
    mean, second = learned
    return second - np.outer(centre, mean) - np.outer(mean, centre) + np.outer(centre, centre)


# Real models ---------------------------------------------------------------------------------------


def real_around(p_positive: float, share: float = 1.0) -> list[System]:
    """ISD on both real models around `share` times c*, every entry from second moments about 0; can be drawn."""
    return [_real(model, p_positive, share) for model in real_models()]


def _real(model: RealModel, chance: float, share: float = 1.0, factor: float = 1.0) -> System:
    m = model.moments
    baseline = share * exact_moments.isd_centre(m, chance)

    @cache
    def around(n: int = 1) -> tuple[np.ndarray, np.ndarray]:
        law, weights = m.about(factor * baseline), NOTHING_PLANTED.signed_weights(chance)
        mean, second = weighted_batch_moments(law, weights, n, n * chance, n * chance * (1 - chance))
        return mean, second - np.outer(mean, mean)

    values = s.phase_values(m, chance) | {
        s.c: baseline,
        s.mean_Z_c: lambda: around()[0],
        s.cov_Z_c: lambda: around()[1],
        s.cov_D: lambda: exact_moments.two_term_covariance(m),
    }
    one = partial(isd.isd_settings, model, [(chance, 0)], _direction(model, chance), baselines=[baseline])
    limits: dict[str, Any] = {"most": MOST, "errors": ALL_BUT_B}
    squares = partial(isd.drawn_squares, one(), **limits)
    drawn: dict[sp.Expr, Any] = {s.mean_Z_c: partial(isd.drawn_mean, one(), **limits), s.cov_Z_c: squares}
    if share == 1.0:
        values |= {
            s.cov_Z_best: lambda: around()[1],
            s.trace_Z_best: lambda: np.trace(around()[1]),
            s.cov_two: lambda: around(2)[1],
            s.cov_at_half: lambda: around(2)[1],
            s.b_neyman: lambda: _searched(m),
        }
        # Two averaged phases and a two-term step on the same phases: |Z|^2 - |D|^2, and |Z|^2.
        race = one([[1.0, -1.0], [1.0, 0.0]], n_slots=2, two_term=True)
        drawn |= {
            s.trace_Z_best: partial(squares, least=FOR_A_TRACE),
            s.cov_at_half: partial(isd.drawn_squares, race, row=1, moved=[0], **limits),
        }
    name = f"{model.name}, b = {chance:.3g}"
    return System(name, values, wrong={BASELINE_OFF: partial(_real, model, chance, share, 1.01)}, drawn=drawn)


ALL_BUT_B = {name: error for name, error in ERRORS.items() if not name.startswith("b ")}
"""Not a consistently wrong b: the variance is flat in b at its minimum, so the duty cycle has to show it."""


def _direction(model: RealModel, chance: float) -> np.ndarray:
    return informative_directions(model, chance, ridge=1.0)[:1]


def neyman_b(model: RealModel) -> float:
    """The Neyman b of a real model."""
    return float(exact_moments.neyman_p_positive(model.moments))


def real_at_neyman(other: float = 0.4) -> list[System]:
    """Both real models around c*, each at its Neyman b, and the digits at another one too."""
    bars, digits = real_models()
    return [_real(bars, neyman_b(bars)), _real(digits, neyman_b(digits)), _real(digits, other)]


def _searched(m: PhaseMoments) -> float:
    # At c* the trace is stationary in the baseline, so that its slope in b is that around a constant.
    def slope(chance: float) -> float:
        return float(exact_moments.isd_trace_derivative(m.about(exact_moments.isd_centre(m, chance)), chance))

    return float(brentq(slope, 0.01, 0.99, xtol=1e-14))


def real_prices() -> list[System]:
    """What three baselines cost on the real models once they are settled, from their exact second moments."""
    return [_prices(model, 0.4, 0.1) for model in real_models()]


def _prices(model: RealModel, chance: float, rate: float, factor: float = 1.0) -> System:
    m, long = model.moments, 400
    centre = exact_moments.isd_centre(m, chance)

    def price(learned: Learned) -> float:
        return float(_price(_miss(centre, learned), chance))

    values = s.phase_values(m, chance) | {
        s.alpha: rate,
        s.n_plus: 3,
        s.n_minus: 7,
        s.price_of_means: lambda: price(old_means(m, chance, 3, 7)),
        s.price_of_each: lambda: price(phase_ema(m, chance, factor * rate, long)),
        s.price_of_pooled: lambda: price(pooled_ema(m, chance, factor * rate, long)),
    }
    wrong = {RATE_OFF: partial(_prices, model, chance, rate, 1.01)}
    return System(model.name, values, family=f"{model.name}, after {long} phases", wrong=wrong)


def replicas() -> list[System]:
    """One step after two phases from a cold start, around each of three learned baselines; a replica is the unit."""
    return [_replicas(model, 0.5, 0.5) for model in real_models()]


def _replicas(model: RealModel, chance: float, rate: float) -> System:
    m, centre = model.moments, exact_moments.isd_centre(model.moments, chance)
    running = RunningBaselines(isd.slots_of(model, 3, _direction(model, chance)), chance, rate)
    missed = [np.trace(_miss(centre, learned)) for learned in running.learned(m, chance)]

    def drawn() -> Drawn:
        planned = replace(running.planned, most=MOST // 2)  # a replica is three phases

        def image(traces: np.ndarray) -> np.ndarray:
            return np.concatenate([planned.goal[:-3], traces + m.mean @ m.mean])

        return Drawn(planned, image)

    values = s.phase_values(m, chance) | {s.miss_squared: np.array(missed)}
    return System(f"{model.name}, three learned baselines", values, drawn={s.trace_Z_t: drawn}, only_drawn=True)


# Without an assumption -----------------------------------------------------------------------------


def knowing_coin(baseline: int = 3) -> System:
    """g+ = 1 or -1, g- = 0, and the coin shows B = 1 just when g+ = 1, around a baseline."""
    return isd.knowing_coin(baseline, f"g+ = 1 or -1, B = 1 just when g+ = 1, baseline {baseline}")


def wandering_baseline() -> System:
    """A baseline that is c0 + w or c0 - w, by a coin of its own."""
    (law, *_), chance, strays = coupled_laws(1), CHANCES[0], exact_array([1, -2])
    middle = any_baseline(law)
    probability, is_positive, plus, minus = coin_law(law, chance)
    either = [middle + strays, middle - strays]
    rows = [centred_isd_gradient(plus, minus, is_positive, centre, p_positive=chance) for centre in either]
    values = s.phase_values(law.moments, chance) | {
        s.c: middle,
        s.w: strays,
        s.cov_Z_c: exact_covariance(np.concatenate([HALF * probability] * 2), np.concatenate(rows)),
    }
    return System("baseline c0 + w or c0 - w, by a coin of its own", values)


def quiet_phase() -> System:
    """v- = 0: the infimum is attained at no b; here b = 99/100, in the place of the best."""
    law = rooted(coupled_laws(1)[0])
    quiet = FiniteLaw(law.probability, law.g_positive, 0 * law.g_positive + 2)
    name = "v- = 0: the infimum (sigma+)^2 is attained at no b, here b = 99/100"
    return isd.renamed(listed(quiet, Fraction(99, 100), "v- = 0"), name)


def shared_luck(ratio: Fraction) -> System:
    """g- = r g+ + const., a perfect correlation, at the Neyman b."""
    law = rooted(coupled_laws(1)[0])
    pair = FiniteLaw(law.probability, law.g_positive, ratio * law.g_positive + 2)
    return isd.renamed(listed(pair, 1 / (1 + ratio), "shared luck"), f"g- = r g+ + const., r = {ratio}")


def drifting_means(n_phases: int = 6) -> System:
    """No noise, both means move by delta a phase; a pooled mean of rate 1/4 that lags as far as it ever will."""
    delta, chance = exact_array([1, -3]) / Fraction(10), HALF
    positions = np.array([k * delta for k in range(n_phases + 1)])
    learner = PooledEMA(chance, RATE)
    path = positions[:n_phases, None, :]
    start = learner.start((1, 2)) - delta / RATE
    signs = np.arange(n_phases)[:, None] % 2
    _, state = running_centred_isd(learner, start, path, path, signs, p_positive=chance)
    lag = positions[-1] - learner.centre(state)[0]
    still = FiniteLaw(exact_array([1]), positions[-1:], positions[-1:])
    values = s.phase_values(still.moments, chance) | {
        s.alpha: RATE,
        s.delta_squared: delta @ delta,
        s.price_of_pooled: lag @ lag / (chance * (1 - chance)),
    }
    return System("no noise, both means move by delta a phase; pooled mean of rate 1/4", values)
