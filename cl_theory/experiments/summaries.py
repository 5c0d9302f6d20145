"""One number a seed from stored curves: what criteria are decided from."""

from collections.abc import Mapping
from typing import TypeVar

import numpy as np
from scipy.stats import spearmanr

from cl_theory.experiments.results import ArmResults, Results

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
