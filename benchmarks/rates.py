"""What this processor can do on one thread: nanoseconds a random word, an exponential, a multiply-add, a byte.

A floor adds up the words, exponentials and multiply-adds that a piece of work cannot do without, each at its measured
best; where its weights do not fit the first cache, the multiply-adds take at least as long as reading the weights.
"""

from dataclasses import asdict, dataclass

import numpy as np
from numba import njit

from benchmarks.runner import CPU, Candidate, interleaved
from cl_theory.lanes import add, load, multiply_add, spread, store
from cl_theory.learning.gibbs_kernels import aligned
from cl_theory.philox import fill_normals, fill_words

_FUSED = {"contract", "nsz", "arcp", "reassoc"}
SIZES_KB = (16, 128, 512, 4096, 65536)


@dataclass(frozen=True)
class Rates:
    """Nanoseconds a unit of each; `read` and `update` hold nanoseconds a byte for arrays of `SIZES_KB`."""

    word: float
    normal: float
    exponential: float
    multiply_add: float
    multiply_add_double: float
    root_and_quotient: float
    read: tuple[float, ...]
    update: tuple[float, ...]

    def read_byte(self, n_bytes: float) -> float:
        """Nanoseconds a byte, read from an array of this size again and again."""
        return float(np.interp(np.log(n_bytes / 1024), np.log(SIZES_KB), self.read))

    def update_byte(self, n_bytes: float) -> float:
        """Nanoseconds a byte that is read and written back, in an array of this size."""
        return float(np.interp(np.log(n_bytes / 1024), np.log(SIZES_KB), self.update))

    def record(self) -> dict:
        """Ready for JSON, with the sizes and gigabytes a second."""
        rounded = {name: np.round(value, 4).tolist() for name, value in asdict(self).items()}
        return {**rounded, "sizes_kb": list(SIZES_KB)}


@njit(error_model="numpy")
def _words(out, key, n):
    for step in range(n):
        fill_words(out, key, step, 0, 0)


@njit(error_model="numpy")
def _normals(out, key, n):
    for step in range(n):
        fill_normals(out, key, step, 0, 0)


@njit(error_model="numpy", fastmath=_FUSED)
def _exponentials(x, out, n):
    """2^x for x in [0, 1), five terms, and the exponent set by a product: what a vectorised exp does."""
    for _ in range(n):
        for i in range(x.size):
            t = np.float32(x[i] * np.float32(1.442695))
            whole = np.float32(np.int32(t))
            f = t - whole
            series = np.float32(0.0018775767)
            series = series * f + np.float32(0.0089893397)
            series = series * f + np.float32(0.055826318)
            series = series * f + np.float32(0.24015361)
            series = series * f + np.float32(0.69315308)
            series = series * f + np.float32(0.99999994)
            bits = np.int32((np.int32(whole) + np.int32(127)) << np.int32(23))
            out[i] = series * np.int32(bits).view(np.float32)


@njit(error_model="numpy", fastmath={"contract"})
def _multiply_adds_double(x, n):
    """32 multiply-adds on each of 64 numbers, in registers."""
    for _ in range(n):
        for i in range(x.size):
            v = x[i]
            for _ in range(32):
                v = v * 0.999 + 0.001
            x[i] = v


@njit(error_model="numpy")
def _multiply_adds(out, n):
    """Twelve chains of sixteen lanes from different numbers, or the compiler would run one of them."""
    one, small = spread(np.float32(0.999)), spread(np.float32(0.001))
    a, b, c, d = load(out, 0), load(out, 16), load(out, 32), load(out, 48)
    e, f, g, h = load(out, 64), load(out, 80), load(out, 96), load(out, 112)
    i, j, k, m = load(out, 128), load(out, 144), load(out, 160), load(out, 176)
    for _ in range(n):
        a, b, c = multiply_add(a, one, small), multiply_add(b, one, small), multiply_add(c, one, small)
        d, e, f = multiply_add(d, one, small), multiply_add(e, one, small), multiply_add(f, one, small)
        g, h, i = multiply_add(g, one, small), multiply_add(h, one, small), multiply_add(i, one, small)
        j, k, m = multiply_add(j, one, small), multiply_add(k, one, small), multiply_add(m, one, small)
    store(out, 0, add(add(add(a, b), add(c, d)), add(add(e, f), add(add(g, h), add(add(i, j), add(k, m))))))


@njit(error_model="numpy", fastmath=_FUSED)
def _roots_and_quotients(x, out, n):
    for _ in range(n):
        for i in range(x.size):
            out[i] = x[i] / (np.sqrt(x[i]) + np.float32(0.5))


@njit(error_model="numpy")
def _read(x, out, n):
    a = b = c = d = spread(np.float32(0))
    for _ in range(n):
        for i in range(0, x.size, 64):
            a, b = add(a, load(x, i)), add(b, load(x, i + 16))
            c, d = add(c, load(x, i + 32)), add(d, load(x, i + 48))
    store(out, 0, add(add(a, b), add(c, d)))


@njit(error_model="numpy")
def _update(x, n):
    step = spread(np.float32(1e-9))
    for _ in range(n):
        for i in range(0, x.size, 16):
            store(x, i, multiply_add(step, step, load(x, i)))


def _candidates() -> list[Candidate]:
    key, words, out = np.array([1, 2], dtype=np.uint32), np.empty(4096, dtype=np.uint32), aligned(4096)
    x, doubles = np.random.default_rng(0).random(4096, dtype=np.float32), np.ones(64)
    lanes = x.copy()
    found = [
        Candidate("word", lambda: _words(words, key, 50), 50 * 4096),
        Candidate("normal", lambda: _normals(out, key, 50), 50 * 4096),
        Candidate("exponential", lambda: _exponentials(x, out, 50), 50 * 4096),
        Candidate("multiply_add", lambda: _multiply_adds(lanes, 1000), 1000 * 12 * 16),
        Candidate("multiply_add_double", lambda: _multiply_adds_double(doubles, 100), 100 * 64 * 32),
    ]
    found.append(Candidate("root_and_quotient", lambda: _roots_and_quotients(x, out, 50), 50 * 4096))
    for size in SIZES_KB:
        array, repeats = aligned(size * 256), max(1, 2048 // size)
        found.append(Candidate(f"read {size}", lambda a=array, n=repeats: _read(a, out, n), repeats * size * 1024))
        found.append(Candidate(f"update {size}", lambda a=array, n=repeats: _update(a, n), repeats * size * 1024))
    return found


def measured(rounds: int = 9) -> Rates:
    """The best of a few rounds of each rate: a floor is what could be reached, not what is usual."""
    best = {name: float(values.min()) for name, values in interleaved(_candidates(), rounds, 0.01, CPU).items()}
    lists = {kind: tuple(best.pop(f"{kind} {size}") for size in SIZES_KB) for kind in ("read", "update")}
    return Rates(**best, **lists)


if __name__ == "__main__":
    rates = measured()
    for name, value in rates.record().items():
        print(f"{name:<22}{value}")
    print("gigabytes a second, read:  ", [round(1 / t, 1) for t in rates.read])
    print("gigabytes a second, update:", [round(2 / t, 1) for t in rates.update])
