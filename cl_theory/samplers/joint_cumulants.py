"""Joint cumulants of a few projections up to order four: they add over independent terms, moments do not."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, eq=False)
class JointCumulants:
    """Cumulants of L_1..L_k, with any leading batch axes.

    mean (..., k); `two` (..., k, k) of (a, b), the covariance; `three` (..., k, k) of (a, b, b); `four`
    (..., k, k) of (a, a, b, b).
    """

    mean: np.ndarray
    two: np.ndarray
    three: np.ndarray
    four: np.ndarray

    def __add__(self, other: "JointCumulants") -> "JointCumulants":
        """Cumulants of the sum of independent terms."""
        parts = zip(self._orders(), other._orders(), strict=True)
        return JointCumulants(*(first + second for first, second in parts))

    def scaled(self, factor: float) -> "JointCumulants":
        """Cumulants of `factor` times the projections."""
        return JointCumulants(*(factor**order * part for order, part in enumerate(self._orders(), start=1)))

    def copies(self, count: int) -> "JointCumulants":
        """Cumulants of the sum of `count` independent copies."""
        return JointCumulants(*(count * part for part in self._orders()))

    def moments(self) -> tuple[np.ndarray, np.ndarray]:
        """E X (..., 2k) and E XX' (..., 2k, 2k) of X = [L_1..L_k, L_1^2..L_k^2]."""
        variance = np.diagonal(self.two, axis1=-2, axis2=-1)
        plain = self.two + _outer(self.mean, self.mean)
        mixed = self.three + _mixed_rest(self.mean, self.two)
        squares = self.four + _squares_rest(self.mean, self.two, self.three)
        top = np.concatenate([plain, mixed], axis=-1)
        bottom = np.concatenate([np.swapaxes(mixed, -1, -2), squares], axis=-1)
        return np.concatenate([self.mean, variance + self.mean**2], axis=-1), np.concatenate([top, bottom], axis=-2)

    @classmethod
    def from_moments(cls, first: np.ndarray, second: np.ndarray) -> "JointCumulants":
        """The inverse of `moments`."""
        k = first.shape[-1] // 2
        mean = first[..., :k]
        two = second[..., :k, :k] - _outer(mean, mean)
        three = second[..., :k, k:] - _mixed_rest(mean, two)
        return cls(mean, two, three, second[..., k:, k:] - _squares_rest(mean, two, three))

    def _orders(self) -> tuple[np.ndarray, ...]:
        return self.mean, self.two, self.three, self.four


def _outer(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    return first[..., :, None] * second[..., None, :]


def _mixed_rest(mean: np.ndarray, two: np.ndarray) -> np.ndarray:
    """E[L_a L_b^2] less the third cumulant."""
    variance = np.diagonal(two, axis1=-2, axis2=-1)
    return 2 * two * mean[..., None, :] + _outer(mean, variance + mean**2)


def _squares_rest(mean: np.ndarray, two: np.ndarray, three: np.ndarray) -> np.ndarray:
    """E[L_a^2 L_b^2] less the fourth cumulant."""
    variance = np.diagonal(two, axis1=-2, axis2=-1)
    once = 2 * mean[..., :, None] * three  # m_a times the cumulant of (a, b, b)
    pairs = 2 * two**2 + 4 * _outer(mean, mean) * two
    return once + np.swapaxes(once, -1, -2) + pairs + _outer(variance + mean**2, variance + mean**2)
