"""How normal a mean of draws is, and its moments whitened.

`scipy.stats.Covariance` whitens singular laws too, but does not say what a sample does in directions that never vary;
`jarque_bera` and `anderson` ask whether draws are normal, the gate whether their mean is, at a level of 2e-7.
"""

import math
from dataclasses import dataclass

import numpy as np
from scipy import stats

CONSTANT = 1e-7
"""Planned standard deviation, relative to the scale, up to which a coordinate counts as constant."""
CONSTANT_SEEN = 1e-6
"""How far, relative to the scale, a sample of a constant may be off, in mean or in standard deviation."""
SINGULAR = 1e-11
"""Relative eigenvalue of the correlation matrix up to which a direction counts as constant."""


@dataclass(frozen=True)
class Whitening:
    """`varying` (r, k) maps Y to r coordinates of unit covariance; `constant` (k - r, k) spans the directions that
    do not vary, in units of the coordinates' standard deviations (or scales, where a coordinate is constant).
    `coordinates` (k,) says which coordinates vary at all."""

    varying: np.ndarray
    constant: np.ndarray
    coordinates: np.ndarray

    @staticmethod
    def of(covariance: np.ndarray, scales: np.ndarray) -> "Whitening":
        """From a covariance (k, k). ValueError unless it is symmetric, positive semidefinite and not 0."""
        if covariance.ndim != 2 or covariance.shape[0] != covariance.shape[1]:
            raise ValueError(f"covariance must be square, got shape {covariance.shape}")
        deviations = np.sqrt(np.maximum(np.diagonal(covariance), 0.0))
        varies = deviations > CONSTANT * scales
        if not varies.any():
            raise ValueError("nothing varies under this covariance; compare with `close` or `equal_exactly`")
        units = np.where(varies, deviations, scales)
        correlation = np.where(np.outer(varies, varies), covariance / np.outer(units, units), 0.0)
        if not np.allclose(correlation, correlation.T, rtol=0.0, atol=1e-8):
            raise ValueError("covariance must be symmetric; pass (C + C.T) / 2 if it should be")
        values, vectors = np.linalg.eigh(correlation)
        if values[0] < -1e-7 * len(values):
            raise ValueError(f"covariance must be positive semidefinite, got relative eigenvalue {values[0]:.3g}")
        kept = values > SINGULAR * values[-1]
        rows = vectors.T / units
        return Whitening(rows[kept] / np.sqrt(values[kept])[:, None], rows[~kept], varies)

    @property
    def k(self) -> int:
        """Coordinates."""
        return self.varying.shape[1]

    @property
    def rank(self) -> int:
        """Directions that vary."""
        return len(self.varying)

    def squared(self, shift: np.ndarray) -> float:
        """shift' S^-1 shift in the range; infinite where the shift moves a constant direction."""
        if self.moves_a_constant(shift):
            return float("inf")
        return float(((self.varying @ shift) ** 2).sum())

    def moves_a_constant(self, shift: np.ndarray) -> bool:
        """Whether `shift` has a part in a direction that never varies."""
        return bool((np.abs(self.constant @ shift) > CONSTANT_SEEN).any())

    def varies_where_constant(self, covariance: np.ndarray) -> bool:
        """Whether a sample with this covariance (k, k) varies in a direction in which the law never does."""
        spread = np.einsum("ci,ij,cj->c", self.constant, covariance, self.constant)
        return bool((spread > 10 * SINGULAR).any())


CLT_LIMIT = 0.25
"""Gate: the size is then off by a factor of about cosh(0.25) = 1.03."""
CLT_PLANNED = 0.2
"""What plans aim for, below the gate because the skewness of a sample scatters."""


def clt_kappa(skewness: np.ndarray, n: float, level: float) -> float:
    r""":math:`\kappa = |\text{skew}|\, z^3/(3\sqrt n)` of the most skewed coordinate; z is the quantile of `level`.

    A Studentised mean of n draws tested at `level` has size about :math:`\cosh(\kappa)` times it. In k dimensions the
    tail is an average over directions u of cosh(kappa(u)), in which the larger quantile and the smaller skewness of a
    random direction cancel; so the scalar quantile and the worst coordinate are used.
    """
    return float(np.abs(skewness).max()) * float(stats.norm.isf(level / 2)) ** 3 / (3 * math.sqrt(n))


def draws_for_clt(skewness: np.ndarray, level: float) -> float:
    """Draws that bring `clt_kappa` to CLT_PLANNED, and 0.1 % more, which rounding in the skewness may take."""
    return 1.001 * (clt_kappa(skewness, 1, level) / CLT_PLANNED) ** 2
