"""The two machines on which claims about estimators are checked, estimates on their phases, two phases."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cache, cached_property, partial
from typing import Any, NamedTuple

import numpy as np
import sympy as sp

from cl_theory.learning.models.exact_phases import (
    ExactPhaseSampler,
    fourth_powers,
    gradient_projections,
    inner_products,
    linear_estimates,
    phase_states,
)
from cl_theory.learning.models.images import bars_and_stripes, digits
from cl_theory.learning.models.planted import (
    NOTHING_PLANTED,
    PLANTED_ERRORS,
    Planted,
    isd_count,
    weighted_batch_moments,
)
from cl_theory.learning.models.rational_rbm import RationalRBM, loss_slopes_by_calculus
from cl_theory.learning.models.rbm import RBM, all_states, loss_slope, rbm_phase_means, rbm_phase_moments
from cl_theory.proof.checks.monte_carlo import proportion_agrees
from cl_theory.proof.checks.outcome import Outcome
from cl_theory.proof.checks.planned_means import COIN_ONLY, ERRORS, PlannedMean
from cl_theory.proof.checks.plans import plan_proportion
from cl_theory.proof.checks.statement_checks import Drawn
from cl_theory.seeds import FIXED_ROOT, stream
from cl_theory.theory.arithmetic import exact_array
from cl_theory.theory.estimators import symbols
from cl_theory.theory.estimators.contrastive_statements import AFTER_ONE_SWEEP, DRIFTED_FEEDBACK
from cl_theory.theory.estimators.isd import batch_isd_gradient, two_term_gradient
from cl_theory.theory.estimators.laws import FiniteLaw, PhaseMoments, exact_mean, folded_moments
from cl_theory.theory.estimators.moments import two_term_covariance
from cl_theory.theory.system import System

N_HIDDEN = 16
"""2**16 hidden states are few enough to be listed, so that every moment of the model is exact."""


@dataclass(frozen=True, eq=False)
class RealModel:
    """An RBM and its data, with exact moments of both phases and exact draws from them, made when first asked."""

    name: str
    rbm: RBM
    data: np.ndarray

    @cached_property
    def moments(self) -> PhaseMoments:
        """Exact first and second moments of g+ and g-, phases independent."""
        return rbm_phase_moments(self.rbm, self.data)

    @cached_property
    def sampler(self) -> ExactPhaseSampler:
        """Independent exact draws of both phases."""
        return ExactPhaseSampler(self.rbm, self.data)


def untrained_rbm(data: np.ndarray, name: str) -> RBM:
    """Weights from N(0, 1), visible biases at the log odds of each pixel, hidden biases 0; the same at every call.

    So the two phases agree on single pixels, but for the weights, which are far from small and know nothing of the
    data: phases as different as at the start of learning. Pixel frequencies get half a count at either end.
    """
    on = (data.sum(axis=0) + 0.5) / (len(data) + 1)
    weights = stream(FIXED_ROOT, "real-models", name).standard_normal((N_HIDDEN, data.shape[1]))
    return RBM(weights, np.log(on / (1 - on)), np.zeros(N_HIDDEN))


@cache
def bars_model() -> RealModel:
    """16 x 16 units on the 32 bars and stripes of a 4 x 4 grid."""
    return RealModel("bars and stripes", untrained_rbm(bars_and_stripes(), "bars"), bars_and_stripes())


@cache
def digits_model() -> RealModel:
    """64 x 16 units on scikit-learn's 1797 digits, 8 x 8 and binarised."""
    return RealModel("digits", untrained_rbm(digits(), "digits"), digits())


def real_models() -> tuple[RealModel, RealModel]:
    """Both of them."""
    return bars_model(), digits_model()


class DrawnSlots(NamedTuple):
    """Both phases in every slot: levels (n, m) that decide the coins, a key for other random choices, and the inner
    products of m positive gradients, m negative ones, the baselines and the directions."""

    level: np.ndarray
    key: int
    products: np.ndarray


@dataclass(frozen=True, eq=False)
class PhaseSlots:
    """`n_slots` phases of `model`, `baselines` (f, n_parameters) and `directions` (k, n_parameters) to look along."""

    model: RealModel
    n_slots: int
    directions: np.ndarray
    baselines: np.ndarray

    @property
    def fixed(self) -> np.ndarray:
        """Baselines, then directions."""
        return np.vstack([self.baselines, self.directions])

    @cached_property
    def folded(self) -> tuple[PhaseMoments, np.ndarray, np.ndarray]:
        """The model's exact moments in the few dimensions that matter here, with baselines and directions there."""
        moments, vectors = folded_moments(self.model.moments, self.fixed)
        return moments, vectors[: len(self.baselines)], vectors[len(self.baselines) :]

    def draw(self, rng: np.random.Generator, size: int) -> DrawnSlots:
        """Coins' levels and exact draws of both phases, independent throughout."""
        m = self.n_slots
        level, key = rng.random((size, m)), int(rng.integers(2**62))
        signs = np.broadcast_to(np.arange(2 * m) < m, (size, 2 * m))
        v, h = phase_states(rng, self.model.sampler, signs)
        return DrawnSlots(level, key, inner_products(self.model.rbm, v, h, self.fixed))

    @property
    def orders(self) -> np.ndarray:
        """Every order of phases, bool (2^m, m); the index of a row has bit k set where slot k is positive."""
        return all_states(self.n_slots).astype(bool)

    def units(self, planted: Planted, baseline: int | None = None) -> tuple[np.ndarray, np.ndarray]:
        """Unit vectors (2^m, m, ..) that stand for the slots' g+ and g-, less a baseline, with planted factors."""
        m = self.n_slots
        unit = np.eye(2 * m + len(self.fixed))
        centre = 0.0 if baseline is None else unit[2 * m + baseline]
        pair = planted.weight_positive * (unit[:m] - centre), planted.weight_negative * (unit[m : 2 * m] - centre)
        positive, negative = (np.broadcast_to(planted.scale * rows, (2**m, *rows.shape)) for rows in pair)
        return positive, negative

    def isd(self, is_positive: np.ndarray, planted: Planted, b: float, baseline: int | None = None) -> np.ndarray:
        """Weights (n, 2m + f + k) of the mean of ISD over the slots, when the orders `is_positive` (n, m) are run."""
        known = planted, b, baseline
        if known not in self._by_order:
            units = self.units(planted, baseline)
            self._by_order[known] = batch_isd_gradient(*units, self.orders, p_positive=b * planted.p_positive)
        return self._by_order[known][order_index(is_positive)]

    @cached_property
    def _by_order(self) -> dict[tuple[Planted, float, int | None], np.ndarray]:
        return {}  # the weights of `isd` for every order, made once and not for every chunk of draws

    def looked_at(self, drawn: DrawnSlots, weights: Sequence[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
        """(u.Z (n, e, k), |Z|^2 (n, e)) of the estimates whose `weights` are listed."""
        return linear_estimates(drawn.products, np.stack(weights, axis=1), len(self.directions))


def order_index(is_positive: np.ndarray) -> np.ndarray:
    """Row of `PhaseSlots.orders` for each order (n, m)."""
    return is_positive @ (1 << np.arange(is_positive.shape[1]))


def seen_counts(is_positive: np.ndarray, p_positive: float) -> np.ndarray:
    """Statistic [N/m, (N - mb)^2] of the number N of positive phases among the m of each row; N alone if m = 1.

    Given N the mean of u.Z is linear and that of a square quadratic in N: beside these two the coins' noise no longer
    hides an error in the rest.
    """
    m = is_positive.shape[1]
    count = is_positive.sum(axis=1)
    return np.column_stack([count / m, (count - m * p_positive) ** 2])[:, : min(m, 2)]


def seen_counts_exactly(p_positive: float, m: int, mean_count: float, count_variance: float) -> np.ndarray:
    """The exact mean of `seen_counts` when N has this mean and variance."""
    return np.array([mean_count / m, count_variance + (mean_count - m * p_positive) ** 2])[: min(m, 2)]


def seen_statistics(projections: np.ndarray, squares: np.ndarray, contrast: np.ndarray) -> np.ndarray:
    """Statistic [u.Z of the first estimate, C |Z|^2, C (u.Z)^2 for each u], rows (n, k + q + q k).

    `contrast` C (q, e) combines the estimates: their squares, differences of squares, second differences in b.
    """
    along = np.einsum("qe,nek->nqk", contrast, projections**2)
    return np.concatenate([projections[:, 0], squares @ contrast.T, along.reshape(len(squares), -1)], axis=1)


def seen_exactly(
    estimates: Sequence[tuple[np.ndarray, np.ndarray]], directions: np.ndarray, contrast: np.ndarray
) -> np.ndarray:
    """The exact mean of `seen`, from the mean (d,) and second moment (d, d) of each estimate."""
    squares = np.array([np.trace(second) for _, second in estimates])
    along = np.array([np.einsum("ki,ij,kj->k", directions, second, directions) for _, second in estimates])
    return np.concatenate([directions @ estimates[0][0], contrast @ squares, (contrast @ along).ravel()])


SEEN_BY_DUTY_CYCLE: Mapping[str, Planted] = {name: PLANTED_ERRORS[name] for name in (COIN_ONLY, "b off by 1 %")}
RIDGE = 0.01

Checked = tuple[Outcome, dict[str, Outcome]]


def informative_directions(model: RealModel, p_positive: float, ridge: float = RIDGE) -> np.ndarray:
    r"""Directions (2, n_parameters) along which mu+ and mu stand out most from the noise within a phase.

    :math:`S^{-1}\mu` and :math:`S^{-1}\mu^{+}` with :math:`S = \Sigma^{+}/b + \Sigma^{-}/(1-b)` plus `ridge` times
    its mean eigenvalue: chosen from the exact model, before anything is drawn.
    """
    m = model.moments
    within = m.covariance_positive / p_positive + m.covariance_negative / (1 - p_positive)
    within.flat[:: len(within) + 1] += ridge * np.trace(within) / len(within)
    return np.linalg.solve(within, np.stack([m.mean, m.mean_positive], axis=1)).T


def duty_cycle_check(root: int, claim: str, p_positive: float) -> Checked:
    """How often the ISD sampler runs a positive phase: exactly binomial with b; two controls."""
    plan = plan_proportion(p_positive)
    scope = f"duty cycle of the ISD sampler, P(B = 1) = {p_positive:g}"

    def run(name: str, planted: Planted) -> Outcome:
        rng = stream(root, claim, "duty cycle", f"{p_positive:g}", name)
        tosses = lambda rng, n: isd_count(rng, n, p_positive, planted)  # noqa: E731
        return proportion_agrees(rng, tosses, plan=plan, scope=scope)

    return run("", NOTHING_PLANTED), {name: run(name, planted) for name, planted in SEEN_BY_DUTY_CYCLE.items()}


Setting = tuple[float, int | None]
"""b, and which of the slots' baselines is used (None: none)."""


@dataclass(frozen=True)
class Swapped:
    """A planted error of design: other settings in the place of the stated ones."""

    settings: tuple[Setting, ...]


@dataclass(frozen=True, eq=False)
class IsdSettings:
    r"""ISD averaged over the slots, for each of `settings`, and with `two_term` also D of the first slot.

    The statistic is: mean and spread of the number of positive phases, for each b; u.Z of the first setting; C |Z|^2
    and C (u.Z)^2 with the `contrast` C (q, number of estimates). All coins of a draw come from the same levels (common
    random numbers), and the counts stand in the statistic so that the coins' noise does not hide the rest.
    """

    slots: PhaseSlots
    settings: tuple[Setting, ...]
    contrast: np.ndarray
    two_term: bool = False
    swaps: Mapping[str, Swapped] = field(default_factory=dict)

    @property
    def planned(self) -> PlannedMean:
        """The check of this statistic's exact mean, with the named errors of 1 % and the swaps as controls."""
        return PlannedMean(self.slots.draw, self.rows, self.target, {**ERRORS, **self.swaps}, self.scale)

    def rows(self, drawn: DrawnSlots, variant: Any) -> np.ndarray:
        """The statistic of each draw."""
        planted, settings = self._variant(variant)
        coins = {b: drawn.level < planted.coin_probability(b) for b, _ in settings}
        weights = [self.slots.isd(coins[b], planted, b, baseline) for b, baseline in settings]
        if self.two_term:
            weights.append(np.broadcast_to(self._two_term(), weights[0].shape))
        counts = [seen_counts(is_positive, b) for b, is_positive in coins.items()]
        return np.column_stack([*counts, seen_statistics(*self.slots.looked_at(drawn, weights), self.contrast)])

    def target(self, variant: Any) -> np.ndarray:
        """Its exact mean."""
        planted, settings = self._variant(variant)
        coins = [self._counts(b, planted.coin_probability(b)) for b in _different(settings)]
        _, _, directions = self.slots.folded
        exact = np.concatenate([*coins, seen_exactly(self._exact(planted, settings), directions, self.contrast)])
        return np.where(np.abs(exact) < 1e-12 * self.scale, 0.0, exact)  # differences that are 0 but for rounding

    @property
    def scale(self) -> np.ndarray:
        """What errors are relative to: the counts, the rms of u.Z, and the largest square that enters a contrast."""
        _, _, directions = self.slots.folded
        estimates = self._exact(NOTHING_PLANTED, self.settings)
        contrast = np.abs(self.contrast)
        squares = seen_exactly(estimates, directions, contrast)
        first = seen_exactly(estimates, directions, np.eye(1, len(estimates)))
        k = len(directions)
        coins = [self._counts(b, b) for b in _different(self.settings)]
        return np.concatenate([*coins, np.sqrt(first[k + 1 :]), squares[k:]])

    def _exact(self, planted: Planted, settings: Sequence[Setting]) -> list[tuple[np.ndarray, np.ndarray]]:
        moments, baselines, _ = self.slots.folded
        n, exact = self.slots.n_slots, []
        for b, baseline in settings:
            law = moments if baseline is None else moments.about(baselines[baseline])
            coin = planted.coin_probability(b)
            exact.append(weighted_batch_moments(law, planted.signed_weights(b), n, n * coin, n * coin * (1 - coin)))
        return [*exact, _two_term_exactly(moments)] if self.two_term else exact

    def _counts(self, b: float, coin: float) -> np.ndarray:
        m = self.slots.n_slots
        return seen_counts_exactly(b, m, m * coin, m * coin * (1 - coin))

    def _two_term(self) -> np.ndarray:
        positive, negative = self.slots.units(NOTHING_PLANTED)
        return two_term_gradient(positive[0, :1], negative[0, :1])[0]

    def _variant(self, variant: Any) -> tuple[Planted, tuple[Setting, ...]]:
        return (NOTHING_PLANTED, variant.settings) if isinstance(variant, Swapped) else (variant, self.settings)


def _two_term_exactly(moments: PhaseMoments) -> tuple[np.ndarray, np.ndarray]:
    return moments.mean, two_term_covariance(moments) + np.outer(moments.mean, moments.mean)


def _different(settings: Sequence[Setting]) -> list[float]:
    return list(dict.fromkeys(b for b, _ in settings))


SIZES = ((3, 2), (2, 3))
"""Visible and hidden units of the rational RBMs; `MORE_SIZES` where there is time."""
MORE_SIZES = ((4, 2), (3, 3), (2, 4))


def rational_rbms(sizes: Sequence[tuple[int, int]] = SIZES) -> list[System]:
    """Phase means of rational RBMs by listing states, and slopes of the loss by calculus on polynomials."""
    return [_rational(*_random_rbm(size)) for size in sizes]


def _random_rbm(size: tuple[int, int]) -> tuple[RationalRBM, np.ndarray]:
    rbm = RationalRBM.random(stream(FIXED_ROOT, "cl-gradient", *size), *size)
    return rbm, all_states(size[0])[[1, 2, 3, 3]]


def _rational(rbm: RationalRBM, data: np.ndarray) -> System:
    moments = rbm.phase_moments(data)
    values = {
        symbols.slope: partial(_slopes, rbm, data),
        symbols.seen: moments.mean_positive,
        symbols.dreamt: moments.mean_negative,
        symbols.mean_D: lambda: _mean_of_pairs(rbm.finite_law(data)),
    }
    return System(f"RBM with {data.shape[1]} visible units", values, family="rational RBMs")


def _slopes(rbm: RationalRBM, data: np.ndarray) -> np.ndarray:
    return exact_array(loss_slopes_by_calculus(rbm, data))


def _mean_of_pairs(law: FiniteLaw) -> np.ndarray:
    return exact_mean(law.probability, two_term_gradient(law.g_positive, law.g_negative))


def couplings() -> list[System]:
    """One law of two phases without structure, the same phases made independent, and phases that share their order."""
    law = FiniteLaw.random(stream(FIXED_ROOT, "couplings"), 6, dimension=3)
    marginals = np.sort(law.g_positive, axis=0), np.sort(law.g_negative, axis=0)
    shared = FiniteLaw(exact_array([1] * 6) / Fraction(6), *marginals)
    laws = {"as it comes": law, "independent": law.independent(), "in order": shared}
    return [_coupled(name, one) for name, one in laws.items()]


def _coupled(name: str, law: FiniteLaw) -> System:
    moments = law.moments
    values = {
        symbols.seen: moments.mean_positive,
        symbols.dreamt: moments.mean_negative,
        symbols.mean_D: partial(_mean_of_pairs, law),
    }
    return System(name, values, family="couplings")


def synapses() -> list[System]:
    """States as the two real models draw them, and the slopes of the energy that the models' code reads from them."""
    found = []
    for model in real_models():
        v, h = model.sampler.positive(stream(FIXED_ROOT, "cl-gradient", "synapses", model.name), 3)
        rows = model.rbm.gradient(v, h).astype(int)[:, : h.shape[1] * v.shape[1]]
        for row, here, there in zip(rows, h.astype(int), v.astype(int), strict=True):
            values = {symbols.hidden: exact_array(here), symbols.visible: exact_array(there)}
            values |= {symbols.slope_of_weights: exact_array(row).reshape(len(here), len(there))}
            found.append(System(model.name, values, family=f"states of {model.name}"))
    return found


# The two real models -------------------------------------------------------------------------------


def real_slopes() -> list[System]:
    """Slopes of the exact loss of both real models along one direction each, by differences; and phases to draw."""
    return [_real(model) for model in real_models()]


def _real(model: RealModel) -> System:
    plus, minus = rbm_phase_means(model.rbm, model.data)
    chance = stream(FIXED_ROOT, "cl-gradient", model.name).standard_normal(plus.size)
    direction = (plus - minus) / np.linalg.norm(plus - minus) + chance / np.linalg.norm(chance)
    values = {
        symbols.slope: lambda: loss_slope(model.rbm, model.data, direction),
        symbols.seen: direction @ plus,
        symbols.dreamt: direction @ minus,
    }
    return System(model.name, values)


def drawn_phases() -> list[System]:
    """Both phases of both real models, drawn; the mean of the two-term estimate is that of all parameters."""
    return [phases_of(model) for model in real_models()]


def phases_of(model: RealModel) -> System:
    """Both phases of one model, drawn; see `drawn_phases`."""
    pairs = _DrawnPairs(model, informative_directions(model, 0.5, ridge=1.0))
    values = {symbols.seen: model.moments.mean_positive, symbols.dreamt: model.moments.mean_negative}
    return System(
        model.name, values, drawn={symbols.mean_D: lambda: Drawn(pairs.planned, pairs.image)}, only_drawn=True
    )


PHASE_ERRORS = {
    "g+ off by 1 %": Planted(weight_positive=1.01),
    "g- off by 1 %": Planted(weight_negative=1.01),
    "both off by 1 %": Planted(scale=1.01),
}


@dataclass(frozen=True, eq=False)
class _DrawnPairs:
    """Pairs of phases: u.D along two directions, u.g- beside it, and the square lengths of both gradients."""

    model: RealModel
    directions: np.ndarray

    @property
    def planned(self) -> PlannedMean:
        return PlannedMean(self.draw, self.rows, self.target, PHASE_ERRORS, self.scale)

    def draw(self, rng: np.random.Generator, size: int) -> tuple[np.ndarray, ...]:
        found = []
        for v, h in (self.model.sampler.positive(rng, size), self.model.sampler.negative(rng, size)):
            found += [gradient_projections(self.model.rbm, v, h, self.directions)]
            found += [(1.0 + v.sum(axis=1)) * (1.0 + h.sum(axis=1)) - 1]
        return tuple(found)

    def rows(self, drawn: tuple[np.ndarray, ...], planted: Planted) -> np.ndarray:
        first, second = _factors(planted)
        along_plus, square_plus, along_minus, square_minus = drawn
        estimates = two_term_gradient(first * along_plus, second * along_minus)
        squares = [first**2 * square_plus, second**2 * square_minus]
        return np.column_stack([estimates, second * along_minus, *squares])

    def target(self, planted: Planted) -> np.ndarray:
        first, second = _factors(planted)
        m = self.model.moments
        mean = first * m.mean_positive - second * m.mean_negative
        squares = [first**2 * m.m_positive, second**2 * m.m_negative]
        return np.concatenate([self.directions @ mean, second * self.directions @ m.mean_negative, squares])

    @property
    def scale(self) -> np.ndarray:
        """Root mean squares; of D as if its two parts did not cancel."""
        m = self.model.moments
        of_plus, of_minus = (
            np.einsum("ki,ki->k", self.directions @ second, self.directions)
            for second in (m.second_positive, m.second_negative)
        )
        squares = [*(of_plus + of_minus), *of_minus, *fourth_powers(self.model.sampler)]
        return np.sqrt(squares)

    def image(self, mean: np.ndarray) -> np.ndarray:
        goal = self.target(NOTHING_PLANTED)
        goal[: len(self.directions)] = self.directions @ np.ravel(mean)
        return goal


def _factors(planted: Planted) -> tuple[float, float]:
    return planted.scale * planted.weight_positive, planted.scale * planted.weight_negative


# An assumption dropped -----------------------------------------------------------------------------


def walls() -> list[System]:
    """States on a line up to a wall at theta: of equal energy, and of energy -log(1 + theta v); all rational."""
    wall, place = sp.symbols("theta v", positive=True)
    equal = _wall("equal energy up to a wall at theta", sp.Integer(1), wall, place, at=2)
    return [equal, _wall("weights 1 + theta v up to a wall at theta", 1 + wall * place, wall, place, at=1)]


def _wall(name: str, weight: sp.Expr, wall: sp.Symbol, place: sp.Symbol, at: int) -> System:
    data = [sp.Rational(1, 4), sp.Rational(1, 2)]
    push = -sp.diff(weight, wall) / weight
    total = sp.integrate(weight, (place, 0, wall))
    loss = sp.log(total) - sum(sp.log(weight.subs(place, x)) for x in data) / len(data)
    means = {
        symbols.slope: sp.diff(loss, wall),
        symbols.seen: sum(push.subs(place, x) for x in data) / len(data),
        symbols.dreamt: sp.integrate(sp.simplify(push * weight), (place, 0, wall)) / total,
        symbols.at_wall: weight.subs(place, wall) / total,
    }
    return System(name, {symbol: _fraction(value.subs(wall, at)) for symbol, value in means.items()}, family="walls")


def kink() -> System:
    """Energy |theta| s of a unit that the data show on, at theta = 0, where software takes its slope to be 0."""
    at, step = sp.symbols("theta epsilon", positive=True)
    loss = at + sp.log(1 + sp.exp(-at))  # of |theta|
    rise = sp.limit((loss.subs(at, step) - sp.log(2)) / step, step, 0)
    sides = exact_array([1, -1])
    values = {
        symbols.slope: sides * _fraction(rise),
        symbols.seen: 0 * sides,
        symbols.dreamt: 0 * sides,
        symbols.seen_beside: sides,
        symbols.dreamt_beside: sides * Fraction(1, 2),  # on half of the time
    }
    return System("energy |theta| s at theta = 0: no slope, but one on either side", values)


def _fraction(number: sp.Expr) -> Fraction:
    value = sp.nsimplify(sp.simplify(number), rational=False)
    return Fraction(int(value.p), int(value.q))


def drifted_feedback(factor: Fraction = Fraction(9, 10), sizes: Sequence[tuple[int, int]] = SIZES) -> list[System]:
    """Hidden units that answer the data through weight factors that are not those of the energy."""
    return [_drifted(*_random_rbm(size), factor) for size in sizes]


def _drifted(rbm: RationalRBM, data: np.ndarray, factor: Fraction) -> System:
    answers = RationalRBM(factor * rbm.weight_factors, rbm.visible_factors, rbm.hidden_factors)
    probability, v, h = answers.data_law(data)
    right, mean_seen = _slopes(rbm, data), probability @ rbm.gradient(v, h)
    moments = rbm.phase_moments(data)
    mean = mean_seen - moments.mean_negative
    shape = rbm.weight_factors.shape
    values = {
        symbols.slope: right,
        symbols.mean_D: mean,
        symbols.feedback_bias: _blocks(mean - right, shape),
        symbols.answered: _answers(answers, data),
        symbols.expected: _answers(rbm, data),
    }
    system = System(f"feedback {_percent(1 - factor)} weak: all but the visible biases are biased", values)
    bias = DRIFTED_FEEDBACK.right_value(system)
    flat = np.concatenate([bias[:, :-1].ravel(), exact_array([0] * shape[1]), bias[:, -1]])
    return System(system.name, values | {symbols.bias_of_feedback: flat}, family="drifted feedback")


def _percent(share: Fraction) -> str:
    return f"{int(100 * share)} %"


def _blocks(gradient: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    """Weights and hidden biases of a flat gradient, (n_hidden, n_visible + 1)."""
    n_hidden, n_visible = shape
    weights, biases = gradient[: n_hidden * n_visible], gradient[n_hidden * n_visible + n_visible :]
    return np.column_stack([weights.reshape(shape), biases])


def _answers(rbm: RationalRBM, data: np.ndarray) -> np.ndarray:
    """Mean over the data of P(h = 1 | v) (v', 1), exact, from the odds of each unit."""
    v = exact_array(data.astype(int))
    odds = rbm.hidden_factors * (rbm.weight_factors[None] ** v[:, None, :]).prod(axis=2)
    return (odds / (1 + odds)).T @ np.column_stack([v, exact_array([1] * len(v))]) / Fraction(len(v))


def moody() -> tuple[RationalRBM, np.ndarray]:
    """A network with two moods, all off or all on, equally likely; and data that are all on three times in four."""
    factors = exact_array([[9] * 3] * 2), exact_array(["1/9"] * 3), exact_array(["1/27"] * 2)
    return RationalRBM(*factors), all_states(3)[[7, 7, 7, 0]]


def short_dreams() -> list[System]:
    """Negative phases of one sweep from the data, by listing every path: of the network with moods, and another."""
    return [_short_dream(*moody()), _short_dream(*_random_rbm((3, 2)))]


def _short_dream(rbm: RationalRBM, data: np.ndarray) -> System:
    chain = sweep_chain(rbm, data)
    after = _by_paths(rbm, data)
    values = {**chain, symbols.slope: partial(_slopes, rbm, data), symbols.mean_after_sweep: after}
    values |= {symbols.seen: rbm.phase_moments(data).mean_positive}
    values |= {symbols.mean_D: values[symbols.seen] - after}
    predicted = AFTER_ONE_SWEEP.right_value(System("chain", chain)).ravel()
    return System(
        "one sweep from the data in place of a free run",
        values | {symbols.dreamt_after_sweep: predicted},
        family="short dreams",
    )


def sweep_chain(rbm: RationalRBM, data: np.ndarray) -> dict[sp.Expr, np.ndarray]:
    """Start at the data, transition matrix of one sweep, and mean gradients given the visible state."""
    first, h_given_v, v_given_h, gradient = _conditionals(rbm, data)
    return {
        symbols.start: first,
        symbols.sweep: h_given_v @ v_given_h,
        symbols.mean_given_visible: (h_given_v[:, :, None] * gradient).sum(axis=1),
    }


def _by_paths(rbm: RationalRBM, data: np.ndarray) -> np.ndarray:
    """Mean of g after one sweep by listing every path v0, h0, v1, h1 with its probability."""
    first, h_given_v, v_given_h, gradient = _conditionals(rbm, data)
    total = 0 * gradient[0, 0]
    for v0, h0, v1, h1 in np.ndindex(*h_given_v.shape, *h_given_v.shape):
        if first[v0]:
            probability = first[v0] * h_given_v[v0, h0] * v_given_h[h0, v1] * h_given_v[v1, h1]
            total = total + probability * gradient[v1, h1]
    return total


def _conditionals(rbm: RationalRBM, data: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Start at the data, P(h | v), P(v | h) and the gradients (n_v_states, n_h_states, n_parameters)."""
    probability, v, h = rbm.law()
    shape = 2 ** len(rbm.visible_factors), 2 ** len(rbm.hidden_factors)
    joint = probability.reshape(shape)
    h_given_v, v_given_h = joint / joint.sum(axis=1, keepdims=True), (joint / joint.sum(axis=0)).T
    index = data.astype(int) @ (1 << np.arange(data.shape[1]))
    first = np.bincount(index, minlength=shape[0]).astype(object) / Fraction(len(data))
    return first, h_given_v, v_given_h, rbm.gradient(v, h).reshape(*shape, -1)
