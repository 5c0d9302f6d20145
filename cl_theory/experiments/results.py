"""Stored results as arrays, for chapters and figures."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from cl_theory.experiments.archive import archive_path, read_archive
from cl_theory.experiments.definition import Experiment, ExperimentError, Seeds
from cl_theory.experiments.registry import experiment


@dataclass(frozen=True, eq=False)
class ArmResults:
    """What one arm gave to its `seeds`.

    `axes` are per point: phases, updates, steps of the network, rows of data (expected). `diverged` lists the blocks
    of seeds whose parameters left their range, as [[first seed, count], when].
    """

    name: str
    seeds: Seeds
    axes: Mapping[str, np.ndarray]
    curves: Mapping[str, list[Any]]
    finals: Mapping[str, list[Any] | None]
    diverged: list[Any]
    core_seconds: float

    def curve(self, measure: str, along: str = "phases") -> tuple[np.ndarray, np.ndarray]:
        """(places on the axis `along` (n,), values (n_seeds, n)) where `measure` was taken; NaN after a divergence.

        KeyError that lists what there is, for an unknown measure or axis.
        """
        if along not in self.axes:
            raise KeyError(f"{self.name} has no axis {along!r}; there are {', '.join(self.axes)}")
        values = self._of(self.curves, measure)
        taken = [place for place, value in enumerate(values) if value is not None]
        table = np.array([values[place] for place in taken], dtype=np.float64).T
        return self.axes[along][taken], table

    def last(self, measure: str) -> np.ndarray:
        """Values of `measure` at the last point where it was taken, one a seed; NaN for seeds that diverged."""
        values = self.curve(measure)[1][:, -1]
        return np.where(self.ended, np.nan, values) if len(values) == len(self.seeds) else values

    def final(self, measure: str) -> np.ndarray:
        """What was measured at the end only, one value a seed; NaN for seeds that diverged."""
        values = self._of(self.finals, measure)
        return np.full(len(self.seeds), np.nan) if values is None else np.array(values, dtype=np.float64)

    @property
    def ended(self) -> np.ndarray:
        """Which seeds diverged, (n_seeds,)."""
        blocks = [range(first, first + count) for (first, count), _ in self.diverged]
        return np.array([any(seed in block for block in blocks) for seed in self.seeds])

    def _of(self, table: Mapping[str, Any], measure: str) -> Any:
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


def results(name: str, folder: Path | None = None) -> Results:
    """The stored results of the experiment `name`, checked; ExperimentError as in `read_archive`."""
    place = folder or results_folder()
    path = archive_path(place, name)
    return _read(name, place, path.stat().st_mtime_ns if path.exists() else 0)


def joined(*names: str) -> Results:
    """Stored results of experiments that differ in nothing but their arms, read as one of the first's name.

    ExperimentError where they differ in more, or share an arm.
    """
    parts = [results(name) for name in names]
    first = parts[0].experiment
    for part in parts[1:]:
        other = part.experiment
        if (other.kind, other.settings, other.points) != (first.kind, first.settings, first.points):
            raise ExperimentError(f"{other.name} differs from {first.name} in more than its arms; read them apart")
        if shared := first.arms.keys() & other.arms.keys():
            raise ExperimentError(f"{first.name} and {other.name} both have the arm {min(shared)!r}")
    arms = {name: arm for part in parts for name, arm in part.arms.items()}
    stated = {name: own for part in parts for name, own in part.experiment.arms.items()}
    return Results(replace(first, arms=stated), arms, parts[0].provenance)


@lru_cache(maxsize=32)
def _read(name: str, folder: Path, written: int) -> Results:
    """Read once for as long as the file is as it was `written`."""
    defined = experiment(name)
    content = read_archive(folder, defined)
    arms = {arm: _arm(arm, defined.seeds, entry) for arm, entry in content["arms"].items()}
    return Results(defined, arms, content["provenance"])


def _arm(name: str, seeds: Seeds, entry: Mapping[str, Any]) -> ArmResults:
    axes = {axis: np.array(values, dtype=np.float64) for axis, values in entry["axes"].items()}
    return ArmResults(name, seeds, axes, entry["curves"], entry["final"], entry["diverged"], entry["core_seconds"])
