"""Stored results as chapters read them: arrays by arm and seed, slices run again, stored models."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from scipy.stats import spearmanr

import cl_theory
from cl_theory.learning.models.rbm import RBM
from cl_theory.proof.checks.exact import close
from cl_theory.proof.checks.outcome import Outcome
from cl_theory.proof.experiments.definition import Cell, Experiment, ExperimentError, Seeds, computed
from cl_theory.proof.experiments.registered import experiment
from cl_theory.proof.experiments.store import archive_path, read_archive


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
        axis, values = _named(self.axes, along, self.name, "axis"), self._measure(self.curves, measure)
        taken = [place for place, value in enumerate(values) if value is not None]
        table = np.array([values[place] for place in taken], dtype=np.float64).T
        return axis[taken], table

    def last(self, measure: str) -> np.ndarray:
        """Values of `measure` at the last point where it was taken, one a seed; NaN for seeds that diverged."""
        values = self.curve(measure)[1][:, -1]
        return np.where(self.ended, np.nan, values) if len(values) == len(self.seeds) else values

    def final(self, measure: str) -> np.ndarray:
        """What was measured at the end only, one value a seed; NaN for seeds that diverged."""
        values = self._measure(self.finals, measure)
        return np.full(len(self.seeds), np.nan) if values is None else np.array(values, dtype=np.float64)

    @property
    def ended(self) -> np.ndarray:
        """Which seeds diverged, (n_seeds,)."""
        blocks = [range(first, first + count) for (first, count), _ in self.diverged]
        return np.array([any(seed in block for block in blocks) for seed in self.seeds])

    def _measure(self, table: Mapping[str, Any], name: str) -> Any:
        return _named(table, name, self.name, "measure")


@dataclass(frozen=True, eq=False)
class Results:
    """The stored results of an experiment."""

    experiment: Experiment
    arms: Mapping[str, ArmResults]
    provenance: Mapping[str, Any]

    def __getitem__(self, arm: str) -> ArmResults:
        return _named(self.arms, arm, self.experiment.name, "arm")


def _named(table: Mapping[str, Any], name: str, whose: str, what: str) -> Any:
    if name not in table:
        raise KeyError(f"{whose} has no {what} {name!r}; there are {', '.join(table)}")
    return table[name]


INSTALLED = Path(cl_theory.__file__).parent
"""Holds ``data`` as well, where the package is installed from a wheel."""


def results_folder(start: Path | None = None) -> Path:
    """``data/experiments`` of the checkout that holds `start` (default: the current folder), or else the installed."""
    here = (start or Path.cwd()).resolve()
    for folder in (here, *here.parents, INSTALLED):
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


def stored_rbms(found: Results) -> dict[str, RBM]:
    """The RBM that the first seed of each arm ended with, without visible biases, from its final measure "weights".

    KeyError if an arm has no such measure; ValueError if its numbers cannot be those of the experiment's hidden units.
    """
    n_hidden = found.experiment.settings["hidden"]
    return {name: _rbm(name, arm.final("weights")[0], n_hidden) for name, arm in found.arms.items()}


def _rbm(name: str, numbers: np.ndarray, n_hidden: int) -> RBM:
    n_visible, left = divmod(len(numbers) - n_hidden, n_hidden)
    if left or n_visible < 1:
        raise ValueError(f"{name}: {len(numbers)} numbers are not weights and biases of {n_hidden} hidden units")
    weights = numbers[: n_hidden * n_visible].reshape(n_hidden, n_visible)
    return RBM(weights, np.zeros(n_visible), numbers[-n_hidden:])


Key = TypeVar("Key", str, float)
LEAST_POINTS = 4
"""Points over the second half of a run, below which its roughness says nothing."""


def log_roughness(arm: ArmResults, measure: str) -> np.ndarray:
    """Log of how much a curve jumps from point to point over the second half of the run, one value a seed.

    The jump is the root mean square of successive differences, less their mean: a steady slope is no roughness. NaN
    where a run diverged; ValueError with fewer than LEAST_POINTS points, or for a curve that does not jump at all.
    """
    phases, values = arm.curve(measure)
    late = values[:, phases >= phases[-1] / 2]
    if late.shape[1] < LEAST_POINTS:
        raise ValueError(
            f"{arm.name} has {late.shape[1]} points of {measure} in its second half; {LEAST_POINTS} needed"
        )
    jumps = np.diff(late, axis=1).std(axis=1, ddof=1)
    if (jumps == 0).any():
        raise ValueError(f"{measure} of {arm.name} rises by the same at every point in {np.sum(jumps == 0)} seeds")
    return np.log(jumps)


def log_time_to(
    arm: ArmResults, measure: str, level: float, along: str = "phases", until: float = np.inf
) -> np.ndarray:
    """Log of the place on the axis `along` at which a curve first falls to `level`, one value a seed.

    Straight lines between the points; a run that has not got there at its end, or at `until`, counts as getting there
    then, so that a slow arm looks faster than it is, never slower. Arms of different lengths need one `until`.
    ValueError if a curve starts at or below `level`.
    """
    places, values = arm.curve(measure, along)
    places, values = places[places <= until], values[:, places <= until]
    if not (values[:, 0] > level).all():
        raise ValueError(f"{arm.name}: {measure} starts at or below {level!r}; choose a level inside the curves")
    return np.log([_first_below(places, row, level) for row in values])


def _first_below(places: np.ndarray, values: np.ndarray, level: float) -> float:
    below = np.flatnonzero(values <= level)
    if not below.size:
        return float(places[-1])
    k = below[0]
    share = (values[k - 1] - level) / (values[k - 1] - values[k])
    return float(places[k - 1] + share * (places[k] - places[k - 1]))


def at_phases(arm: ArmResults, measure: str, phases: float) -> np.ndarray:
    """Values of `measure` at a number of phases that is one of the points, one a seed."""
    places, values = arm.curve(measure)
    found = np.flatnonzero(places == phases)
    if not found.size:
        raise ValueError(f"{measure} of {arm.name} was not taken at {phases:g} phases, but at {places.tolist()}")
    return values[:, found[0]]


def tuned(results: Results, name: str) -> tuple[np.ndarray, list[ArmResults]]:
    """(learning rates, arms) of the arms "name @ rate" of a tuning run, by ascending rate."""
    arms = {
        float(arm.rpartition(" @ ")[2]): found for arm, found in results.arms.items() if arm.startswith(f"{name} @")
    }
    if not arms:
        raise KeyError(f"{results.experiment.name} has not tuned {name!r}")
    rates = sorted(arms)
    return np.array(rates), [arms[rate] for rate in rates]


def final_by_rate(results: Results, name: str, measure: str) -> tuple[np.ndarray, np.ndarray]:
    """(learning rates (k,), last values (k, n_seeds)) of a tuning run; infinite where learning diverged."""
    rates, arms = tuned(results, name)
    return rates, np.array([_last_or_infinite(arm, measure) for arm in arms])


def best_rate(results: Results, name: str, measure: str) -> float:
    """The rate of the grid with the least mean of the last values; ValueError if some seed diverged at every rate."""
    rates, values = final_by_rate(results, name, measure)
    if not np.isfinite(values).all(axis=1).any():
        raise ValueError(f"{name} diverged at every rate of {results.experiment.name}, the least is {rates[0]:g}")
    return float(rates[values.mean(axis=1).argmin()])


def log_best_rates(results: Results, name: str, measure: str) -> np.ndarray:
    """Log of the best rate of each seed by itself, (n_seeds,)."""
    rates, values = final_by_rate(results, name, measure)
    return np.log(rates[values.argmin(axis=0)])


def rank_correlations(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Spearman's rank correlation over the arms, one value a seed, of tables (n_arms, n_seeds).

    ValueError where a seed has the same value in all arms: that has no ranks.
    """
    flat = (np.ptp(a, axis=0) == 0) | (np.ptp(b, axis=0) == 0)
    if flat.any():
        raise ValueError(f"{flat.sum()} of {flat.size} seeds have one value in all arms, which cannot be ranked")
    return np.array([spearmanr(a[:, seed], b[:, seed]).statistic for seed in range(a.shape[1])])


def best_on_even_seeds(values: Mapping[Key, np.ndarray]) -> tuple[Key, dict[Key, np.ndarray]]:
    """(name with the least mean over every second seed, `values` of the other seeds): chosen on one half, judged on
    the other, so that the luck of the choice does not count. Names some of whose seeds diverged are not chosen."""
    best = min(values, key=lambda name: _mean_or_infinite(values[name][::2]))
    return best, {name: found[1::2] for name, found in values.items()}


def least(values: Mapping[Key, np.ndarray]) -> Key:
    """The key with the least mean over seeds; one some of whose seeds diverged is never the least."""
    return min(values, key=lambda name: _mean_or_infinite(values[name]))


def _last_or_infinite(arm: ArmResults, measure: str) -> np.ndarray:
    """Last values of an arm some of whose runs may have ended early."""
    return np.where(arm.ended, np.inf, arm.last(measure))


def _mean_or_infinite(values: np.ndarray) -> float:
    return float(np.mean(values)) if np.isfinite(values).all() else np.inf
