"""The stored second moments of bars and stripes, computed another way."""

from collections.abc import Mapping, Sequence

import numpy as np

from cl_theory.checks import Outcome, close
from cl_theory.experiments.rbm_runs import first_rbm, loaded
from cl_theory.experiments.results import Results
from cl_theory.experiments.retraced import retraced
from cl_theory.experiments.slices import STORED_DIGITS
from cl_theory.experiments.variances import measured_moments, moments_along
from cl_theory.models.rbm import RBM
from cl_theory.models.rbm_moments import rbm_phase_moments

Check = tuple[Outcome, Mapping[str, Outcome]]
TOLERANCE = 1e-7


def by_all_second_moments(rbm: RBM, data: np.ndarray) -> list[float]:
    """The same from whole matrices of second moments, of which visible biases are left out."""
    of = rbm_phase_moments(rbm, data)
    learned = np.delete(np.arange(rbm.n_parameters), np.arange(rbm.n_visible) + rbm.weights.size)
    gap = (of.mean_positive - of.mean_negative)[learned]
    squares = np.diag(of.second_positive)[learned], np.diag(of.second_negative)[learned]
    return [float(squares[0].sum()), float(squares[1].sum()), float(gap @ gap)]


def two_ways(results: Results, arm: str, stages: Sequence[int]) -> Check:
    """Both ways on the networks that the first seed of `arm` goes through, ratio by ratio."""
    data = np.asarray(loaded(results.experiment.settings["data"])["train"], dtype=np.float64)
    networks = retraced(results.experiment, arm, results.experiment.seeds.first, stages).values()
    ratio = np.array([measured_moments(rbm, data) for rbm in networks])
    ratio /= np.array([by_all_second_moments(rbm, data) for rbm in networks])

    def check(ratios: np.ndarray, scope: str) -> Outcome:
        return close(ratios, np.ones_like(ratios), scope=scope, tolerance=TOLERANCE)

    scope = f"m+, m-, |mu|^2 of {len(stages)} networks along a run: closed form against whole matrices"
    return check(ratio, scope), {"1e-6 more": check(ratio * (1 + 1e-6), f"{scope}; planted")}


def as_stored(results: Results, arm: str, n_seeds: int = 2) -> Check:
    """The second moments of the first networks, against what is stored."""
    settings, seeds = results.experiment.settings, results.experiment.seeds
    data = np.asarray(loaded(settings["data"])["train"], dtype=np.float64)
    stored = moments_along(results[arm])[1][:2, :n_seeds, 0]
    firsts = [first_rbm(seeds.first + k, data.shape[1], settings["hidden"]) for k in range(n_seeds)]
    again = np.array([measured_moments(rbm, data)[:2] for rbm in firsts]).T

    def check(values: np.ndarray, scope: str) -> Outcome:
        return close(values, stored, scope=scope, tolerance=STORED_DIGITS)

    scope = f"m+ and m- of the first networks of {n_seeds} seeds, as stored"
    planted = {"phases exchanged": again[::-1], "seeds exchanged": again[:, ::-1], "1 % more": 1.01 * again}
    return check(again, scope), {name: check(bad, f"{scope}; {name}") for name, bad in planted.items()}
