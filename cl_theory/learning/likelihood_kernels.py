"""Unnormalised probabilities of all 2^n states of one layer of an RBM, in float64, by tables of products.

A state's index is ``low + 2**n_low * high``. With lo_j[low] and hi_j[high] the exponentials of a unit j of the other
layer, its factor is 1 + lo_j hi_j: no exponential is left in the loop over states.
"""

import numpy as np
from numba import njit

_FUSED = {"contract"}
TILE = 64
"""Low parts that are worked on together; the table of a tile stays in the first cache."""


@njit(cache=True)
def subset_sums(values, first, count):
    """Sums of values[first:first + count] over all subsets, by index bits."""
    sums = np.zeros(1 << count)
    for i in range(count):
        half = 1 << i
        for index in range(half):
            sums[half + index] = sums[index] + values[first + i]
    return sums


@njit(cache=True, error_model="numpy")
def _tables(weights, own_bias, other_bias, n_low):
    """lo (tiles, units, tile), hi (high, units), and the exponentials of the layer's own bias in both parts.

    The units of the other layer are padded to a multiple of four by units whose factor is 1.
    """
    n_units, n = weights.shape
    n_low_states, n_high_states = 1 << n_low, 1 << (n - n_low)
    tile, padded = min(TILE, n_low_states), -(-n_units // 4) * 4
    lo, hi = np.zeros((n_low_states // tile, padded, tile)), np.zeros((n_high_states, padded))
    for j in range(n_units):
        low, high = subset_sums(weights[j], 0, n_low), subset_sums(weights[j], n_low, n - n_low)
        for x in range(n_low_states):
            lo[x // tile, j, x % tile] = np.exp(low[x])
        for y in range(n_high_states):
            hi[y, j] = np.exp(other_bias[j] + high[y])
    return lo, hi, np.exp(subset_sums(own_bias, 0, n_low)), np.exp(subset_sums(own_bias, n_low, n - n_low))


@njit(inline="always")
def _multiply_factors(product, lo, hi, first, last):
    """product *= the factors of units first..last - 1, a multiple of four of them."""
    for j in range(first, last, 4):
        h0, h1, h2, h3 = hi[j], hi[j + 1], hi[j + 2], hi[j + 3]
        l0, l1, l2, l3 = lo[j], lo[j + 1], lo[j + 2], lo[j + 3]
        for x in range(product.size):
            left = (1.0 + l0[x] * h0) * (1.0 + l1[x] * h1)
            product[x] *= left * ((1.0 + l2[x] * h2) * (1.0 + l3[x] * h3))


@njit(cache=True, nogil=True, error_model="numpy", fastmath={"contract", "reassoc"})
def summed_weights(first, stride, weights, own_bias, other_bias, n_low, out):
    """out[r] = sum of exp(-free energy) over all states, none of them written down."""
    for r in range(first, weights.shape[0], stride):
        lo, hi, own_low, own_high = _tables(weights[r], own_bias[r], other_bias[r], n_low)
        tile, padded = lo.shape[2], lo.shape[1]
        product, total = np.empty(tile), 0.0
        for part in range(lo.shape[0]):
            for high in range(hi.shape[0]):
                for x in range(tile):
                    product[x] = own_low[part * tile + x] * own_high[high]
                _multiply_factors(product, lo[part], hi[high], 0, padded)
                for x in range(tile):
                    total += product[x]
        out[r] = total


@njit(cache=True, nogil=True, error_model="numpy", fastmath=_FUSED)
def weights_of_states(first, stride, weights, own_bias, other_bias, n_low, out):
    """out[r, index] = exp(-free energy) for every `stride`-th replica from `first` on; safe while exponents allow."""
    for r in range(first, weights.shape[0], stride):
        lo, hi, own_low, own_high = _tables(weights[r], own_bias[r], other_bias[r], n_low)
        tile, padded = lo.shape[2], lo.shape[1]
        states = out[r].reshape(hi.shape[0], lo.shape[0], tile)
        for part in range(lo.shape[0]):
            for high in range(hi.shape[0]):
                product = states[high, part]
                for x in range(tile):
                    product[x] = own_low[part * tile + x] * own_high[high]
                _multiply_factors(product, lo[part], hi[high], 0, padded)


@njit(cache=True, nogil=True, error_model="numpy", fastmath=_FUSED)
def log_weights_of_states(first, stride, weights, own_bias, other_bias, n_low, group, out):
    """out[r, index] = -free energy, with a logarithm after each `group` (a multiple of four) of units."""
    for r in range(first, weights.shape[0], stride):
        lo, hi, _, _ = _tables(weights[r], own_bias[r], other_bias[r], n_low)
        tile, padded = lo.shape[2], lo.shape[1]
        n = weights.shape[2]
        low, high_sums = subset_sums(own_bias[r], 0, n_low), subset_sums(own_bias[r], n_low, n - n_low)
        states, product = out[r].reshape(hi.shape[0], lo.shape[0], tile), np.empty(tile)
        for part in range(lo.shape[0]):
            for high in range(hi.shape[0]):
                total = states[high, part]
                for x in range(tile):
                    total[x] = low[part * tile + x] + high_sums[high]
                for start in range(0, padded, group):
                    product[:] = 1.0
                    _multiply_factors(product, lo[part], hi[high], start, min(start + group, padded))
                    for x in range(tile):
                        total[x] += np.log(product[x])
