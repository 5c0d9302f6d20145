"""The step that every learner takes: optimiser, weight decay, and the parameters that stay as they are."""

from dataclasses import dataclass

import numpy as np

from cl_theory.learning.optimisers import Optimiser, Share
from cl_theory.learning.state import Memory, TrainingState, inside, under


@dataclass(frozen=True, eq=False)
class Descent:
    r"""An optimiser with weight decay: :math:`-\eta\lambda W` is added on weights, nothing on biases.

    The sign shrinks the weights: it is descent on the loss plus :math:`\tfrac12\lambda |W|^2`. Decay stays out of the
    memory of the optimiser, so that Adam does not rescale it (Loshchilov & Hutter 2019). `is_weight` and `is_learned`
    mark parameters, bool of their shape: (n_parameters,), or a row a replica.
    """

    optimiser: Optimiser
    is_weight: np.ndarray
    is_learned: np.ndarray
    weight_decay: float = 0.0

    def __post_init__(self) -> None:
        if not 0 <= self.weight_decay < np.inf:
            raise ValueError(f"weight_decay must be a finite number of at least 0, got {self.weight_decay!r}")

    def start(self) -> Memory:
        """Memory of the optimiser before the first step."""
        return under("optimiser", self.optimiser.start(self.is_weight.shape))

    def moved(self, state: TrainingState, gradient: np.ndarray, memory: Memory, share: Share = 1.0) -> TrainingState:
        """State after one step along `gradient` at `share` of the learning rate, with `memory` of everything else."""
        change, kept = self.optimiser.step(gradient, inside(state.memory, "optimiser"), share)
        if self.weight_decay:
            rate = self.optimiser.learning_rate * share * self.weight_decay
            change = change - rate * np.where(self.is_weight, state.parameters, 0.0)
        if not self.is_learned.all():
            change = np.where(self.is_learned, change, 0.0)
        return TrainingState(state.iteration + 1, state.parameters + change, memory | under("optimiser", kept))
