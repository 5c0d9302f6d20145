"""The same work as research scripts do it: NumPy, float64, one sample and one step at a time."""

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
        self.v = (self.rng.random(n_visible) < 0.5).astype(float)
        self.h = (self.rng.random(n_hidden) < 0.5).astype(float)

    def free(self, n_sweeps: int) -> None:
        for _ in range(n_sweeps):
            self.v = (self.rng.random(self.a.size) < sigmoid(self.h @ self.W + self.a)).astype(float)
            self.h = (self.rng.random(self.c.size) < sigmoid(self.W @ self.v + self.c)).astype(float)

    def clamped(self, n_sweeps: int, rate: float) -> None:
        for _ in range(n_sweeps):
            self.h = (self.rng.random(self.c.size) < sigmoid(self.W @ self.v + self.c)).astype(float)
            self._learn(rate)

    def free_learning(self, n_sweeps: int, rate: float) -> None:
        for _ in range(n_sweeps):
            self.free(1)
            self._learn(rate)

    def _learn(self, rate: float) -> None:
        self.W += rate * np.outer(self.h, self.v)
        self.a += rate * self.v
        self.c += rate * self.h

    def negative_log_likelihood(self, data: np.ndarray, n_states: int) -> float:
        """By a loop over visible states, the first `n_states` of them (all of them for the likelihood itself)."""
        total = 0.0
        for v in _states(self.a.size, n_states):
            total += self._weight(v)
        return -sum(np.log(self._weight(v)) for v in data) + len(data) * np.log(total)

    def _weight(self, v):
        value = np.exp(np.dot(self.a, v))
        for j in range(self.c.size):
            value *= 1 + np.exp(self.c[j] + np.dot(self.W[j], v))
        return value


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
