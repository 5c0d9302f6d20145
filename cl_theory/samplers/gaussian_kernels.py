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
EDGE = 16
COIN, NORMAL = 0, 1
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
    start = min(n_positive // EDGE * EDGE, TILE - EDGE)
    _affine(z, x, positive_law[0], positive_law[1], 0, start + EDGE)
    for i in range(edge.shape[0]):
        for s in range(EDGE):
            edge[i, s] = z[i, start + s]
    _affine(z, x, negative_law[0], negative_law[1], start, TILE)
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
    normals, coins = np.zeros(positive_law[0].shape[1] * TILE, dtype=np.float32), np.empty(TILE, dtype=np.uint32)
    x, z = normals.reshape(-1, TILE), np.zeros((rows, TILE))
    edge, n_positive = np.zeros((positive_law[0].shape[0], EDGE)), 0
    for tile in range((draws + TILE - 1) // TILE):
        size = min(TILE, draws - tile * TILE)
        fill_words(coins, key, tile, COIN, chunk)
        fill_normals(normals[: d * TILE], key, tile, NORMAL, chunk)
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
        draws = min(CHUNK, n - c * CHUNK)
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
    n_chunks, rows = -(-n // CHUNK), _blocks_of_four(k + (norm_centre >= 0))
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
