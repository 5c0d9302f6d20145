"""What both learners of energy models share: the data, the order of phases, the step of the optimiser."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar

import numpy as np

from cl_theory.arguments import positive_integer
from cl_theory.learning.chains import ChainPolicy, first_states
from cl_theory.learning.data_rows import bit_rows
from cl_theory.learning.descent import Descent
from cl_theory.learning.isd_estimate import digest, first_baseline
from cl_theory.learning.networks import Network, parameter_kinds
from cl_theory.learning.optimisers import Optimiser
from cl_theory.learning.randomness import Randomness
from cl_theory.learning.schedules import Schedule
from cl_theory.learning.state import Memory, StepwiseLearner, under


@dataclass(frozen=True, eq=False)
class EnergyLearner(StepwiseLearner):
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
        object.__setattr__(self, "data", bit_rows(self.data, self.network.n_visible))
        positive_integer(self.batch_size, "batch_size")
        _ = self.descent  # refuses a weight decay that cannot be
        if not self.visible_biases and np.any(self.network.visible_bias):
            raise ValueError("a network without visible biases must start with visible_bias 0, got other values")

    @cached_property
    def descent(self) -> Descent:
        """The step of the parameters."""
        kinds = parameter_kinds(self.network)
        is_learned = (kinds != "visible_bias") | self.visible_biases
        return Descent(self.optimiser, kinds == "weight", is_learned, self.weight_decay)

    def model(self, parameters: np.ndarray) -> Network:
        """The network with these parameters."""
        return self.network.with_flat(parameters)

    def describe(self) -> Mapping[str, Any]:
        """What identifies the run, ready for JSON."""
        return {
            "learner": type(self).__name__,
            "network": f"{type(self.network).__name__} {self.network.n_visible} x {self.network.n_hidden}",
            "start": digest(self.network.flat),
            "data": digest(self.data),
            "schedule": repr(self.schedule),
            "chain": repr(self.chain),
            "optimiser": repr(self.optimiser),
            "batch_size": self.batch_size,
            "weight_decay": self.weight_decay,
            "visible_biases": self.visible_biases,
        }

    def rows(self, rng: np.random.Generator) -> np.ndarray:
        """One data row a chain, drawn with replacement."""
        return self.data[rng.integers(0, len(self.data), self.batch_size)].astype(np.float64)

    def first_memory(self, randomness: Randomness) -> Memory:
        """Memory of the chains, the optimiser and the baseline before the first phase."""
        v, h = first_states(randomness.at("start", 0), self.network, self.batch_size)
        memory = under("chain", {"v": v, "h": h}) | self.descent.start()
        return memory | first_baseline(self.schedule, self.network.flat.size)
