"""Systems for ISD around a baseline: listed laws and histories, settled running means, real models, drawn, broken.

On real models the unit is a replica: a short history of phases, from which the baseline is made, and one fresh phase.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cache, partial
from typing import Any

import numpy as np
import sympy as sp
from scipy.optimize import brentq

from cl_theory.learning.models.isd_draws import NOTHING_PLANTED, Planted, weighted_batch_moments
from cl_theory.learning.models.rational_rbm import RationalRBM
from cl_theory.proof.checks.outcome import Outcome
from cl_theory.proof.checks.planned_means import PlannedMean
from cl_theory.proof.checks.statement_checks import Drawn
from cl_theory.proof.systems.isd_systems import ONE_OFF, enumerated_isd
from cl_theory.proof.systems.real_models import (
    DrawnSlots,
    IsdSettings,
    PhaseSlots,
    RealModel,
    duty_cycle_check,
    informative_directions,
    order_index,
    real_models,
)
from cl_theory.seeds import FIXED_ROOT, stream
from cl_theory.theory.arithmetic import exact_array
from cl_theory.theory.chains.phase_order import Stratified
from cl_theory.theory.chains.stationary import identity, solve
from cl_theory.theory.estimators import moments as exact_moments
from cl_theory.theory.estimators import symbols
from cl_theory.theory.estimators.baselines import PhaseEMA, PhaseMeans, PooledEMA, running_centred_isd
from cl_theory.theory.estimators.isd import centred_isd_gradient, two_term_gradient
from cl_theory.theory.estimators.laws import (
    FiniteLaw,
    PhaseMoments,
    coin_law,
    exact_covariance,
    exact_mean,
    history_law,
    mean_given_past,
    repeated_law,
)
from cl_theory.theory.estimators.symbols import (
    alpha,
    b,
    b_neyman,
    c,
    cov_at_half,
    cov_coin_h,
    cov_D,
    cov_two,
    cov_Z_best,
    cov_Z_c,
    cov_Z_t,
    delta_squared,
    half_at_neyman,
    inner_of_means,
    mean_miss,
    mean_Z_c,
    miss_squared,
    mu_minus,
    mu_minus_squared,
    mu_plus,
    mu_plus_squared,
    n_minus,
    n_plus,
    peeking_bias,
    phase_values,
    price_of_each,
    price_of_means,
    price_of_pooled,
    trace_at_neyman,
    trace_D,
    trace_Z_best,
    trace_Z_t,
)
from cl_theory.theory.system import System

Learned = tuple[np.ndarray, np.ndarray]
"""Mean (d,) and second moment (d, d) of a baseline."""


def old_means(law: PhaseMoments, b: float, n_positive: int, n_negative: int) -> Learned:
    """Moments of the baseline made of means of n+ and n- old samples."""
    plus, minus = (1 - b) ** 2 / n_positive, b**2 / n_negative
    centre = (1 - b) * law.mean_positive + b * law.mean_negative
    return centre, np.outer(centre, centre) + plus * law.covariance_positive + minus * law.covariance_negative


def phase_ema(law: PhaseMoments, b: float, rate: float, n_phases: int) -> Learned:
    """Moments of the baseline made of one moving average a phase, n phases after both started at 0."""
    keep, shares = 1 - rate, (1 - b, b)
    coins, phases = (b, 1 - b), (law.mean_positive, law.mean_negative)
    once = [(1 - coin * rate) ** n_phases for coin in coins]  # E keep^N over the visits N
    twice = [(1 - coin + coin * keep**2) ** n_phases for coin in coins]
    second = np.zeros((law.dimension, law.dimension))
    for share, mean, sigma, q, qq in zip(
        shares, phases, (law.covariance_positive, law.covariance_negative), once, twice, strict=True
    ):
        second += share**2 * ((1 - 2 * q + qq) * np.outer(mean, mean) + rate / (2 - rate) * (1 - qq) * sigma)
    across = b * (1 - b) * (1 - sum(once) + keep**n_phases) * np.outer(*phases)
    mean = (1 - b) * (1 - once[0]) * phases[0] + b * (1 - once[1]) * phases[1]
    return mean, second + across + across.T


def pooled_ema(law: PhaseMoments, b: float, rate: float, n_phases: int) -> Learned:
    """Moments of the baseline made of one moving average of Y, n phases after it started at 0."""
    centre = (1 - b) * law.mean_positive + b * law.mean_negative
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
        b = self.p_positive * planted.p_positive
        baselines = (PhaseMeans(b), halves), (PhaseEMA(b, self.rate), coins), (PooledEMA(b, self.rate), coins)
        weights = [self.step(baseline, b, planted)[order_index(order)] for baseline, order in baselines]
        projections, squares = self.slots.looked_at(drawn, weights)
        return np.column_stack([coins[:, -1], projections.reshape(len(squares), -1), squares])

    def step(self, baseline: Any, b: float, planted: Planted = NOTHING_PLANTED, peek: bool = False) -> np.ndarray:
        """Weights (2^m, 2m + k) of the last step's estimate for every order of phases, by the estimator's own code."""
        positive, negative = (np.moveaxis(units, 1, 0) for units in self.slots.units(NOTHING_PLANTED))
        signs = self.slots.orders.T
        start = baseline.start(positive.shape[1:])
        steps, _ = running_centred_isd(baseline, start, positive, negative, signs, p_positive=b, peek=peek)
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
    mean, second = learned
    plus, minus = weights
    left = law.second_positive, law.second_negative
    cross = [np.outer(phase, mean) for phase in (law.mean_positive, law.mean_negative)]
    seconds = [m - x - x.T + second for m, x in zip(left, cross, strict=True)]
    first = b * plus * (law.mean_positive - mean) + (1 - b) * minus * (law.mean_negative - mean)
    return first, b * plus**2 * seconds[0] + (1 - b) * minus**2 * seconds[1]


COIN_OFF = "coin off by 1 %"
BASELINE_OFF = "baseline off by 1 %"
PEEKS = "baseline sees the current draw"
CHANCES = (Fraction(1, 10), Fraction(1, 2), Fraction(5, 7))
MOST = 2**18
"""Draws of a first stage at most: what takes more to be seen 1 % off is left out altogether."""
FOR_A_TRACE = 125_000
"""Draws of a first stage at least, that show 0.42 % of a total variance."""
HALF, RATE = Fraction(1, 2), Fraction(1, 4)


# Listed laws ---------------------------------------------------------------------------------------


def listed(
    law: FiniteLaw, p_positive: Any, family: str, baseline: Any = None, *, coin: Any = 1, factor: Any = 1
) -> System:
    """ISD around a `baseline`, by default c*, on a law whose atoms are listed, both faces of the coin.

    Left sides by the estimators' own code; two averaged phases by listing both. `coin` is a planted factor on the
    coin's probability, `factor` one on the baseline that is used, while the right sides keep what they are told.
    """
    m = law.moments
    centre = exact_moments.isd_centre(m, p_positive) if baseline is None else baseline

    @cache
    def around() -> tuple[np.ndarray, np.ndarray]:
        return enumerated_isd(law, p_positive, baseline=centre * factor, coin=p_positive * coin)

    def of_two() -> np.ndarray:
        probability, is_positive, plus, minus = coin_law(law, p_positive)
        rows = centred_isd_gradient(plus, minus, is_positive, centre * factor, p_positive=p_positive)
        chance, outcomes = _merged(probability, rows)
        both = (outcomes[:, None] + outcomes[None]).reshape(-1, outcomes.shape[1]) / Fraction(2)
        return exact_covariance(np.outer(chance, chance).ravel(), both)

    def of_pair() -> np.ndarray:
        return exact_covariance(law.probability, two_term_gradient(law.g_positive, law.g_negative))

    values = _moments(m, p_positive) | {
        c: centre,
        mean_Z_c: lambda: around()[0],
        cov_Z_c: lambda: around()[1],
        cov_D: of_pair,
        trace_D: lambda: np.trace(of_pair()),
    }
    if baseline is None:
        values |= {
            cov_Z_best: lambda: around()[1],
            trace_Z_best: lambda: np.trace(around()[1]),
            cov_two: of_two,
        }
        values |= {cov_at_half: of_two} if p_positive == HALF else {}
        if p_positive == _neyman(m):
            values |= {trace_at_neyman: lambda: np.trace(around()[1]), half_at_neyman: lambda: np.trace(of_two())}
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


def _neyman(m: PhaseMoments) -> Any:
    try:
        return exact_moments.neyman_p_positive(m)
    except ValueError:  # a phase without noise has none
        return None


def _moments(m: PhaseMoments, p_positive: Any) -> dict[sp.Expr, Any]:
    plus, minus = m.mean_positive, m.mean_negative
    return phase_values(m, p_positive) | {
        mu_plus_squared: lambda: plus @ plus,
        mu_minus_squared: lambda: minus @ minus,
        inner_of_means: lambda: plus @ minus,
    }


def any_baseline(law: FiniteLaw) -> np.ndarray:
    """A baseline that nothing recommends."""
    return 2 * law.g_positive[0] - law.g_negative[-1] + 1


def random_laws(n_laws: int) -> list[FiniteLaw]:
    """Rational laws of a coupled pair in two dimensions."""
    return [FiniteLaw.random(stream(FIXED_ROOT, "centring", k), 4, dimension=2) for k in range(n_laws)]


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
    pair = [
        np.hstack([np.repeat(rows, 4, axis=0), np.tile(side * (v - 1) / 2, len(rows))[:, None]])
        for rows, v, side in zip(
            (law.g_positive, law.g_negative), (law.moments.v_positive, law.moments.v_negative), signs.T, strict=True
        )
    ]
    return FiniteLaw(np.repeat(law.probability / 4, 4), *pair)


def around_any_baseline(n_laws: int) -> list[System]:
    """Random laws and rational RBMs at three b, around a baseline that is the best for nobody."""
    families = [(law, "random laws") for law in random_laws(n_laws)] + [(law, "rational RBMs") for law in machines()]
    return [listed(law, chance, family, any_baseline(law)) for law, family in families for chance in CHANCES]


def around_best(*chances: Any, coupled: bool = False) -> list[System]:
    """Random laws, and rational RBMs unless `coupled`, around c* at their Neyman b and at `chances`.

    Both phases are independent, or those of the random laws `coupled`.
    """
    pairs = [FiniteLaw.random(stream(FIXED_ROOT, "centring", "best", k), 2, dimension=2) for k in range(3)]
    families = [(pair if coupled else pair.independent(), "random laws") for pair in pairs]
    families += [] if coupled else [(law, "rational RBMs") for law in machines()]
    laws = [(rooted(law), f"{'coupled' if coupled else 'independent'} {family}") for law, family in families]
    return [
        listed(law, chance, family)
        for law, family in laws
        for chance in dict.fromkeys([exact_moments.neyman_p_positive(law.moments), *chances])
    ]


def states_of_real_models(p_positive: Fraction = Fraction(3, 10), *, coin: Any = 1) -> list[System]:
    """Given three pairs of states of each real model: the mean over the coin alone, around a rational baseline."""
    return [_states(model, p_positive, coin) for model in real_models()]


def _states(model: RealModel, chance: Fraction, coin: Any) -> System:
    rng = stream(FIXED_ROOT, "centring", "states", model.name)
    phases = model.sampler.positive(rng, 3), model.sampler.negative(rng, 3)
    plus, minus = (exact_array(model.rbm.gradient(*phase).astype(int)) for phase in phases)
    baseline = exact_array(rng.integers(-9, 9, size=model.rbm.n_parameters)) / Fraction(10)
    heads, tails = (
        centred_isd_gradient(plus, minus, np.full(3, side), baseline, p_positive=chance) for side in (True, False)
    )
    mean = chance * coin * heads + (1 - chance * coin) * tails
    values = {mu_plus: plus.T, mu_minus: minus.T, mean_Z_c: mean.T}  # a pair that is given is its own mean
    wrong = {COIN_OFF: partial(_states, model, chance, ONE_OFF)}
    return System(f"states of {model.name}", values, family=f"three pairs of states of {model.name}", wrong=wrong)


# Learned baselines, listed -------------------------------------------------------------------------


SMALL_B = Fraction(2, 5)


def _small_law() -> FiniteLaw:
    return FiniteLaw.random(stream(FIXED_ROOT, "centring", "histories"), 2, dimension=2)


def learners(p_positive: Any, rate: Any) -> dict[str, Any]:
    """Means of old samples, a running mean in each phase, a pooled one."""
    kinds = PhaseMeans(p_positive), PhaseEMA(p_positive, rate), PooledEMA(p_positive, rate)
    return dict(zip(("means of old samples", "a running mean in each phase", "a pooled mean"), kinds, strict=True))


def histories(n_phases: int = 3, *, peek: bool = False) -> list[System]:
    """Every history of three phases: the third estimate, around a baseline of each kind that learned from two."""
    return [_history(name, n_phases, peek) for name in learners(SMALL_B, RATE)]


def _history(name: str, n_phases: int, peek: bool) -> System:
    law, learner = _small_law(), learners(SMALL_B, RATE)[name]
    chance, *path = history_law(law, SMALL_B, n_phases)

    def run(n: int) -> tuple[np.ndarray, Any]:
        phases = [part[:n] for part in path]
        return running_centred_isd(learner, learner.start(path[0].shape[1:]), *phases, p_positive=SMALL_B, peek=peek)

    def last() -> np.ndarray:
        return run(n_phases)[0][-1]

    def missed() -> np.ndarray:
        before = run(n_phases - 1)[1] if n_phases > 1 else learner.start(path[0].shape[1:])
        rows = exact_moments.isd_centre(law.moments, SMALL_B) - learner.centre(before)
        return (chance[:, None] * rows).T @ rows

    def given_past() -> np.ndarray:
        return mean_given_past(chance, last(), n_phases).T

    values = _moments(law.moments, SMALL_B) | {
        alpha: RATE,
        mean_Z_c: given_past,
        peeking_bias: lambda: given_past() - law.moments.mean[:, None],
        cov_Z_t: lambda: exact_covariance(chance, last()),
        mean_miss: missed,
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
    values = _moments(law.moments, SMALL_B) | {n_plus: n_positive, n_minus: n_negative, price_of_means: lost}
    return System("means of old samples", values, family="all samples listed")


def settled_means(laws: Sequence[FiniteLaw] | None = None) -> list[System]:
    """Running means in equilibrium: the second moments that one more phase leaves as they are, in rationals."""
    return [_settled(law, SMALL_B) for law in laws or [_small_law(), *random_laws(2)]]


def _settled(law: FiniteLaw, chance: Fraction) -> System:
    kinds = learners(chance, RATE)
    each, pooled = (kinds[name] for name in ("a running mean in each phase", "a pooled mean"))
    values = _moments(law.moments, chance) | {
        alpha: RATE,
        price_of_each: lambda: _price(settled_miss(each, law, chance), chance),
        price_of_pooled: lambda: _price(settled_miss(pooled, law, chance), chance),
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
        p * (np.outer(m, s) + np.outer(s, m) + np.outer(s, s))
        for p, m, s in zip(probability, moved, shift, strict=True)
    )
    twice = sum(p * np.kron(a, a) for p, a in zip(probability, factor, strict=True))
    second = solve(identity(size**2, like=ran) - twice, known.ravel()).reshape(size, size)
    mix = unit if pooled else np.hstack([(1 - p_positive) * unit[:d, :d], p_positive * unit[:d, :d]])
    return _miss(exact_moments.isd_centre(law.moments, p_positive), (mix @ mean, mix @ second @ mix.T))


def _miss(centre: np.ndarray, learned: Learned) -> np.ndarray:
    mean, second = learned
    return second - np.outer(centre, mean) - np.outer(mean, centre) + np.outer(centre, centre)


# Real models ---------------------------------------------------------------------------------------


def real_around(p_positive: float, share: float = 1.0, *, factor: float = 1.0) -> list[System]:
    """ISD on both real models around `share` times c*, every entry from second moments about 0; can be drawn."""
    return [_real(model, p_positive, share, factor) for model in real_models()]


def _real(model: RealModel, chance: float, share: float, factor: float = 1.0) -> System:
    m = model.moments
    baseline = share * exact_moments.isd_centre(m, chance)

    @cache
    def around(n: int = 1) -> tuple[np.ndarray, np.ndarray]:
        law, weights = m.about(factor * baseline), NOTHING_PLANTED.signed_weights(chance)
        mean, second = weighted_batch_moments(law, weights, n, n * chance, n * chance * (1 - chance))
        return mean, second - np.outer(mean, mean)

    def of_pair() -> np.ndarray:
        return m.second_positive + m.second_negative - m.cross - m.cross.T - np.outer(m.mean, m.mean)

    one = partial(_drawn, model, chance, share)
    values = _moments(m, chance) | {
        c: baseline,
        mean_Z_c: lambda: around()[0],
        cov_Z_c: lambda: around()[1],
        cov_D: of_pair,
    }
    drawn = {mean_Z_c: partial(one, "mean"), cov_Z_c: partial(one, "covariance")}
    if share == 1.0:
        values |= {
            cov_Z_best: lambda: around()[1],
            trace_Z_best: lambda: np.trace(around()[1]),
            cov_two: lambda: around(2)[1],
            b_neyman: lambda: _searched(m),
        }
        drawn |= {trace_Z_best: partial(one, "trace")}
    if share == 1.0 and chance == 0.5:
        values |= {cov_at_half: lambda: around(2)[1]}
        drawn |= {cov_at_half: partial(_drawn_tie, model)}
    wrong = {BASELINE_OFF: partial(_real, model, chance, share, 1.01)}
    return System(
        f"{model.name}, b = {chance:.3g}", values, family=f"{model.name}, b = {chance:.3g}", wrong=wrong, drawn=drawn
    )


def neyman_b(model: RealModel) -> float:
    """The Neyman b of a real model."""
    return float(exact_moments.neyman_p_positive(model.moments))


def real_at_neyman(other: float = 0.4) -> list[System]:
    """Both real models around c*, each at its Neyman b, and the digits at another one too."""
    bars, digits = real_models()
    places = (bars, neyman_b(bars)), (digits, neyman_b(digits)), (digits, other)
    return [_real(model, chance, 1.0) for model, chance in places]


def _searched(m: PhaseMoments) -> float:
    # At c* the trace is stationary in the baseline, so that its slope in b is that around a constant.
    def slope(chance: float) -> float:
        return float(exact_moments.isd_trace_derivative(m.about(exact_moments.isd_centre(m, chance)), chance))

    return float(brentq(slope, 0.01, 0.99, xtol=1e-14))


def _slots(model: RealModel, n_slots: int, chance: float, share: float = 1.0) -> PhaseSlots:
    centre = share * exact_moments.isd_centre(model.moments, chance)
    return PhaseSlots(model, n_slots, informative_directions(model, chance, ridge=1.0)[:1], centre[None])


def _drawn(model: RealModel, chance: float, share: float, what: str) -> Drawn:
    # The statistic: P(B = 1), u.Z, |Z|^2, (u.Z)^2.
    slots = _slots(model, 1, chance, share)
    planned = _but_for_b(IsdSettings(slots, ((chance, 0),), np.eye(1)).planned)
    planned = replace(planned, least=FOR_A_TRACE if what == "trace" else 0)
    u, mean = slots.directions[0], model.moments.mean

    def image(value: Any) -> np.ndarray:
        goal = planned.goal.copy()
        if what == "mean":
            goal[1] = u @ value.ravel()
        else:
            goal[2] = (np.trace(value) if np.ndim(value) else value) + mean @ mean
        if what == "covariance" and np.ndim(value):
            goal[3] = u @ value @ u + (u @ mean) ** 2
        return goal

    return Drawn(planned, image)


def _drawn_tie(model: RealModel) -> Drawn:
    # Two averaged phases and a two-term step on the same phases; N/2, (N-1)^2, u.Z, |Z|^2 - |D|^2, |Z|^2, along u too.
    slots, contrast = _slots(model, 2, 0.5), np.array([[1.0, -1.0], [1.0, 0.0]])
    planned = _but_for_b(IsdSettings(slots, ((0.5, 0),), contrast, two_term=True).planned)
    u, mean = slots.directions[0], model.moments.mean

    def image(value: np.ndarray) -> np.ndarray:
        goal = planned.goal.copy()
        goal[3:5] += np.trace(value) + mean @ mean - goal[4]
        goal[5:7] += u @ value @ u + (u @ mean) ** 2 - goal[6]
        return goal

    return Drawn(planned, image)


def _but_for_b(planned: PlannedMean) -> PlannedMean:
    # Without a consistently wrong b: the variance is flat in b at its minimum, so the duty cycle has to show it.
    errors = {name: error for name, error in planned.errors.items() if not name.startswith("b ")}
    return replace(planned, most=MOST, errors=errors)


def real_prices(p_positive: float = 0.4, rate: float = 0.1) -> list[System]:
    """What three baselines cost on the real models once they are settled, from their exact second moments."""
    return [_prices(model, p_positive, rate) for model in real_models()]


RATE_OFF = "rate off by 1 %"


def _prices(model: RealModel, chance: float, rate: float, factor: float = 1.0) -> System:
    m, long = model.moments, 400
    centre = exact_moments.isd_centre(m, chance)

    def price(learned: Learned) -> float:
        return float(_price(_miss(centre, learned), chance))

    values = _moments(m, chance) | {
        alpha: rate,
        n_plus: 3,
        n_minus: 7,
        price_of_means: lambda: price(old_means(m, chance, 3, 7)),
        price_of_each: lambda: price(phase_ema(m, chance, factor * rate, long)),
        price_of_pooled: lambda: price(pooled_ema(m, chance, factor * rate, long)),
    }
    wrong = {RATE_OFF: partial(_prices, model, chance, rate, 1.01)}
    return System(model.name, values, family=f"{model.name}, after {long} phases", wrong=wrong)


def replicas(p_positive: float = 0.5, rate: float = 0.5) -> list[System]:
    """One step after two phases from a cold start, around each of three learned baselines; a replica is the unit."""
    return [_replicas(model, p_positive, rate) for model in real_models()]


def _replicas(model: RealModel, chance: float, rate: float) -> System:
    m, running = model.moments, RunningBaselines(_slots(model, 3, chance), chance, rate)
    centre, mean = exact_moments.isd_centre(m, chance), m.mean
    missed = [np.trace(_miss(centre, learned)) for learned in running.learned(m, chance)]

    def drawn() -> Drawn:
        planned = replace(running.planned, most=MOST // 2)  # a replica is three phases

        def image(traces: np.ndarray) -> np.ndarray:
            return np.concatenate([planned.goal[:-3], traces + mean @ mean])

        return Drawn(planned, image)

    values = _moments(m, chance) | {miss_squared: np.array(missed)}
    return System(f"{model.name}, three learned baselines", values, drawn={trace_Z_t: drawn}, only_drawn=True)


def duty_cycle(p_positive: float, claim: str, seed: int) -> tuple[Outcome, dict[str, Outcome]]:
    """How often the sampler runs a positive phase, exactly binomial; a check with its controls."""
    return duty_cycle_check(seed, claim, p_positive)


# Without an assumption -----------------------------------------------------------------------------


def knowing_coin(baseline: int = 3) -> System:
    """g+ = 1 or -1, g- = 0, and the coin shows B = 1 just when g+ = 1, around a baseline."""
    ups, shows = exact_array([[1], [-1]]), np.array([1, 0])
    law = FiniteLaw(exact_array([HALF, HALF]), ups, 0 * ups)
    rows = centred_isd_gradient(ups, 0 * ups, shows, exact_array([baseline]), p_positive=HALF)
    values = phase_values(law.moments, HALF) | {
        mean_Z_c: exact_mean(law.probability, rows),
        cov_coin_h: exact_mean(law.probability, (shows - HALF)[:, None] * HALF * ups),  # h = g+/2
    }
    return System(f"g+ = 1 or -1, B = 1 just when g+ = 1, baseline {baseline}", values)


def wandering_baseline() -> System:
    """A baseline that is c0 + w or c0 - w, by a coin of its own."""
    (law, *_), chance, strays = random_laws(1), CHANCES[0], exact_array([1, -2])
    middle = any_baseline(law)
    probability, is_positive, plus, minus = coin_law(law, chance)
    rows = [centred_isd_gradient(plus, minus, is_positive, middle + s * strays, p_positive=chance) for s in (1, -1)]
    values = phase_values(law.moments, chance) | {
        c: middle,
        symbols.w: strays,
        cov_Z_c: exact_covariance(np.concatenate([HALF * probability] * 2), np.concatenate(rows)),
    }
    return System("baseline c0 + w or c0 - w, by a coin of its own", values)


def quiet_phase() -> System:
    """v- = 0: the infimum is attained at no b; here b = 99/100, in the place of the best."""
    law, near_one = rooted(random_laws(1)[0]), Fraction(99, 100)
    quiet = FiniteLaw(law.probability, law.g_positive, 0 * law.g_positive + 2)
    around = listed(quiet, near_one, "v- = 0")
    values = {symbol: around(symbol) for symbol in (b, symbols.v_plus, symbols.sigma_plus, symbols.sigma_minus)}
    values |= {trace_at_neyman: around(trace_Z_best)}
    return System("v- = 0: the infimum (sigma+)^2 is attained at no b, here b = 99/100", values)


def shared_luck(ratio: Fraction) -> System:
    """g- = r g+ + const., a perfect correlation, at the Neyman b."""
    law = rooted(random_laws(1)[0])
    pair = FiniteLaw(law.probability, law.g_positive, ratio * law.g_positive + 2)
    around = listed(pair, 1 / (1 + ratio), "shared luck")
    return System(f"g- = r g+ + const., r = {ratio}", {symbol: partial(around, symbol) for symbol in around.symbols})


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
    values = _moments(still.moments, chance) | {
        alpha: RATE,
        delta_squared: delta @ delta,
        price_of_pooled: lag @ lag / (chance * (1 - chance)),
    }
    return System("no noise, both means move by delta a phase; pooled mean of rate 1/4", values)
