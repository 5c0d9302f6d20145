"""How cost grows with units, sweeps, replicas and batch, on one thread, and what a second thread gives."""

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

from collections.abc import Callable, Sequence

import numba
import numpy as np

from benchmarks.runner import CPU, WALL, Candidate, Clock, interleaved, write
from cl_theory.learning.learners.likelihood import exact_log_partition
from cl_theory.learning.learners.net_kernels import NetReplicas, ShowPlan, learn_shown
from cl_theory.learning.learners.parts import Adam
from cl_theory.learning.learners.replicas import Chains, PhasePlan, Replicas, gibbs_phase, learn_phases
from cl_theory.learning.models.forward_forward import ForwardForward
from cl_theory.learning.models.rbm import RBM
from cl_theory.philox import CounterStream

Work = Callable[[], object]
STATES = tuple(2**n for n in (8, 10, 12, 14, 16, 18))


def _system(n_hidden: int, n_visible: int, n: int, n_chains: int = 1):
    rng = np.random.default_rng(0)
    replicas = Replicas.of([RBM.random(rng, n_visible, n_hidden, 0.1)] * n)
    v, h = rng.integers(0, 2, (n, n_chains, n_visible)), rng.integers(0, 2, (n, n_chains, n_hidden))
    return CounterStream.of(0, n), replicas, v, h


def free(n_hidden: int, n_visible: int, n: int = 4, n_chains: int = 1, n_sweeps: int = 200) -> Work:
    """One free phase of all chains."""
    system = _system(n_hidden, n_visible, n, n_chains)
    return lambda: gibbs_phase(*system, n_sweeps)


def learning(n_hidden: int, n_visible: int, n: int = 4, n_phases: int = 5, *, positive: bool = False) -> Work:
    """Always-on phases of 200 sweeps."""
    rng, replicas, v, h = _system(n_hidden, n_visible, n)
    shape = (n, n_phases)
    plan = PhasePlan(np.full(shape, positive), np.full(shape, 200), np.full(shape, 1e-6), np.zeros(shape))
    chains = Chains(v[:, 0], h[:, 0])
    return lambda: learn_phases(rng, replicas, chains, plan, v[0], always_on=True)


def likelihood(n_visible: int, n: int = 1) -> Work:
    """Partition sums over 2^n_visible states, 20 hidden units."""
    replicas = Replicas.of([RBM.random(np.random.default_rng(0), n_visible, 20, 0.1)] * n)
    return lambda: exact_log_partition(replicas)


def nets(n: int, batch: int = 1, n_steps: int = 10, sizes: tuple[int, ...] = (784, 500, 500)) -> Work:
    """Forward-forward steps."""
    rng, shape = np.random.default_rng(0), (n, n_steps, batch)
    replicas = NetReplicas.of([ForwardForward.random(rng, sizes)] * n)
    images = rng.random((50, sizes[0])).astype(np.float32)
    plan = ShowPlan(rng.integers(0, 50, shape), rng.integers(0, 10, shape), rng.random(shape) < 0.5, np.ones(shape))
    return lambda: learn_shown(replicas, images, plan, Adam(0.01))


def series(name: str, along: str, values: Sequence[int], make: Callable[[int], Work], clock: Clock = CPU) -> dict:
    """Microseconds a call for each value, and the exponent of growth between the last two."""
    times = interleaved([Candidate(str(k), make(k)) for k in values], clock=clock)
    cost = [float(np.median(times[str(k)])) / 1e3 for k in values]
    exponent = float(np.log(cost[-1] / cost[-2]) / np.log(values[-1] / values[-2]))
    print(f"{name} by {along}: " + ", ".join(f"{k}: {c:.4g} us" for k, c in zip(values, cost, strict=True)), flush=True)
    print(f"    grows at the end with the power {exponent:.2f}")
    line = {"work": name, "along": along, "values": list(values), "exponent": round(exponent, 2)}
    return {**line, "microseconds": [float(f"{c:.4g}") for c in cost]}


def all_series() -> list[dict]:
    """One thread."""
    units = (16, 32, 64, 128, 256, 512, 1024)
    return [
        series("free phase, 16 hidden units", "visible units", units, lambda k: free(16, k)),
        series("free phase, 16 visible units", "hidden units", units, lambda k: free(k, 16)),
        series("free phase, 794 visible units", "hidden units", units[:5], lambda k: free(k, 794, n=1)),
        series("free + update, 16 hidden units", "visible units", units, lambda k: learning(16, k)),
        series("clamped + update, 16 hidden units", "visible units", units, lambda k: learning(16, k, positive=True)),
        series("free phase, 16 x 16", "sweeps", (1, 10, 100, 1000, 10000), lambda k: free(16, 16, n_sweeps=k)),
        series("free phase, 16 x 16", "replicas", (1, 4, 16, 64, 256), lambda k: free(16, 16, n=k)),
        series("free phase, 16 x 16", "chains a replica", (1, 4, 16, 64, 256), lambda k: free(16, 16, 1, k)),
        series("free phase of one sweep, 794 x 16", "chains a replica", (1, 4, 16, 64, 256), _one_sweep),
        series("partition sum, 20 hidden units", "visible states", STATES, lambda k: likelihood(k.bit_length() - 1)),
        series("forward-forward step", "batch", (1, 2, 4, 8, 16), lambda k: nets(1, k, 2)),
    ]


def _one_sweep(n_chains: int) -> Work:
    return free(16, 794, 1, n_chains, 1)


def second_thread(name: str, make: Callable[[int], Work], replicas: Sequence[int] = (2, 4, 8, 16, 32, 64)) -> dict:
    """How many times faster two threads are than one, by the clock on the wall."""
    gains = []
    for n in replicas:
        work = make(n)
        candidates = [Candidate(str(threads), _on_threads(work, threads)) for threads in (1, 2)]
        times = interleaved(candidates, rounds=15, clock=WALL)
        gains.append(np.quantile(times["1"] / times["2"], [0.25, 0.5, 0.75]))
    print(f"{name}, two threads: " + ", ".join(f"{n}: {g[1]:.2f}x" for n, g in zip(replicas, gains, strict=True)))
    quartiles = [[round(float(g[0]), 2), round(float(g[2]), 2)] for g in gains]
    medians = [round(float(g[1]), 2) for g in gains]
    return {"work": name, "replicas": list(replicas), "gain": medians, "quartiles": quartiles}


def _on_threads(work: Work, threads: int) -> Work:
    def run() -> None:
        numba.set_num_threads(threads)
        work()

    return run


def all_threads() -> list[dict]:
    """Where the machine has two cores to give."""
    if numba.config.NUMBA_NUM_THREADS < 2:
        print("one thread allowed: nothing to compare")
        return []
    return [
        second_thread("free phase, 16 x 16, 5000 sweeps", lambda n: free(16, 16, n, n_sweeps=5000)),
        second_thread("free + update, 16 x 16, 50 phases", lambda n: learning(16, 16, n, 50)),
        second_thread("free + update, 794 x 16, 5 phases", lambda n: learning(16, 794, n)),
        second_thread("partition sum, 16 x 20", lambda n: likelihood(16, n)),
        second_thread("forward-forward step", lambda n: nets(n, 1, 50), (2, 4, 8, 16)),
    ]


def main() -> None:
    """Print and write both."""
    threads = all_threads()
    numba.set_num_threads(1)
    write("growth", {"series": all_series(), "threads": threads})


if __name__ == "__main__":
    main()
