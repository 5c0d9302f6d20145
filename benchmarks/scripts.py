"""The same work as research scripts do it: NumPy, float64, one sample and one step at a time.

`ScriptRBM` is written as such scripts are: binomial draws, a gradient for each parameter, new arrays for old ones, the
probability of each row from the definition. `TunedScriptRBM` is what the same loop can be without leaving NumPy: bits
by comparison, updates in place, one partition sum.
"""

from itertools import product

import numpy as np


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


class ScriptRBM:
    """One chain, with learning at every step if asked."""

    def __init__(self, n_hidden: int, n_visible: int, seed: int = 0) -> None:
        self.rng = np.random.default_rng(seed)
        self.W = self.rng.normal(0, 0.1, (n_hidden, n_visible))
        self.a, self.c = np.zeros(n_visible), np.zeros(n_hidden)
        self.v, self.h = self.rng.binomial(1, 0.5, n_visible), self.rng.binomial(1, 0.5, n_hidden)

    def sample_v(self) -> None:
        self.v = self.rng.binomial(1, sigmoid(np.dot(self.h, self.W) + self.a))

    def sample_h(self) -> None:
        self.h = self.rng.binomial(1, sigmoid(np.dot(self.W, self.v) + self.c))

    def free(self, n_sweeps: int) -> None:
        for _ in range(n_sweeps):
            self.sample_v()
            self.sample_h()

    def clamped(self, n_sweeps: int, rate: float) -> None:
        for _ in range(n_sweeps):
            self.sample_h()
            self.learn(rate)

    def free_learning(self, n_sweeps: int, rate: float) -> None:
        for _ in range(n_sweeps):
            self.free(1)
            self.learn(rate)

    def learn(self, rate: float) -> None:
        gradient = {"W": np.outer(self.h, self.v), "a": self.v, "c": self.h}
        self.W = self.W + rate * gradient["W"]
        self.a = self.a + rate * gradient["a"]
        self.c = self.c + rate * gradient["c"]

    def negative_log_likelihood(self, data: np.ndarray, n_states: int) -> float:
        """Each row from the definition, the partition sum over the first `n_states` states with it."""
        return -sum(np.log(self.weight(v) / sum(self.weight(u) for u in _states(self.a.size, n_states))) for v in data)

    def weight(self, v):
        return np.exp(np.dot(self.a, v)) * np.prod(1 + np.exp(np.dot(self.W, v) + self.c))


class TunedScriptRBM(ScriptRBM):
    """The same loop at its best."""

    def __init__(self, n_hidden: int, n_visible: int, seed: int = 0) -> None:
        super().__init__(n_hidden, n_visible, seed)
        self.v, self.h = self.v.astype(float), self.h.astype(float)

    def sample_v(self) -> None:
        self.v = (self.rng.random(self.a.size) < sigmoid(self.h @ self.W + self.a)).astype(float)

    def sample_h(self) -> None:
        self.h = (self.rng.random(self.c.size) < sigmoid(self.W @ self.v + self.c)).astype(float)

    def learn(self, rate: float) -> None:
        self.W += rate * np.outer(self.h, self.v)
        self.a += rate * self.v
        self.c += rate * self.h

    def negative_log_likelihood(self, data: np.ndarray, n_states: int) -> float:
        total = sum(self.weight(u) for u in _states(self.a.size, n_states))
        return -sum(np.log(self.weight(v) / total) for v in data)


def _states(n, n_states):
    for k, bits in enumerate(product([0, 1], repeat=n)):
        if k == n_states:
            return
        yield np.array(bits)


class ScriptNet:
    """A forward-forward net of two layers with Adam, one image at a time."""

    def __init__(self, sizes, seed: int = 0) -> None:
        self.rng = np.random.default_rng(seed)
        pairs = list(zip(sizes[1:], sizes[:-1], strict=True))
        self.layers = [self.rng.uniform(-1, 1, (n, m + 1)) / np.sqrt(m) for n, m in pairs]
        self.first = [np.zeros_like(w) for w in self.layers]
        self.second = [np.zeros_like(w) for w in self.layers]
        self.count = 0

    def step(self, image, is_positive: bool, weight: float, rate: float = 0.01) -> None:
        x, self.count = image, self.count + 1
        for k, w in enumerate(self.layers):
            inputs = np.append(x / (np.linalg.norm(x) + 1e-8), 1.0)
            x = np.maximum(w @ inputs, 0)
            sign = 1 if is_positive else -1
            surprise = sigmoid(sign * (2.0 - np.mean(x**2)))
            gradient = np.outer(-weight * surprise * 2 / x.size * x, inputs)
            self.first[k] = 0.9 * self.first[k] + 0.1 * gradient
            self.second[k] = 0.999 * self.second[k] + 0.001 * gradient**2
            mean, square = self.first[k] / (1 - 0.9**self.count), self.second[k] / (1 - 0.999**self.count)
            self.layers[k] = w - rate * mean / (np.sqrt(square) + 1e-8)
