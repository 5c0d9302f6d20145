"""Runs that are done again for a look inside: models along the way, variances, two noises of a test error."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
from scipy.stats import binomtest

from cl_theory.arguments import probability_inside
from cl_theory.learning.learners.loop import Randomness
from cl_theory.learning.learners.replicas import Replicas
from cl_theory.learning.models.forward_forward import ForwardForward
from cl_theory.learning.models.rbm import RBM, rbm_phase_means, rbm_phase_moments
from cl_theory.proof.checks.comparisons import mean
from cl_theory.proof.checks.exact import close
from cl_theory.proof.checks.outcome import Outcome
from cl_theory.proof.experiments import forward_forward_runs, rbm_runs
from cl_theory.proof.experiments.definition import Experiment, Seeds
from cl_theory.proof.experiments.rbm_runs import first_rbm, loaded
from cl_theory.proof.experiments.registered.designs import MOMENTS
from cl_theory.proof.experiments.results import STORED_DIGITS, ArmResults, Results
from cl_theory.proof.experiments.tracing import second_moments
from cl_theory.seeds import FIXED_ROOT


def moments_along(arm: ArmResults) -> tuple[np.ndarray, np.ndarray]:
    """(phases (n,), moments (3, n_seeds, n)): m+, m- and the squared mean where they were measured."""
    tables = [arm.curve(name) for name in MOMENTS]
    return tables[0][0], np.array([table for _, table in tables])


def isd_variance(moments: Any, p_positive: float) -> Any:
    """tr Cov Z at b from moments (3, ...): claim `isd-covariance`."""
    b = probability_inside(p_positive)
    return moments[0] / b + moments[1] / (1 - b) - moments[2]


def least_variance_b(moments: np.ndarray) -> np.ndarray:
    """The b of least variance from moments (3, ...): claim `isd-optimal-b`."""
    up, down = np.sqrt(moments[0]), np.sqrt(moments[1])
    return up / (up + down)


def shares(results: Results) -> list[float]:
    """The values of b of the arms "b = 0.2", in their order."""
    return [float(arm.removeprefix("b = ")) for arm in results.arms]


def last_variances(results: Results, values: Sequence[float] | None = None) -> np.ndarray:
    """Variance at the end of each arm's own run, (n_arms, n_seeds), at that arm's b.

    With `values` it is (n_arms, len(values), n_seeds), each arm's run at each of these b.
    """
    ends = [moments_along(arm)[1][:, :, -1] for arm in results.arms.values()]
    if values is None:
        return np.array([isd_variance(end, b) for end, b in zip(ends, shares(results), strict=True)])
    return np.array([[isd_variance(end, b) for b in values] for end in ends])


def grid_b_of_least_variance(results: Results) -> int:
    """Place of the arm whose own variance at its own end is least, on average over the seeds."""
    return int(last_variances(results).mean(axis=1).argmin())


@dataclass(frozen=True)
class PhaseNoise:
    """Exact moments of the gradients of an RBM without visible biases: `second` m+ and m-, `means` of both phases."""

    second: tuple[float, float]
    means: tuple[np.ndarray, np.ndarray]

    def isd(self, p_positive: float = 0.5) -> float:
        """tr Cov of one ISD phase at b: claim `isd-covariance`."""
        return float(isd_variance((*self.second, np.sum(np.subtract(*self.means) ** 2)), p_positive))

    def centred(self, p_positive: float = 0.5) -> float:
        """The same around the best baseline."""
        return float(isd_variance((*self._variances, 0.0), p_positive))

    @property
    def two_term(self) -> float:
        """tr Cov of a pair of independent phases."""
        return sum(self._variances)

    def prices(self, p_positive: float = 0.5) -> tuple[float, float]:
        """Variance of ISD and of centred ISD at equal drift, over that of two-term learning."""
        return self.isd(p_positive) / (2 * self.two_term), self.centred(p_positive) / (2 * self.two_term)

    @property
    def _variances(self) -> tuple[float, float]:
        up, down = (m - float(mean @ mean) for m, mean in zip(self.second, self.means, strict=True))
        return up, down


def phase_noise(rbm: RBM, data: np.ndarray) -> PhaseNoise:
    """The moments of `rbm` when `data` are shown, summed over all states."""
    learned = np.delete(np.arange(rbm.n_parameters), np.arange(rbm.n_visible) + rbm.weights.size)
    up, down = (mean[learned] for mean in rbm_phase_means(rbm, data))
    m_up, m_down, _ = measured_moments(rbm, data)
    return PhaseNoise((m_up, m_down), (up, down))


def row_noise(rbm: RBM, data: np.ndarray) -> float:
    """The part of one ISD phase's variance at b = 1/2 that comes from which row of `data` a positive phase sees."""
    hidden = rbm.mean_h_given_v(data)
    squares = (hidden**2).sum(axis=1) @ (1 + data.sum(axis=1)) / len(data)
    return float(2 * (squares - np.sum(phase_noise(rbm, data).means[0] ** 2)))


def measured_moments(rbm: RBM, data: np.ndarray) -> list[float]:
    """m+, m- and |mu|^2 as they are measured along the experiments."""
    measures = second_moments(data)
    one = Replicas.of([rbm])
    return [float(measures[name](one)[0]) for name in MOMENTS]


CONFIDENCE = 0.95
WELL_SEEN = 2.8
"""Standard errors of a difference that an interval of 95 % tells from 0 in four cases out of five: 1.96 + 0.84."""


@dataclass(frozen=True, eq=False)
class TwoNoises:
    """The noises of test `errors`, one a seed, of networks that are judged by the same `n_images`."""

    errors: np.ndarray
    n_images: int

    @property
    def of_seeds(self) -> float:
        """Standard deviation between networks."""
        return float(self.errors.std(ddof=1))

    @property
    def of_images(self) -> float:
        """Standard deviation of the error of one network over sets of test images."""
        error = self.errors.mean()
        return float((error * (1 - error) / self.n_images) ** 0.5)

    @property
    def of_mean(self) -> float:
        """Standard error of the mean over seeds, for this test set."""
        return self.of_seeds / self.errors.size**0.5

    @property
    def intervals(self) -> dict[str, tuple[float, float, float]]:
        """(estimate, low, high) of 95 %: of the first network, for all images (Clopper and Pearson), and of the mean
        over networks, for this test set."""
        first, seeds = float(self.errors[0]), mean(self.errors, CONFIDENCE)
        images = binomtest(round(first * self.n_images), self.n_images).proportion_ci(CONFIDENCE)
        return {
            "one network": (first, float(images.low), float(images.high)),
            "mean over seeds": (seeds.estimate, seeds.low, seeds.high),
        }

    def seeds_to_see(self, difference: float) -> int:
        """Seeds of each of two arms that show a true `difference` in four cases out of five."""
        return int(np.ceil(2 * (WELL_SEEN * self.of_seeds / difference) ** 2))


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


Model = TypeVar("Model")


def retraced(experiment: Experiment, arm: str, seed: int, phases: Sequence[int]) -> dict[int, RBM]:
    """The RBM of a seed of an arm of kind "rbm" after each of `phases`, ascending; ExperimentError without the arm."""
    cell = experiment.cell(arm, Seeds(seed, 1))
    data = rbm_runs.loaded(cell.settings["data"])["train"]
    return _walked(rbm_runs.learner_of(cell.settings, cell.seeds, data), phases, lambda model: model.rbm(0))


def retraced_nets(experiment: Experiment, arm: str, seed: int, phases: Sequence[int]) -> dict[int, ForwardForward]:
    """The forward-forward net of a seed of an arm after each of `phases`, ascending."""
    cell = experiment.cell(arm, Seeds(seed, 1))
    return _walked(forward_forward_runs.learner_of(cell.settings, cell.seeds), phases, lambda model: model[0])


def along_runs(
    runs: Mapping[str, Sequence[Mapping[int, Model]]], measure: Callable[[Model], Any]
) -> dict[str, dict[int, np.ndarray]]:
    """What is measured of the models of several seeds, by name and after each number of phases: (n_seeds, ...)."""
    return {
        name: {after: np.array([measure(seed[after]) for seed in seeds]) for after in seeds[0]}
        for name, seeds in runs.items()
    }


def _walked(learner: Any, phases: Sequence[int], first: Callable[[Any], Model]) -> dict[int, Model]:
    """The `first` replica of a learner after each of `phases`."""
    randomness = Randomness(FIXED_ROOT)
    state, found = learner.start(randomness), {}
    for after in phases:
        state = learner.advance(state, learner.iterations(after) - state.iteration, randomness)
        found[after] = first(learner.model(state.parameters))
    return found
