"""Sixteen lanes: each operation against NumPy."""

import numpy as np
from numba import njit

from cl_theory import lanes


@njit
def _unary(a, out):
    x, y = lanes.address(a), lanes.address(out)
    lanes.store(y, 0, lanes.spread(np.float32(2.5)))
    lanes.store(y, 16, lanes.spread_element(x, 3))
    lanes.store(y, 32, lanes.load(x, 5))
    return lanes.total(lanes.load(x, 1))


@njit
def _binary(a, b, c, out):
    x, y, z, w = lanes.load(lanes.address(a), 0), lanes.load(lanes.address(b), 0), lanes.load(lanes.address(c), 0), 0
    lanes.store(lanes.address(out), w, lanes.add(x, y))
    lanes.store(lanes.address(out), w + 16, lanes.multiply_add(x, y, z))
    lanes.store(lanes.address(out), w + 32, lanes.above(x, y))


@njit
def _sums(rows, out):
    place, parts = lanes.address(rows), lanes.address(out)
    for k in range(4):
        r = 64 * k
        four = lanes.four_sums(
            lanes.load(place, r), lanes.load(place, r + 16), lanes.load(place, r + 32), lanes.load(place, r + 48)
        )
        lanes.store(parts, 16 * k, four)
    a, b, c, d = (lanes.load(parts, 0), lanes.load(parts, 16), lanes.load(parts, 32), lanes.load(parts, 48))
    lanes.store(parts, 64, lanes.quarter_sums(a, b, c, d))


def _numbers(n, seed):
    return np.random.default_rng(seed).integers(-50, 50, n).astype(np.float32)


def test_spreading_loading_and_the_total():
    a, out = _numbers(40, 0), np.zeros(48, dtype=np.float32)
    assert _unary(a, out) == a[1:17].sum()
    np.testing.assert_array_equal(out[:16], np.full(16, 2.5))
    np.testing.assert_array_equal(out[16:32], np.full(16, a[3]))
    np.testing.assert_array_equal(out[32:], a[5:21])


def test_sums_products_and_comparisons():
    a, b, c = (_numbers(16, seed) for seed in (1, 2, 3))
    b[:3], out = a[:3], np.zeros(48, dtype=np.float32)
    _binary(a, b, c, out)
    np.testing.assert_array_equal(out[:16], a + b)
    np.testing.assert_array_equal(out[16:32], a * b + c)
    np.testing.assert_array_equal(out[32:], a > b)


def test_a_comparison_with_nan_is_false():
    nan, one, out = np.full(16, np.nan, np.float32), np.ones(16, np.float32), np.zeros(48, np.float32)
    _binary(nan, one, one, out)
    np.testing.assert_array_equal(out[32:], 0)


def test_four_sums_and_quarter_sums_make_the_sums_of_sixteen_rows():
    rows, out = _numbers((16, 16), 4), np.zeros(80, dtype=np.float32)
    _sums(rows.reshape(-1), out)
    np.testing.assert_array_equal(out[64:], rows.sum(axis=1))
