"""Stored results as arrays, for chapters and figures."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from cl_theory.experiments.archive import read_archive
from cl_theory.experiments.definition import Experiment, ExperimentError
from cl_theory.experiments.registry import experiment


@dataclass(frozen=True, eq=False)
class ArmResults:
    """What one arm gave. `axes` are per point: phases, updates, steps of the network, rows of data (expected)."""

    name: str
    axes: Mapping[str, np.ndarray]
    curves: Mapping[str, list[Any]]
    finals: Mapping[str, list[Any]]
    diverged: list[Any]
    core_seconds: float

    def curve(self, measure: str, along: str = "phases") -> tuple[np.ndarray, np.ndarray]:
        """(places on the axis `along` (n,), values (n_seeds, n)) where `measure` was taken; NaN after a divergence."""
        values = self._of(self.curves, measure)
        taken = [place for place, value in enumerate(values) if value is not None]
        table = np.array([values[place] for place in taken], dtype=np.float64).T
        return self.axes[along][taken], table

    def last(self, measure: str) -> np.ndarray:
        """Values of `measure` at the last point, one a seed."""
        return self.curve(measure)[1][:, -1]

    def final(self, measure: str) -> np.ndarray:
        """What was measured at the end only, one value a seed."""
        return np.array(self._of(self.finals, measure), dtype=np.float64)

    def _of(self, table: Mapping[str, list[Any]], measure: str) -> list[Any]:
        if measure not in table:
            raise KeyError(f"{self.name} has no measure {measure!r}; there are {', '.join(table)}")
        return table[measure]


@dataclass(frozen=True, eq=False)
class Results:
    """The stored results of an experiment."""

    experiment: Experiment
    arms: Mapping[str, ArmResults]
    provenance: Mapping[str, Any]

    def __getitem__(self, arm: str) -> ArmResults:
        if arm not in self.arms:
            raise KeyError(f"{self.experiment.name} has no arm {arm!r}; there are {', '.join(self.arms)}")
        return self.arms[arm]


def results_folder(start: Path | None = None) -> Path:
    """``data/experiments`` of the checkout that holds `start` (default: the current folder)."""
    here = (start or Path.cwd()).resolve()
    for folder in (here, *here.parents):
        if (folder / "data" / "experiments").is_dir():
            return folder / "data" / "experiments"
    raise ExperimentError(f"neither {here} nor a folder above it has data/experiments; run this inside a checkout")


@lru_cache(maxsize=32)
def results(name: str, folder: Path | None = None) -> Results:
    """The stored results of the experiment `name`, checked; ExperimentError as in `read_archive`."""
    defined = experiment(name)
    content = read_archive(folder or results_folder(), defined)
    arms = {arm: _arm(arm, entry) for arm, entry in content["arms"].items()}
    return Results(defined, arms, content["provenance"])


def _arm(name: str, entry: Mapping[str, Any]) -> ArmResults:
    axes = {axis: np.array(values, dtype=np.float64) for axis, values in entry["axes"].items()}
    return ArmResults(name, axes, entry["curves"], entry["final"], entry["diverged"], entry["core_seconds"])
