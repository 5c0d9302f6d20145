r"""Always-on ISD on an RBM to second order, exact by enumeration: where a phase bends, and what that does to the drift.

A positive phase holds one row of data, so each row is a phase of its own, with the mean gradient :math:`g_v`. Let
:math:`g^+` be the mean of :math:`g_v` over the rows and :math:`g^-` that of a free phase. For phases long enough to
equilibrate, as many short updates, the mean displacement of one phase around a baseline c is
:math:`-\eta\mu + \eta^2\kappa\,\frac{E T^2}{\tau^2} + O(\eta^3)` with

.. math:: \kappa = \tfrac12 D\mu\,\mu + \frac{D c^*(c^* - c)}{2b(1-b)} + \frac{R}{2b},
          \qquad R = E_v\big[(Dg_v - Dg^+)(g_v - g^+)\big].

The first two terms are those of claim `isd-aol-fixed-point`; R is what that claim leaves out when a positive phase
sees one row only. R does not depend on c, so that no constant baseline removes it.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.integrate import solve_ivp

from cl_theory.arguments import probability_inside
from cl_theory.models.rbm import RBM, FreePhase, binary_states


@dataclass(frozen=True, eq=False)
class PhaseTurns:
    """Mean gradients of a clamped and of a free phase, and how each changes along the other, all (n_parameters,).

    `positive_along_negative` is :math:`Dg^+ g^-`, and so on; `rows` is R. Without visible biases their entries are 0.
    """

    positive: np.ndarray
    negative: np.ndarray
    positive_along_positive: np.ndarray
    positive_along_negative: np.ndarray
    negative_along_positive: np.ndarray
    negative_along_negative: np.ndarray
    rows: np.ndarray

    @property
    def mu(self) -> np.ndarray:
        """g+ - g-, the gradient of the loss."""
        return self.positive - self.negative

    def centre(self, p_positive: float) -> np.ndarray:
        """c* = (1-b) g+ + b g-."""
        return (1 - p_positive) * self.positive + p_positive * self.negative

    @property
    def euler(self) -> np.ndarray:
        r""":math:`\frac12 D\mu\,\mu`: the flow of mu against one step along it."""
        along_positive = self.positive_along_positive - self.negative_along_positive
        along_negative = self.positive_along_negative - self.negative_along_negative
        return (along_positive - along_negative) / 2

    def baseline_term(self, p_positive: float) -> np.ndarray:
        r""":math:`\frac{D c^* c^*}{2b(1-b)}`: what a baseline at c* removes."""
        b = probability_inside(p_positive)
        along_positive = (1 - b) * self.positive_along_positive + b * self.negative_along_positive
        along_negative = (1 - b) * self.positive_along_negative + b * self.negative_along_negative
        return ((1 - b) * along_positive + b * along_negative) / (2 * b * (1 - b))

    def row_term(self, p_positive: float) -> np.ndarray:
        r""":math:`\frac{R}{2b}`: what one row a phase adds, with any constant baseline."""
        return self.rows / (2 * probability_inside(p_positive))

    def coefficient(self, p_positive: float, *, centred: bool) -> np.ndarray:
        r""":math:`\kappa` with the baseline 0, or c* where `centred`."""
        rest = self.euler + self.row_term(p_positive)
        return rest if centred else rest + self.baseline_term(p_positive)

    def drift(self, rate: float, p_positive: float, *, centred: bool, second_moment: float = 1.0) -> np.ndarray:
        r"""Mean displacement a phase over :math:`\eta`; `second_moment` is :math:`E T^2/\tau^2`, 0 leaves mu alone."""
        return -self.mu + rate * second_moment * self.coefficient(p_positive, centred=centred)


def phase_turns(rbm: RBM, data: np.ndarray, *, visible_biases: bool = True) -> PhaseTurns:
    """The exact terms of `PhaseTurns` at one RBM and rows of data (n_rows, n_visible), by listing the smaller side.

    Without `visible_biases` these are not learned: no phase moves along them. ValueError as in `rbm_phase_moments`.
    """
    rows = binary_states(data, rbm.n_visible, "data")
    hidden, free = rbm.mean_h_given_v(rows), FreePhase.of(rbm)
    learned = _learned(rbm, visible_biases)
    positive, negative = learned * _clamped_mean(rows, hidden), learned * free.mean
    along_positive, along_negative = (_clamped_turn(rows, hidden, _field(rbm, rows, u)) for u in (positive, negative))
    # A row's own gradient -(h v', v, h) changes the input of its hidden units by -h (|v|^2 + 1).
    by_itself = _clamped_turn(rows, hidden, -hidden * (1 + rows.sum(axis=1, keepdims=True)))
    bent = [learned * free.along(u) for u in (positive, negative)]
    rest = by_itself - along_positive
    return PhaseTurns(positive, negative, along_positive, along_negative, bent[0], bent[1], rest)


def always_on_drift(
    rbm: RBM, data: np.ndarray, rate: float, p_positive: float, *, centred: bool, second_moment: float = 1.0,
    visible_biases: bool = True,
) -> np.ndarray:  # fmt: skip
    """`PhaseTurns.drift` at one RBM, without the parts: half the work, for flows; (n_parameters,)."""
    b, rows = probability_inside(p_positive), binary_states(data, rbm.n_visible, "data")
    hidden, free = rbm.mean_h_given_v(rows), FreePhase.of(rbm)
    learned = _learned(rbm, visible_biases)
    positive, negative = learned * _clamped_mean(rows, hidden), learned * free.mean
    if not second_moment:
        return negative - positive
    baseline = ((1 - b) * positive + b * negative) * centred
    own = -hidden * (1 + rows.sum(axis=1, keepdims=True)) - _field(rbm, rows, baseline)
    bends = _clamped_turn(rows, hidden, own) / b + learned * free.along(negative - baseline) / (1 - b)
    return negative - positive + rate * second_moment * bends / 2


def always_on_flow(
    rbm: RBM, data: np.ndarray, times: Sequence[float], rate: float, p_positive: float, *, centred: bool,
    second_moment: float = 1.0, visible_biases: bool = True, tolerance: float = 1e-3,
) -> list[RBM]:  # fmt: skip
    r"""The RBM at ascending `times` from 0 on, moved by `always_on_drift` alone: learning without its noise.

    n phases at rate :math:`\eta` take the time :math:`n\eta`. Runge-Kutta of order 3 with this relative tolerance.
    ValueError if the flow leaves every bound.
    """

    def field(_: float, parameters: np.ndarray) -> np.ndarray:
        return always_on_drift(
            rbm.with_flat(parameters), data, rate, p_positive, centred=centred, second_moment=second_moment,
            visible_biases=visible_biases,
        )  # fmt: skip

    span = (0.0, float(times[-1]))
    path = solve_ivp(field, span, rbm.flat, method="RK23", t_eval=times, rtol=tolerance, atol=tolerance)
    if not path.success:
        raise ValueError(f"the flow did not reach time {span[1]}: {path.message}; lower the learning rate")
    return [rbm.with_flat(parameters) for parameters in path.y.T]


def _learned(rbm: RBM, visible_biases: bool) -> np.ndarray:
    return np.repeat([1.0, float(visible_biases), 1.0], [rbm.weights.size, rbm.n_visible, rbm.n_hidden])


def _clamped_mean(rows: np.ndarray, hidden: np.ndarray) -> np.ndarray:
    """g+ over equally likely rows, in the order of `RBM.flat`."""
    n = len(rows)
    return -np.concatenate([(hidden.T @ rows / n).ravel(), rows.mean(axis=0), hidden.mean(axis=0)])


def _field(rbm: RBM, rows: np.ndarray, direction: np.ndarray) -> np.ndarray:
    """What a step along `direction` adds to the inputs of the hidden units at each row."""
    n_weights = rbm.weights.size
    return rows @ direction[:n_weights].reshape(rbm.weights.shape).T + direction[n_weights + rbm.n_visible :]


def _clamped_turn(rows: np.ndarray, hidden: np.ndarray, field: np.ndarray) -> np.ndarray:
    """Change of g+ when the inputs of the hidden units change by `field` (n_rows, n_hidden)."""
    change = hidden * (1 - hidden) * field
    product = change.T @ rows / len(rows)
    return -np.concatenate([product.ravel(), np.zeros(rows.shape[1]), change.mean(axis=0)])
