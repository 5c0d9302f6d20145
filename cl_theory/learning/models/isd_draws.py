"""Errors planted on purpose in draws of ISD, and millions of such draws a second, with running moments.

Gaussian draws come in fixed chunks that are added in their order: the same for any number of threads. The function that
ends in `_numpy` is the readable sibling of the kernels: the same draws as arrays, for tests to take moments of."""

from collections.abc import Mapping
from dataclasses import astuple, dataclass, fields
from functools import cached_property
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np
from numba import njit

from cl_theory.arguments import finite, positive, positive_integer, probability_inside
from cl_theory.learning.models.moments import Moments
from cl_theory.philox import fill_normals, fill_words, normals_numpy, philox_key, words_numpy
from cl_theory.theory.estimators.isd import isd_weights
from cl_theory.theory.estimators.laws import FiniteLaw, PhaseMoments
from cl_theory.threads import in_turns


@dataclass(frozen=True)
class Planted:
    """Factors by which a sampler departs from the estimator; all 1 is the estimator itself.

    weight_positive
        Factor on the weight 1/b.
    weight_negative
        Factor on the weight 1/(1-b).
    scale
        Factor on the whole estimate.
    coin
        Factor on the coin's probability alone: the weights still believe in b.
    p_positive
        Factor on b in the coin and in the weights, consistently; the mean is still right.
    """

    weight_positive: float = 1.0
    weight_negative: float = 1.0
    scale: float = 1.0
    coin: float = 1.0
    p_positive: float = 1.0

    def __post_init__(self) -> None:
        for name, value in zip(self.__dataclass_fields__, astuple(self), strict=True):
            positive(value, name)

    def coin_probability(self, p_positive: float) -> float:
        """Probability with which the coin really shows B = 1."""
        return float(probability_inside(p_positive * self.p_positive * self.coin, "planted coin probability"))

    def signed_weights(self, p_positive: float) -> tuple[float, float]:
        """Weights of the positive and the negative phase, the second one negative; from `isd_weights`."""
        weights = isd_weights(np.array([True, False]), p_positive=float(p_positive) * self.p_positive)
        positive_weight, negative_weight = weights * self.scale
        return float(positive_weight * self.weight_positive), float(negative_weight * self.weight_negative)


NOTHING_PLANTED = Planted()
"""The estimator as it is."""

PLANTED_ERRORS: Mapping[str, Planted] = MappingProxyType(
    {
        "weight 1/b off by 1 %": Planted(weight_positive=1.01),
        "weight 1/(1-b) off by 1 %": Planted(weight_negative=1.01),
        "scale off by 1 %": Planted(scale=1.01),
        "coin off by 1 %": Planted(coin=1.01),
        "b off by 1 %": Planted(p_positive=1.01),
    }
)
"""The named errors that every Monte Carlo check of an estimator has to catch."""


def weighted_batch_moments(
    moments: PhaseMoments, weights: tuple[Any, Any], n_phases: int, mean_count: Any, count_variance: Any
) -> tuple[np.ndarray, np.ndarray]:
    r"""Mean (d,) and second moment (d, d) of :math:`\frac1n\sum_k w_{B_k} g_k`, with signed `weights` (w+, w-).

    Given N positive phases the mean is :math:`(N w_+\mu_+ + (n-N) w_-\mu_-)/n` and the covariance
    :math:`(N w_+^2\Sigma_+ + (n-N) w_-^2\Sigma_-)/n^2`; then the law of total covariance, with E N = `mean_count`
    and Var N = `count_variance`. Phases are independent of each other and of their order. One phase of ISD is
    n = 1, E N = b, Var N = b(1-b), weights (1/b, -1/(1-b)).
    """
    plus, minus = weights
    left = n_phases - mean_count
    mean = (mean_count * plus * moments.mean_positive + left * minus * moments.mean_negative) / n_phases
    per_count = (plus * moments.mean_positive - minus * moments.mean_negative) / n_phases
    within = mean_count * plus**2 * moments.covariance_positive + left * minus**2 * moments.covariance_negative
    between = np.outer(mean, mean) + count_variance * np.outer(per_count, per_count)
    return mean, within / (n_phases * n_phases) + between


def isd_count(rng: np.random.Generator, n: int, p_positive: float, planted: Planted = NOTHING_PLANTED) -> int:
    """Number of positive phases among n coins."""
    return int(rng.binomial(n, planted.coin_probability(probability_inside(p_positive))))


COIN, NORMAL = 0, 1
"""Streams of the counter: of coins, and of what the phase that runs draws."""
GAUSSIAN_TILE = 256
GAUSSIAN_CHUNK = 64 * GAUSSIAN_TILE
EDGE = 16
_REORDERED = {"contract", "nsz", "arcp", "reassoc"}


@njit(cache=True, error_model="numpy", fastmath=_REORDERED)
def _affine(z, x, factor, shift, first, last):
    """Columns first..last-1 of z = factor @ x + shift, in blocks of 4 x 4; `factor` is padded to such blocks."""
    n = last - first
    for i in range(0, factor.shape[0], 4):
        z0, z1, z2, z3 = z[i, first:last], z[i + 1, first:last], z[i + 2, first:last], z[i + 3, first:last]
        for s in range(n):
            z0[s], z1[s], z2[s], z3[s] = shift[i], shift[i + 1], shift[i + 2], shift[i + 3]
        e, f, g, h = factor[i], factor[i + 1], factor[i + 2], factor[i + 3]
        for j in range(0, factor.shape[1], 4):
            x0, x1, x2, x3 = x[j, first:last], x[j + 1, first:last], x[j + 2, first:last], x[j + 3, first:last]
            e0, e1, e2, e3 = e[j], e[j + 1], e[j + 2], e[j + 3]
            f0, f1, f2, f3 = f[j], f[j + 1], f[j + 2], f[j + 3]
            g0, g1, g2, g3 = g[j], g[j + 1], g[j + 2], g[j + 3]
            h0, h1, h2, h3 = h[j], h[j + 1], h[j + 2], h[j + 3]
            for s in range(n):
                a, b, c, d = np.float64(x0[s]), np.float64(x1[s]), np.float64(x2[s]), np.float64(x3[s])
                z0[s] += (e0 * a + e1 * b) + (e2 * c + e3 * d)
                z1[s] += (f0 * a + f1 * b) + (f2 * c + f3 * d)
                z2[s] += (g0 * a + g1 * b) + (g2 * c + g3 * d)
                z3[s] += (h0 * a + h1 * b) + (h2 * c + h3 * d)


@njit(cache=True, error_model="numpy")
def _set_estimates(z, x, edge, positive_law, negative_law, n_positive):
    """Columns below `n_positive` by the positive law, the rest by the negative one.

    Both laws take whole blocks of EDGE columns, which leaves no odd columns to be done one by one; `edge` keeps the
    positive columns of the block that both have.
    """
    start = min(n_positive // EDGE * EDGE, GAUSSIAN_TILE - EDGE)
    _affine(z, x, positive_law[0], positive_law[1], 0, start + EDGE)
    for i in range(edge.shape[0]):
        for s in range(EDGE):
            edge[i, s] = z[i, start + s]
    _affine(z, x, negative_law[0], negative_law[1], start, GAUSSIAN_TILE)
    for i in range(edge.shape[0]):
        for s in range(n_positive - start):
            z[i, start + s] = edge[i, s]


@njit(cache=True, error_model="numpy", fastmath=_REORDERED)
def _squared_norm(z, centre, n, out, out_centre):
    """out[s] = |z[:, s] + centre|^2 - out_centre."""
    for s in range(n):
        out[s] = -out_centre
    for i in range(centre.size):
        row, c = z[i], centre[i]
        for s in range(n):
            out[s] += (row[s] + c) * (row[s] + c)


@njit(cache=True, error_model="numpy", fastmath=_REORDERED)
def _add_powers(z, n, first, third):
    for i in range(z.shape[0]):
        row, a, c = z[i], 0.0, 0.0
        for s in range(n):
            a += row[s]
            c += row[s] * row[s] * row[s]
        first[i] += a
        third[i] += c


@njit(cache=True, error_model="numpy", fastmath=_REORDERED)
def _add_products(z, n, second):
    """Lower triangle of z z^T in blocks of 4 x 2; the number of rows is a multiple of four."""
    for i in range(0, z.shape[0], 4):
        p0, p1, p2, p3 = z[i], z[i + 1], z[i + 2], z[i + 3]
        for j in range(0, i + 4, 2):
            q0, q1 = z[j], z[j + 1]
            a0, a1, b0, b1, c0, c1, d0, d1 = 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0
            for s in range(n):
                u, v = q0[s], q1[s]
                a0 += p0[s] * u
                a1 += p0[s] * v
                b0 += p1[s] * u
                b1 += p1[s] * v
                c0 += p2[s] * u
                c1 += p2[s] * v
                d0 += p3[s] * u
                d1 += p3[s] * v
            for row, left, right in ((i, a0, a1), (i + 1, b0, b1), (i + 2, c0, c1), (i + 3, d0, d1)):
                second[row, j] += left
                second[row, j + 1] += right


@njit(cache=True, error_model="numpy")
def _count_below(words, n, threshold):
    below = np.int64(0)
    for s in range(n):
        below += np.int64(np.int64(words[s]) < threshold)
    return below


@njit(cache=True, error_model="numpy")
def _add_chunk(draws, chunk, key, threshold, d, positive_law, negative_law, centre, norm_centre, first, second, third):
    k, rows = centre.size, first.size
    normals, coins = (
        np.zeros(positive_law[0].shape[1] * GAUSSIAN_TILE, dtype=np.float32),
        np.empty(GAUSSIAN_TILE, dtype=np.uint32),
    )
    x, z = normals.reshape(-1, GAUSSIAN_TILE), np.zeros((rows, GAUSSIAN_TILE))
    edge, n_positive = np.zeros((positive_law[0].shape[0], EDGE)), 0
    for tile in range((draws + GAUSSIAN_TILE - 1) // GAUSSIAN_TILE):
        size = min(GAUSSIAN_TILE, draws - tile * GAUSSIAN_TILE)
        fill_words(coins, key, tile, COIN, chunk)
        fill_normals(normals[: d * GAUSSIAN_TILE], key, tile, NORMAL, chunk)
        positive = _count_below(coins, size, threshold)
        _set_estimates(z, x, edge, positive_law, negative_law, positive)
        if norm_centre >= 0:
            _squared_norm(z, centre, size, z[k], norm_centre)
        _add_powers(z, size, first, third)
        _add_products(z, size, second)
        n_positive += positive
    return n_positive


@njit(cache=True, nogil=True, error_model="numpy")
def _add_chunks(
    chunk, stride, n, key, threshold, d, positive_law, negative_law, centre, norm_centre, n_positive, first, second,
    third,
):  # fmt: skip
    for c in range(chunk, n_positive.size, stride):
        draws = min(GAUSSIAN_CHUNK, n - c * GAUSSIAN_CHUNK)
        n_positive[c] = _add_chunk(
            draws, c, key, threshold, d, positive_law, negative_law, centre, norm_centre, first[c], second[c], third[c]
        )


def gaussian_isd_sums(n, key, threshold, positive_law, negative_law, centre, norm_centre):
    """Per chunk of draws: the number of positive phases, and sums of z, z z^T (lower triangle) and z^3.

    z + centre is factor @ normals + shift of the phase that runs, laws being pairs (factor, shift) that hold the
    weights of ISD. Row k of z is |z + centre|^2 - norm_centre, unless `norm_centre` is negative. `threshold` is
    P(positive phase) times 2^32.
    """
    k, d = positive_law[0].shape
    n_chunks, rows = -(-n // GAUSSIAN_CHUNK), _blocks_of_four(k + (norm_centre >= 0))
    n_positive = np.zeros(n_chunks, dtype=np.int64)
    first, third = np.zeros((n_chunks, rows)), np.zeros((n_chunks, rows))
    second = np.zeros((n_chunks, rows, rows))
    law = n, key, threshold, d, _padded(positive_law), _padded(negative_law), centre, norm_centre
    in_turns(
        lambda chunk, stride: _add_chunks(chunk, stride, *law, n_positive, first, second, third),
        n_chunks,
        n * d * (d + 2),
    )
    return n_positive, first, second, third


def _blocks_of_four(n):
    return -(-n // 4) * 4


def _padded(law):
    """Factor and shift with zeros up to blocks of four."""
    (k, d), rows = law[0].shape, _blocks_of_four(law[0].shape[0])
    factor, shift = np.zeros((rows, _blocks_of_four(d))), np.zeros(rows)
    factor[:k, :d], shift[:k] = law
    return factor, shift


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
    return IsdDraws(Moments.of_counts(counts.ravel(), values), int(counts[0].sum()))


def isd_counts(
    rng: np.random.Generator, law: FiniteLaw, n: int, p_positive: float, planted: Planted = NOTHING_PLANTED
) -> np.ndarray:
    """How often each atom of `law` came in `n` draws, (2, n_atoms), the positive phases first.

    The counts of coins and atoms are drawn as such, from the multinomial law that n single draws would have.
    """
    coin, probability = planted.coin_probability(p_positive), law.floats().probability
    both = np.concatenate([coin * probability, (1 - coin) * probability])
    return rng.multinomial(_at_least_two(n), both / both.sum()).reshape(2, -1)


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


def gaussian_isd_samples_numpy(
    key: np.ndarray, phases: GaussianPhases, n: int, *, p_positive: float, planted: Planted
) -> tuple[np.ndarray, np.ndarray]:
    """The `n` estimates (n, d) of the kernel, in its order, and which of them are positive phases (n,)."""
    tiles = [
        _gaussian_tile(key, phases, place, p_positive, planted) for place in _tiles(n, GAUSSIAN_TILE, GAUSSIAN_CHUNK)
    ]
    return np.concatenate([z for z, _ in tiles]), np.concatenate([b for _, b in tiles])


def _gaussian_tile(key, phases, place, p_positive, planted):
    size, tile, chunk = place
    d, columns = len(phases.mean_positive), GAUSSIAN_TILE
    coins = words_numpy(columns, key, step=tile, stream=COIN, replica=chunk)[:size]
    x = normals_numpy(d * columns, key, step=tile, stream=NORMAL, replica=chunk)
    x = x.reshape(d, columns).T[:size]
    is_positive = np.sort(coins / 2**32 >= planted.coin_probability(p_positive)) == 0
    weight_positive, weight_negative = planted.signed_weights(p_positive)
    factor_positive, factor_negative = phases.factors
    z_positive = weight_positive * (phases.mean_positive + x @ factor_positive.T)
    z_negative = weight_negative * (phases.mean_negative + x @ factor_negative.T)
    return np.where(is_positive[:, None], z_positive, z_negative), is_positive


def _tiles(n, tile, chunk):
    """(number of draws, tile in its chunk, chunk) of every tile."""
    return [(min(tile, n - start), start % chunk // tile, start // chunk) for start in range(0, n, tile)]
