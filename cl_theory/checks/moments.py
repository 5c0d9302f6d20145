"""What the Monte Carlo checks look at: the moments of n independent draws of a statistic vector."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from typing import Any

import numpy as np

from cl_theory.arguments import finite, positive_integer


@dataclass(frozen=True)
class Moments:
    """Moments of `n` independent draws of Y in R^k.

    mean (k,); covariance (k, k), divided by n - 1; skewness (k,), the third central moment over the 3/2 power of
    the second (both divided by n), 0 where a coordinate is constant. ValueError at NaN or shapes that disagree.
    """

    n: int
    mean: np.ndarray
    covariance: np.ndarray
    skewness: np.ndarray

    def __post_init__(self) -> None:
        mean, covariance, skewness = _validated(self, ("mean", "covariance", "skewness"))
        if mean.ndim != 1 or covariance.shape != 2 * mean.shape or skewness.shape != mean.shape:
            shapes = f"mean {mean.shape}, covariance {covariance.shape}, skewness {skewness.shape}"
            raise ValueError(f"moments of k coordinates are (k,), (k, k), (k,), got {shapes}")

    @staticmethod
    def of(samples: Any) -> "Moments":
        """Moments of the rows of `samples` (n, k), or of n scalars; n at least 2."""
        rows = _rows(samples)
        mean = rows.mean(0)
        centred = rows - mean
        covariance = centred.T @ centred / (len(rows) - 1)
        return Moments(len(rows), mean, covariance, _skewness(centred))

    @staticmethod
    def merged(parts: Sequence["Moments"]) -> "Moments":
        """Moments of all draws of `parts` together, merged in their order."""
        if not parts:
            raise ValueError("nothing to merge: got no moments")
        return reduce(_merged, parts)


@dataclass(frozen=True)
class DiagonalMoments:
    """Moments of `n` independent draws of many coordinates, without their covariances.

    mean, variance (divided by n - 1) and, where known, skewness, each (d,), as in `Moments`.
    """

    n: int
    mean: np.ndarray
    variance: np.ndarray
    skewness: np.ndarray | None = None

    def __post_init__(self) -> None:
        names = ("mean", "variance") if self.skewness is None else ("mean", "variance", "skewness")
        arrays = _validated(self, names)
        if arrays[0].ndim != 1 or len({array.shape for array in arrays}) != 1:
            raise ValueError(f"mean, variance, skewness must be (d,) each, got {[a.shape for a in arrays]}")
        if (arrays[1] < 0).any():
            raise ValueError(f"variance must not be negative, got {float(arrays[1].min())!r}")

    @staticmethod
    def of(samples: Any) -> "DiagonalMoments":
        """Moments of the rows of `samples` (n, d); n at least 2."""
        rows = _rows(samples)
        mean = rows.mean(0)
        centred = rows - mean
        return DiagonalMoments(len(rows), mean, (centred**2).sum(0) / (len(rows) - 1), _skewness(centred))


def _validated(moments: Any, names: Sequence[str]) -> list[np.ndarray]:
    object.__setattr__(moments, "n", positive_integer(moments.n, "n"))
    if moments.n < 2:
        raise ValueError("moments need at least 2 draws, got n = 1")
    arrays = [finite(np.asarray(getattr(moments, name), dtype=float), name) for name in names]
    for name, array in zip(names, arrays, strict=True):
        object.__setattr__(moments, name, array)
    return arrays


def _rows(samples: Any) -> np.ndarray:
    rows = finite(np.asarray(samples, dtype=float), "samples")
    rows = rows[:, None] if rows.ndim == 1 else rows
    if rows.ndim != 2 or len(rows) < 2 or rows.shape[1] == 0:
        raise ValueError(f"samples must be (n, k) with n >= 2 and k >= 1, got shape {np.shape(samples)}")
    return rows


def _skewness(centred: np.ndarray) -> np.ndarray:
    second = (centred**2).mean(0)
    return _standardised((centred**3).mean(0), second)


def _standardised(third: np.ndarray, second: np.ndarray) -> np.ndarray:
    return np.divide(third, second**1.5, out=np.zeros_like(third), where=second > 0)


def _merged(a: Moments, b: Moments) -> Moments:
    n = a.n + b.n
    shift = b.mean - a.mean
    mean = a.mean + shift * (b.n / n)
    scatter = [(part.n - 1) * part.covariance for part in (a, b)]
    covariance = (scatter[0] + scatter[1] + np.outer(shift, shift) * (a.n * b.n / n)) / (n - 1)
    third, second = np.zeros_like(mean), (n - 1) / n * np.diagonal(covariance)
    for part, within in zip((a, b), scatter, strict=True):
        offset, spread = part.mean - mean, np.diagonal(within) / part.n
        third = third + part.n / n * (part.skewness * spread**1.5 + 3 * offset * spread + offset**3)
    return Moments(n, mean, covariance, _standardised(third, second))
