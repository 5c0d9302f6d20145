"""ISD draws for a law on finitely many atoms: how often each atom came with each phase.

The counts are sufficient, so that every statistic of the draws follows from them without rounding.
"""

import numba
import numpy as np
from numba import njit

from cl_theory.philox import fill_words
from cl_theory.threads import in_turns

TILE = 1024
CHUNK = 64 * TILE
COIN, ATOM = 0, 1
_LOW, _HALF_WORD = np.uint64(0xFFFFFFFF), np.uint64(32)


@njit(cache=True, error_model="numpy")
def _count_tile(coins, words, n, threshold, keep, alias, counts):
    """One word makes a column (its leading part times the number of columns) and a place inside the column."""
    n_atoms = np.uint64(keep.size)
    for s in range(n):
        product = np.uint64(words[s]) * n_atoms
        column = np.int64(product >> _HALF_WORD)
        atom = column if (product & _LOW) < keep[column] else alias[column]
        phase = np.int64(np.int64(coins[s]) >= threshold)
        counts[phase, atom] += 1


@njit(cache=True, error_model="numpy")
def _count_chunk(draws, chunk, key, threshold, keep, alias, counts):
    coins, words = np.empty(TILE, dtype=np.uint32), np.empty(TILE, dtype=np.uint32)
    for tile in range((draws + TILE - 1) // TILE):
        fill_words(coins, key, tile, COIN, chunk)
        fill_words(words, key, tile, ATOM, chunk)
        _count_tile(coins, words, min(TILE, draws - tile * TILE), threshold, keep, alias, counts)


@njit(cache=True, nogil=True)
def _count_chunks(first, stride, n, key, threshold, keep, alias, counts):
    for chunk in range(first, (n + CHUNK - 1) // CHUNK, stride):
        _count_chunk(min(CHUNK, n - chunk * CHUNK), chunk, key, threshold, keep, alias, counts[first])


def finite_isd_counts(n, key, threshold, keep, alias):
    """Counts (2, n_atoms) of `n` draws, positive phases first.

    `keep` holds Walker's thresholds times 2^32 (uint64), `alias` the other atom of each column (int64), `threshold`
    P(positive phase) times 2^32.
    """
    counts = np.zeros((numba.get_num_threads(), 2, keep.size), dtype=np.int64)
    in_turns(
        lambda first, stride: _count_chunks(first, stride, n, key, threshold, keep, alias, counts),
        -(-n // CHUNK),
        5 * n,
    )
    return counts.sum(axis=0)
