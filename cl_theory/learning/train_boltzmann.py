"""`train_boltzmann_replicas`: Boltzmann machines with coupled hidden units side by side, compiled."""

from collections.abc import Sequence
from typing import Unpack

import numpy as np

from cl_theory.learning.boltzmann_likelihood import usual_machine_measures
from cl_theory.learning.boltzmann_replicas import BoltzmannReplicaLearner, BoltzmannReplicas
from cl_theory.learning.chains import ChainPolicy, Persistent
from cl_theory.learning.loop import Running, TrainingRun, run_for
from cl_theory.learning.schedules import Schedule
from cl_theory.models.boltzmann import BoltzmannMachine


def train_boltzmann_replicas(
    start: BoltzmannMachine | Sequence[BoltzmannMachine],
    data: np.ndarray,
    schedules: Schedule | Sequence[Schedule],
    *,
    n_phases: int,
    n_replicas: int | None = None,
    learning_rates: float | Sequence[float] = 0.05,
    chain: ChainPolicy | None = None,
    visible_biases: bool = True,
    numbers: Sequence[int] | None = None,
    **options: Unpack[Running],
) -> TrainingRun:
    """Train independent Boltzmann machines in lock-step by plain descent; `run.model` is the list of machines.

    Hidden units are coupled, so that a clamped phase runs as many sweeps as a free one. Schedules are `TwoTerm`, `ISD`
    or `AlwaysOnISD`, without a baseline. Measures take the list of machines and return one value a machine. Everything
    else, and the errors, as in `train_replicas`.
    """
    n = n_replicas or next((len(x) for x in (start, schedules, learning_rates, numbers) if isinstance(x, Sequence)), 1)
    learner = BoltzmannReplicaLearner(
        BoltzmannReplicas.of([start] * n if isinstance(start, BoltzmannMachine) else start),
        data,
        tuple(schedules) if isinstance(schedules, Sequence) else (schedules,) * n,
        tuple(learning_rates) if isinstance(learning_rates, Sequence) else (float(learning_rates),) * n,
        Persistent() if chain is None else chain,
        visible_biases,
        tuple(int(number) for number in numbers) if numbers is not None else (),
    )
    n_hidden = learner.start_from.n_hidden
    return run_for(n_phases, learner, lambda: usual_machine_measures(learner.data, n_hidden), options)
