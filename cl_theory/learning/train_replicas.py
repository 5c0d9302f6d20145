"""`train_replicas` and `train_net_replicas`: seeds, values of b and learning rates side by side, compiled."""

from collections.abc import Sequence
from typing import Unpack

import numpy as np

from cl_theory.learning.chains import ChainPolicy, Persistent
from cl_theory.learning.compiled_learner import compiled_learner
from cl_theory.learning.curves import usual_measures
from cl_theory.learning.loop import Running, TrainingRun, run_for
from cl_theory.learning.net_replica_learner import NetReplicaLearner
from cl_theory.learning.optimisers import SGD, Adam, Optimiser
from cl_theory.learning.replicas import Replicas
from cl_theory.learning.schedules import Schedule
from cl_theory.models.forward_forward import ForwardForward
from cl_theory.models.rbm import RBM


def train_replicas(
    start: RBM | Replicas,
    data: np.ndarray,
    schedules: Schedule | Sequence[Schedule],
    *,
    n_phases: int,
    n_replicas: int | None = None,
    learning_rates: float | Sequence[float] = 0.05,
    optimiser: Optimiser | None = None,
    chain: ChainPolicy | None = None,
    weight_decay: float = 0.0,
    visible_biases: bool = True,
    numbers: Sequence[int] | None = None,
    **options: Unpack[Running],
) -> TrainingRun:
    """Train independent RBMs in lock-step, one chain each; `run.model` holds `Replicas`.

    Descent is plain, or that of `optimiser` with `learning_rates` in the place of its own.
    `schedules` and `learning_rates` are one for all, or one a replica; `start` likewise. The number of replicas is
    `n_replicas`, or follows from the first argument that lists them. `numbers` names the replicas (0, 1, ... if not
    given): a replica ends with the same bits under the same number and seed, whatever runs beside it. Curves have one
    value a replica. Everything else, and the errors, as in `train`.
    """
    n = n_replicas or _count(start, schedules, learning_rates, numbers)
    learner = compiled_learner(
        Replicas.repeated(start, n) if isinstance(start, RBM) else start,
        data,
        tuple(schedules) if isinstance(schedules, Sequence) else (schedules,) * n,
        tuple(learning_rates) if isinstance(learning_rates, Sequence) else (float(learning_rates),) * n,
        Persistent() if chain is None else chain,
        visible_biases,
        tuple(int(number) for number in numbers) if numbers is not None else (),
        optimiser=optimiser,
        weight_decay=weight_decay,
    )
    if learner is None:
        raise ValueError(
            "replicas that are always on learn by plain descent without decay, around one baseline or none; use `train`"
        )
    sizes = learner.start_from.n_visible, learner.start_from.n_hidden
    return run_for(n_phases, learner, lambda: usual_measures(learner.data, *sizes), options)


def train_net_replicas(
    nets: Sequence[ForwardForward],
    images: np.ndarray,
    labels: np.ndarray,
    schedules: Schedule | Sequence[Schedule],
    *,
    n_phases: int,
    learning_rates: float | Sequence[float] = 0.01,
    optimiser: SGD | Adam | None = None,
    batch_size: int = 1,
    numbers: Sequence[int] | None = None,
    **options: Unpack[Running],
) -> TrainingRun:
    """Train forward-forward nets of one shape in lock-step by `Adam()`, or by `SGD`; `run.model` is the list of nets.

    `schedules` and `learning_rates` are one for all, or one a net; rates take the place of that of `optimiser`.
    Measures take the list of nets and return one value a net. Everything else as in `train_replicas`.
    """
    n = len(nets)
    learner = NetReplicaLearner(
        tuple(nets),
        images,
        labels,
        tuple(schedules) if isinstance(schedules, Sequence) else (schedules,) * n,
        tuple(learning_rates) if isinstance(learning_rates, Sequence) else (float(learning_rates),) * n,
        Adam() if optimiser is None else optimiser,
        batch_size,
        numbers=tuple(int(number) for number in numbers) if numbers is not None else (),
    )
    return run_for(n_phases, learner, dict, options)


def _count(*lists: object) -> int:
    """Length of the first argument that has one."""
    return next((len(each) for each in lists if isinstance(each, Sequence | Replicas)), 1)
