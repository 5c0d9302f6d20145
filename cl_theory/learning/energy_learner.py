"""What both learners of energy models share: the data, the order of phases, the step of the optimiser."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar

import numpy as np

from cl_theory.arguments import positive_integer
from cl_theory.estimators.baselines import PhaseEMA, PhaseState
from cl_theory.learning.chains import ChainPolicy, States, first_states
from cl_theory.learning.networks import Network, parameter_kinds, weighted_gradient
from cl_theory.learning.optimisers import Optimiser, decayed
from cl_theory.learning.randomness import Randomness
from cl_theory.learning.schedules import ISD, Schedule
from cl_theory.learning.state import Memory, TrainingState, inside, under
from cl_theory.models.rbm import binary_states

ORDER_BLOCK = 1000
"""Phases are ordered in blocks of this many, so that an order is known without a memory of the run."""


@dataclass(frozen=True, eq=False)
class EnergyLearner:
    """An energy model, its data and the parts of its learning rule, checked once.

    `network` holds the starting parameters; `data` (n_rows, n_visible) are bits; `batch_size` is the number of
    independent chains that share the parameters, one phase each at a time.
    """

    network: Network
    data: np.ndarray
    schedule: Schedule
    chain: ChainPolicy
    optimiser: Optimiser
    batch_size: int = 1
    weight_decay: float = 0.0
    visible_biases: bool = True

    parameter_limit: ClassVar[float] = 100.0  # a single weight of 100 lets its unit flip once in 10**43 steps

    def __post_init__(self) -> None:
        object.__setattr__(self, "data", binary_states(self.data, self.network.n_visible, "data"))
        positive_integer(self.batch_size, "batch_size")
        if not 0 <= self.weight_decay < np.inf:
            raise ValueError(f"weight_decay must be a finite number of at least 0, got {self.weight_decay!r}")
        if not self.visible_biases and np.any(self.network.visible_bias):
            raise ValueError("a network without visible biases must start with visible_bias 0, got other values")

    @cached_property
    def _kinds(self) -> np.ndarray:
        return parameter_kinds(self.network)

    def model(self, parameters: np.ndarray) -> Network:
        """The network with these parameters."""
        return self.network.with_flat(parameters)

    def describe(self) -> Mapping[str, Any]:
        """What identifies the run, ready for JSON."""
        return {
            "learner": type(self).__name__,
            "network": f"{type(self.network).__name__} {self.network.n_visible} x {self.network.n_hidden}",
            "start": _digest(self.network.flat),
            "data": _digest(self.data),
            "schedule": repr(self.schedule),
            "chain": repr(self.chain),
            "optimiser": repr(self.optimiser),
            "batch_size": self.batch_size,
            "weight_decay": self.weight_decay,
            "visible_biases": self.visible_biases,
        }

    def signs(self, randomness: Randomness, phase: int) -> np.ndarray:
        """B of phase number `phase` in every chain, bool (batch_size,)."""
        assert isinstance(self.schedule, ISD)
        block, place = divmod(phase, ORDER_BLOCK)
        known = randomness.kept("order", block)
        if known is None:
            rng = randomness.at("order", block)
            known = self.schedule.phases.indicators(rng, ORDER_BLOCK, self.batch_size)
            randomness.keep("order", block, known)
        return known[:, place]

    def rows(self, rng: np.random.Generator) -> np.ndarray:
        """One data row a chain, drawn with replacement."""
        return self.data[rng.integers(0, len(self.data), self.batch_size)]

    def first_memory(self, randomness: Randomness) -> Memory:
        """Memory of the chains, the optimiser and the baseline before the first phase."""
        n_parameters = self.network.flat.size
        v, h = first_states(randomness.at("start", 0), self.network, self.batch_size)
        memory = under("chain", {"v": v, "h": h}) | under("optimiser", self.optimiser.start(n_parameters))
        baseline = self.baseline()
        return memory | (under("baseline", baseline.start((n_parameters,))._asdict()) if baseline else {})

    def baseline(self) -> PhaseEMA | None:
        """The running baseline of a centred schedule."""
        rate = getattr(self.schedule, "baseline_rate", None)
        return None if rate is None else PhaseEMA(self.schedule.p_positive, rate)  # type: ignore[union-attr]

    def moved(self, state: TrainingState, gradient: np.ndarray, memory: Memory, share: float = 1.0) -> TrainingState:
        """State after one step of the optimiser along `gradient`, with `memory` of everything else."""
        change, kept = self.optimiser.step(gradient, inside(state.memory, "optimiser"), share)
        if self.weight_decay:
            rate = self.optimiser.learning_rate * share
            change = change + decayed(state.parameters, self._kinds == "weight", self.weight_decay, rate)
        if not self.visible_biases:
            change = np.where(self._kinds == "visible_bias", 0.0, change)
        return TrainingState(state.iteration + 1, state.parameters + change, memory | under("optimiser", kept))


def centred(
    baseline: PhaseEMA | None, memory: Memory, network: Network, states: States, signs: np.ndarray, weights: np.ndarray
) -> tuple[np.ndarray, Memory]:
    """Mean of w_k (g_k - c) over the chains, and the memory of the baseline after it has seen their gradients.

    The baseline in use knows earlier phases only, which is what keeps the estimate unbiased.
    """
    gradient = weighted_gradient(network, *states, weights / len(weights))
    if baseline is None:
        return gradient, {}
    known = PhaseState(**inside(memory, "baseline"))
    gradient = gradient - weights.mean() * baseline.centre(known)
    for sign in (True, False):
        share = (signs == sign) / max(1, (signs == sign).sum())
        if share.any():
            known = baseline.update(known, weighted_gradient(network, *states, share), np.asarray(sign))
    return gradient, under("baseline", known._asdict())


def _digest(array: np.ndarray) -> str:
    return hashlib.sha256(np.ascontiguousarray(array).tobytes()).hexdigest()
