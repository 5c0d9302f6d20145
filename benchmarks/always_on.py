"""Always-on learning: steps of a three-state chain, of other chains, of an RBM; the second-order coefficient Q_T."""

import tracemalloc

import numba
import numpy as np

from benchmarks.runner import Candidate, interleaved, row, show, write
from cl_theory.learning.models.rbm import RBM
from cl_theory.learning.models.rbm_phases import simulate_rbm_phase
from cl_theory.theory.chains.local_chain import local_chain
from cl_theory.theory.chains.phase_lengths import Fixed
from cl_theory.theory.chains.poisson import Equilibrium
from cl_theory.theory.chains.softmax_chain import three_state_chain
from cl_theory.theory.chains.solvable_chains import LinearAutoregression
from cl_theory.theory.dynamics import simulation
from cl_theory.theory.dynamics.chain_kernels import run_lockstep
from cl_theory.theory.dynamics.expansion import second_order
from cl_theory.theory.dynamics.linear import simulate_linear
from cl_theory.theory.dynamics.simulation import simulate_always_on

CHAIN, THETA = three_state_chain(), np.log([2.0, 0.5])
LOCAL = local_chain(CHAIN, THETA)
PSI = Equilibrium.of(LOCAL).psi
GOAL = 50.0
"""Nanoseconds a step: 20 million steps a second and core."""


def _phases(chain, theta, n_steps: int, n: int, psi=None):
    return simulate_always_on(np.random.default_rng(0), chain, theta, 0, Fixed(n_steps), n, learning_rate=0.1, psi=psi)


def _in_lockstep(n_steps: int, n: int):
    kernel, simulation._run_softmax = simulation._run_softmax, run_lockstep
    try:
        return _phases(CHAIN, THETA, n_steps, n)
    finally:
        simulation._run_softmax = kernel


def script(n_steps: int) -> np.ndarray:
    """One replica, one step at a time, as one would write it."""
    rng, chain, theta, z = np.random.default_rng(0), CHAIN.floats(), THETA.copy(), 0
    for _ in range(n_steps):
        mass = chain.weights[z] * np.exp(theta @ chain.features[:, z])
        gradient = chain.offset[z] + chain.slope[z] @ (1 / (1 + np.exp(-theta)))
        theta = theta - 1e-3 * gradient
        z = rng.choice(3, p=mass / mass.sum())
    return theta


def three_state_row() -> dict:
    """One step of one replica, learning included; the goal stands in the place of the floor."""
    candidates = [
        Candidate("kernel", lambda: _phases(CHAIN, THETA, 1000, 4096), 1000 * 4096),
        Candidate("kernel, control variate used", lambda: _phases(CHAIN, THETA, 1000, 4096, PSI), 1000 * 4096),
        Candidate("kernel, phases of 12 steps", lambda: _phases(CHAIN, THETA, 12, 100_000), 12 * 100_000),
        Candidate("NumPy, replicas in step", lambda: _in_lockstep(20, 4096), 20 * 4096),
        Candidate("script, one step at a time", lambda: script(500), 500),
    ]
    return row("three-state chain, one always-on step", interleaved(candidates), ours="kernel", floor=GOAL)


def other_rows() -> list[dict]:
    """Other systems, one step of one replica."""
    rbm, n = RBM.random(np.random.default_rng(2), 16, 16, 0.1), 1024
    v, h = (np.random.default_rng(seed).integers(0, 2, (n, 16)) for seed in (3, 4))
    network = LinearAutoregression(0.5, 0.7, 0.2, 0.3)

    def rbm_phase(is_positive: bool):
        return simulate_rbm_phase(
            np.random.default_rng(0), rbm, v, h, Fixed(100), learning_rate=0.1, is_positive=is_positive,
            directions=np.ones((1, rbm.n_parameters)),
        )  # fmt: skip

    def linear():
        return simulate_linear(np.random.default_rng(0), network, 1.0, 0.0, Fixed(100), 20_000, step_size=1e-3)

    systems = {
        "AR(1) network": (linear, 100 * 20_000),
        "RBM 16 x 16, free": (lambda: rbm_phase(False), 100 * n),
        "RBM 16 x 16, clamped": (lambda: rbm_phase(True), 100 * n),
    }
    times = {name: interleaved([Candidate("kernel", run, units)]) for name, (run, units) in systems.items()}
    return [row(f"{name}, one always-on step", found, ours="kernel") for name, found in times.items()]


def second_order_row() -> dict:
    """Q_T: time a step for short and long phases, and the most memory that was in use beyond the result."""
    lengths = (1_000, 100_000, 10_000_000)
    candidates = [Candidate(f"T = {n:,}", lambda n=n: second_order(LOCAL, 0, Fixed(n)), n) for n in lengths]
    line = row("second-order coefficient Q_T, one step", interleaved(candidates, rounds=3), ours="T = 100,000")
    line["peak_kilobytes"] = {f"T = {n:,}": _peak_kilobytes(n) for n in lengths[1:]}
    return line


def _peak_kilobytes(n: int) -> float:
    tracemalloc.start()
    second_order(LOCAL, 0, Fixed(n))
    peak = tracemalloc.get_traced_memory()[1] / 1024
    tracemalloc.stop()
    return round(peak, 1)


def main() -> None:
    """Print and write the table, one thread."""
    numba.set_num_threads(1)
    rows = [three_state_row(), *other_rows(), second_order_row()]
    for line in rows:
        show(line)
    print("    most memory in use, kB:", rows[-1]["peak_kilobytes"])
    write("always_on", {"rows": rows})


if __name__ == "__main__":
    main()
