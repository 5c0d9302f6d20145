"""Baselines of centred ISD that learn on the way: means of each phase, moving averages, and runs around them."""

from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

import numpy as np

from cl_theory.arguments import finite, probability_inside
from cl_theory.theory.estimators.isd import centred_isd_gradient, gradient_rows, gradient_that_ran, phase_indicator


def smoothing_rate(rate: Any) -> Any:
    """Return `rate` if 0 < rate <= 1, the share that a moving average takes from the newest value; else ValueError."""
    if not 0 < rate <= 1:
        raise ValueError(f"rate must lie in (0, 1], got {rate!r}")
    return rate


class PhaseState(NamedTuple):
    """One quantity a phase, and how often each phase came."""

    positive: np.ndarray
    negative: np.ndarray
    n_positive: np.ndarray
    n_negative: np.ndarray


class Baseline(Protocol):
    """What `running_centred_isd` asks of a baseline."""

    def start(self, shape: tuple[int, ...]) -> Any: ...
    def centre(self, state: Any) -> np.ndarray: ...
    def update(self, state: Any, gradient: np.ndarray, is_positive: np.ndarray) -> Any: ...


@dataclass(frozen=True, eq=False)
class ConstantBaseline:
    """The same c for ever; zero gives plain ISD, c* the least variance."""

    value: np.ndarray

    def start(self, shape: tuple[int, ...]) -> np.ndarray:
        """The constant for every replicate."""
        return np.broadcast_to(finite(self.value, "value"), shape)

    def centre(self, state: np.ndarray) -> np.ndarray:
        """The constant."""
        return state

    def update(self, state: np.ndarray, gradient: np.ndarray, is_positive: np.ndarray) -> np.ndarray:
        """Nothing is learned."""
        return state


@dataclass(frozen=True)
class PhaseMeans:
    """(1-b) mean of all earlier g+, plus b mean of all earlier g-; a phase not yet seen counts as 0."""

    p_positive: Any

    def __post_init__(self) -> None:
        probability_inside(self.p_positive)

    def start(self, shape: tuple[int, ...]) -> PhaseState:
        """No sample yet."""
        return _empty(shape)

    def centre(self, state: PhaseState) -> np.ndarray:
        """Baseline from the means so far."""
        return _mix(state, self.p_positive)

    def update(self, state: PhaseState, gradient: np.ndarray, is_positive: np.ndarray) -> PhaseState:
        """Mean of the visited phase moves by 1/n of the way."""
        visits = np.where(is_positive, state.n_positive, state.n_negative) + 1
        return _move(state, gradient, is_positive, 1, visits[..., None])


@dataclass(frozen=True)
class PhaseEMA:
    """(1-b) moving average of g+, plus b moving average of g-, each moved when its phase is visited."""

    p_positive: Any
    rate: Any

    def __post_init__(self) -> None:
        probability_inside(self.p_positive)
        smoothing_rate(self.rate)

    def start(self, shape: tuple[int, ...]) -> PhaseState:
        """Both averages at 0."""
        return _empty(shape)

    def centre(self, state: PhaseState) -> np.ndarray:
        """Baseline from the averages so far."""
        return _mix(state, self.p_positive)

    def update(self, state: PhaseState, gradient: np.ndarray, is_positive: np.ndarray) -> PhaseState:
        """Average of the visited phase moves by `rate` of the way."""
        return _move(state, gradient, is_positive, self.rate)


@dataclass(frozen=True)
class PooledEMA:
    """One moving average of Y = ((1-b)/b) B g+ + (b/(1-b)) (1-B) g-, whose mean is c*."""

    p_positive: Any
    rate: Any

    def __post_init__(self) -> None:
        probability_inside(self.p_positive)
        smoothing_rate(self.rate)

    def start(self, shape: tuple[int, ...]) -> np.ndarray:
        """Average at 0."""
        return np.zeros(shape, int)  # integers turn into floats or Fractions at the first gradient

    def centre(self, state: np.ndarray) -> np.ndarray:
        """The average itself."""
        return state

    def update(self, state: np.ndarray, gradient: np.ndarray, is_positive: np.ndarray) -> np.ndarray:
        """Moved by `rate` towards this phase's Y."""
        b = probability_inside(self.p_positive)
        share = np.where(is_positive, (1 - b) / b, b / (1 - b))[..., None]
        return state + self.rate * (share * gradient - state)


def running_centred_isd(
    baseline: Baseline,
    state: Any,
    g_positive: np.ndarray,
    g_negative: np.ndarray,
    is_positive: np.ndarray,
    *,
    p_positive: Any,
    peek: bool = False,
) -> tuple[np.ndarray, Any]:
    """ISD estimates along phases whose baseline learns on the way: (estimates, last state).

    Time comes first: gradients (n_phases, n_replicates, n_parameters), `is_positive` (n_phases, n_replicates).
    With `peek` the baseline is updated before it is used, which breaks predictability and biases the
    estimate (statement `centred-isd-peeking`); it is there to show just that.
    """
    positive, negative = gradient_rows(g_positive, g_negative)
    indicator = phase_indicator(is_positive, positive.shape[:-1])
    ran = gradient_that_ran(positive, negative, indicator)
    estimates = []
    for gradient, sign in zip(ran, indicator, strict=True):
        after = baseline.update(state, gradient, sign)
        centre = baseline.centre(after if peek else state)
        estimates.append(centred_isd_gradient(gradient, gradient, sign, centre, p_positive=p_positive))
        state = after
    return np.stack(estimates), state


def _empty(shape: tuple[int, ...]) -> PhaseState:
    return PhaseState(np.zeros(shape, int), np.zeros(shape, int), np.zeros(shape[:-1], int), np.zeros(shape[:-1], int))


def _mix(state: PhaseState, p_positive: Any) -> np.ndarray:
    b = probability_inside(p_positive)
    return (1 - b) * state.positive + b * state.negative


def _move(state: PhaseState, gradient: np.ndarray, is_positive: np.ndarray, rate: Any, visits: Any = 1) -> PhaseState:
    visited = np.asarray(is_positive)[..., None]
    return PhaseState(
        np.where(visited, state.positive + rate * (gradient - state.positive) / visits, state.positive),
        np.where(visited, state.negative, state.negative + rate * (gradient - state.negative) / visits),
        state.n_positive + np.asarray(is_positive, int),
        state.n_negative + 1 - np.asarray(is_positive, int),
    )
