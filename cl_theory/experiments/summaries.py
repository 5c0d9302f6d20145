"""One number a seed from stored curves: what criteria are decided from."""

import numpy as np
from scipy.stats import spearmanr

from cl_theory.experiments.results import ArmResults, Results


def log_roughness(arm: ArmResults, measure: str) -> np.ndarray:
    """Log of how much a curve jumps from point to point over the second half of the run, one value a seed.

    The jump is the root mean square of successive differences, less their mean: a steady slope is no roughness.
    """
    phases, values = arm.curve(measure)
    late = values[:, phases >= phases[-1] / 2]
    return np.log(np.diff(late, axis=1).std(axis=1, ddof=1))


def log_time_to(arm: ArmResults, measure: str, level: float, along: str = "phases") -> np.ndarray:
    """Log of the place on the axis `along` at which a curve first falls to `level`, one value a seed.

    Straight lines between the points; a run that never gets there counts as getting there at its end, so that a
    slow arm looks faster than it is, never slower. ValueError if a curve starts below `level`.
    """
    places, values = arm.curve(measure, along)
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
    """The rate of the grid with the least mean of the last values."""
    rates, values = final_by_rate(results, name, measure)
    return float(rates[values.mean(axis=1).argmin()])


def log_best_rates(results: Results, name: str, measure: str) -> np.ndarray:
    """Log of the best rate of each seed by itself, (n_seeds,)."""
    rates, values = final_by_rate(results, name, measure)
    return np.log(rates[values.argmin(axis=0)])


def rank_correlations(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Spearman's rank correlation over the arms, one value a seed, of tables (n_arms, n_seeds)."""
    return np.array([spearmanr(a[:, seed], b[:, seed]).statistic for seed in range(a.shape[1])])


def _last_or_infinite(arm: ArmResults, measure: str) -> np.ndarray:
    """Last values of an arm whose run may have ended early."""
    if arm.diverged:
        return np.full(arm.curve(measure)[1].shape[0], np.inf)
    return arm.last(measure)
