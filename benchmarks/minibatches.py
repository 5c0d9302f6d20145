"""Mini-batches of an RBM of 784 x 500 units against libraries, the same rule in NumPy, and the floor: a row of data.

Candidates run in turns on one thread, on data as dense as handwritten digits. Every one shows each row once: two-term
rules run both phases on it, ISD runs one phase. The floor is the products and random numbers that a rule cannot do
without, by the fastest product and the rates found here in the same rounds.
"""

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # before NumPy is imported: all candidates get one thread
os.environ.setdefault("OMP_NUM_THREADS", "1")

from collections.abc import Callable
from importlib.util import find_spec

import numba
import numpy as np
from scipy.linalg.blas import sgemm
from sklearn.neural_network import BernoulliRBM

from benchmarks.peers import HAS_TORCH
from benchmarks.rates import probe
from benchmarks.runner import CPU, Candidate, interleaved, row, show, write
from cl_theory.learning.learners.loop import Randomness
from cl_theory.learning.learners.minibatch import MinibatchLearner
from cl_theory.learning.learners.parts import ISD, SGD, CentredISD, ContrastiveDivergence, Persistent, TwoTerm
from cl_theory.learning.models.rbm import RBM

N_VISIBLE, N_HIDDEN, N_ROWS = 784, 500, 2000
DENSITY = 0.19
RATE = 0.01
HAS_RBMS = HAS_TORCH and find_spec("rbms") is not None
"""Rbms is an optional peer: `pip install rbms`."""

RULES = {
    "CD-1": (TwoTerm(), ContrastiveDivergence(1), 5),
    "persistent chains": (TwoTerm(), Persistent(1), 5),
    "ISD": (ISD(0.5), Persistent(1), 2.5),
    "centred ISD": (CentredISD(0.5), Persistent(1), 2.5),
}
"""Schedule, chain, and products of W with a row that an update takes for each row of data."""


def rows() -> np.ndarray:
    """Bits as dense as binarised digits, float32."""
    return (np.random.default_rng(0).random((N_ROWS, N_VISIBLE)) < DENSITY).astype(np.float32)


def ours(rule: str, batch_size: int) -> Candidate:
    """The learner, one pass over the data a call."""
    start = np.random.default_rng(1).normal(0, 0.01, (N_HIDDEN, N_VISIBLE))
    network = RBM(start, np.zeros(N_VISIBLE), np.zeros(N_HIDDEN))
    schedule, chain, _ = RULES[rule]
    learner, randomness = MinibatchLearner(network, rows(), schedule, chain, SGD(RATE), batch_size), Randomness(0)
    state = [learner.start(randomness)]

    def run() -> None:
        state[0] = learner.advance(state[0], N_ROWS // batch_size, randomness)

    return Candidate(rule, run, N_ROWS)


def numpy_pcd(batch_size: int) -> Candidate:
    """Persistent chains in float32, as one would write it with care: products into place, no copies of W."""
    rng, data = np.random.default_rng(0), rows()
    W = rng.normal(0, 0.01, (N_HIDDEN, N_VISIBLE)).astype(np.float32)
    a, c = np.zeros(N_VISIBLE, np.float32), np.zeros(N_HIDDEN, np.float32)
    h = [(rng.random((batch_size, N_HIDDEN)) < 0.5).astype(np.float32)]
    change, step = np.empty_like(W), np.float32(RATE / batch_size)

    def bits(activation: np.ndarray) -> np.ndarray:
        np.exp(-activation, out=activation)
        activation += 1
        return (rng.random(activation.shape, dtype=np.float32) * activation < 1).astype(np.float32)

    def run() -> None:
        for k in range(0, N_ROWS, batch_size):
            v = data[k : k + batch_size]
            up = bits(v @ W.T + c)
            free = bits(h[0] @ W + a)
            h[0] = bits(free @ W.T + c)
            np.matmul(up.T, v, out=change)
            change[...] -= h[0].T @ free
            change[...] *= step
            W[...] += change
            a[...] += step * (v.sum(0) - free.sum(0))
            c[...] += step * (up.sum(0) - h[0].sum(0))

    return Candidate("NumPy, persistent", run, N_ROWS)


def scikit_pcd(batch_size: int) -> Candidate:
    """`BernoulliRBM.partial_fit` on slices: persistent chains, in float32 as its input is."""
    model, data = BernoulliRBM(N_HIDDEN, learning_rate=RATE, batch_size=batch_size, random_state=0), rows()

    def run() -> None:
        for k in range(0, N_ROWS, batch_size):
            model.partial_fit(data[k : k + batch_size])

    return Candidate("scikit-learn, persistent", run, N_ROWS)


def torch_pcd(batch_size: int) -> Candidate:
    """Persistent chains in torch, products added in place."""
    import torch

    torch.set_num_threads(1)
    torch.manual_seed(0)
    W, data = 0.01 * torch.randn(N_HIDDEN, N_VISIBLE), torch.from_numpy(rows())
    a, c = torch.zeros(N_VISIBLE), torch.zeros(N_HIDDEN)
    h = [torch.bernoulli(torch.full((batch_size, N_HIDDEN), 0.5))]
    step = RATE / batch_size

    def run() -> None:
        with torch.inference_mode():
            for k in range(0, N_ROWS, batch_size):
                v = data[k : k + batch_size]
                up = torch.bernoulli(torch.sigmoid(torch.addmm(c, v, W.T)))
                free = torch.bernoulli(torch.sigmoid(torch.addmm(a, h[0], W)))
                h[0] = torch.bernoulli(torch.sigmoid(torch.addmm(c, free, W.T)))
                W.addmm_(up.T, v, alpha=step).addmm_(h[0].T, free, alpha=-step)
                a.add_(v.sum(0) - free.sum(0), alpha=step)
                c.add_(up.sum(0) - h[0].sum(0), alpha=step)

    return Candidate("torch, persistent", run, N_ROWS)


def rbms_pcd(batch_size: int) -> Candidate:
    """The gradient and the chains of rbms, with torch's SGD."""
    import torch
    from rbms.bernoulli_bernoulli.classes import BBRBM

    torch.set_num_threads(1)
    data = torch.from_numpy(rows())
    model = BBRBM(
        weight_matrix=0.01 * torch.randn(N_VISIBLE, N_HIDDEN), vbias=torch.zeros(N_VISIBLE), hbias=torch.zeros(N_HIDDEN)
    )
    optimiser = torch.optim.SGD(model.parameters(), lr=RATE, maximize=True)
    chains, weights = [model.init_chains(batch_size)], torch.ones(batch_size)
    for parameter in model.parameters():
        parameter.grad = torch.zeros_like(parameter)

    def run() -> None:
        with torch.no_grad():
            for k in range(0, N_ROWS, batch_size):
                shown = model.sample_hiddens({"visible": data[k : k + batch_size], "weights": weights})
                chains[0] = model.sample_state(n_steps=1, chains=chains[0])
                model.compute_gradient(data=shown, chains=chains[0], centered=False)
                optimiser.step()

    return Candidate("rbms, persistent", run, N_ROWS)


def product_probe(batch_size: int) -> Candidate:
    """The fastest product of BLAS here, a batch added to W in place; a unit is one product with one row."""
    rng = np.random.default_rng(0)
    W, v = (np.ones((n, N_VISIBLE), np.float32) for n in (N_HIDDEN, batch_size))
    h = rng.random((batch_size, N_HIDDEN), dtype=np.float32)
    repeats = max(1, 200 // batch_size)

    def run() -> None:
        for _ in range(repeats):
            sgemm(1e-9, v.T, h.T, beta=1.0, c=W.T, trans_b=True, overwrite_c=True)

    return Candidate("product", run, repeats * batch_size)


def batch_rows(batch_size: int) -> list[dict]:
    """A line of the table for each rule, all measured in the same rounds."""
    makers: list[Callable[[int], Candidate]] = [numpy_pcd, scikit_pcd]
    makers += [torch_pcd] * HAS_TORCH + [rbms_pcd] * HAS_RBMS
    peers = [make(batch_size) for make in makers]
    probes = [product_probe(batch_size), probe("word"), probe("exponential")]
    times = interleaved([*(ours(rule, batch_size) for rule in RULES), *peers, *probes], clock=CPU, seconds=0.2)
    lines = []
    for rule, (_, _, products) in RULES.items():
        units = (N_VISIBLE + 2 * N_HIDDEN) * (1 if products == 5 else 0.5)
        floor = products * times["product"] + units * (times["word"] + times["exponential"])
        names = [rule, *(peer.name for peer in peers), *(other for other in RULES if other != rule)]
        line = row(f"784 x 500, batch {batch_size}, {rule}", {n: times[n] for n in names}, ours=rule, floor=floor)
        line["rates"] = {c.name: float(f"{np.median(times[c.name]):.3g}") for c in probes}
        show(line)
        lines.append(line)
    return lines


def main() -> None:
    """Print and write the table."""
    numba.set_num_threads(1)
    write("minibatches", {"rows": [line for batch_size in (10, 100) for line in batch_rows(batch_size)]})


if __name__ == "__main__":
    main()
