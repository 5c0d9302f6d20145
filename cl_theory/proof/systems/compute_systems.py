"""Systems for equal compute and designs of batches: listed orders and atoms, the real models, drawn and broken."""

from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cache, partial
from typing import Any, ClassVar

import numpy as np

from cl_theory.learning.models.planted import NOTHING_PLANTED, Planted, weighted_batch_moments
from cl_theory.learning.models.rational_rbm import RationalRBM
from cl_theory.proof.checks.planned_means import ERRORS, PlannedMean
from cl_theory.proof.checks.statement_checks import Drawn
from cl_theory.proof.systems.best_b_systems import MOST, WEIGHT_OFF, rooted
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
from cl_theory.theory.arithmetic import exact_array
from cl_theory.theory.chains.phase_order import Alternating, Bernoulli, Stratified, Systematic
from cl_theory.theory.estimators import moments as exact_moments
from cl_theory.theory.estimators import symbols as s
from cl_theory.theory.estimators.isd import batch_isd_gradient
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
