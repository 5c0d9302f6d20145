"""The readable sibling of the ISD kernels: the same draws as arrays, for tests to take moments of."""

import numpy as np

from cl_theory import philox_numpy
from cl_theory.samplers import finite_kernels, gaussian_kernels
from cl_theory.samplers.alias import AliasTable
from cl_theory.samplers.isd_draws import GaussianPhases
from cl_theory.samplers.planted import Planted


def gaussian_isd_samples(
    key: np.ndarray, phases: GaussianPhases, n: int, *, p_positive: float, planted: Planted
) -> tuple[np.ndarray, np.ndarray]:
    """The `n` estimates (n, d) of the kernel, in its order, and which of them are positive phases (n,)."""
    tiles = [_gaussian_tile(key, phases, place, p_positive, planted) for place in _tiles(n, gaussian_kernels)]
    return np.concatenate([z for z, _ in tiles]), np.concatenate([b for _, b in tiles])


def _gaussian_tile(key, phases, place, p_positive, planted):
    size, tile, chunk = place
    d, columns = len(phases.mean_positive), gaussian_kernels.TILE
    coins = philox_numpy.words(columns, key, step=tile, stream=gaussian_kernels.COIN, replica=chunk)[:size]
    x = philox_numpy.normals(d * columns, key, step=tile, stream=gaussian_kernels.NORMAL, replica=chunk)
    x = x.reshape(d, columns).T[:size]
    is_positive = np.sort(coins / 2**32 >= planted.coin_probability(p_positive)) == 0
    weight_positive, weight_negative = planted.signed_weights(p_positive)
    factor_positive, factor_negative = phases.factors
    z_positive = weight_positive * (phases.mean_positive + x @ factor_positive.T)
    z_negative = weight_negative * (phases.mean_negative + x @ factor_negative.T)
    return np.where(is_positive[:, None], z_positive, z_negative), is_positive


def isd_counts(key: np.ndarray, probability: np.ndarray, n: int, *, p_positive: float, planted: Planted) -> np.ndarray:
    """The counts (2, n_atoms) of the kernel, draw by draw."""
    table, counts = AliasTable.of(probability), np.zeros((2, len(probability)), dtype=np.int64)
    for size, tile, chunk in _tiles(n, finite_kernels):
        words = [
            philox_numpy.words(finite_kernels.TILE, key, step=tile, stream=stream, replica=chunk)[:size] / 2**32
            for stream in (finite_kernels.COIN, finite_kernels.ATOM)
        ]
        column, place = np.divmod(words[1] * len(probability), 1.0)
        column = column.astype(int)
        atom = np.where(place < table.keep[column], column, table.alias[column])
        np.add.at(counts, ((words[0] >= planted.coin_probability(p_positive)).astype(int), atom), 1)
    return counts


def _tiles(n, kernels):
    """(number of draws, tile in its chunk, chunk) of every tile."""
    starts = range(0, n, kernels.TILE)
    return [(min(kernels.TILE, n - s), s % kernels.CHUNK // kernels.TILE, s // kernels.CHUNK) for s in starts]
