"""Systems for the statements about two phases: rational RBMs, real models, and phases that break an assumption."""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import partial
from typing import Any

import numpy as np
import sympy as sp

from cl_theory.cases.isd_checks import informative_directions
from cl_theory.cases.real_models import RealModel, real_models
from cl_theory.checks.planned_means import PlannedMean
from cl_theory.checks.statement_checks import Drawn
from cl_theory.estimators.contrastive_statements import AFTER_ONE_SWEEP, DRIFTED_FEEDBACK
from cl_theory.estimators.symbols import (
    answered,
    at_wall,
    bias_of_feedback,
    dreamt,
    dreamt_after_sweep,
    dreamt_beside,
    expected,
    feedback_bias,
    hidden,
    mean_after_sweep,
    mean_D,
    mean_given_visible,
    seen,
    seen_beside,
    slope,
    slope_of_weights,
    start,
    sweep,
    visible,
)
from cl_theory.estimators.two_term import two_term_gradient
from cl_theory.laws import FiniteLaw, exact_array, exact_mean
from cl_theory.models.rational_rbm import RationalRBM, loss_slopes_by_calculus
from cl_theory.models.rbm import loss_slope, rbm_phase_means
from cl_theory.samplers.isd_statistics import gradient_projections
from cl_theory.samplers.phase_statistics import phase_statistics
from cl_theory.seeds import FIXED_ROOT, stream
from cl_theory.statements import System
from cl_theory.states import all_states

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
        slope: partial(_slopes, rbm, data),
        seen: moments.mean_positive,
        dreamt: moments.mean_negative,
        mean_D: lambda: _mean_of_pairs(rbm.finite_law(data)),
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
    values = {seen: moments.mean_positive, dreamt: moments.mean_negative, mean_D: partial(_mean_of_pairs, law)}
    return System(name, values, family="couplings")


def synapses() -> list[System]:
    """States as the two real models draw them, and the slopes of the energy that the models' code reads from them."""
    found = []
    for model in real_models():
        v, h = model.sampler.positive(stream(FIXED_ROOT, "cl-gradient", "synapses", model.name), 3)
        rows = model.rbm.gradient(v, h).astype(int)[:, : h.shape[1] * v.shape[1]]
        for row, here, there in zip(rows, h.astype(int), v.astype(int), strict=True):
            values = {hidden: exact_array(here), visible: exact_array(there)}
            values |= {slope_of_weights: exact_array(row).reshape(len(here), len(there))}
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
        slope: lambda: loss_slope(model.rbm, model.data, direction),
        seen: direction @ plus,
        dreamt: direction @ minus,
    }
    return System(model.name, values)


def drawn_phases() -> list[System]:
    """Both phases of both real models, drawn; the mean of the two-term estimate is that of all parameters."""
    return [phases_of(model) for model in real_models()]


def phases_of(model: RealModel) -> System:
    """Both phases of one model, drawn; see `drawn_phases`."""
    pairs = _DrawnPairs(model, informative_directions(model, 0.5, ridge=1.0))
    values = {seen: model.moments.mean_positive, dreamt: model.moments.mean_negative}
    return System(model.name, values, drawn={mean_D: lambda: Drawn(pairs.planned, pairs.image)}, only_drawn=True)


@dataclass(frozen=True)
class _Factors:
    """What the gradients of the two phases are multiplied by: an error planted in the estimator's code."""

    positive: float = 1.0
    negative: float = 1.0


PHASE_ERRORS = {
    "g+ off by 1 %": _Factors(positive=1.01),
    "g- off by 1 %": _Factors(negative=1.01),
    "both off by 1 %": _Factors(1.01, 1.01),
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

    def rows(self, drawn: tuple[np.ndarray, ...], planted: Any) -> np.ndarray:
        first, second = _factors(planted)
        along_plus, square_plus, along_minus, square_minus = drawn
        estimates = two_term_gradient(first * along_plus, second * along_minus)
        squares = [first**2 * square_plus, second**2 * square_minus]
        return np.column_stack([estimates, second * along_minus, *squares])

    def target(self, planted: Any) -> np.ndarray:
        first, second = _factors(planted)
        m = self.model.moments
        mean = first * m.mean_positive - second * m.mean_negative
        squares = [first**2 * m.m_positive, second**2 * m.m_negative]
        return np.concatenate([self.directions @ mean, second * self.directions @ m.mean_negative, squares])

    @property
    def scale(self) -> np.ndarray:
        """Root mean squares; of D as if its two parts did not cancel."""
        k = len(self.directions)
        _, _, *seconds = phase_statistics(self.model.sampler, self.directions)
        of_plus, of_minus = (np.diagonal(second)[: k + 1] for second in seconds)
        both = of_plus[:k] + of_minus[:k]
        return np.sqrt(np.concatenate([both, of_minus[:k], [of_plus[k], of_minus[k]]]))

    def image(self, mean: np.ndarray) -> np.ndarray:
        goal = self.target(_Factors())
        goal[: len(self.directions)] = self.directions @ np.ravel(mean)
        return goal


def _factors(planted: Any) -> tuple[float, float]:
    return (planted.positive, planted.negative) if isinstance(planted, _Factors) else (1.0, 1.0)


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
        slope: sp.diff(loss, wall),
        seen: sum(push.subs(place, x) for x in data) / len(data),
        dreamt: sp.integrate(sp.simplify(push * weight), (place, 0, wall)) / total,
        at_wall: weight.subs(place, wall) / total,
    }
    return System(name, {symbol: _fraction(value.subs(wall, at)) for symbol, value in means.items()}, family="walls")


def kink() -> System:
    """Energy |theta| s of a unit that the data show on, at theta = 0, where software takes its slope to be 0."""
    at, step = sp.symbols("theta epsilon", positive=True)
    loss = at + sp.log(1 + sp.exp(-at))  # of |theta|
    rise = sp.limit((loss.subs(at, step) - sp.log(2)) / step, step, 0)
    sides = exact_array([1, -1])
    values = {
        slope: sides * _fraction(rise),
        seen: 0 * sides,
        dreamt: 0 * sides,
        seen_beside: sides,
        dreamt_beside: sides * Fraction(1, 2),  # on half of the time
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
        slope: right,
        mean_D: mean,
        feedback_bias: _blocks(mean - right, shape),
        answered: _answers(answers, data),
        expected: _answers(rbm, data),
    }
    system = System(f"feedback {_percent(1 - factor)} weak: all but the visible biases are biased", values)
    bias = DRIFTED_FEEDBACK.right_value(system)
    flat = np.concatenate([bias[:, :-1].ravel(), exact_array([0] * shape[1]), bias[:, -1]])
    return System(system.name, values | {bias_of_feedback: flat}, family="drifted feedback")


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
    values = {**chain, slope: partial(_slopes, rbm, data), mean_after_sweep: after}
    values |= {seen: rbm.phase_moments(data).mean_positive}
    values |= {mean_D: values[seen] - after}
    predicted = AFTER_ONE_SWEEP.right_value(System("chain", chain)).ravel()
    return System(
        "one sweep from the data in place of a free run",
        values | {dreamt_after_sweep: predicted},
        family="short dreams",
    )


def sweep_chain(rbm: RationalRBM, data: np.ndarray) -> dict[sp.Expr, np.ndarray]:
    """Start at the data, transition matrix of one sweep, and mean gradients given the visible state."""
    first, h_given_v, v_given_h, gradient = _conditionals(rbm, data)
    return {
        start: first,
        sweep: h_given_v @ v_given_h,
        mean_given_visible: (h_given_v[:, :, None] * gradient).sum(axis=1),
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
