"""Systems for the statements about ISD: laws that are listed atom by atom, laws that are drawn from, real models."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from functools import partial
from typing import Any, NamedTuple

import numpy as np
import sympy as sp

from cl_theory.cases.enumerated import exact_cases
from cl_theory.cases.isd_checks import duty_cycle_check, informative_directions
from cl_theory.cases.isd_settings import IsdSettings
from cl_theory.cases.listed_covariances import petersburg_law, petersburg_second_moment, three_couplings
from cl_theory.cases.phase_slots import PhaseSlots
from cl_theory.cases.real_models import RealModel, real_models
from cl_theory.checks.exact import at_least_exactly, equal_exactly
from cl_theory.checks.outcome import Outcome
from cl_theory.checks.planned_means import PlannedMean
from cl_theory.checks.statement_checks import Drawn
from cl_theory.checks.symbolic import is_sum_of_squares
from cl_theory.estimators.isd import isd_gradient
from cl_theory.estimators.symbols import (
    b,
    cov_D,
    cov_of_parts,
    cov_Z,
    h_can_be_other,
    mean_h_squared,
    mean_hh,
    mean_Z,
    phase_values,
    price_is_positive,
    trace_D,
    trace_Z,
)
from cl_theory.estimators.two_term import two_term_gradient
from cl_theory.laws import FiniteLaw, coin_law, equality_law, exact_array, exact_covariance, exact_mean
from cl_theory.laws.pivots import pivots
from cl_theory.samplers.planted import NOTHING_PLANTED, Planted
from cl_theory.seeds import FIXED_ROOT, stream
from cl_theory.statements import System

ONE_OFF = Fraction(101, 100)
COIN_OFF = "coin off by 1 %"
WEIGHTS_OFF = "weights use another b"
ATOMS = [
    (sp.Symbol(f"p_{k}", positive=True), sp.Symbol(f"x_{k}", real=True), sp.Symbol(f"y_{k}", real=True)) for k in (1, 2)
]
"""Probability, g+ and g- of two atoms in one dimension, all left open."""
CHANCES = (Fraction(1, 10), Fraction(3, 10), Fraction(1, 2), Fraction(6, 7))


def listed(law: FiniteLaw, p_positive: Any, family: str = "laws", *, coin: Any = 1, belief: Any = 1) -> System:
    """ISD on a law whose atoms are listed, both faces of the coin: left sides by the estimators' own code.

    `coin` and `belief` are factors by which the coin and the weights depart from b, while the right sides keep it.
    """
    probability, is_positive, g_positive, g_negative = coin_law(law, p_positive * coin)
    estimates = isd_gradient(g_positive, g_negative, is_positive, p_positive=p_positive * belief)
    differences = two_term_gradient(law.g_positive, law.g_negative)
    mixture = (1 - p_positive) * law.g_positive + p_positive * law.g_negative
    cov_of_Z, cov_of_D = exact_covariance(probability, estimates), exact_covariance(law.probability, differences)
    values = phase_values(law.moments, p_positive) | {
        mean_Z: exact_mean(probability, estimates),
        cov_Z: cov_of_Z,
        cov_D: cov_of_D,
        trace_Z: np.trace(cov_of_Z),
        trace_D: np.trace(cov_of_D),
        mean_hh: (law.probability[:, None] * mixture).T @ mixture,
        mean_h_squared: exact_mean(law.probability, (mixture**2).sum(axis=1)),
        price_is_positive: Fraction(int(np.trace(cov_of_Z) > np.trace(cov_of_D))),
        h_can_be_other: Fraction(int(np.any(mixture != 0))),
    }
    wrong = {
        COIN_OFF: partial(listed, law, p_positive, coin=ONE_OFF),
        WEIGHTS_OFF: partial(listed, law, p_positive, belief=ONE_OFF),
    }
    return System(f"{family}, b = {p_positive}", values, family=family, wrong=wrong)


def listed_laws(name: str, n_laws: int, chances: tuple[Fraction, ...] = CHANCES) -> list[System]:
    """Random rational laws of a coupled pair and two rational RBMs, each at every b."""
    laws = exact_cases(name, n_laws)
    families = ["random laws"] * n_laws + ["rational RBMs"] * (len(laws) - n_laws)
    return [listed(law, b, family) for law, family in zip(laws, families, strict=True) for b in chances]


def three_couplings_at(name: str, n_laws: int, p_positive: Fraction) -> list[list[System]]:
    """Random laws of two equally likely marginals: coupled as they come, independent, and handed round by one atom."""
    families = [three_couplings(FiniteLaw.random(stream(FIXED_ROOT, name, k), 4, 2)) for k in range(n_laws)]
    return [[listed(family[which], p_positive, "couplings") for family in families] for which in range(3)]


def equality_laws(chances: tuple[Fraction, ...] = CHANCES, factor: Any = 1) -> list[System]:
    """Laws on which ISD costs nothing at the b they were made for, in one dimension and in two; `factor` moves b."""
    weights = exact_array(["1/8", "1/8", "1/4", "1/2"])
    walks = [[[3], [-1], [2], [-3]], [[1, 2], [0, -1], [5, 1], [2, 2]]]
    laws = [(equality_law(weights, exact_array(walk), b), b * factor) for walk in walks for b in chances]
    return [listed(law, b, "equality laws") for law, b in laws]


def knowing_coin() -> System:
    """g+ = 1 or -1, g- = 0, and the coin shows B = 1 just when g+ = 1: b = 1/2, yet it depends on g+."""
    half, plus = Fraction(1, 2), exact_array([[1], [-1]])
    law = FiniteLaw(exact_array([half, half]), plus, 0 * plus)
    shows = np.array([1, 0])
    estimates = isd_gradient(plus, 0 * plus, shows, p_positive=half)
    parts = plus + ((shows - half) / (half * half))[:, None] * plus * half
    values = phase_values(law.moments, half) | {
        mean_Z: exact_mean(law.probability, estimates),
        cov_Z: exact_covariance(law.probability, estimates),
        cov_D: exact_covariance(law.probability, plus),
        cov_of_parts: exact_covariance(law.probability, parts),
        mean_hh: (law.probability[:, None] * plus * half).T @ (plus * half),
    }
    return System("g+ = 1 or -1, g- = 0, and the coin shows B = 1 just when g+ = 1", values)


def petersburg(levels: int, p_positive: Any, believed: int = 0) -> System:
    """g- = 0, g+ = 2^k or -2^k with chance 3/4^k, cut off after `levels`: its second moment has no limit.

    Right sides are those of the law cut off after `believed` levels, by default the same; the symbol `cov_of_parts` has
    the closed form.
    """
    name = f"g+ = +-2^k with chance 3/4^k: {levels // believed if believed else 1} times the levels, and the variance"
    cut = listed(petersburg_law(believed or levels), p_positive)
    whole = listed(petersburg_law(levels), p_positive)
    measured = {symbol: whole(symbol) for symbol in (cov_Z, cov_D, trace_Z, trace_D)}
    measured[cov_of_parts] = np.array([[petersburg_second_moment(levels) / p_positive]])
    return System(name, {symbol: cut(symbol) for symbol in cut.symbols} | measured)


def real_phases(p_positive: float, models: tuple[RealModel, ...] | None = None) -> list[System]:
    """ISD on the two real models at this b, every entry of every matrix; mean and squares can be drawn."""
    return [_real(model, p_positive) for model in models or real_models()]


def _real(model: RealModel, b: float) -> System:
    m = model.moments
    values = phase_values(m, b) | {
        mean_Z: lambda: b * (m.mean_positive / b) - (1 - b) * (m.mean_negative / (1 - b)),
        trace_Z: lambda: m.m_positive / b + m.m_negative / (1 - b) - m.mean @ m.mean,
        trace_D: lambda: m.m_positive + m.m_negative - 2 * np.trace(m.cross) - m.mean @ m.mean,
        cov_Z: lambda: m.second_positive / b + m.second_negative / (1 - b) - np.outer(m.mean, m.mean),
        mean_h_squared: lambda: np.trace(_second_of_mixture(m, b)),
        cov_D: lambda: m.second_positive + m.second_negative - m.cross - m.cross.T - np.outer(m.mean, m.mean),
        mean_hh: lambda: _second_of_mixture(m, b),
    }
    drawn = {
        cov_Z: partial(_squares_drawn, model, b),
        cov_Z - cov_D: partial(_excess_drawn, model, b),
        trace_Z - trace_D: partial(_excess_drawn, model, b),
    }
    return System(f"{model.name}, b = {b:g}", values, family=f"{model.name} at b = {b:g}", drawn=drawn)


def _second_of_mixture(m: Any, b: float) -> np.ndarray:
    a = 1 - b
    return a * a * m.second_positive + b * b * m.second_negative + a * b * (m.cross + m.cross.T)


def _squares_drawn(model: RealModel, b: float) -> Drawn:
    directions = informative_directions(model, b)[:1]
    slots = PhaseSlots(model, 1, directions, np.empty((0, directions.shape[1])))
    planned = IsdSettings(slots, ((b, None),), np.eye(1)).planned
    mean = model.moments.mean

    def image(covariance: np.ndarray) -> np.ndarray:
        goal = planned.goal.copy()
        goal[2] = np.trace(covariance) + mean @ mean
        goal[3] = directions[0] @ covariance @ directions[0] + (directions[0] @ mean) ** 2
        return goal

    return Drawn(planned, image)


def _excess_drawn(model: RealModel, b: float) -> Drawn:
    directions = informative_directions(model, b)[:1]
    slots = PhaseSlots(model, 1, directions, np.empty((0, directions.shape[1])))
    planned = IsdSettings(slots, ((b, None),), np.array([[1.0, -1.0], [0.0, 1.0]]), two_term=True).planned

    def image(excess: np.ndarray) -> np.ndarray:
        goal = planned.goal.copy()
        if np.ndim(excess) == 0:
            goal[2] = excess
        else:
            goal[2], goal[4] = np.trace(excess), directions[0] @ excess @ directions[0]
        return goal

    return Drawn(planned, image)


def same_for_all_couplings(of: sp.Symbol, *, scope: str) -> Outcome:
    """Whether `of`, a covariance, is the same matrix for three couplings of the same two marginals, b = 3/10."""
    first, *others = three_couplings_at("covariance", 4, Fraction(3, 10))
    return equal_exactly([[x(of) for x in laws] for laws in others], [[x(of) for x in first]] * 2, scope=scope)


def costs_nothing(systems: Sequence[System], *, scope: str) -> Outcome:
    """Whether ISD has the variance of two terms, exactly."""
    return equal_exactly([x(trace_Z) for x in systems], [x(trace_D) for x in systems], scope=scope)


def positive_definite(system: System, *, scope: str) -> Outcome:
    """Whether Cov Z - Cov D is positive definite: all its pivots, exact, are above 0."""
    return at_least_exactly(pivots(system(cov_Z) - system(cov_D)), 0, strict=True, scope=scope)


def price_is_a_sum_of_squares(extra: sp.Expr, *, scope: str) -> Outcome:
    r"""Whether the price of two atoms, all entries open, plus `extra` is :math:`\sum_k p_k h_k^2/(b(1-b))`."""
    price = sum(p * (x**2 / b + y**2 / (1 - b) - (x - y) ** 2) for p, x, y in ATOMS)
    squares = [(p / (b * (1 - b)), (1 - b) * x + b * y) for p, x, y in ATOMS]
    return is_sum_of_squares(price + extra, squares, scope=scope, probability=b)


def thin(p_positive: Fraction = Fraction(3, 10)) -> System:
    """Two atoms in three dimensions: there is a direction in which h never is."""
    return listed(FiniteLaw.random(stream(FIXED_ROOT, "strictness", "thin"), 2, 3), p_positive, "two atoms")


def duty_cycle(p_positive: float, claim: str, seed: int) -> tuple[Outcome, dict[str, Outcome]]:
    """How often the sampler runs a positive phase, exactly binomial; a check with its controls."""
    return duty_cycle_check(seed, claim, p_positive)


class _Draws(NamedTuple):
    """Atoms and coin levels of many draws."""

    atom: np.ndarray
    level: np.ndarray


def drawn_law(law: FiniteLaw, p_positive: Any, name: str = "a small law") -> System:
    """A small law that is drawn from: atom and coin by the generator, estimates by the estimators' own code.

    On it every term of a covariance is large enough to be seen by drawing, unlike on a real model.
    """
    exact, b = law.floats(), float(p_positive)
    values = phase_values(exact.moments, b) | listed_mixture(exact, b)
    of = partial(_DrawnLaw, exact, b)
    drawn = {
        mean_Z: of(lambda z, d: z, lambda value, mean: value.ravel()).drawn,
        cov_Z: of(_upper_squares, lambda value, mean: _upper(value + np.outer(mean, mean))).drawn,
        cov_Z - cov_D: of(lambda z, d: _upper_squares(z, d) - _upper_squares(d, d), lambda v, mean: _upper(v)).drawn,
        trace_Z: of(lambda z, d: (z**2).sum(1, keepdims=True), lambda v, mean: np.array([v + mean @ mean])).drawn,
        trace_Z - trace_D: of(
            lambda z, d: ((z**2).sum(1) - (d**2).sum(1))[:, None], lambda v, mean: np.array([v])
        ).drawn,
    }
    return System(name, values, drawn=drawn, only_drawn=True)


def listed_mixture(law: FiniteLaw, b: Any) -> dict[sp.Expr, Any]:
    """Second moment of h and its trace, atom by atom."""
    mixture = (1 - b) * law.g_positive + b * law.g_negative
    second = (law.probability[:, None] * mixture).T @ mixture
    return {mean_hh: second, mean_h_squared: np.trace(second)}


@dataclass(frozen=True)
class _DrawnLaw:
    law: FiniteLaw
    b: float
    statistic: Callable[[np.ndarray, np.ndarray], np.ndarray]
    image: Callable[[Any, np.ndarray], np.ndarray]
    errors: Mapping[str, Planted] = field(default_factory=dict)

    @property
    def drawn(self) -> Drawn:
        mean = self.law.moments.mean
        planned = PlannedMean(self.draw, self.rows, self.target, scale=self._scale())
        if self.errors:
            planned = replace(planned, errors=dict(self.errors))
        return Drawn(planned, lambda value: np.asarray(self.image(value, mean), dtype=float))

    def draw(self, rng: np.random.Generator, size: int) -> _Draws:
        return _Draws(np.searchsorted(self.law.probability.cumsum(), rng.random(size)), rng.random(size))

    def rows(self, drawn: _Draws, planted: Planted) -> np.ndarray:
        return self._of(drawn.atom, drawn.level < planted.coin_probability(self.b), planted)

    def target(self, planted: Planted) -> np.ndarray:
        atoms, coin = np.arange(len(self.law.probability)), planted.coin_probability(self.b)
        faces = [self._of(atoms, np.full(len(atoms), side), planted) for side in (True, False)]
        return self.law.probability @ (coin * faces[0] + (1 - coin) * faces[1])

    def _of(self, atom: np.ndarray, is_positive: np.ndarray, planted: Planted) -> np.ndarray:
        pair = self.law.g_positive[atom], self.law.g_negative[atom]
        z = planted.scale * isd_gradient(*pair, is_positive, p_positive=self.b * planted.p_positive)
        factors = np.where(is_positive, planted.weight_positive, planted.weight_negative)
        return self.statistic(factors[:, None] * z, two_term_gradient(*pair))

    def _scale(self) -> np.ndarray:
        goal = np.abs(self.target(NOTHING_PLANTED))
        return np.maximum(goal, 1e-3 * goal.max())


def _upper(matrix: np.ndarray) -> np.ndarray:
    return matrix[np.triu_indices(len(matrix))]


def _upper_squares(z: np.ndarray, _: np.ndarray) -> np.ndarray:
    first, second = np.triu_indices(z.shape[1])
    return z[:, first] * z[:, second]
