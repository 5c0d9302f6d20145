"""What this processor can do on one thread: nanoseconds a random word, an exponential, a multiply-add, a byte.

A floor adds up the words, exponentials and multiply-adds that a piece of work cannot do without; where its weights do
not fit the first cache, the multiply-adds take at least as long as reading the weights. The rates are probed in the
same rounds as the work itself, since both change when something else shares the processor.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numba import njit

from benchmarks.runner import CPU, Candidate, interleaved
from cl_theory.lanes import add, address, load, multiply_add, spread, store
from cl_theory.learning.learners.gibbs_kernels import aligned
from cl_theory.philox import fill_words

_FUSED = {"contract", "nsz", "arcp", "reassoc"}


@njit(error_model="numpy")
def _words(out, key, n):
    for step in range(n):
        fill_words(out, key, step, 0, 0)


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


@njit(error_model="numpy", fastmath=_FUSED)
def _roots_and_quotients(x, out, n):
    for _ in range(n):
        for i in range(x.size):
            out[i] = x[i] / (np.sqrt(x[i]) + np.float32(0.5))


@njit(error_model="numpy")
def _multiply_adds(array, n):
    """Twelve chains of sixteen lanes from different numbers, or the compiler would run one of them."""
    x, one, small = address(array), spread(np.float32(0.999)), spread(np.float32(0.001))
    a, b, c, d = load(x, 0), load(x, 16), load(x, 32), load(x, 48)
    e, f, g, h = load(x, 64), load(x, 80), load(x, 96), load(x, 112)
    i, j, k, m = load(x, 128), load(x, 144), load(x, 160), load(x, 176)
    for _ in range(n):
        a, b, c = multiply_add(a, one, small), multiply_add(b, one, small), multiply_add(c, one, small)
        d, e, f = multiply_add(d, one, small), multiply_add(e, one, small), multiply_add(f, one, small)
        g, h, i = multiply_add(g, one, small), multiply_add(h, one, small), multiply_add(i, one, small)
        j, k, m = multiply_add(j, one, small), multiply_add(k, one, small), multiply_add(m, one, small)
    store(x, 0, add(add(add(a, b), add(c, d)), add(add(e, f), add(add(g, h), add(add(i, j), add(k, m))))))


@njit(error_model="numpy")
def _read(array, out, n):
    x = address(array)
    a = b = c = d = spread(np.float32(0))
    for _ in range(n):
        for i in range(0, array.size, 64):
            a, b = add(a, load(x, i)), add(b, load(x, i + 16))
            c, d = add(c, load(x, i + 32)), add(d, load(x, i + 48))
    store(address(out), 0, add(add(a, b), add(c, d)))


@njit(error_model="numpy")
def _update(array, n):
    x, step = address(array), spread(np.float32(1e-9))
    for _ in range(n):
        for i in range(0, array.size, 16):
            store(x, i, multiply_add(step, step, load(x, i)))


def probe(name: str) -> Candidate:
    """The rate of that name; "read 50816" and "update 50816" are bytes of an array of that many bytes."""
    if name.startswith(("read ", "update ")):
        return _traffic(name)
    key, out = np.array([1, 2], dtype=np.uint32), aligned(4096)
    words, x = np.empty(4096, dtype=np.uint32), np.random.default_rng(0).random(4096, dtype=np.float32)
    runs: dict[str, tuple[Callable[[], object], int]] = {
        "word": (lambda: _words(words, key, 20), 20 * 4096),
        "exponential": (lambda: _exponentials(x, out, 20), 20 * 4096),
        "multiply-add": (lambda: _multiply_adds(out, 1000), 1000 * 12 * 16),
        "double multiply-add": (lambda: _multiply_adds_double(np.ones(64), 100), 100 * 64 * 32),
        "root and quotient": (lambda: _roots_and_quotients(x, out, 20), 20 * 4096),
    }
    return Candidate(name, *runs[name])


def _traffic(name: str) -> Candidate:
    kind, size = name.split()
    array, out = aligned(-(-int(size) // 256) * 64), aligned(16)
    repeats = max(1, 2**20 // (4 * array.size))
    run = (lambda: _read(array, out, repeats)) if kind == "read" else (lambda: _update(array, repeats))
    return Candidate(name, run, repeats * 4 * array.size)


@dataclass(frozen=True)
class Floor:
    """Amounts of work by the name of their rate: all of `needs`, and the longest of `longest`."""

    needs: Mapping[str, float]
    longest: tuple[Mapping[str, float], ...] = ()

    @property
    def probes(self) -> list[Candidate]:
        """What has to be timed beside the work."""
        names = dict.fromkeys(name for part in (self.needs, *self.longest) for name in part)
        return [probe(name) for name in names]

    def nanoseconds(self, times: Mapping[str, np.ndarray]) -> np.ndarray:
        """The floor in each round, from the rates in that round."""
        needs, *longest = [_total(part, times) for part in (self.needs, *self.longest)]
        return needs + np.max(longest, axis=0) if longest else needs


def _total(part: Mapping[str, float], times: Mapping[str, np.ndarray]) -> np.ndarray:
    return np.sum([amount * times[name] for name, amount in part.items()], axis=0)


def main() -> None:
    """Print the rates."""
    names = ["word", "exponential", "multiply-add", "double multiply-add", "root and quotient"]
    sizes = (16, 128, 512, 4096, 65536)
    names += [f"{kind} {1024 * size}" for kind in ("read", "update") for size in sizes]
    for name, times in interleaved([probe(name) for name in names], clock=CPU).items():
        print(f"{name:<22}{np.median(times):10.4f} ns")


if __name__ == "__main__":
    main()
