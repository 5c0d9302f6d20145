"""The readable sibling of :mod:`cl_theory.philox`: the same words, one NumPy line a formula; the kernels' oracle."""

import numpy as np

_WORD = np.uint64(0xFFFFFFFF)


def _products(multiplier: int, words: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    product = np.uint64(multiplier) * words
    return product >> np.uint64(32), product & _WORD


def philox_blocks(counters: np.ndarray, key: np.ndarray) -> np.ndarray:
    """Words (n, 4) of the counters (n, 4) under one key (2,), all as uint64 below 2^32."""
    c0, c1, c2, c3 = np.asarray(counters, dtype=np.uint64).T
    k0, k1 = (int(word) for word in key)
    for _ in range(10):
        high0, low0 = _products(0xD2511F53, c0)
        high1, low1 = _products(0xCD9E8D57, c2)
        c0, c1, c2, c3 = high1 ^ c1 ^ np.uint64(k0), low1, high0 ^ c3 ^ np.uint64(k1), low0
        k0, k1 = (k0 + 0x9E3779B9) % 2**32, (k1 + 0xBB67AE85) % 2**32
    return np.stack([c0, c1, c2, c3], axis=1)


def words(n: int, key: np.ndarray, *, step: int, stream: int, replica: int, first_block: int = 0) -> np.ndarray:
    """The first `n` (a multiple of 4) words in the order of the kernels' buffers, uint32."""
    counters = np.zeros((n // 4, 4), dtype=np.uint64)
    counters[:, 0] = first_block + np.arange(n // 4)
    counters[:, 1:] = step, stream, replica
    return philox_blocks(counters, key).T.reshape(-1).astype(np.uint32)


def uniforms(n: int, key: np.ndarray, **place: int) -> np.ndarray:
    """Words / 2^32 in float32."""
    return words(n, key, **place).astype(np.float32) * np.float32(2.0**-32)


def logistics(n: int, key: np.ndarray, **place: int) -> np.ndarray:
    """log(u / (1 - u)) in float64, ending at +-88; the kernel agrees to single precision."""
    u = uniforms(n, key, **place)
    with np.errstate(divide="ignore"):
        return np.log(u.astype(np.float64) / (np.float32(1) - u)).clip(-88.0, 88.0)


def normals(n: int, key: np.ndarray, **place: int) -> np.ndarray:
    """Box-Muller in float64, (n,); the kernel agrees to single precision."""
    drawn = words(n, key, **place).reshape(2, 2, n // 4)
    radius_word, angle_word = drawn[:, 0], drawn[:, 1]
    signed = angle_word.astype(np.int64) - (angle_word >= 2**31) * 2**32
    radius = np.sqrt(-2 * np.log((radius_word + 0.5) / 2**32)) * (1 - 2.0 * (angle_word & 1))
    angle = np.pi / 2 * signed / 2**31
    return np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1).reshape(n)
