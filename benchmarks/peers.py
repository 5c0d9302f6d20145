"""Libraries and batched code that do some of the same work: scikit-learn, batched NumPy, batched torch if installed."""

from importlib.util import find_spec
from itertools import pairwise

import numpy as np
from sklearn.neural_network import BernoulliRBM

N_CHAINS = 256
HAS_TORCH = find_spec("torch") is not None
"""Torch is an optional peer: `pip install torch==2.13.0`."""


def scikit_gibbs(n_hidden: int, n_visible: int):
    """`BernoulliRBM.gibbs` on many chains of one model; a call is one Gibbs step of each."""
    rng = np.random.default_rng(0)
    model = BernoulliRBM(n_components=n_hidden)
    model.components_ = rng.normal(0, 0.1, (n_hidden, n_visible))
    model.intercept_hidden_, model.intercept_visible_ = np.zeros(n_hidden), np.zeros(n_visible)
    model.random_state_ = np.random.RandomState(0)
    state = [(rng.random((N_CHAINS, n_visible)) < 0.5).astype(np.float64)]

    def run() -> None:
        state[0] = model.gibbs(state[0])

    return run


class BatchedNumPy:
    """Float32, one matrix product for all: chains of one model, or (learning) one model a replica."""

    def __init__(self, n_hidden: int, n_visible: int, n: int, *, shared: bool) -> None:
        self.rng = np.random.default_rng(0)
        shape = (n_hidden, n_visible) if shared else (n, n_hidden, n_visible)
        self.W = self.rng.normal(0, 0.1, shape).astype(np.float32)
        self.a, self.c = np.zeros((n, n_visible), np.float32), np.zeros((n, n_hidden), np.float32)
        self.v, self.h = self._bits(self.a), self._bits(self.c)

    def _bits(self, activation):
        noise = self.rng.random(activation.shape, dtype=np.float32)
        return (noise * (1 + np.exp(-activation)) < 1).astype(np.float32)

    def free(self) -> None:
        self.v = self._bits(self.h @ self.W + self.a)
        self.h = self._bits(self.v @ self.W.T + self.c)

    def free_learning(self, rate: float) -> None:
        self.v = self._bits((self.h[:, None] @ self.W)[:, 0] + self.a)
        self.h = self._bits((self.W @ self.v[:, :, None])[:, :, 0] + self.c)
        self._learn(rate)

    def clamped_learning(self, rate: float) -> None:
        self.h = self._bits((self.W @ self.v[:, :, None])[:, :, 0] + self.c)
        self._learn(rate)

    def _learn(self, rate: float) -> None:
        self.W += np.float32(rate) * (self.h[:, :, None] * self.v[:, None])
        self.a += np.float32(rate) * self.v
        self.c += np.float32(rate) * self.h


def torch_batched(n_hidden: int, n_visible: int, n: int):
    """(free with shared weights, free + learning, clamped + learning) as calls of one step each, float32."""
    import torch

    torch.set_num_threads(1)
    torch.manual_seed(0)
    shared = 0.1 * torch.randn(n_hidden, n_visible)
    W, a, c = 0.1 * torch.randn(n, n_hidden, n_visible), torch.zeros(n, n_visible), torch.zeros(n, n_hidden)
    state = {
        "v": torch.bernoulli(torch.full((n, n_visible), 0.5)),
        "h": torch.bernoulli(torch.full((n, n_hidden), 0.5)),
    }

    def free() -> None:
        state["v"] = torch.bernoulli(torch.sigmoid(torch.addmm(a, state["h"], shared)))
        state["h"] = torch.bernoulli(torch.sigmoid(torch.addmm(c, state["v"], shared.T)))

    def learn() -> None:
        W.baddbmm_(state["h"][:, :, None], state["v"][:, None], alpha=1e-6)
        a.add_(state["v"], alpha=1e-6)
        c.add_(state["h"], alpha=1e-6)

    def hidden() -> None:
        state["h"] = torch.bernoulli(torch.sigmoid(torch.baddbmm(c[:, :, None], W, state["v"][:, :, None])[:, :, 0]))

    def free_learning() -> None:
        state["v"] = torch.bernoulli(torch.sigmoid(torch.baddbmm(a[:, None], state["h"][:, None], W)[:, 0]))
        hidden()
        learn()

    def clamped_learning() -> None:
        hidden()
        learn()

    def without_gradients(call):
        def run() -> None:
            with torch.inference_mode():
                call()

        return run

    with torch.inference_mode():
        return tuple(without_gradients(call) for call in (free, free_learning, clamped_learning))


def numpy_likelihood(n_hidden: int, n_visible: int, data: np.ndarray):
    """Free energies of all states by one matrix product in float32, log-sum-exp."""
    rng = np.random.default_rng(0)
    W = rng.normal(0, 0.1, (n_hidden, n_visible)).astype(np.float32)
    states = ((np.arange(2**n_visible)[:, None] >> np.arange(n_visible)) & 1).astype(np.float32)
    rows = data.astype(np.float32)

    def run() -> float:
        values = np.log1p(np.exp(states @ W.T)).sum(axis=1)
        top = values.max()
        return float(top + np.log(np.exp(values - top).sum()) - np.log1p(np.exp(rows @ W.T)).sum(axis=1).mean())

    return run


def torch_likelihood(n_hidden: int, n_visible: int, data: np.ndarray):
    """The same in torch."""
    import torch
    from torch.nn.functional import softplus

    torch.set_num_threads(1)
    W = 0.1 * torch.randn(n_hidden, n_visible)
    states = ((torch.arange(2**n_visible)[:, None] >> torch.arange(n_visible)) & 1).float()
    rows = torch.from_numpy(data).float()

    def run() -> float:
        with torch.inference_mode():
            partition = torch.logsumexp(softplus(states @ W.T).sum(1), 0)
            return float(partition - softplus(rows @ W.T).sum(1).mean())

    return run


def torch_net_step(sizes):
    """One ISD step of a forward-forward net, batch 1, with torch's own Adam."""
    import torch
    from torch.nn.functional import softplus

    torch.set_num_threads(1)
    layers = [torch.nn.Linear(m, n) for m, n in pairwise(sizes)]
    optimiser = torch.optim.Adam([p for layer in layers for p in layer.parameters()], lr=0.01, fused=True)
    image = torch.rand(1, sizes[0])

    def run() -> None:
        x = image
        optimiser.zero_grad(set_to_none=False)
        for layer in layers:
            x = torch.relu(layer(x.detach() / (x.detach().norm() + 1e-8)))
            (2.0 * softplus(2.0 - (x**2).mean())).backward()
        optimiser.step()

    return run
