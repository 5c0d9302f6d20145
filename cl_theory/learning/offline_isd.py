"""ISD as a script may batch it: phases until enough of them were positive, then one step along their sum."""

from dataclasses import dataclass

import numpy as np

from cl_theory.learning.lock_step_learner import LockStepLearner
from cl_theory.learning.randomness import Randomness
from cl_theory.learning.schedules import ISD
from cl_theory.learning.state import TrainingState, inside, under


@dataclass(frozen=True, eq=False)
class OfflineISDLearner(LockStepLearner):
    r"""RBM replicas whose parameters rest until `n_positive` phases were positive, and then move by the sum.

    .. math:: \Delta\theta = -\eta \sum_{k=1}^{N} Z_k, \qquad N = \min\{m : B_1 + \dots + B_m = n\}

    Every phase counts with its ISD weight, 1/b or -1/(1-b). N has mean n/b, so by Wald's identity the mean step is
    :math:`-\eta\,n\mu/b`: at one nominal rate the step grows as 1/b, though its share for each phase is that of ISD.
    An iteration is one phase of every replica; each steps at its own time. Schedules are `ISD`, the optimiser `SGD`.
    """

    n_positive: int = 10

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.n_positive < 1:
            raise ValueError(f"n_positive must be at least 1, got {self.n_positive!r}")
        if any(type(schedule) is not ISD for schedule in self.schedules):
            raise ValueError(f"offline steps are summed over the phases of ISD, got {self.schedules!r}")

    def start(self, randomness: Randomness) -> TrainingState:
        state = super().start(randomness)
        nothing = {"total": np.zeros_like(state.parameters), "seen": np.zeros(len(self.numbers))}
        return TrainingState(0, state.parameters, state.memory | under("offline", nothing))

    def step(self, state: TrainingState, randomness: Randomness) -> TrainingState:
        known = inside(state.memory, "offline")
        gradient, signs, chain = self._phase(state, state.iteration, inside(state.memory, "chain"), randomness)
        weights = np.where(signs, 1 / self._odds, -1 / (1 - self._odds))[:, None]
        total, seen = known["total"] + weights * gradient, known["seen"] + signs
        due = seen == self.n_positive
        left = {"total": np.where(due[:, None], 0.0, total), "seen": np.where(due, 0.0, seen)}
        memory = under("chain", chain) | under("offline", left)
        return self._descent.moved(state, np.where(due[:, None], total, 0.0), memory, self._shares)
