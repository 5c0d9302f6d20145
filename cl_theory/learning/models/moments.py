"""Sample moments of vectors, which merge from chunk to chunk, and what a population has in their place."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import reduce
from typing import Any

import numpy as np

from cl_theory.arguments import finite, positive_integer, probabilities

CHUNK = 2**13
"""Draws made at a time; part of the stream's meaning, so that a seed gives the same draws everywhere."""


def chunk_sizes(n: int, largest: int = CHUNK) -> Iterator[int]:
    """Sizes of the chunks in which n draws are made: `largest` each, a remainder of one joined to the last."""
    whole, rest = divmod(positive_integer(n, "n"), largest)
    sizes = [largest] * whole + [rest] * (rest > 0)
    if rest == 1 and whole:
        sizes[-2:] = [largest + 1]  # a single draw has no covariance
    yield from sizes


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
        object.__setattr__(self, "n", positive_integer(self.n, "n"))
        if self.n < 2:
            raise ValueError("moments need at least 2 draws, got n = 1")
        mean, covariance, skewness = (
            finite(np.asarray(getattr(self, name), dtype=float), name) for name in ("mean", "covariance", "skewness")
        )
        if mean.ndim != 1 or covariance.shape != 2 * mean.shape or skewness.shape != mean.shape:
            shapes = f"mean {mean.shape}, covariance {covariance.shape}, skewness {skewness.shape}"
            raise ValueError(f"moments of k coordinates are (k,), (k, k), (k,), got {shapes}")
        for name, array in (("mean", mean), ("covariance", covariance), ("skewness", skewness)):
            object.__setattr__(self, name, array)

    @staticmethod
    def of(samples: Any) -> "Moments":
        """Moments of the rows of `samples` (n, k), or of n scalars; n at least 2."""
        rows = _rows(samples)
        mean = rows.mean(0)
        centred = rows - mean
        covariance = centred.T @ centred / (len(rows) - 1)
        return Moments(len(rows), mean, covariance, _skewness(centred, mean))

    @staticmethod
    def of_counts(counts: Any, values: Any) -> "Moments":
        """Moments of draws from a finite law: `counts` (m,) of its atoms, on which Y is `values` (m, k)."""
        weights, rows = np.asarray(counts), _rows(values, least=1)
        if weights.shape != rows.shape[:1] or (weights < 0).any() or (weights != np.floor(weights)).any():
            raise ValueError(f"counts must be {len(rows)} integers of at least 0, got shape {weights.shape}")
        n = int(weights.sum())
        law = Population.of(weights / n, rows)
        return Moments(n, law.mean, law.covariance * (n / (n - 1)), law.skewness)

    @staticmethod
    def merged(parts: Sequence["Moments"]) -> "Moments":
        """Moments of all draws of `parts` together, merged in their order."""
        if not parts:
            raise ValueError("nothing to merge: got no moments")
        return reduce(_merged, parts)


@dataclass(frozen=True)
class Population:
    """Exact moments of a statistic under a finite law: mean (k,), covariance (k, k), skewness (k,)."""

    mean: np.ndarray
    covariance: np.ndarray
    skewness: np.ndarray

    @staticmethod
    def of(probability: Any, values: Any) -> "Population":
        """From the law's `probability` (m,) and the statistic on its atoms, `values` (m, k) or (m,)."""
        weights, rows = probabilities(np.asarray(probability, dtype=float)), _rows(values, least=1)
        if len(weights) != len(rows):
            raise ValueError(f"one row of values per atom, got {len(rows)} rows for {len(weights)} probabilities")
        mean = weights @ rows
        centred = rows - mean
        covariance = centred.T @ (weights[:, None] * centred)
        third = weights @ (centred**2 * centred)
        return Population(mean, covariance, _standardised(third, np.diagonal(covariance), mean))


def _rows(samples: Any, least: int = 2) -> np.ndarray:
    rows = finite(np.asarray(samples, dtype=float), "samples")
    rows = rows[:, None] if rows.ndim == 1 else rows
    if rows.ndim != 2 or len(rows) < least or rows.shape[1] == 0:
        raise ValueError(f"samples must be (n, k) with n >= {least} and k >= 1, got shape {np.shape(samples)}")
    return rows


def _skewness(centred: np.ndarray, mean: np.ndarray) -> np.ndarray:
    return _standardised((centred**2 * centred).mean(0), (centred**2).mean(0), mean)


def _standardised(third: np.ndarray, second: np.ndarray, mean: np.ndarray) -> np.ndarray:
    # What rounding leaves of a constant coordinate has no skewness.
    return np.divide(third, second**1.5, out=np.zeros_like(third), where=second > 1e-28 * mean**2)


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
    return Moments(n, mean, covariance, _standardised(third, second, mean))
