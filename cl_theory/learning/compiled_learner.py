"""Which compiled learner fits: plain descent in one call, with or without a baseline, or a call a phase."""

import numpy as np

from cl_theory.learning.centred_always_on import CentredAlwaysOnLearner, share_a_baseline
from cl_theory.learning.chains import ChainPolicy
from cl_theory.learning.lock_step_learner import LockStepLearner
from cl_theory.learning.optimisers import SGD, Optimiser
from cl_theory.learning.replica_learner import ReplicaLearner
from cl_theory.learning.replicas import Replicas
from cl_theory.learning.schedules import AlwaysOnISD, Schedule

CompiledLearner = ReplicaLearner | LockStepLearner


def compiled_learner(
    start: Replicas,
    data: np.ndarray,
    schedules: tuple[Schedule, ...],
    learning_rates: tuple[float, ...],
    chain: ChainPolicy,
    visible_biases: bool = True,
    numbers: tuple[int, ...] = (),
    single: bool = False,
    *,
    optimiser: Optimiser | None = None,
    weight_decay: float = 0.0,
) -> CompiledLearner | None:
    """The learner for these replicas; None if there is none, which is so for always-on learning that is not plain."""
    parts = start, data, schedules, learning_rates, chain, visible_biases, numbers, single
    centred = any(getattr(schedule, "baseline_rate", None) is not None for schedule in schedules)
    if isinstance(optimiser, SGD | None) and not weight_decay:
        if not centred:
            return ReplicaLearner(*parts)
        if share_a_baseline(schedules):
            return CentredAlwaysOnLearner(*parts)
    if any(isinstance(schedule, AlwaysOnISD) for schedule in schedules):
        return None
    return LockStepLearner(*parts, SGD(1.0) if optimiser is None else optimiser, weight_decay)
