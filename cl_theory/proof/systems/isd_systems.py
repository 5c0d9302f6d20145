"""Systems for the statements about ISD: laws that are listed atom by atom, laws that are drawn from, real models."""

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from functools import cache, partial
from typing import Any

import numpy as np
import sympy as sp

from cl_theory.learning.models.planted import NOTHING_PLANTED
from cl_theory.learning.models.rational_rbm import RationalRBM
from cl_theory.learning.models.rbm import all_states
from cl_theory.proof.checks.exact import at_least_exactly, equal_exactly
from cl_theory.proof.checks.outcome import Outcome
from cl_theory.proof.checks.statement_checks import Drawn
from cl_theory.proof.checks.symbolic import is_sum_of_squares
from cl_theory.proof.systems.real_models import (
    IsdSettings,
    PhaseSlots,
    RealModel,
    informative_directions,
    real_models,
)
from cl_theory.seeds import FIXED_ROOT, stream
from cl_theory.theory.arithmetic import exact_array, pivots
from cl_theory.theory.chains.phase_order import Bernoulli
from cl_theory.theory.estimators import isd as estimators
from cl_theory.theory.estimators import symbols as s
from cl_theory.theory.estimators.laws import (
    FiniteLaw,
    PhaseMoments,
    coin_law,
    equality_law,
    exact_covariance,
    exact_mean,
    independent_law,
    repeated_law,
)
from cl_theory.theory.estimators.moments import two_term_covariance
from cl_theory.theory.system import System

ONE_OFF = Fraction(101, 100)
"""One per cent too much: what is planted into exact checks."""
COIN_OFF, WEIGHTS_OFF = "coin off by 1 %", "weights use another b"
HALF = Fraction(1, 2)
CHANCES = (Fraction(1, 10), Fraction(3, 10), HALF, Fraction(6, 7))
FOR_THE_EXCESS = 104_000
"""Draws of a first stage at least, that show half a per cent of ISD's excess variance on the real models."""
ATOMS = [
    (sp.Symbol(f"p_{k}", positive=True), sp.Symbol(f"x_{k}", real=True), sp.Symbol(f"y_{k}", real=True)) for k in (1, 2)
]
"""Probability, g+ and g- of two atoms in one dimension, all left open."""


# Laws ----------------------------------------------------------------------------------------------


def random_laws(n_laws: int, *path: str, n_atoms: int = 5, dimension: int = 3) -> list[FiniteLaw]:
    """Random rational laws of a coupled pair, each from a stream of its own behind `path`."""
    return [FiniteLaw.random(stream(FIXED_ROOT, *path, k), n_atoms, dimension) for k in range(n_laws)]


def two_point_law(positive: tuple[Any, Any], negative: tuple[Any, Any]) -> FiniteLaw:
    """Independent gradients that are numbers, each centre - spread or centre + spread with equal chances."""

    def values(centre: Any, spread: Any) -> tuple[np.ndarray, np.ndarray]:
        return exact_array([HALF, HALF]), exact_array([[centre - spread], [centre + spread]])

    return independent_law(*values(*positive), *values(*negative))


def three_couplings(law: FiniteLaw) -> tuple[FiniteLaw, FiniteLaw, FiniteLaw]:
    """The atoms of `law`, equally likely: as they are, independent, and with g- handed on by one atom.

    All three have the same two marginals.
    """
    n_atoms = len(law.probability)
    uniform = exact_array([1] * n_atoms) / Fraction(n_atoms)
    as_it_is = FiniteLaw(uniform, law.g_positive, law.g_negative)
    turned = FiniteLaw(uniform, law.g_positive, np.roll(law.g_negative, 1, axis=0))
    return as_it_is, as_it_is.independent(), turned


def petersburg_law(levels: int) -> FiniteLaw:
    """g- = 0 and g+ = 2**k or -2**k, k = 1, ..., `levels`, with probabilities in proportion to 4**-k.

    Each level adds the same to the second moment, which has no limit.
    """
    sizes = exact_array([sign * 2**k for k in range(1, levels + 1) for sign in (1, -1)])
    weight = exact_array([Fraction(1, 4**k) for k in range(1, levels + 1) for _ in range(2)])
    return FiniteLaw(weight / weight.sum(), sizes[:, None], 0 * sizes[:, None])


def petersburg_second_moment(levels: int) -> Fraction:
    """E|g+|^2 of that law in closed form, 3 K / (1 - 4**-K)."""
    return Fraction(3 * levels) / (1 - Fraction(1, 4**levels))


def exact_cases(name: str, n_laws: int) -> list[FiniteLaw]:
    """Random rational laws of a coupled pair in 3 dimensions, and then two small RBMs with rational factors."""
    laws = random_laws(n_laws, name)
    for n_visible, n_hidden in ((2, 2), (3, 1)):
        rbm = RationalRBM.random(stream(FIXED_ROOT, name, "rbm", n_visible), n_visible, n_hidden)
        laws.append(rbm.finite_law(all_states(n_visible)[[0, 1, 3]]))
    return laws


# Estimators on every case --------------------------------------------------------------------------


def listed_two_term_covariance(law: FiniteLaw) -> np.ndarray:
    """Cov D (d, d)."""
    return exact_covariance(law.probability, estimators.two_term_gradient(law.g_positive, law.g_negative))


def enumerated_isd(
    law: FiniteLaw, p_positive: Any, *, baseline: Any = 0, weight: Any = 1, coin: Any = None
) -> tuple[np.ndarray, np.ndarray]:
    """Exact mean (d,) and covariance (d, d) of ISD around a constant `baseline`, over all atoms and both coin faces.

    Planted errors: a factor `weight` on 1/b, and a `coin` whose probability is not the `p_positive` of the weights.
    """
    probability, is_positive, positive, negative = coin_law(law, p_positive if coin is None else coin)
    centre = baseline + 0 * law.g_positive[0]
    estimates = estimators.centred_isd_gradient(positive, negative, is_positive, centre, p_positive=p_positive)
    estimates = np.where(is_positive[:, None], weight * estimates, estimates)
    return exact_mean(probability, estimates), exact_covariance(probability, estimates)


def enumerated_trace(law: FiniteLaw, p_positive: Any, **options: Any) -> Any:
    """Exact total variance of ISD; options of `enumerated_isd`."""
    return np.trace(enumerated_isd(law, p_positive, **options)[1])


def enumerated_batch(law: FiniteLaw, design: Any, n_phases: int, *, weight: Any = 1) -> tuple[np.ndarray, np.ndarray]:
    """Exact mean and covariance of a batch estimate, over every order of the design and all atoms of every phase.

    `weight` is a planted factor on 1/b.
    """
    probability, g_positive, g_negative = repeated_law(law, n_phases)
    orders = design.enumerate(n_phases)
    of_order = partial(estimators.batch_isd_gradient, weight * g_positive, g_negative, p_positive=design.p_positive)
    chances = np.concatenate([chance * probability for chance, _ in orders])
    estimates = np.concatenate([of_order(order) for _, order in orders])
    return exact_mean(chances, estimates), exact_covariance(chances, estimates)


def enumerated_ratio(law: FiniteLaw, p_positive: Any, n_phases: int) -> tuple[np.ndarray, np.ndarray]:
    """Exact mean and covariance of the difference of phase means under coins, given that both signs came."""
    probability, *gradients = repeated_law(law, n_phases)
    positive, negative = map(exact_array, gradients)  # integers would be divided into floats
    orders = [(p, order) for p, order in Bernoulli(p_positive).enumerate(n_phases) if 0 < order.sum() < n_phases]
    total = sum(p for p, _ in orders)
    estimates = np.concatenate([estimators.ratio_isd_gradient(positive, negative, order) for _, order in orders])
    chances = np.concatenate([p / total * probability for p, _ in orders])
    return exact_mean(chances, estimates), exact_covariance(chances, estimates)


# Listed laws ---------------------------------------------------------------------------------------


def renamed(system: System, name: str) -> System:
    """What `system` says, under another name."""
    return System(name, {symbol: partial(system, symbol) for symbol in system.symbols})


def listed(law: FiniteLaw, p_positive: Any, family: str = "laws", *, coin: Any = 1, belief: Any = 1) -> System:
    """ISD on a law whose atoms are listed, both faces of the coin: left sides by the estimators' own code.

    `coin` and `belief` are factors by which the coin and the weights depart from b, while the right sides keep it.
    """
    mean, cov_of_Z = enumerated_isd(law, p_positive * belief, coin=p_positive * coin)
    mixture = (1 - p_positive) * law.g_positive + p_positive * law.g_negative
    cov_of_D = cache(partial(listed_two_term_covariance, law))
    values = s.phase_values(law.moments, p_positive) | {
        s.b_believed: p_positive * belief,
        s.mean_Z: mean,
        s.cov_Z: cov_of_Z,
        s.cov_D: cov_of_D,
        s.trace_Z: lambda: np.trace(cov_of_Z),
        s.trace_D: lambda: np.trace(cov_of_D()),
        s.mean_hh: lambda: (law.probability[:, None] * mixture).T @ mixture,
        s.mean_h_squared: lambda: exact_mean(law.probability, (mixture**2).sum(axis=1)),
        s.price_is_positive: lambda: Fraction(int(np.trace(cov_of_Z) > np.trace(cov_of_D()))),
        s.h_can_be_other: Fraction(int(np.any(mixture != 0))),
    }
    wrong = {
        COIN_OFF: partial(listed, law, p_positive, coin=ONE_OFF),
        WEIGHTS_OFF: partial(listed, law, p_positive, belief=ONE_OFF),
    }
    believed = "" if belief == 1 else f", weights for b = {p_positive * belief}"
    return System(f"{family}, b = {p_positive}{believed}", values, family=family, wrong=wrong)


def listed_laws(name: str, n_laws: int) -> list[System]:
    """Random rational laws of a coupled pair and two rational RBMs, each at every b."""
    laws = exact_cases(name, n_laws)
    families = ["random laws"] * n_laws + ["rational RBMs"] * (len(laws) - n_laws)
    return [listed(law, b, family) for law, family in zip(laws, families, strict=True) for b in CHANCES]


def three_couplings_at(name: str, n_laws: int, p_positive: Fraction) -> list[list[System]]:
    """Random laws of two equally likely marginals: coupled as they come, independent, and handed round by one atom."""
    families = [three_couplings(law) for law in random_laws(n_laws, name, n_atoms=4, dimension=2)]
    return [[listed(family[which], p_positive, "couplings") for family in families] for which in range(3)]


def equality_laws(factor: Any = 1) -> list[System]:
    """Laws on which ISD costs nothing at the b they were made for, in one dimension and in two; `factor` moves b."""
    weights = exact_array(["1/8", "1/8", "1/4", "1/2"])
    walks = [[[3], [-1], [2], [-3]], [[1, 2], [0, -1], [5, 1], [2, 2]]]
    laws = [(equality_law(weights, exact_array(walk), b), b * factor) for walk in walks for b in CHANCES]
    return [listed(law, b, "equality laws") for law, b in laws]


def pairs_of_phases(p_positive: Fraction = Fraction(3, 10)) -> list[System]:
    """Pairs of phases as the two real models really draw them, each with both faces of the coin: all rationals.

    The mean over the coin alone is by the estimator's own code.
    """
    found = []
    for model in real_models():
        rng = stream(FIXED_ROOT, "isd-unbiased", "states", model.name)
        pairs = zip(*drawn_gradients(model, rng, 4), strict=True)
        found += [_one_pair(model.name, pair, p_positive, 1, face) for pair in pairs for face in (1, 0)]
    return found


def drawn_gradients(model: RealModel, rng: np.random.Generator, n: int) -> list[np.ndarray]:
    """g+ and g- (n, d) of states as the model draws them, in rationals."""
    phases = model.sampler.positive(rng, n), model.sampler.negative(rng, n)
    return [exact_array(model.rbm.gradient(*phase).astype(int)) for phase in phases]


def _one_pair(name: str, pair: tuple[np.ndarray, ...], p_positive: Any, coin: Any, face: int) -> System:
    plus, minus = (np.stack([gradient, gradient]) for gradient in pair)
    heads, tails = estimators.isd_gradient(plus, minus, np.array([1, 0]), p_positive=p_positive)
    values = {
        s.b: p_positive,
        s.B: face,
        s.g_plus: pair[0],
        s.g_minus: pair[1],
        s.Z: heads if face else tails,
        s.mean_Z_given_pair: p_positive * coin * heads + (1 - p_positive * coin) * tails,
    }
    wrong = {COIN_OFF: partial(_one_pair, name, pair, p_positive, ONE_OFF, face)}
    return System(f"{name}, B = {face}", values, family=f"pairs and coins of {name}", wrong=wrong)


# Without an assumption -----------------------------------------------------------------------------


def knowing_coin(
    baseline: Any = 0, name: str = "g+ = 1 or -1, g- = 0, and the coin shows B = 1 just when g+ = 1"
) -> System:
    """g+ = 1 or -1, g- = 0, and the coin shows B = 1 just when g+ = 1: b = 1/2, yet it depends on g+."""
    plus = exact_array([[1], [-1]])
    law = FiniteLaw(exact_array([HALF, HALF]), plus, 0 * plus)
    return coin_of_atoms(law, exact_array([1, 0]), name, baseline)


def knowing_coins(n_laws: int = 4) -> list[System]:
    """Random rational laws, each with coins whose chances depend on the pair."""
    rngs = [stream(FIXED_ROOT, "knowing coins", k) for k in range(n_laws)]
    laws = [(FiniteLaw.random(rng, 5, dimension=3), exact_array(rng.integers(1, 9, size=5)) / 9) for rng in rngs]
    return [coin_of_atoms(law, chances, f"coin {k} that knows") for k, (law, chances) in enumerate(laws)]


def coin_of_atoms(law: FiniteLaw, chances: np.ndarray, name: str, baseline: Any = 0) -> System:
    """ISD with a coin that shows B = 1 with chance `chances[k]` when atom k has come; b is its overall chance."""
    p, positive, negative = law.probability, law.g_positive, law.g_negative
    share = p @ chances
    probability, faces = np.concatenate([p * chances, p * (1 - chances)]), np.repeat([1, 0], len(p))
    pair = np.tile(positive, (2, 1)), np.tile(negative, (2, 1))
    estimates = estimators.isd_gradient(*pair, faces, p_positive=share)
    around = estimators.centred_isd_gradient(*pair, faces, baseline + 0 * positive[0], p_positive=share)
    mixture = (1 - share) * pair[0] + share * pair[1]
    of_coin = (probability * (faces - share))[None]  # of_coin @ x is the covariance of the coin with x
    parts = estimators.two_term_gradient(*pair) + ((faces - share) / (share * (1 - share)))[:, None] * mixture
    values = s.phase_values(law.moments, share) | {
        s.mean_Z: exact_mean(probability, estimates),
        s.mean_Z_c: exact_mean(probability, around),
        s.cov_Z: exact_covariance(probability, estimates),
        s.cov_D: listed_two_term_covariance(law),
        s.cov_of_parts: exact_covariance(probability, parts),
        s.mean_hh: (probability[:, None] * mixture).T @ mixture,
        s.cov_coin_h: (of_coin @ mixture)[0],
        s.cov_coin_plus: (of_coin @ pair[0])[0],
        s.cov_coin_minus: (of_coin @ pair[1])[0],
    }
    return System(name, values, family="coins that know")


def weights_for_another_coin(believed: Fraction = HALF) -> list[System]:
    """Random rational laws with weights for a coin that has another b."""
    coins = [Fraction(3, 10), Fraction(49, 100), Fraction(6, 7)]
    return [listed(law, b, "random laws", belief=believed / b) for law in random_laws(3, "isd-unbiased") for b in coins]


def only_phase(p_positive: int) -> System:
    """At b = 1 or 0 one phase never comes; its term is dropped, and the other's weight is 1 or -1."""
    (law,) = random_laws(1, "isd-unbiased")
    ran = law.g_positive if p_positive else -law.g_negative
    values = {s.mean_Z: exact_mean(law.probability, ran)}
    values |= {s.mu_plus: law.moments.mean_positive, s.mu_minus: law.moments.mean_negative}
    return System(f"b = {p_positive}: one phase never comes, and its term is dropped", values)


def petersburg(levels: int, p_positive: Any, believed: int) -> System:
    """g- = 0, g+ = 2^k or -2^k with chance 3/4^k, cut off after `levels`: its second moment has no limit.

    Right sides are those of the law cut off after `believed` levels; the symbol `cov_of_parts` has the closed form.
    """
    name = f"g+ = +-2^k with chance 3/4^k: {levels // believed} times the levels, and the variance"
    cut, whole = (listed(petersburg_law(n), p_positive) for n in (believed, levels))
    measured = {symbol: whole(symbol) for symbol in (s.cov_Z, s.cov_D, s.trace_Z, s.trace_D)}
    measured[s.cov_of_parts] = np.array([[petersburg_second_moment(levels) / p_positive]])
    return System(name, {symbol: cut(symbol) for symbol in cut.symbols} | measured)


def thin(p_positive: Fraction = Fraction(3, 10)) -> System:
    """Two atoms in three dimensions: there is a direction in which h never is."""
    return listed(FiniteLaw.random(stream(FIXED_ROOT, "strictness", "thin"), 2, 3), p_positive, "two atoms")


# Real models ---------------------------------------------------------------------------------------


def real_phases(p_positive: float, models: tuple[RealModel, ...] | None = None) -> list[System]:
    """ISD on the two real models at this b, every entry of every matrix; mean and squares can be drawn."""
    return [_real(model, p_positive) for model in models or real_models()]


def _real(model: RealModel, b: float, belief: float = 1.0) -> System:
    m, (plus, minus) = model.moments, NOTHING_PLANTED.signed_weights(b * belief)
    mean = b * plus * m.mean_positive + (1 - b) * minus * m.mean_negative

    def second_moment() -> np.ndarray:
        return b * plus**2 * m.second_positive + (1 - b) * minus**2 * m.second_negative

    values = s.phase_values(m, b) | {
        s.mean_Z: mean,
        s.trace_Z: lambda: b * plus**2 * m.m_positive + (1 - b) * minus**2 * m.m_negative - mean @ mean,
        s.trace_D: lambda: m.m_positive + m.m_negative - 2 * np.trace(m.cross) - m.mean @ m.mean,
        s.cov_Z: lambda: second_moment() - np.outer(mean, mean),
        s.mean_h_squared: lambda: np.trace(_second_of_mixture(m, b)),
        s.cov_D: lambda: two_term_covariance(m),
        s.mean_hh: lambda: _second_of_mixture(m, b),
    }
    settings = partial(isd_settings, model, ((b, None),))
    along = informative_directions(model, b)
    excess = settings(along[:1], [[1.0, -1.0], [0.0, 1.0]], two_term=True)
    price = partial(drawn_squares, excess, least=FOR_THE_EXCESS)
    drawn = {
        s.mean_Z: lambda: drawn_mean(settings(along)),
        s.cov_Z: lambda: drawn_squares(settings(along[:1])),
        s.cov_Z - s.cov_D: price,
        s.trace_Z - s.trace_D: price,
    }
    wrong = {WEIGHTS_OFF: partial(_real, model, b, 1.01)}
    return System(f"{model.name}, b = {b:g}", values, family=f"{model.name} at b = {b:g}", wrong=wrong, drawn=drawn)


def _second_of_mixture(m: PhaseMoments, b: float) -> np.ndarray:
    a = 1 - b
    return a * a * m.second_positive + b * b * m.second_negative + a * b * (m.cross + m.cross.T)


def isd_settings(
    model: RealModel,
    settings: Sequence[tuple[float, int | None]],
    directions: np.ndarray,
    contrast: Any = ((1.0,),),
    *,
    n_slots: int = 1,
    baselines: Sequence[np.ndarray] = (),
    **options: Any,
) -> IsdSettings:
    """Draws of ISD in `n_slots` phases; `directions` (k, d) and `baselines` (d,) to look along and to take off."""
    slots = slots_of(model, n_slots, directions, *baselines)
    return IsdSettings(slots, tuple(settings), np.array(contrast, dtype=float), **options)


def slots_of(model: RealModel, n_slots: int, directions: np.ndarray, *baselines: np.ndarray) -> PhaseSlots:
    """Phases of `model` seen along `directions` (k, d), with or without `baselines` (d,)."""
    return PhaseSlots(model, n_slots, directions, np.reshape(baselines, (len(baselines), directions.shape[1])))


def drawn_mean(settings: IsdSettings, **limits: Any) -> Drawn:
    """The mean of the estimate, seen along all directions; `limits` are fields of the planned check."""
    planned, directions = replace(settings.planned, **limits), settings.slots.directions
    last = len(planned.goal) - len(settings.contrast) * (1 + len(directions))

    def image(mean: np.ndarray) -> np.ndarray:
        goal = planned.goal.copy()
        goal[last - len(directions) : last] = directions @ mean.ravel()
        return goal

    return Drawn(planned, image)


def drawn_squares(settings: Any, *, row: int = 0, moved: Sequence[int] = (), **limits: Any) -> Drawn:
    """A covariance, or its trace: the contrast's `row` of covariances, seen in |.|^2 and along one direction.

    `settings` are `IsdSettings` or another statistic that ends as theirs does; `moved` are other rows of the contrast
    that the same covariance enters; `limits` are fields of the planned check.
    """
    planned, mean = replace(settings.planned, **limits), settings.slots.model.moments.mean
    (direction,), n_rows = settings.slots.directions, len(settings.contrast)
    first, shared = len(planned.goal) - 2 * n_rows, settings.contrast[row].sum()  # all estimates have the same mean

    def image(value: Any) -> np.ndarray:
        goal = planned.goal.copy()
        seen = {first: np.trace(np.atleast_2d(value)) + shared * mean @ mean}
        if np.ndim(value):
            seen[first + n_rows] = direction @ value @ direction + shared * (direction @ mean) ** 2
        for place, square in seen.items():
            goal[[place + r for r in (*moved, row)]] += square - goal[place + row]
        return goal

    return Drawn(planned, image)


# Comparisons ---------------------------------------------------------------------------------------


def same_for_all_couplings(of: sp.Symbol, *, scope: str) -> Outcome:
    """Whether `of`, a covariance, is the same matrix for three couplings of the same two marginals, b = 3/10."""
    first, *others = three_couplings_at("covariance", 4, Fraction(3, 10))
    return equal_exactly([[x(of) for x in laws] for laws in others], [[x(of) for x in first]] * 2, scope=scope)


def costs_nothing(systems: Sequence[System], *, scope: str) -> Outcome:
    """Whether ISD has the variance of two terms, exactly."""
    return equal_exactly([x(s.trace_Z) for x in systems], [x(s.trace_D) for x in systems], scope=scope)


def positive_definite(system: System, *, scope: str) -> Outcome:
    """Whether Cov Z - Cov D is positive definite: all its pivots, exact, are above 0."""
    return at_least_exactly(pivots(system(s.cov_Z) - system(s.cov_D)), 0, strict=True, scope=scope)


def price_is_a_sum_of_squares(extra: sp.Expr, *, scope: str) -> Outcome:
    r"""Whether the price of two atoms, all entries open, plus `extra` is :math:`\sum_k p_k h_k^2/(b(1-b))`."""
    b = s.b
    price = sum(p * (x**2 / b + y**2 / (1 - b) - (x - y) ** 2) for p, x, y in ATOMS)
    squares = [(p / (b * (1 - b)), (1 - b) * x + b * y) for p, x, y in ATOMS]
    return is_sum_of_squares(price + extra, squares, scope=scope, probability=b)
