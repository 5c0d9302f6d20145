"""A test error is uncertain twice: another seed gives another network, other test images another error of the same."""

from dataclasses import dataclass

import numpy as np
from scipy.stats import binomtest

from cl_theory.checks.comparisons import mean

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
