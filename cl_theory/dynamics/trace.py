"""One run, written down step by step: states, parameters, phases and learning events, for pictures."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from cl_theory.arguments import finite, positive, positive_integer, probability_inside
from cl_theory.models.local_chain import ParametricChain, parameter_vector
from cl_theory.phases.length import PhaseLength


@dataclass(frozen=True, eq=False)
class Trace:
    """A run of n steps. Row t of each array is time t.

    states (n+1,); parameters (n+1, d); is_positive (n,) whether step t belongs to a positive phase; learns (n,)
    whether the parameters moved at step t; phase_ends: times at which a phase ended.
    """

    states: np.ndarray
    parameters: np.ndarray
    is_positive: np.ndarray
    learns: np.ndarray
    phase_ends: np.ndarray


def trace_two_term(
    rng: np.random.Generator, positive_chain: ParametricChain, negative_chain: ParametricChain, parameters: Any,
    start: int, *, phase_length: int, n_phases: int, learning_rate: float,
) -> Trace:  # fmt: skip
    """Periodic phases, + then -, that learn only at the end of the negative one: theta -= eta (g+ - g-).

    The positive phase's last gradient is stored until then; `n_phases` is even.
    """
    positive_integer(phase_length, "phase_length")
    if n_phases < 2 or n_phases % 2:
        raise ValueError(f"n_phases must be even and at least 2, got {n_phases}")
    run = _Run(rng, parameter_vector(positive_chain, parameters), start)
    positive(learning_rate, "learning_rate")
    for _ in range(n_phases // 2):
        run.phase(positive_chain, phase_length, True, 0.0)
        stored = positive_chain.gradient(run.theta)[run.state]
        run.phase(negative_chain, phase_length, False, 0.0)
        run.learn_now(learning_rate * (stored - negative_chain.gradient(run.theta)[run.state]))
    return run.trace()


def trace_isd_always_on(
    rng: np.random.Generator, positive_chain: ParametricChain, negative_chain: ParametricChain, parameters: Any,
    start: int, *, length: PhaseLength, n_phases: int, learning_rate: float, p_positive: float,
    baseline: Any = 0.0,
) -> Trace:  # fmt: skip
    """ISD with always-on learning: a coin chooses each phase, its length is random, every step learns at rate
    eta/tau times 1/b (positive) or -1/(1-b) (negative); `baseline` is taken off both gradients."""
    b, tau = probability_inside(p_positive), float(length.mean)
    run = _Run(rng, parameter_vector(positive_chain, parameters), start)
    for _ in range(positive_integer(n_phases, "n_phases")):
        is_positive = bool(rng.random() < b)
        n_steps = int(length.sample(rng, 1)[0])
        rate = positive(learning_rate, "learning_rate") / tau * (1 / b if is_positive else -1 / (1 - b))
        run.phase(positive_chain if is_positive else negative_chain, n_steps, is_positive, rate, baseline)
    return run.trace()


class _Run:
    def __init__(self, rng: np.random.Generator, theta: np.ndarray, state: int) -> None:
        self.rng, self.theta, self.state = rng, theta.astype(float), state
        self.states, self.thetas = [state], [self.theta]
        self.positive: list[bool] = []
        self.learns: list[bool] = []
        self.ends: list[int] = []

    def phase(self, chain: ParametricChain, n_steps: int, is_positive: bool, rate: float, baseline: Any = 0.0) -> None:
        for _ in range(n_steps):
            row = chain.transition_matrix(self.theta)[self.state]
            gradient = chain.gradient(self.theta)[self.state] - baseline
            self.theta = finite(self.theta - rate * gradient, "parameters")
            self.state = int(self.rng.choice(len(row), p=row))
            self.states.append(self.state)
            self.thetas.append(self.theta)
            self.positive.append(is_positive)
            self.learns.append(rate != 0)
        self.ends.append(len(self.positive))

    def learn_now(self, step: np.ndarray) -> None:
        self.theta = finite(self.theta - step, "parameters")
        self.thetas[-1], self.learns[-1] = self.theta, True

    def trace(self) -> Trace:
        return Trace(
            np.array(self.states), np.stack(self.thetas), np.array(self.positive), np.array(self.learns),
            np.array(self.ends),
        )  # fmt: skip
