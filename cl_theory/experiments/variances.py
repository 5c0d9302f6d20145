r"""The exact variance of ISD along stored runs, for every b.

.. math:: \operatorname{tr}\operatorname{Cov} Z(b) = \frac{m^+}{b} + \frac{m^-}{1-b} - |\mu|^2
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from cl_theory.arguments import probability_inside
from cl_theory.experiments.rbm_measures import second_moments
from cl_theory.experiments.results import ArmResults, Results
from cl_theory.learning.replicas import Replicas
from cl_theory.models.rbm import RBM
from cl_theory.models.rbm_means import rbm_phase_means

MOMENTS = ("second_moment_positive", "second_moment_negative", "mean_squared")


def moments_along(arm: ArmResults) -> tuple[np.ndarray, np.ndarray]:
    """(phases (n,), moments (3, n_seeds, n)): m+, m- and the squared mean where they were measured."""
    tables = [arm.curve(name) for name in MOMENTS]
    return tables[0][0], np.array([table for _, table in tables])


def isd_variance(moments: np.ndarray, p_positive: float) -> np.ndarray:
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
        return _noise(self.second, p_positive) - float(np.sum(np.subtract(*self.means) ** 2))

    def centred(self, p_positive: float = 0.5) -> float:
        """The same around the best baseline."""
        return _noise(self._variances, p_positive)

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


def _noise(moments: tuple[float, float], p_positive: float) -> float:
    b = probability_inside(p_positive)
    return moments[0] / b + moments[1] / (1 - b)
