"""Systems for equal compute and the order of phases: designs of batches, learners whose phases stick or switch."""

from dataclasses import dataclass, fields, replace
from fractions import Fraction
from functools import cache, partial
from typing import Any, ClassVar

import numpy as np

from cl_theory.learning.models.planted import NOTHING_PLANTED, Planted, weighted_batch_moments
from cl_theory.learning.models.rational_rbm import RationalRBM
from cl_theory.proof.checks.planned_means import ERRORS, PlannedMean
from cl_theory.proof.checks.statement_checks import Drawn
from cl_theory.proof.systems.best_b_systems import MOST, WEIGHT_OFF, rooted
from cl_theory.proof.systems.chain_systems import limit_at_zero
from cl_theory.proof.systems.isd_systems import (
    HALF,
    ONE_OFF,
    drawn_squares,
    enumerated_batch,
    enumerated_ratio,
    isd_settings,
    listed_two_term_covariance,
    random_laws,
    renamed,
    slots_of,
    two_point_law,
)
from cl_theory.proof.systems.real_models import (
    DrawnSlots,
    PhaseSlots,
    RealModel,
    bars_model,
    digits_model,
    real_models,
    seen_counts,
    seen_counts_exactly,
    seen_exactly,
    seen_statistics,
)
from cl_theory.seeds import FIXED_ROOT, stream
from cl_theory.theory.arithmetic import as_floats, exact_array
from cl_theory.theory.chains.ordered_learner import OrderedLearner
from cl_theory.theory.chains.phase_order import Alternating, Bernoulli, Stratified, Systematic
from cl_theory.theory.chains.stationary import identity, solve, stationary_distribution
from cl_theory.theory.chains.symbols import eta
from cl_theory.theory.dynamics import order_statements as o
from cl_theory.theory.estimators import moments as exact_moments
from cl_theory.theory.estimators import symbols as s
from cl_theory.theory.estimators.isd import batch_isd_gradient, centred_isd_gradient
from cl_theory.theory.estimators.laws import FiniteLaw, PhaseMoments, exact_covariance, exact_mean, repeated_law
from cl_theory.theory.system import System

COINS_INSTEAD = "independent coins in the place of the design"


@dataclass(frozen=True, eq=False)
class BatchDesign:
    """Mean ISD estimate over all slots under a `design` of their order.

    The statistic is mean and spread of the number of positive phases, u.Z for each direction u, |Z|^2, and (u.Z)^2
    for each direction. Controls: the named errors of 1 %, and independent coins of the same b in the design's place.
    """

    slots: PhaseSlots
    design: Any
    contrast: ClassVar[np.ndarray] = np.eye(1)

    @property
    def planned(self) -> PlannedMean:
        """The check of this statistic's exact mean."""
        errors = {**ERRORS, COINS_INSTEAD: COINS_INSTEAD}
        return PlannedMean(self.slots.draw, self.rows, self.target, errors, self.scale)

    def rows(self, drawn: DrawnSlots, variant: Any) -> np.ndarray:
        """The statistic of each draw."""
        design, planted = self._varied(variant)
        rng = np.random.Generator(np.random.Philox([drawn.key, 0]))
        order = design.indicators(rng, self.slots.n_slots, len(drawn.level))
        weights = self.slots.isd(order, planted, float(design.p_positive))
        seen = seen_statistics(*self.slots.looked_at(drawn, [weights]), self.contrast)
        return np.column_stack([seen_counts(order, float(self.design.p_positive)), seen])

    def target(self, variant: Any) -> np.ndarray:
        """Its exact mean."""
        (design, planted), n = self._varied(variant), self.slots.n_slots
        b, (moments, _, directions) = float(design.p_positive), self.slots.folded
        count = n * b, float(design.count_variance(n))
        estimate = weighted_batch_moments(moments, planted.signed_weights(b), n, *count)
        counts = seen_counts_exactly(float(self.design.p_positive), n, *count)
        return np.concatenate([counts, seen_exactly([estimate], directions, self.contrast)])

    @property
    def scale(self) -> np.ndarray:
        """What errors are relative to: one for the counts, the rms of u.Z, and the squares themselves."""
        goal, k = self.target(NOTHING_PLANTED), len(self.slots.directions)
        counts = np.ones(len(goal) - 1 - 2 * k)
        return np.concatenate([counts, np.sqrt(goal[-k:]), goal[-1 - k :]])

    def _varied(self, variant: Any) -> tuple[Any, Planted]:
        # The design and the planted weights that are really used: a planted b goes into both, but a design that fixes
        # the count cannot be off by 1 %.
        if variant == COINS_INSTEAD:
            return Bernoulli(float(self.design.p_positive)), NOTHING_PLANTED
        weights = replace(variant, p_positive=1.0)
        if self.design.count_variance(self.slots.n_slots) == 0:
            return self.design, weights
        return replace(self.design, p_positive=float(self.design.p_positive) * variant.p_positive), weights


OTHER_DESIGN = "another design of the same b"
KNOWN_B = "known b in the estimate's place"
IN_WORDS = {
    Bernoulli: "independent coins",
    Stratified: "a fixed count",
    Systematic: "evenly spread",
    Alternating: "alternating",
}
THIRD, TWO_FIFTHS = Fraction(1, 3), Fraction(2, 5)
COINS: tuple[tuple[Any, int], ...] = (Bernoulli(THIRD), 3), (Bernoulli(TWO_FIFTHS), 2)
ROUNDED: tuple[tuple[Any, int], ...] = (
    *((Stratified(THIRD), 3), (Stratified(TWO_FIFTHS), 3)),
    *((Systematic(TWO_FIFTHS), 3), (Systematic(THIRD), 4)),
    *((Alternating(), 2), (Alternating(), 3), (Alternating("positive"), 4)),
)
"""Designs and numbers of phases; those that keep the count at a whole number next to nb."""


# Listed batches ------------------------------------------------------------------------------------


def batch(
    law: FiniteLaw, design: Any, n_phases: int, family: str = "batches", *, weight: Any = 1, other: bool = False
) -> System:
    """A batch of phases: every order of the design, all atoms of every phase, by the estimator's own code.

    Planted errors: a factor `weight` on 1/b, and the `other` design.
    """
    run = _other(design) if other else design

    @cache
    def listed() -> tuple[np.ndarray, np.ndarray]:
        return enumerated_batch(law, run, n_phases, weight=weight)

    def at_best() -> Any:
        best = Bernoulli(exact_moments.optimal_p_positive(law.moments))
        return np.trace(enumerated_batch(law, best, n_phases, weight=weight)[1])

    values = s.phase_values(law.moments, design.p_positive) | {
        s.n: n_phases,
        s.N: lambda: design.count_law(n_phases)[0][0],
        s.fraction: n_phases * design.p_positive % 1,
        s.var_N: partial(_listed_count_variance, run, n_phases),
        s.mean_batch: lambda: listed()[0],
        s.cov_batch: lambda: listed()[1],
        s.cov_D: lambda: listed_two_term_covariance(law),
        s.trace_D: lambda: np.trace(listed_two_term_covariance(law)),
        s.trace_batch_best: at_best,
    }
    wrong = {
        WEIGHT_OFF: partial(batch, law, design, n_phases, family, weight=ONE_OFF),
        OTHER_DESIGN: partial(batch, law, design, n_phases, family, other=True),
    }
    return System(f"{n_phases} phases, {IN_WORDS[type(design)]}", values, family=family, wrong=wrong)


def _other(design: Any) -> Any:
    # A fixed count in the place of coins, and coins in the place of any other design.
    return (Stratified if isinstance(design, Bernoulli) else Bernoulli)(design.p_positive)


def _listed_count_variance(design: Any, n_phases: int) -> Any:
    orders = design.enumerate(n_phases)
    mean = sum(chance * int(order.sum()) for chance, order in orders)
    return sum(chance * (int(order.sum()) - mean) ** 2 for chance, order in orders)


def small_laws(n_laws: int) -> list[FiniteLaw]:
    """Random rational laws of a coupled pair in two dimensions."""
    return random_laws(n_laws, "equal-compute", n_atoms=3, dimension=2)


def small_machine() -> FiniteLaw:
    """An RBM with one unit a side and rational factors."""
    rbm = RationalRBM.random(stream(FIXED_ROOT, "equal-compute", "rbm"), 1, 1)
    return rbm.finite_law(np.array([[0.0], [1.0], [1.0]]))


def races(n_laws: int) -> tuple[list[System], list[System]]:
    """Two phases with a fair coin: laws with independent phases, an RBM among them, and laws with coupled ones.

    All have a rational b*, at which they can be listed too.
    """
    coupled = [rooted(law) for law in small_laws(n_laws)]
    apart = [law.independent() for law in coupled]
    fair = Bernoulli(HALF)
    independent = [batch(law, fair, 2, "independent laws") for law in apart]
    independent.append(batch(rooted(small_machine()), fair, 2, "rational RBM"))
    return independent, [batch(law, fair, 2, "coupled laws") for law in coupled]


FOUR_LAWS = {
    "loud and quiet": two_point_law((0, 3), (0, 1)),
    "nearly equal": two_point_law((0, 3), (0, 4)),
    "near the goal": two_point_law((4, 3), (4, 3)),
    "opposite means": two_point_law((3, 4), (-3, 4)),
}
"""On the first two ISD wins at equal compute, on the third it loses; the last is a draw."""


def four_races() -> list[System]:
    """Two phases with a fair coin on each of the four laws."""
    return [batch(law, Bernoulli(HALF), 2, name) for name, law in FOUR_LAWS.items()]


def batches(n_laws: int) -> tuple[list[System], list[System]]:
    """Batches under independent coins, and under designs that keep the count next to nb: random laws and an RBM."""
    laws = small_laws(n_laws)
    coins = [batch(law, *case, "coins") for law in laws for case in COINS]
    rounded = [batch(law, *case, "rounded counts") for law in laws for case in ROUNDED]
    machine = batch(small_machine(), Systematic(TWO_FIFTHS), 2, "rational RBM")
    return coins, [*rounded, machine]


def estimated_shares(n_laws: int) -> list[System]:
    """The difference of both phase means under coins, given that both signs came."""
    return [_estimated(law, b, k) for law in small_laws(n_laws) for b, k in ((THIRD, 3), (HALF, 4))]


def _estimated(law: FiniteLaw, b: Fraction, n_phases: int) -> System:
    counts = [(chance, count) for count, chance in Bernoulli(b).count_law(n_phases) if 0 < count < n_phases]
    total = sum(chance for chance, _ in counts)
    values = s.phase_values(law.moments, b) | {
        s.n: n_phases,
        s.mean_inverse_N: sum(chance / count for chance, count in counts) / total,
        s.mean_inverse_rest: sum(chance / (n_phases - count) for chance, count in counts) / total,
        s.cov_ratio: lambda: enumerated_ratio(law, b, n_phases)[1],
        s.mean_batch: lambda: enumerated_ratio(law, b, n_phases)[0],
    }
    known = System(KNOWN_B, {s.cov_ratio: lambda: enumerated_batch(law, Bernoulli(b), n_phases)[1]})
    return System(f"{n_phases} coins, b = {b}", values, family="estimated shares", wrong={KNOWN_B: lambda: known})


# Assumptions dropped -------------------------------------------------------------------------------


def moving_together() -> System:
    """g+ = 2W and g- = W with a fair sign W."""
    law = FiniteLaw(exact_array([HALF, HALF]), exact_array([[2], [-2]]), exact_array([[1], [-1]]))
    name = "g+ = 2W, g- = W: two terms gain from the coupling, ISD does not"
    return renamed(batch(law, Bernoulli(HALF), 2), name)


def looking_design() -> System:
    """g+ = 1 or -1, g- = 0, two phases: one of them is positive, the one whose g+ is larger."""
    law = two_point_law((0, 1), (0, 0))
    chance, g_positive, g_negative = repeated_law(law, 2)
    first = g_positive[:, 0, 0] >= g_positive[:, 1, 0]
    order = np.stack([first, ~first], axis=1)
    estimates = batch_isd_gradient(g_positive, g_negative, order, p_positive=HALF)
    values = s.phase_values(law.moments, HALF) | {s.mean_batch: exact_mean(chance, estimates)}
    return System("the quota is kept, but the positive phase goes where g+ is larger", values)


def frozen_phases() -> System:
    """Four phases with a fixed count, all of which see one and the same pair."""
    law, n_phases = small_laws(1)[0], 4
    g_positive, g_negative = (np.repeat(g[:, None], n_phases, axis=1) for g in (law.g_positive, law.g_negative))
    orders = Stratified(HALF).enumerate(n_phases)
    chances = np.concatenate([chance * law.probability for chance, _ in orders])
    estimates = np.concatenate(
        [batch_isd_gradient(g_positive, g_negative, order, p_positive=HALF) for _, order in orders]
    )
    values = s.phase_values(law.moments, HALF) | {
        s.n: n_phases,
        s.var_N: Fraction(0),
        s.cov_batch: exact_covariance(chances, estimates),
    }
    return System("four phases with one and the same pair of gradients", values)


def quota_of_another_b() -> System:
    """Three alternating phases, plus first: two positive ones, where weights for b = 1/2 expect one and a half."""
    name = "three alternating phases, plus first, with weights for b = 1/2"
    return renamed(batch(small_laws(1)[0], Alternating("positive"), 3), name)


# Real models ---------------------------------------------------------------------------------------


def real_races() -> list[System]:
    """Two phases of ISD with a fair coin on both real models, from their listed orders; gaps can be drawn."""
    return [_real(model, Bernoulli(HALF), 2) for model in real_models()]


def real_batches() -> list[System]:
    """Evenly spread phases on the bars, three other designs on the digits; the batch's covariance can be drawn."""
    bars, digits = bars_model(), digits_model()
    cases = (
        (bars, Systematic(0.45), 2),
        (digits, Bernoulli(0.5), 4),
        (digits, Stratified(0.5), 4),
        (digits, Alternating(), 2),
    )
    return [_real(*case) for case in cases]


def _real(model: RealModel, design: Any, n_phases: int) -> System:
    m, best = model.moments, exact_moments.optimal_p_positive(model.moments)
    values = s.phase_values(m, design.p_positive) | {
        s.n: n_phases,
        s.var_N: float(design.count_variance(n_phases)),
        s.mean_batch: lambda: _listed_moments(m, design, n_phases)[0],
        s.cov_batch: lambda: _listed_moments(m, design, n_phases)[1],
        s.cov_D: lambda: exact_moments.two_term_covariance(m),
        s.trace_D: lambda: np.trace(exact_moments.two_term_covariance(m)),
        s.trace_batch_best: lambda: np.trace(_listed_moments(m, Bernoulli(best), n_phases)[1]),
    }
    wrong = {OTHER_DESIGN: lambda: _real(model, _other(design), n_phases)}
    along_mean = m.mean[None] / np.linalg.norm(m.mean)  # squares are little skewed there: few draws are enough

    def race(b: float) -> Drawn:
        return drawn_squares(isd_settings(model, [(b, None)], along_mean, [[1.0, -1.0]], n_slots=2, two_term=True))

    def batched() -> Drawn:
        statistic = BatchDesign(slots_of(model, n_phases, along_mean), design)
        planned = statistic.planned
        shown = {name: x for name, x in planned.errors.items() if np.any(planned.target(x) != planned.goal)}
        return drawn_squares(statistic, errors=shown, most=MOST)  # a fixed count or coins cannot show all errors

    drawn = {
        s.cov_batch: batched,
        s.cov_batch - s.cov_D: partial(race, 0.5),
        s.trace_batch_best - s.trace_D: partial(race, best),
    }
    name = f"{model.name}, {n_phases} phases, {IN_WORDS[type(design)]}"
    return System(name, values, family=model.name, drawn=drawn, wrong=wrong)


def _listed_moments(m: PhaseMoments, design: Any, n_phases: int) -> tuple[np.ndarray, np.ndarray]:
    # Law of total covariance over the listed orders: given the order, phases are independent.
    b = float(design.p_positive)
    orders = design.enumerate(n_phases)
    chances = np.array([float(chance) for chance, _ in orders])
    counts = np.array([order.sum() for _, order in orders], dtype=float)
    plus, minus = counts / (n_phases * b), (n_phases - counts) / (n_phases * (1 - b))
    means = plus[:, None] * m.mean_positive - minus[:, None] * m.mean_negative
    within = chances @ plus / (n_phases * b) * m.covariance_positive
    within = within + chances @ minus / (n_phases * (1 - b)) * m.covariance_negative
    spread = means - chances @ means
    return chances @ means, within + (chances[:, None] * spread).T @ spread


# Learning in an order ------------------------------------------------------------------------------

ANOTHER_BASELINE = "baseline off by 1 %"
RATE_OFF = "rate off by 1 %"
Chain = tuple[np.ndarray, np.ndarray]
"""Transition matrix (n, n), and which states are positive phases, (n,)."""


def sticky_order(p_positive: Any, correlation: Any) -> Chain:
    """Phases that keep their kind: each is the one before with chance `correlation`, else a fresh coin.

    Negative correlations switch more often than coins do, down to -1 at b = 1/2, which alternates.
    """
    share = np.array([p_positive, 1 - p_positive])
    stay = identity(2, like=np.atleast_1d(share)) * correlation
    return stay + (1 - correlation) * np.stack([share, share]), np.array([True, False])


def block_order(design: Any, length: int) -> Chain:
    """Blocks of `length` phases, one after the other, each an independent order of the design; states are places."""
    orders = design.enumerate(length)
    n = len(orders) * length
    transition = exact_array(np.zeros((n, n), dtype=int))
    for k in range(n):
        if (k + 1) % length:
            transition[k, k + 1] = Fraction(1)
        else:
            transition[k, ::length] = [chance for chance, _ in orders]
    return transition, np.concatenate([order for _, order in orders])


def orders() -> dict[str, tuple[Chain, Any]]:
    """Orders of phases, and the long-run variance of the count a phase, from the laws of counts."""
    b, half = TWO_FIFTHS, HALF
    blocks: dict[str, tuple[Any, int]] = {
        "coins, in blocks": (Bernoulli(b), 3),
        "alternating": (Alternating("positive"), 2),
        "systematic": (Systematic(b), 5),
        "stratified": (Stratified(half), 4),
    }
    found = {name: (block_order(*one), one[0].count_variance(one[1]) / one[1]) for name, one in blocks.items()}
    for correlation in (Fraction(-1, 2), Fraction(0), Fraction(1, 3), Fraction(4, 5)):
        found[f"correlation {correlation}"] = sticky_order(b, correlation), long_run_count(sticky_order(b, correlation))
    return found


def long_run_count(chain: Chain) -> Any:
    """S_B(0): the long-run variance of the count of positive phases, for each phase, by Poisson's equation."""
    transition, is_positive = chain
    law = stationary_distribution(transition)
    off = np.where(is_positive, 1, 0) - law @ np.where(is_positive, 1, 0)
    summed = solve(identity(len(law), like=transition) - transition + law, off)
    return 2 * law @ (off * summed) - law @ off**2


def linear_learner(chain: Chain, dimension: int = 1, share: Any = 0, **options: Any) -> OrderedLearner:
    """A learner in one or two dimensions with unlike slopes and noises, around `share` times c*."""
    plus = exact_array([["3/2", "1/4"], ["-1/5", 1]])[:dimension, :dimension]
    minus = exact_array([["1/2", 0], ["1/3", "1/4"]])[:dimension, :dimension]
    noises = exact_array([[2, "1/2"], ["1/2", 1]]), exact_array([[1, "-1/3"], ["-1/3", 3]])
    miss = (1 - share) * exact_array([2, -1])[:dimension]
    return OrderedLearner(*chain, plus, minus, miss, *(x[:dimension, :dimension] for x in noises), **options)


def ordered(
    learner: OrderedLearner, name: str, count_variance: Any, family: str = "orders of phases", *, factor: Any = 1
) -> System:
    """What the chain of phases and moments says of a learner at small rates; `factor` is an error of its baseline."""

    @cache
    def slow() -> tuple[np.ndarray, np.ndarray]:
        return replace(learner, miss=factor * learner.miss).slow()

    values = {
        s.b: learner.p_positive,
        s.Sigma_plus: learner.noise_positive,
        s.Sigma_minus: learner.noise_negative,
        s.c_star: learner.miss,
        s.c: 0 * learner.miss,
        o.H_plus: learner.slopes_positive,
        o.H_minus: learner.slopes_negative,
        o.S_0: count_variance,
        o.long_run: lambda: slow()[1],
        o.long_run_best: lambda: slow()[1],
        o.pull: lambda: slow()[0],
    }
    wrong = {ANOTHER_BASELINE: partial(ordered, learner, name, count_variance, family, factor=ONE_OFF)}
    return System(name, values, family=family, wrong=wrong)


def learners_in_order(share: Any = 0) -> list[System]:
    """Each of `orders` in one dimension and in two, around `share` times c*."""
    return [
        ordered(linear_learner(chain, dimension, share), f"{name}, {dimension} d", variance)
        for dimension in (1, 2)
        for name, (chain, variance) in orders().items()
    ]


def settled_in_order() -> list[System]:
    """The same in floats, from the moments that one more phase leaves as they are, at rates that go to 0."""
    return [_settled_in_order(name, *one) for name, one in orders().items()]


def _settled_in_order(name: str, chain: Chain, variance: Any) -> System:
    exact = linear_learner((exact_array(chain[0]), chain[1]), 2)
    learner, slopes = as_float_learner(exact), as_floats(exact.slopes_positive - exact.slopes_negative)
    rates = 0.002 / 2.0 ** np.arange(5)
    found = [learner.settled(rate) for rate in rates]
    means = [slopes @ mean / rate for rate, (mean, _) in zip(rates, found, strict=True)]
    turned = [(slopes @ v + v @ slopes.T) / rate for rate, (_, v) in zip(rates, found, strict=True)]
    limits = {o.pull: limit_at_zero(rates, means), o.long_run: limit_at_zero(rates, turned)}
    known = ordered(learner, name, float(variance), "rates that go to 0")
    return System(name, {x: partial(known, x) for x in known.symbols} | limits, family="rates that go to 0")


def as_float_learner(learner: OrderedLearner) -> OrderedLearner:
    """`learner` in float64."""
    parts = {
        field.name: as_floats(np.asarray(getattr(learner, field.name)))
        for field in fields(learner)
        if field.name != "is_positive"
    }
    return replace(learner, **parts)


def means_at_rest(share: Any) -> list[Any]:
    """Stationary mean of every order in two dimensions at the rate 1/10, in rationals, around `share` times c*."""
    learners = [linear_learner(chain, 2, share) for chain, _ in orders().values()]
    return [entry for learner in learners for entry in learner.settled(Fraction(1, 10))[0]]


def steps_in_order(share: Any = 0) -> list[System]:
    """One phase from three places, both faces of the coin, by the estimator's own code on the mean gradients."""
    learner, centre = linear_learner(sticky_order(TWO_FIFTHS, 0), 2), exact_array([2, -1])
    return [
        _one_step(learner, centre, share, place, face, Fraction(1, 10))
        for place in exact_array([[1, 2], ["-1/3", 1], [0, 3]])
        for face in (1, 0)
    ]


def _one_step(
    learner: OrderedLearner, centre: np.ndarray, share: Any, place: np.ndarray, face: int, rate: Any, off: Any = 1
) -> System:
    plus, minus = centre + learner.slopes_positive @ place, centre + learner.slopes_negative @ place
    baseline, b = share * centre, learner.p_positive
    estimate = centred_isd_gradient(plus[None], minus[None], [face], baseline, p_positive=b)[0]
    values = {
        s.b: b,
        s.B: face,
        s.c: baseline,
        s.c_star: centre,
        eta: rate,
        o.place: place,
        o.H_plus: learner.slopes_positive,
        o.H_minus: learner.slopes_negative,
        o.mean_next: place - off * rate * estimate,
    }
    wrong = {RATE_OFF: partial(_one_step, learner, centre, share, place, face, rate, ONE_OFF)}
    return System(f"B = {face}", values, family="phases from three places", wrong=wrong)


def sticky_counts() -> list[System]:
    """S_B(0) of chains of phases, by Poisson's equation."""
    places = [
        (b, x) for b in (TWO_FIFTHS, HALF) for x in (Fraction(-1, 3), Fraction(0), Fraction(1, 2), Fraction(9, 10))
    ]
    places.append((HALF, Fraction(-1)))
    return [
        System(
            f"b = {b}, correlation {x}",
            {s.b: b, o.stickiness: x, o.S_0: long_run_count(sticky_order(b, x))},
            family="chains",
        )
        for b, x in places
    ]


def drawn_learners(n_phases: int = 12, rate: float = 0.1) -> list[tuple[str, PlannedMean]]:
    """theta and its square after 12 phases of a scalar learner that sticks, switches or is centred, to be drawn."""
    cases = {"sticky": (0.6, 0), "switching": (-0.6, 0), "sticky, around c*": (0.6, 1)}
    found = []
    for name, (correlation, share) in cases.items():
        learner = as_float_learner(linear_learner(sticky_order(TWO_FIFTHS, Fraction(str(correlation))), 1, share))
        drawn = DrawnLearner(learner, correlation, n_phases, rate)
        found.append((name, PlannedMean(drawn.draw, drawn.rows, drawn.target, drawn.errors, drawn.scale, most=2**18)))
    return found


@dataclass(frozen=True)
class DrawnLearner:
    """A scalar learner whose phases stick with `correlation`: theta and theta^2 after `n_phases` from 0."""

    learner: OrderedLearner
    correlation: float
    n_phases: int
    rate: float
    errors: ClassVar[dict[str, tuple[float, float, float]]] = {
        "rate off by 10 %": (1.1, 1.0, 1.0),
        "noise off by 10 %": (1.0, 1.1, 1.0),
        "slopes off by 20 %": (1.0, 1.0, 1.2),
    }

    def draw(self, rng: np.random.Generator, size: int) -> tuple[np.ndarray, np.ndarray]:
        """Which phases are positive, and standard normal noise, (n_phases, size) each."""
        b, shape = float(self.learner.p_positive), (self.n_phases, size)
        level, noise = rng.random(shape), rng.standard_normal(shape)
        positive = np.empty(shape, dtype=bool)
        positive[0] = level[0] < b
        for k in range(1, self.n_phases):
            positive[k] = level[k] < self.correlation * positive[k - 1] + (1 - self.correlation) * b
        return positive, noise

    def rows(self, drawn: tuple[np.ndarray, np.ndarray], variant: Any) -> np.ndarray:
        """The statistic of each draw, (size, 2), by the estimator's own code."""
        rate, noisy, slopes = (1.0, 1.0, 1.0) if variant is NOTHING_PLANTED else variant
        learner, b = self.learner, float(self.learner.p_positive)
        theta = np.zeros((drawn[0].shape[1], 1))
        roots = [noisy * float(np.sqrt(v[0, 0])) for v in (learner.noise_positive, learner.noise_negative)]
        for sign, noise in zip(*drawn, strict=True):
            plus = learner.miss + slopes * learner.slopes_positive[0] * theta + roots[0] * noise[:, None]
            minus = learner.miss + slopes * learner.slopes_negative[0] * theta + roots[1] * noise[:, None]
            theta = theta - rate * self.rate * centred_isd_gradient(plus, minus, sign, np.zeros(1), p_positive=b)
        return np.column_stack([theta, theta**2])

    def target(self, variant: Any) -> np.ndarray:
        """Its exact mean, (2,)."""
        rate, noisy, slopes = (1.0, 1.0, 1.0) if variant is NOTHING_PLANTED else variant
        learner = self.learner
        planted = replace(
            learner,
            slopes_positive=slopes * learner.slopes_positive,
            slopes_negative=slopes * learner.slopes_negative,
            noise_positive=noisy**2 * learner.noise_positive,
            noise_negative=noisy**2 * learner.noise_negative,
        )
        mean, second = planted.after(rate * self.rate, self.n_phases)
        return np.array([mean[0], second[0, 0]])

    @property
    def scale(self) -> np.ndarray:
        """What errors are relative to: the rms of theta, and its square."""
        second = self.target(NOTHING_PLANTED)[1]
        return np.array([np.sqrt(second), second])


def telling_noise() -> System:
    """Gradients of noise 1 or -1, around c*; the next phase is of the same kind just when the noise is 1."""
    # States: the kind of phase, and its noise; the estimate is 2 xi in a positive phase and -2 xi in a negative one.
    kinds, noise = np.array([1, 1, -1, -1]), np.array([1, -1, 1, -1])
    half = exact_array(
        [[Fraction(int(k * x == after), 2) for after in kinds] for k, x in zip(kinds, noise, strict=True)]
    )
    learner = replace(
        linear_learner((half, kinds > 0), 1, 1),
        noise_positive=exact_array([[0]]),
        noise_negative=exact_array([[0]]),
        pushes=exact_array(2 * kinds * noise)[:, None],
    )
    known = ordered(
        learner, "the next phase is of the same kind just when the noise is 1", long_run_count((half, kinds > 0))
    )
    told = learner.law @ (learner.pushes[:, 0] * (half @ exact_array(2 * kinds)))
    return System(known.name, {x: partial(known, x) for x in known.symbols} | {o.told: exact_array([told])})


def lasting_noise(correlation: Fraction = Fraction(1, 2), memory: Fraction = Fraction(1, 3)) -> System:
    """Phases that stick, around c*, and noise 1 or -1 that both phases share and that lasts from phase to phase."""
    sticky, _ = sticky_order(HALF, correlation)
    lasting, _ = sticky_order(HALF, memory)
    transition = np.kron(sticky, lasting)
    kinds, noise = np.array([1, 1, -1, -1]), np.array([1, -1, 1, -1])
    learner = replace(
        linear_learner((transition, kinds > 0), 1, 1),
        noise_positive=exact_array([[0]]),
        noise_negative=exact_array([[0]]),
        pushes=exact_array(2 * kinds * noise)[:, None],
    )
    name = f"noise that lasts with correlation {memory}, phases with {correlation}"
    known = ordered(learner, name, long_run_count((transition, kinds > 0)))
    shared = {s.Sigma_plus: exact_array([[1]]), s.Sigma_minus: exact_array([[1]])}
    both = {o.stickiness: correlation, o.memory: memory}
    return System(name, {x: partial(known, x) for x in known.symbols} | shared | both)
