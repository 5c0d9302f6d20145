"""Always-on learning by enumeration of every path, stopping rules included: the slow, exact oracle."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from cl_theory.arguments import positive
from cl_theory.theory.chains.local_chain import ParametricChain, parameter_vector
from cl_theory.theory.chains.phase_lengths import PhaseLength
from cl_theory.theory.chains.stationary import start_law, stationary_distributions
from cl_theory.theory.chains.stopping import StopAt

MOST_PATHS = 4_000_000


@dataclass(frozen=True, eq=False)
class PathLevel:
    """All paths of t = `step` transitions: `probability` (n,), last `states` (n,), `parameters` theta_t (n, d)."""

    step: int
    probability: np.ndarray
    states: np.ndarray
    parameters: np.ndarray

    def mean(self, values: np.ndarray) -> np.ndarray:
        """E of `values` (n, ...) over the paths."""
        return np.tensordot(self.probability, values, axes=1)

    def at_states(self, table: np.ndarray) -> np.ndarray:
        """Row of a batch `table` (n, m, ...) at each path's last state, shape (n, ...)."""
        return table[np.arange(len(self.states)), self.states]


def path_levels(
    chain: ParametricChain, parameters: Any, start: Any, n_steps: int, *, step_size: Any
) -> Iterator[PathLevel]:
    """Levels t = 0 .. `n_steps` of always-on learning theta' = theta - `step_size` G(z, theta), z' ~ P_theta(z, .).

    `start` is a state or a law (m,). ValueError at more than four million paths, or a step size not above 0.
    """
    theta = parameter_vector(chain, parameters)
    positive(step_size, "step_size")
    level = first_level(chain, theta, start)
    if len(level.states) * chain.n_states**n_steps > MOST_PATHS:
        raise ValueError(f"n_steps = {n_steps} means more than {MOST_PATHS} paths; use the expansion or simulate")
    yield level
    for _ in range(n_steps):
        level = next_level(chain, level, step_size)
        yield level


def first_level(chain: ParametricChain, theta: np.ndarray, start: Any) -> PathLevel:
    """Level 0: one path for each possible first state."""
    law = start_law(start, chain.n_states, theta)
    states = np.flatnonzero(law != 0)
    return PathLevel(0, law[states], states, np.repeat(theta[None], len(states), axis=0))


def next_level(chain: ParametricChain, level: PathLevel, step_size: Any) -> PathLevel:
    """Every path one step longer; a transition of probability 0 is left out."""
    rows = level.at_states(chain.transition_matrix(level.parameters))
    moved = level.parameters - step_size * level.at_states(chain.gradient(level.parameters))
    path, states = np.nonzero(rows != 0)
    return PathLevel(level.step + 1, level.probability[path] * rows[path, states], states, moved[path])


@dataclass(frozen=True, eq=False)
class PhaseMeans:
    """Exact means of always-on learning after n = 0 .. n_steps steps of size epsilon.

    `displacement` (n_steps+1, d): E[theta_n - theta_0]; `square` (n_steps+1, d, d): E of its outer product;
    `gradient` (n_steps, d): E G(z_t, theta_t).
    """

    displacement: np.ndarray
    square: np.ndarray
    gradient: np.ndarray

    def mean_displacement(self, length: PhaseLength) -> np.ndarray:
        """E[theta_T - theta_0] for a random length independent of the chain; ValueError if T can be longer."""
        return self._mixed(self.displacement, length)

    def displacement_covariance(self, length: PhaseLength) -> np.ndarray:
        """Cov(theta_T - theta_0), shape (d, d), the law of total covariance included."""
        mean = self.mean_displacement(length)
        return self._mixed(self.square, length) - np.multiply.outer(mean, mean)

    def _mixed(self, table: np.ndarray, length: PhaseLength) -> np.ndarray:
        if length.largest is None or length.largest >= len(table):
            raise ValueError(f"{length} can be longer than the {len(table) - 1} steps that were enumerated")
        weights = np.array([length.pmf(n) for n in range(len(table))], dtype=object)
        return np.tensordot(weights if table.dtype == object else weights.astype(float), table, axes=1)


def phase_means(chain: ParametricChain, parameters: Any, start: Any, n_steps: int, *, step_size: Any) -> PhaseMeans:
    """Exact moments of always-on learning by path enumeration, float64 or Fractions; see `path_levels`."""
    displacement, square, gradient = [], [], []
    theta = parameter_vector(chain, parameters)
    for level in path_levels(chain, theta, start, n_steps, step_size=step_size):
        moved = level.parameters - theta
        displacement.append(level.mean(moved))
        square.append((moved.T * level.probability) @ moved)
        if level.step < n_steps:
            gradient.append(level.mean(level.at_states(chain.gradient(level.parameters))))
    return PhaseMeans(np.stack(displacement), np.stack(square), np.stack(gradient))


def current_bias(chain: ParametricChain, parameters: Any, start: Any, n_steps: int, *, step_size: Any) -> np.ndarray:
    """E[G(z_t, theta_t) - gbar(theta_t)] for t = 0 .. `n_steps`, shape (n_steps+1, d), float64 (claim
    `aol-current-parameters`). The kernel must have positive entries."""
    result = []
    for level in path_levels(chain, parameters, start, n_steps, step_size=step_size):
        gradient = chain.gradient(level.parameters)
        laws = stationary_distributions(chain.transition_matrix(level.parameters))
        result.append(level.mean(level.at_states(gradient) - np.einsum("nz,nzi->ni", laws, gradient)))
    return np.stack(result)


@dataclass(frozen=True, eq=False)
class StoppedMeans:
    """Exact means of a phase ended by a rule: E[theta_T - theta_0] (d,), E T, E T^2, E G(z_T, theta_0) (d,)."""

    displacement: np.ndarray
    mean_length: Any
    second_moment: Any
    last_gradient: np.ndarray


def stopped_means(chain: ParametricChain, parameters: Any, start: Any, rule: StopAt, *, step_size: Any) -> StoppedMeans:
    """Always-on learning until `rule` stops it, by path enumeration; the rule needs a `longest`."""
    if rule.longest is None:
        raise ValueError("rule must have a longest, got None; use stopped_length for the frozen chain")
    positive(step_size, "step_size")
    theta = parameter_vector(chain, parameters)
    frozen = chain.gradient(theta)
    level = first_level(chain, theta, start)
    none = 0 * level.probability.sum()
    displacement, last, length, square = 0 * theta, 0 * theta, none, none
    for t in range(1, rule.longest + 1):
        level = next_level(chain, level, step_size)
        ends = np.array([rule.stops(t, int(z)) for z in level.states])
        weight = np.where(ends, level.probability, 0 * level.probability)
        displacement = displacement + weight @ (level.parameters - theta)
        last = last + weight @ frozen[level.states]
        length, square = length + t * weight.sum(), square + t * t * weight.sum()
        level = PathLevel(t, level.probability[~ends], level.states[~ends], level.parameters[~ends])
    return StoppedMeans(displacement, length, square, last)
