"""The kernels against scripts, libraries and their own floors: one replica, one step, one thread."""

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # before NumPy is imported: all candidates get one thread
os.environ.setdefault("OMP_NUM_THREADS", "1")

import numba
import numpy as np

from benchmarks import peers
from benchmarks.rates import Floor
from benchmarks.runner import CPU, Candidate, interleaved, row, show, write
from benchmarks.scripts import ScriptNet, ScriptRBM, TunedScriptRBM
from cl_theory.learning.learners.likelihood import exact_log_likelihood
from cl_theory.learning.learners.net_kernels import NetReplicas, ShowPlan, learn_shown
from cl_theory.learning.learners.parts import Adam
from cl_theory.learning.learners.replicas import Chains, PhasePlan, Replicas, gibbs_phase, learn_phases
from cl_theory.learning.models.forward_forward import ForwardForward
from cl_theory.learning.models.images import bars_and_stripes
from cl_theory.learning.models.rbm import RBM
from cl_theory.philox import CounterStream

SWEEPS = 200
"""Sweeps a phase, as in the source's experiments."""

RATE = 1e-6
N_REPLICAS = 16


def _replicas(n_hidden: int, n_visible: int, n: int = N_REPLICAS):
    rng = np.random.default_rng(0)
    replicas = Replicas.of([RBM.random(rng, n_visible, n_hidden, 0.1) for _ in range(n)])
    return replicas, rng.integers(0, 2, (n, n_visible)), rng.integers(0, 2, (n, n_hidden))


def free_kernel(n_hidden: int, n_visible: int, n_sweeps: int = 5 * SWEEPS) -> Candidate:
    """Free phases without learning."""
    replicas, v, h = _replicas(n_hidden, n_visible)
    rng = CounterStream.of(0, N_REPLICAS)

    def run():
        return gibbs_phase(rng, replicas, v[:, None], h[:, None], n_sweeps)

    return Candidate("kernel", run, N_REPLICAS * n_sweeps)


def learning_kernel(n_hidden: int, n_visible: int, *, positive: bool, n_phases: int = 50) -> Candidate:
    """Always-on phases, all positive or all negative."""
    replicas, v, h = _replicas(n_hidden, n_visible)
    shape = (N_REPLICAS, n_phases)
    plan = PhasePlan(np.full(shape, positive), np.full(shape, SWEEPS), np.full(shape, RATE), np.zeros(shape))
    rng, data = CounterStream.of(0, N_REPLICAS), v[:1]

    def run():
        return learn_phases(rng, replicas, Chains(v, h), plan, data, always_on=True)

    return Candidate("kernel", run, N_REPLICAS * n_phases * SWEEPS)


def free_row(name: str, n_hidden: int, n_visible: int) -> dict:
    """Free Gibbs steps."""
    script, tuned = ScriptRBM(n_hidden, n_visible), TunedScriptRBM(n_hidden, n_visible)
    batched = peers.BatchedNumPy(n_hidden, n_visible, peers.N_CHAINS, shared=True)
    candidates = [
        free_kernel(n_hidden, n_visible),
        Candidate("script", lambda: script.free(50), 50),
        Candidate("script, tuned", lambda: tuned.free(50), 50),
        Candidate("scikit-learn", peers.scikit_gibbs(n_hidden, n_visible), peers.N_CHAINS),
        Candidate("NumPy, batched", batched.free, peers.N_CHAINS),
    ]
    if peers.HAS_TORCH:
        free, _, _ = peers.torch_batched(n_hidden, n_visible, peers.N_CHAINS)
        candidates.append(Candidate("torch, batched", free, peers.N_CHAINS))
    return measured_row(f"{name}, free", candidates, gibbs_floor(n_hidden + n_visible, n_hidden, n_visible, 2, 0))


def free_learning_row(name: str, n_hidden: int, n_visible: int) -> dict:
    """Free Gibbs steps with an update after each."""
    script, tuned = ScriptRBM(n_hidden, n_visible), TunedScriptRBM(n_hidden, n_visible)
    batched = peers.BatchedNumPy(n_hidden, n_visible, N_REPLICAS, shared=False)
    candidates = [
        learning_kernel(n_hidden, n_visible, positive=False, n_phases=2),
        Candidate("script", lambda: script.free_learning(50, RATE), 50),
        Candidate("script, tuned", lambda: tuned.free_learning(50, RATE), 50),
        Candidate("NumPy, batched", lambda: batched.free_learning(RATE), N_REPLICAS),
    ]
    if peers.HAS_TORCH:
        _, learning, _ = peers.torch_batched(n_hidden, n_visible, N_REPLICAS)
        candidates.append(Candidate("torch, batched", learning, N_REPLICAS))
    floor = gibbs_floor(n_hidden + n_visible, n_hidden, n_visible, 2, 1)
    return measured_row(f"{name}, free + update", candidates, floor)


def clamped_row(name: str, n_hidden: int, n_visible: int) -> dict:
    """Clamped steps with an update after each; the floor spreads one product and one update over the phase."""
    script, tuned = ScriptRBM(n_hidden, n_visible), TunedScriptRBM(n_hidden, n_visible)
    batched = peers.BatchedNumPy(n_hidden, n_visible, N_REPLICAS, shared=False)
    candidates = [
        learning_kernel(n_hidden, n_visible, positive=True),
        Candidate("script", lambda: script.clamped(50, RATE), 50),
        Candidate("script, tuned", lambda: tuned.clamped(50, RATE), 50),
        Candidate("NumPy, batched", lambda: batched.clamped_learning(RATE), N_REPLICAS),
    ]
    if peers.HAS_TORCH:
        _, _, learning = peers.torch_batched(n_hidden, n_visible, N_REPLICAS)
        candidates.append(Candidate("torch, batched", learning, N_REPLICAS))
    floor = gibbs_floor(n_hidden, n_hidden, n_visible, 1 / SWEEPS, 1 / SWEEPS)
    return measured_row(f"{name}, clamped + update", candidates, floor)


def likelihood_row() -> dict:
    """Exact likelihood of the 32 rows of bars and stripes under 16 x 16 units.

    The scripts take the first 64 states of 65,536 and are scaled up.
    """
    data, script, tuned = bars_and_stripes(4), ScriptRBM(16, 16), TunedScriptRBM(16, 16)
    replicas = _replicas(16, 16)[0]
    candidates = [
        Candidate("kernel", lambda: exact_log_likelihood(replicas, data), N_REPLICAS),
        Candidate("script", lambda: script.negative_log_likelihood(data, 64), 65 / (2**16 + 1)),
        Candidate("script, tuned", lambda: tuned.negative_log_likelihood(data, 64), (64 + 32) / (2**16 + 32)),
        Candidate("NumPy, all states at once", peers.numpy_likelihood(16, 16, data)),
    ]
    if peers.HAS_TORCH:
        candidates.append(Candidate("torch, all states at once", peers.torch_likelihood(16, 16, data)))
    floor = Floor({"double multiply-add": 2 * 16 * 2**16})
    return measured_row("exact likelihood, 16 x 16", candidates, floor)


def net_row(sizes: tuple[int, ...] = (784, 500, 500), n_steps: int = 50) -> dict:
    """ISD steps of a forward-forward net with Adam, batch 1.

    Floor: two products and six multiply-adds, a root and a quotient a weight, or reading and writing the weight and
    both moments, whichever is longer.
    """
    rng, shape = np.random.default_rng(0), (1, n_steps, 1)
    nets = NetReplicas.of([ForwardForward.random(rng, sizes)])
    images = (rng.random((100, sizes[0])) * (rng.random((100, sizes[0])) < 0.2)).astype(np.float32)
    is_positive = rng.random(shape) < 0.5
    plan = ShowPlan(rng.integers(0, 100, shape), rng.integers(0, 10, shape), is_positive, np.where(is_positive, 2, -2))
    script, image = ScriptNet(sizes), images[0].astype(float)
    candidates = [
        Candidate("kernel", lambda: learn_shown(nets, images, plan, Adam(0.01)), n_steps),
        Candidate("script", lambda: script.step(image, True, 2.0)),
    ]
    if peers.HAS_TORCH:
        candidates.append(Candidate("torch", peers.torch_net_step(sizes)))
    n = nets.parameters.shape[1]
    arithmetic = {"multiply-add": 8 * n, "root and quotient": n}
    floor = Floor({}, (arithmetic, {f"update {12 * n}": 12 * n}))
    return measured_row(f"forward-forward {'-'.join(map(str, sizes))}", candidates, floor)


def gibbs_floor(n_units: float, n_hidden: int, n_visible: int, n_products: float, n_updates: float) -> Floor:
    """A word and an exponential a unit, and the multiply-adds of products and updates, or their traffic if longer.

    Every weight counts in every product and update. Long rows of units that are off can be left out, so that a kernel
    may come out a little below this.
    """
    n, size = n_hidden * n_visible, 4 * n_hidden * n_visible
    traffic = {f"read {size}": n_products * size, f"update {size}": n_updates * size}
    return Floor({"word": n_units, "exponential": n_units}, ({"multiply-add": n * (n_products + n_updates)}, traffic))


def measured_row(work: str, candidates: list[Candidate], floor: Floor) -> dict:
    """Candidates and the rates of the floor in the same rounds."""
    times = interleaved([*candidates, *floor.probes], clock=CPU)
    own = {c.name: times[c.name] for c in candidates}
    line = row(work, own, ours="kernel", floor=floor.nanoseconds(times))
    line["rates"] = {c.name: float(f"{np.median(times[c.name]):.3g}") for c in floor.probes}
    show(line)
    return line


def main() -> None:
    """Print and write the table."""
    numba.set_num_threads(1)
    rows = []
    for name, sizes in {"BAS 16 x 16": (16, 16), "794 x 16": (16, 794), "794 x 100": (100, 794)}.items():
        for make in (free_row, free_learning_row, clamped_row):
            rows.append(make(name, *sizes))
    for make in (likelihood_row, net_row):
        rows.append(make())
    write("kernels", {"rows": rows})


if __name__ == "__main__":
    main()
