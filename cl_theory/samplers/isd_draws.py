"""Millions of ISD draws a second, with running moments, for Gaussian phases and for finite laws.

Draws come in fixed chunks that are added in their order: the same for any number of threads.
"""

from dataclasses import dataclass, fields
from functools import cached_property
from typing import NamedTuple

import numpy as np

from cl_theory.arguments import finite, positive_integer
from cl_theory.checks.moments import Moments
from cl_theory.laws.finite import FiniteLaw
from cl_theory.laws.moments import PhaseMoments
from cl_theory.philox import philox_key
from cl_theory.samplers.alias import AliasTable
from cl_theory.samplers.finite_kernels import finite_isd_counts
from cl_theory.samplers.gaussian_kernels import gaussian_isd_sums
from cl_theory.samplers.planted import NOTHING_PLANTED, Planted


class IsdDraws(NamedTuple):
    """Moments of the estimate and the number of positive phases among its draws."""

    moments: Moments
    n_positive: int


@dataclass(frozen=True, eq=False)
class GaussianPhases:
    """Independent Gaussian gradients: means (d,) and covariances (d, d), symmetric and positive semidefinite."""

    mean_positive: np.ndarray
    covariance_positive: np.ndarray
    mean_negative: np.ndarray
    covariance_negative: np.ndarray

    def __post_init__(self) -> None:
        for field in fields(self):
            array = np.asarray(finite(getattr(self, field.name), field.name), dtype=float)
            object.__setattr__(self, field.name, array)
        d = self.mean_positive.size
        shapes = [getattr(self, field.name).shape for field in fields(self)]
        if d == 0 or shapes != [(d,), (d, d), (d,), (d, d)]:
            raise ValueError(f"means must be (d,) and covariances (d, d) for one d, got shapes {shapes}")

    @classmethod
    def of(cls, moments: PhaseMoments) -> "GaussianPhases":
        """Gaussian phases with the means and covariances of `moments`."""
        m = moments.floats()
        return cls(m.mean_positive, m.covariance_positive, m.mean_negative, m.covariance_negative)

    @cached_property
    def factors(self) -> tuple[np.ndarray, np.ndarray]:
        """Square roots of the two covariances, for singular ones too."""
        names = ("covariance_positive", "covariance_negative")
        return _square_root(self.covariance_positive, names[0]), _square_root(self.covariance_negative, names[1])


def gaussian_isd_draws(
    rng: np.random.Generator,
    phases: GaussianPhases,
    n: int,
    p_positive: float,
    planted: Planted = NOTHING_PLANTED,
    *,
    squared_norm: bool = False,
) -> IsdDraws:
    r"""Moments of `n` draws of the ISD estimate Z when both gradients are Gaussian.

    .. math:: Z = \frac{B}{b}\, g^{+} - \frac{1-B}{1-b}\, g^{-},\qquad g^\pm \sim N(\mu^\pm, \Sigma^\pm)

    `n` at least 2, 0 < `p_positive` = b < 1. The statistic is Z (d,), or with `squared_norm` Z followed by
    :math:`|Z|^2` (d + 1,). Normals are in single precision and end at 6.8 standard deviations; sums are in double.
    ValueError if b is outside (0, 1), `n` below 2, or a covariance is not symmetric positive semidefinite.
    """
    law_positive, law_negative, centre, norm_centre = _weighted_laws(phases, p_positive, planted)
    threshold = _threshold(planted.coin_probability(p_positive))
    laws = law_positive, law_negative, centre, norm_centre if squared_norm else -1.0
    n_positive, first, second, third = gaussian_isd_sums(_at_least_two(n), philox_key(rng), threshold, *laws)
    k = centre.size + squared_norm
    shift = np.append(centre, norm_centre)[:k]
    second = second.sum(axis=0)[:k, :k]
    second = np.tril(second) + np.tril(second, -1).T
    moments = _centred_moments(n, shift, first.sum(axis=0)[:k], second, third.sum(axis=0)[:k])
    return IsdDraws(moments, int(n_positive.sum()))


def finite_isd_draws(
    rng: np.random.Generator, law: FiniteLaw, n: int, p_positive: float, planted: Planted = NOTHING_PLANTED
) -> IsdDraws:
    """Moments of `n` draws of the ISD estimate when the pair of gradients has the finite `law`."""
    counts = isd_counts(rng, law, n, p_positive, planted)
    positive, negative = planted.signed_weights(p_positive)
    exact = law.floats()
    values = np.concatenate([positive * exact.g_positive, negative * exact.g_negative])
    return IsdDraws(counted_moments(counts.ravel(), values), int(counts[0].sum()))


def isd_counts(
    rng: np.random.Generator, law: FiniteLaw, n: int, p_positive: float, planted: Planted = NOTHING_PLANTED
) -> np.ndarray:
    """How often each atom of `law` came in `n` draws, (2, n_atoms), the positive phases first."""
    table = AliasTable.of(law.floats().probability)
    keep = np.rint(table.keep * 2.0**32).astype(np.uint64)
    threshold = _threshold(planted.coin_probability(p_positive))
    return finite_isd_counts(_at_least_two(n), philox_key(rng), threshold, keep, table.alias.astype(np.int64))


def counted_moments(counts: np.ndarray, values: np.ndarray) -> Moments:
    """Moments of draws that took row i of `values` (n_rows, k) `counts[i]` times."""
    n = int(counts.sum())
    shift = counts @ values / n
    centred = values - shift
    weighted = counts[:, None] * centred
    return _centred_moments(n, shift, weighted.sum(axis=0), weighted.T @ centred, (weighted * centred**2).sum(axis=0))


def _centred_moments(n: int, shift: np.ndarray, first: np.ndarray, second: np.ndarray, third: np.ndarray) -> Moments:
    """Moments from the sums of y - shift, its outer product and its cube."""
    offset = first / n
    scatter = second - n * np.outer(offset, offset)
    variance = np.diagonal(scatter) / n
    central = third / n - 3 * offset * np.diagonal(second) / n + 2 * offset**3
    skewness = np.divide(central, variance**1.5, out=np.zeros_like(central), where=variance > 0)
    return Moments(n, shift + offset, scatter / (n - 1), skewness)


def _weighted_laws(phases: GaussianPhases, p_positive: float, planted: Planted) -> tuple:
    """(factor, shift) of both phases with the weights inside and the mean taken off; the mean; E|Z|^2."""
    b, weights = planted.coin_probability(p_positive), planted.signed_weights(p_positive)
    means = [w * m for w, m in zip(weights, (phases.mean_positive, phases.mean_negative), strict=True)]
    factors = [w * f for w, f in zip(weights, phases.factors, strict=True)]
    centre = b * means[0] + (1 - b) * means[1]
    squares = [(f**2).sum() + m @ m for f, m in zip(factors, means, strict=True)]
    laws = [(np.ascontiguousarray(f), m - centre) for f, m in zip(factors, means, strict=True)]
    return laws[0], laws[1], centre, float(b * squares[0] + (1 - b) * squares[1])


def _square_root(covariance: np.ndarray, name: str) -> np.ndarray:
    scale = max(np.abs(covariance).max(), np.finfo(float).tiny)
    if np.abs(covariance - covariance.T).max() > 1e-10 * scale:
        raise ValueError(f"{name} must be symmetric; average it with its transpose")
    values, vectors = np.linalg.eigh(covariance)
    if values[0] < -1e-10 * scale * len(values):
        raise ValueError(f"{name} must be positive semidefinite, got the eigenvalue {values[0]!r}")
    return vectors * np.sqrt(values.clip(0))


def _threshold(probability: float) -> int:
    return round(probability * 2**32)


def _at_least_two(n: int) -> int:
    if positive_integer(n, "n") < 2:
        raise ValueError("moments need at least 2 draws, got n = 1")
    return int(n)
