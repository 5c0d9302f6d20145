"""A small part of an experiment, run again and held against what is stored."""

from dataclasses import replace
from typing import Any

import numpy as np

from cl_theory.checks import Outcome, close
from cl_theory.experiments.definition import Cell, Experiment, Seeds
from cl_theory.experiments.kinds import computed
from cl_theory.experiments.results import Results

TOLERANCE = {"forward-forward": 1e-5}
"""The processor's vectors choose the order of forward-forward's sums, and learning lets their rounding grow: after 200
phases single and double precision are 1e-8 apart, and a rate off by 1 % shows as 1e-4."""

STORED_DIGITS = 1e-6
"""Results are stored with seven digits."""

SLOWER = 0.99
"""The planted error: a learning rate off by 1 %."""


def slice_check(results: Results, *, scope: str) -> tuple[Outcome, dict[str, Outcome]]:
    """Run the slice of an experiment again and compare it with the stored curves, seed by seed and point by point.

    Returns the check, and the same check of a slice whose learning rate is off by 1 %.
    """
    again = results.experiment.again
    kinds = {results.experiment.cell(arm, Seeds(0, 1)).kind for arm in again.arms}
    tolerance = max(TOLERANCE.get(kind, STORED_DIGITS) for kind in kinds)
    target = np.concatenate([_stored(results, arm) for arm in again.arms])

    def held(rate: float, of: str) -> Outcome:
        found = np.concatenate([_again(results, arm, rate) for arm in again.arms])
        return close(found, target, scope=of, tolerance=tolerance)

    return held(1.0, scope), {"learning rate off by 1 %": held(SLOWER, f"{scope}; planted")}


def first_values(
    experiment: Experiment, arm: str, measure: str, points: tuple[int, ...], *, n_seeds: int = 2, **changes: Any
) -> list[list[float]]:
    """A measure at `points` of the first seeds of an arm whose settings have `changes`: a list a point, run now."""
    cell = experiment.cell(arm, Seeds(experiment.seeds.first, n_seeds))
    changed = replace(cell, points=points, settings={**cell.settings, **changes, "final": []})
    return computed(changed)["curves"][measure]


def _slice_cell(results: Results, arm: str, rate: float) -> Cell:
    again, seeds = results.experiment.again, results.experiment.seeds
    cell = results.experiment.cell(arm, Seeds(seeds.first, again.seeds), again.until)
    changed = {"rate": cell.settings["rate"] * rate, "final": []}
    return replace(cell, settings={**cell.settings, **changed})


def _again(results: Results, arm: str, rate: float) -> np.ndarray:
    """All measures of the slice after the start, each relative to what it was at the start."""
    found = computed(_slice_cell(results, arm, rate))
    return _relative(found["curves"], results.experiment.again.seeds)


def _stored(results: Results, arm: str) -> np.ndarray:
    n_points = len(results.experiment.cell(arm, Seeds(0, 1), results.experiment.again.until).points)
    curves = {name: values[:n_points] for name, values in results[arm].curves.items()}
    return _relative(curves, results.experiment.again.seeds)


def _relative(curves: dict[str, list[Any]], n_seeds: int) -> np.ndarray:
    parts = []
    for name in sorted(curves):
        taken = np.array([values[:n_seeds] for values in curves[name] if values is not None], dtype=np.float64)
        parts.append((taken[1:] / np.abs(taken[0]).mean()).ravel())
    return np.concatenate(parts)
