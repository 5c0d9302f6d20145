"""Phases that end by a stopping rule, with learning on, by enumeration of every path."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from cl_theory.arguments import positive
from cl_theory.dynamics.enumeration import PathLevel, first_level, next_level
from cl_theory.models.local_chain import ParametricChain, parameter_vector
from cl_theory.phases.stopping import StopAt


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
