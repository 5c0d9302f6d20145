"""Does the code that draws the two phases draw from the model's own laws? A check, and controls with planted errors."""

from collections.abc import Mapping
from types import MappingProxyType

import numpy as np
from scipy.linalg import block_diag

from cl_theory.cases.isd_checks import Checked, informative_directions
from cl_theory.cases.real_models import RealModel
from cl_theory.checks import Moments, Outcome, mean_agrees, plan_mean
from cl_theory.models.rbm import RBM
from cl_theory.samplers import phase_statistics
from cl_theory.samplers.isd_statistics import chunk_sizes, gradient_projections
from cl_theory.samplers.phase_statistics import phase_raw_moments
from cl_theory.seeds import stream

Factors = tuple[float, float]
AS_STATED: Factors = (1.0, 1.0)
PHASE_ERRORS: Mapping[str, Factors] = MappingProxyType(
    {"g+ off by 1 %": (1.01, 1.0), "g- off by 1 %": (1.0, 1.01), "both off by 1 %": (1.01, 1.01)}
)
"""Factors on the gradients of the positive and of the negative phase."""


def phase_means_check(root: int, claim: str, model: RealModel) -> Checked:
    """Means of u.g and |g|^2 in both phases of a real model against their exact values, jointly.

    D = g+ - g- is linear in the former. Two directions u, chosen from the exact model; three controls.
    """
    directions = informative_directions(model, 0.5, ridge=1.0)
    kept = len(directions) + 1  # of [u.g, |g|^2, (u.g)^2], without the squares
    statistics = phase_statistics(model.sampler, directions)
    first = [part[:kept] for part in statistics[:2]]
    target = np.concatenate(first)
    second = block_diag(*(part[:kept, :kept] for part in statistics[2:]))
    covariance = second - block_diag(*(np.outer(part, part) for part in first))
    plan = plan_mean(
        {name: _scaled(target, factors) - target for name, factors in PHASE_ERRORS.items()},
        covariance,
        scale=np.sqrt(np.diagonal(second)),
        skewness=np.concatenate([_skewness(raw) for raw in phase_raw_moments(model.sampler, directions)]),
    )
    scope = f"{model.name}: E[u.g] along 2 directions and E|g|^2 in both phases, jointly"

    def run(name: str, factors: Factors) -> Outcome:
        rng = stream(root, claim, "phases", model.name, name)
        return mean_agrees(
            rng, lambda rng, n: _pair_moments(rng, model, n, directions, factors), target, plan=plan, scope=scope
        )

    return run("", AS_STATED), {name: run(name, factors) for name, factors in PHASE_ERRORS.items()}


def _pair_moments(
    rng: np.random.Generator, model: RealModel, n: int, directions: np.ndarray, factors: Factors = AS_STATED
) -> Moments:
    """Moments of the statistic of both phases, from n independent pairs."""
    parts = []
    for size in chunk_sizes(n):
        phases = model.sampler.positive(rng, size), model.sampler.negative(rng, size)
        rows = np.column_stack([_statistic(model.rbm, *states, directions) for states in phases])
        parts.append(Moments.of(_scaled(rows, factors)))
    return Moments.merged(parts)


def _statistic(rbm: RBM, v: np.ndarray, h: np.ndarray, directions: np.ndarray) -> np.ndarray:
    projected = gradient_projections(rbm, v, h, directions)
    norm = (1.0 + v.sum(axis=1)) * (1.0 + h.sum(axis=1)) - 1
    return np.column_stack([projected, norm])


def _skewness(raw: np.ndarray) -> np.ndarray:
    """From raw moments of order 0, 1, 2, 3, ... along the first axis."""
    _, mean, second, third = raw[:4]
    return (third - 3 * mean * second + 2 * mean**3) / (second - mean**2) ** 1.5


def _scaled(statistic: np.ndarray, factors: Factors) -> np.ndarray:
    """The statistic (..., 2(k+1)) when each phase's gradient is multiplied by its factor."""
    powers = np.array([1] * (statistic.shape[-1] // 2 - 1) + [2])
    return statistic * np.concatenate([factor**powers for factor in factors])
