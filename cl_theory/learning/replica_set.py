"""RBM replicas that learn side by side: what they start from, and who they are."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from cl_theory.arguments import positive
from cl_theory.learning.chains import ChainPolicy
from cl_theory.learning.data_rows import bit_rows
from cl_theory.learning.isd_estimate import digest
from cl_theory.learning.randomness import Randomness
from cl_theory.learning.replicas import Replicas
from cl_theory.learning.schedules import Schedule


@dataclass(frozen=True, eq=False)
class ReplicaSet:
    """RBM replicas, each with its own schedule and learning rate; what one learns does not depend on the others.

    `start_from` holds the first parameters, `numbers` (n_replicas,) identify the replicas: replica 7 draws the same
    random numbers in every company. With `single` the one replica there is stands for itself, as an `RBM`.
    """

    start_from: Replicas
    data: np.ndarray
    schedules: tuple[Schedule, ...]
    learning_rates: tuple[float, ...]
    chain: ChainPolicy
    visible_biases: bool = True
    numbers: tuple[int, ...] = ()
    single: bool = False

    parameter_limit: ClassVar[float] = 100.0

    def __post_init__(self) -> None:
        n = len(self.start_from)
        object.__setattr__(self, "data", bit_rows(self.data, self.start_from.n_visible))
        object.__setattr__(self, "numbers", self.numbers or tuple(range(n)))
        for name in ("schedules", "learning_rates", "numbers"):
            if len(getattr(self, name)) != n:
                raise ValueError(f"{name} must have one entry for each of {n} replicas, got {len(getattr(self, name))}")
        for rate in self.learning_rates:
            positive(rate, "learning_rate")
        if not self.visible_biases and np.any(self.start_from.visible_bias):
            raise ValueError("a network without visible biases must start with visible_bias 0, got other values")
        if self.single and n != 1:
            raise ValueError(f"single asks for one replica, got {n}")

    def first_states(self, randomness: Randomness) -> tuple[np.ndarray, np.ndarray]:
        """Fair coins for the units of every replica's chain, float32."""
        v, h = (np.empty((len(self.numbers), n)) for n in (self.start_from.n_visible, self.start_from.n_hidden))
        for r, number in enumerate(self.numbers):
            rng = randomness.of(number).at("start", 0)
            v[r], h[r] = rng.integers(0, 2, v.shape[1]), rng.integers(0, 2, h.shape[1])
        return v.astype(np.float32), h.astype(np.float32)

    def first_parameters(self) -> np.ndarray:
        """Parameters before learning, float32 (n_replicas, n_parameters) in the order of `RBM.flat`."""
        return flat(self.start_from)

    def replicas(self, parameters: np.ndarray) -> Replicas:
        """The replicas with these parameters, rounded to float32."""
        n_h, n_v = self.start_from.n_hidden, self.start_from.n_visible
        weights, visible, hidden = np.split(parameters, [n_h * n_v, n_h * n_v + n_v], axis=1)
        return Replicas(weights.reshape(-1, n_h, n_v), visible, hidden)

    def model(self, parameters: np.ndarray) -> Any:
        """The replicas with these parameters; the only one as an `RBM` where `single` is set."""
        if self.single:
            return self.start_from.rbm(0).with_flat(parameters[0])
        return self.replicas(parameters)

    def describe(self) -> Mapping[str, Any]:
        """What identifies the run, ready for JSON."""
        return {
            "learner": type(self).__name__,
            "network": f"{len(self.numbers)} RBM {self.start_from.n_visible} x {self.start_from.n_hidden}",
            "start": digest(flat(self.start_from)),
            "data": digest(self.data),
            "schedule": repr(self.schedules),
            "chain": repr(self.chain),
            "optimiser": repr(self.learning_rates),
            "visible_biases": self.visible_biases,
            "numbers": list(self.numbers),
        }


def flat(replicas: Replicas) -> np.ndarray:
    """Parameters of each replica in the order of `RBM.flat`, (n_replicas, n_parameters)."""
    parts = (replicas.weights.reshape(len(replicas), -1), replicas.visible_bias, replicas.hidden_bias)
    return np.concatenate(parts, axis=1)
