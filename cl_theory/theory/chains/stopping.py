"""Phases that stop when the chain reaches certain states: exact moments of their length, and where they end."""

from dataclasses import dataclass

import numpy as np

from cl_theory.arguments import positive_integer
from cl_theory.theory.chains.local_chain import stochastic_matrix
from cl_theory.theory.chains.stationary import identity, ones, solve, zeros


@dataclass(frozen=True)
class StopAt:
    """T = first t >= `shortest` at which the state z_t is one of `states`, and at most `longest`.

    A stopping time: whether T <= t can be read off z_0 .. z_t. Its moments depend on the chain:
    `stopped_length_moments`. Always-on learning survives it, end-of-phase learning does not
    (claim `aol-any-length-law`).
    """

    states: tuple[int, ...]
    longest: int | None = None
    shortest: int = 1

    def __post_init__(self) -> None:
        object.__setattr__(self, "states", tuple(sorted({int(z) for z in self.states})))
        object.__setattr__(self, "shortest", positive_integer(self.shortest, "shortest"))
        if not self.states or self.states[0] < 0:
            raise ValueError(f"states must name at least one state by its index, got {self.states}")
        if self.longest is not None and positive_integer(self.longest, "longest") < self.shortest:
            raise ValueError(f"longest must be at least shortest = {self.shortest}, got {self.longest}")

    def stops(self, t: int, state: int) -> bool:
        """Whether a phase that is still running ends at time t in `state`."""
        return (t >= self.shortest and state in self.states) or t == self.longest


@dataclass(frozen=True, eq=False)
class StoppedLength:
    """E T, E T^2 and the law (m,) of the last state z_T, for one start; exact for Fractions."""

    mean: object
    second_moment: object
    last_state: np.ndarray


def stopped_length(transition_matrix: np.ndarray, rule: StopAt, start: int) -> StoppedLength:
    """Moments of the length of a phase of the frozen chain that starts in `start` and ends by `rule`.

    Time `shortest` is reached by matrix powers; from there on linear systems (no `longest`) or a sum of
    `longest` terms. ValueError if a state of the rule is out of range or the rule may never stop.
    """
    kernel = stochastic_matrix(transition_matrix)
    if rule.states[-1] >= len(kernel):
        raise ValueError(f"states must lie below {len(kernel)}, got {rule.states[-1]}")
    running = zeros(len(kernel), kernel)
    running[start] += 1
    return _by_steps(kernel, rule, running) if rule.longest is not None else _by_solving(kernel, rule, running)


def _by_steps(kernel: np.ndarray, rule: StopAt, running: np.ndarray) -> StoppedLength:
    last, mean, second = 0 * running, 0 * running.sum(), 0 * running.sum()
    assert rule.longest is not None
    for t in range(1, rule.longest + 1):
        mean, second = mean + running.sum(), second + (2 * t - 1) * running.sum()
        running = running @ kernel
        ends = np.array([rule.stops(t, z) for z in range(len(kernel))])
        last, running = last + np.where(ends, running, 0 * running), np.where(ends, 0 * running, running)
    return StoppedLength(mean, second, last)


def _by_solving(kernel: np.ndarray, rule: StopAt, law: np.ndarray) -> StoppedLength:
    # With R = P without the columns of the rule: w_k = sum over n >= k of P(T > n) solves a system in I - R.
    for _ in range(rule.shortest - 1):
        law = law @ kernel
    keep = np.array([z not in rule.states for z in range(len(kernel))])
    inside = np.where(keep, kernel, 0 * kernel)
    try:
        left = solve(identity(len(kernel), kernel) - inside, ones(len(kernel), kernel))
    except ValueError as error:
        raise ValueError(f"the chain may never reach states {rule.states}; give the rule a longest") from error
    twice = solve(identity(len(kernel), kernel) - inside, left)
    base = rule.shortest - 1
    more, squares = law @ left, 2 * (law @ twice) - law @ left  # E N and E N^2 for N = T - base
    visits = solve((identity(len(kernel), kernel) - inside).T, law)
    last = np.where(keep, 0 * law, visits @ kernel)
    return StoppedLength(base + more, base**2 + 2 * base * more + squares, last)
