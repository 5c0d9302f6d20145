"""ISD draws for Gaussian phases with running sums: normals in single precision, everything after them in double.

The normals of a tile are independent of its coins, so the positive phases take its first columns and the negative
phases the rest: no column is drawn for a phase that does not run, and nothing branches. Sums are taken about a
centre near the mean, where squares and cubes lose nothing.
"""

import numpy as np
from numba import njit

from cl_theory.philox import fill_normals, fill_words
from cl_theory.threads import in_turns

TILE = 256
CHUNK = 64 * TILE
COIN, NORMAL = 0, 1
_REORDERED = {"contract", "nsz", "arcp", "reassoc"}


@njit(cache=True, error_model="numpy", fastmath=_REORDERED)
def _affine(z, x, factor, shift, first, last):
    """Columns first..last-1 of z = factor @ x + shift; eight terms a pass, one when fewer are left."""
    n, d = last - first, factor.shape[1]
    for i in range(factor.shape[0]):
        row = z[i, first:last]
        for s in range(n):
            row[s] = shift[i]
        for j in range(0, d - 7, 8):
            f0, f1, f2, f3 = factor[i, j], factor[i, j + 1], factor[i, j + 2], factor[i, j + 3]
            f4, f5, f6, f7 = factor[i, j + 4], factor[i, j + 5], factor[i, j + 6], factor[i, j + 7]
            x0, x1, x2, x3 = x[j, first:last], x[j + 1, first:last], x[j + 2, first:last], x[j + 3, first:last]
            x4, x5, x6, x7 = x[j + 4, first:last], x[j + 5, first:last], x[j + 6, first:last], x[j + 7, first:last]
            for s in range(n):
                left = f0 * x0[s] + f1 * x1[s] + f2 * x2[s] + f3 * x3[s]
                row[s] += left + f4 * x4[s] + f5 * x5[s] + f6 * x6[s] + f7 * x7[s]
        for j in range(d - d % 8, d):
            f0, x0 = factor[i, j], x[j, first:last]
            for s in range(n):
                row[s] += f0 * x0[s]


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
    """Lower triangle of z z^T in blocks of 2 x 2; z has an even number of rows."""
    for i in range(0, z.shape[0], 2):
        r0, r1 = z[i], z[i + 1]
        for j in range(0, i + 1, 2):
            t0, t1 = z[j], z[j + 1]
            a, b, c, d = 0.0, 0.0, 0.0, 0.0
            for s in range(n):
                a += r0[s] * t0[s]
                b += r0[s] * t1[s]
                c += r1[s] * t0[s]
                d += r1[s] * t1[s]
            second[i, j] += a
            second[i, j + 1] += b
            second[i + 1, j] += c
            second[i + 1, j + 1] += d


@njit(cache=True, error_model="numpy")
def _count_below(words, n, threshold):
    below = np.int64(0)
    for s in range(n):
        below += np.int64(np.int64(words[s]) < threshold)
    return below


@njit(cache=True, error_model="numpy")
def _add_chunk(draws, chunk, key, threshold, positive_law, negative_law, centre, norm_centre, first, second, third):
    d, rows = positive_law[0].shape[1], first.size
    z, coins = np.zeros((rows, TILE)), np.empty(TILE, dtype=np.uint32)
    normals = np.empty(d * TILE, dtype=np.float32)
    x, k = normals.reshape(d, TILE), centre.size
    n_positive = 0
    for tile in range((draws + TILE - 1) // TILE):
        size = min(TILE, draws - tile * TILE)
        fill_words(coins, key, tile, COIN, chunk)
        fill_normals(normals, key, tile, NORMAL, chunk)
        positive = _count_below(coins, size, threshold)
        _affine(z, x, positive_law[0], positive_law[1], 0, positive)
        _affine(z, x, negative_law[0], negative_law[1], positive, size)
        _squared_norm(z, centre, size, z[k], norm_centre)
        _add_powers(z, size, first, third)
        _add_products(z, size, second)
        n_positive += positive
    return n_positive


@njit(cache=True, nogil=True)
def _add_chunks(
    chunk, stride, n, key, threshold, positive_law, negative_law, centre, norm_centre, n_positive, first, second, third
):
    for c in range(chunk, n_positive.size, stride):
        draws = min(CHUNK, n - c * CHUNK)
        n_positive[c] = _add_chunk(
            draws, c, key, threshold, positive_law, negative_law, centre, norm_centre, first[c], second[c], third[c]
        )


def gaussian_isd_sums(n, key, threshold, positive_law, negative_law, centre, norm_centre):
    """Per chunk of draws: the number of positive phases, and sums of z, z z^T (lower triangle) and z^3.

    z + centre is factor @ normals + shift of the phase that runs, laws being pairs (factor, shift) that hold the
    weights of ISD; its row k is |z + centre|^2 - norm_centre. `threshold` is P(positive phase) times 2^32.
    """
    n_chunks, rows = -(-n // CHUNK), 2 * (centre.size // 2 + 1)
    n_positive = np.zeros(n_chunks, dtype=np.int64)
    first, third = np.zeros((n_chunks, rows)), np.zeros((n_chunks, rows))
    second = np.zeros((n_chunks, rows, rows))
    law = n, key, threshold, positive_law, negative_law, centre, norm_centre
    in_turns(lambda chunk, stride: _add_chunks(chunk, stride, *law, n_positive, first, second, third), n_chunks)
    return n_positive, first, second, third
