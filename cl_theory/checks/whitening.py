"""The directions in which a statistic varies, and those in which it is constant."""

from dataclasses import dataclass

import numpy as np

SINGULAR = 1e-9
"""Relative eigenvalue of the correlation matrix below which a direction counts as constant."""


@dataclass(frozen=True)
class Whitening:
    """`varying` (r, k) maps Y to r coordinates of unit covariance; `constant` (k - r, k) spans the directions that
    do not vary, in units of the coordinates' standard deviations (or scales, where a coordinate is constant)."""

    varying: np.ndarray
    constant: np.ndarray

    @staticmethod
    def of(covariance: np.ndarray, scales: np.ndarray) -> "Whitening":
        """From a covariance (k, k). ValueError unless it is symmetric, positive semidefinite and not 0."""
        if covariance.ndim != 2 or covariance.shape[0] != covariance.shape[1]:
            raise ValueError(f"covariance must be square, got shape {covariance.shape}")
        deviations = np.sqrt(np.maximum(np.diagonal(covariance), 0.0))
        if not deviations.any():
            raise ValueError("nothing varies under this covariance; compare with `close` or `equal_exactly`")
        units = np.where(deviations > 0, deviations, scales)
        correlation = covariance / np.outer(units, units)
        if not np.allclose(correlation, correlation.T, rtol=0.0, atol=1e-8):
            raise ValueError("covariance must be symmetric; pass (C + C.T) / 2 if it should be")
        values, vectors = np.linalg.eigh(correlation)
        if values[0] < -1e-7 * len(values):
            raise ValueError(f"covariance must be positive semidefinite, got relative eigenvalue {values[0]:.3g}")
        varies = values > SINGULAR * values[-1]
        rows = vectors.T / units
        return Whitening(rows[varies] / np.sqrt(values[varies])[:, None], rows[~varies])

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

    def moves_a_constant(self, shift: np.ndarray, tolerance: float = 1e-7) -> bool:
        """Whether `shift` has a part in a direction that never varies."""
        return bool(len(self.constant)) and float(np.abs(self.constant @ shift).max()) > tolerance
