"""`train` and its siblings: models, data and a schedule in, learned models and their curves out."""

from collections.abc import Sequence
from typing import Unpack

import numpy as np

from cl_theory.learning.learners.energy_learner import AlwaysOnLearner, EndOfPhaseLearner
from cl_theory.learning.learners.likelihood import usual_measures
from cl_theory.learning.learners.loop import Running, TrainingRun, run_learner
from cl_theory.learning.learners.minibatch import MinibatchLearner, can_learn
from cl_theory.learning.learners.net_learner import ForwardForwardLearner, NetReplicaLearner
from cl_theory.learning.learners.parts import (
    COMPILED_CHAINS,
    ISD,
    SGD,
    Adam,
    AlwaysOnISD,
    ChainPolicy,
    Network,
    Optimiser,
    Persistent,
    Schedule,
    TwoTerm,
)
from cl_theory.learning.learners.replica_learner import ReplicaLearner, can_be_compiled
from cl_theory.learning.learners.replicas import Replicas
from cl_theory.learning.models.forward_forward import ForwardForward
from cl_theory.learning.models.rbm import RBM


def train(
    network: Network,
    data: np.ndarray,
    schedule: Schedule | None = None,
    *,
    n_phases: int,
    chain: ChainPolicy | None = None,
    optimiser: Optimiser | None = None,
    batch_size: int = 1,
    weight_decay: float = 0.0,
    visible_biases: bool = True,
    **options: Unpack[Running],
) -> TrainingRun:
    """Train an energy model from `network` on the rows of `data`, by default with ISD at b = 1/2.

    An RBM runs in float32: with a batch of one its chain is compiled, and its learning too where it is plain descent;
    mini-batches that learn at the end of phases go through BLAS. Everything else runs in NumPy, in float64.

    Parameters
    ----------
    network, data
        Starting model, and bits (n_rows, n_visible).
    schedule
        `TwoTerm()`, `ISD(b)`, `CentredISD(b)` or `AlwaysOnISD(b, length=...)`.
    n_phases
        Phases of each of the `batch_size` chains; two-term learning takes two an update, so that runs of the same
        `n_phases` cost the same.
    chain
        `Persistent(K)` (default, K = 1), `ContrastiveDivergence(K)`, `CarriedOver(K)` or `Exact()`.
    optimiser
        `SGD(0.05)` by default, `Momentum` or `Adam`.
    weight_decay
        lambda of :math:`\\tfrac12 \\lambda |W|^2`, off by default; it shrinks weights and leaves biases alone.
    visible_biases
        False keeps the visible biases at 0.
    options
        `seed`, `measures`, `record_every`, `folder`, `checkpoint_every`, `resume` and `report`, see `Running`. By
        default exact NLL and total variation are recorded where the smaller side has at most 20 units.

    Raises
    ------
    ValueError
        Data that are no bits, shapes that do not fit, b at 0 or 1, K = 0 and the like, by name.
    LearningDiverged
        A parameter left the representable range; says when and what, and the last checkpoint stays.
    CheckpointError
        The checkpoint to resume from is damaged or belongs to another run.
    """
    learner = learner_of(network, data, schedule, chain, optimiser, batch_size, weight_decay, visible_biases)
    return run_learner(learner, n_phases, lambda: usual_measures(learner.data, network), **options)


def learner_of(
    network: Network,
    data: np.ndarray,
    schedule: Schedule | None = None,
    chain: ChainPolicy | None = None,
    optimiser: Optimiser | None = None,
    batch_size: int = 1,
    weight_decay: float = 0.0,
    visible_biases: bool = True,
) -> EndOfPhaseLearner | AlwaysOnLearner | ReplicaLearner | MinibatchLearner:
    """The learner that `train` runs, with every argument checked: the fastest that can do the same."""
    schedule, chain = ISD() if schedule is None else schedule, Persistent() if chain is None else chain
    optimiser = SGD(0.05) if optimiser is None else optimiser
    kind: type[AlwaysOnLearner] | type[EndOfPhaseLearner]
    kind = AlwaysOnLearner if isinstance(schedule, AlwaysOnISD) else EndOfPhaseLearner
    readable = kind(network, data, schedule, chain, optimiser, batch_size, weight_decay, visible_biases)
    if batch_size > 1 and kind is EndOfPhaseLearner and can_learn(network, chain, optimiser):
        assert isinstance(network, RBM)
        parts = schedule, chain, optimiser, batch_size, weight_decay, visible_biases
        return MinibatchLearner(network, readable.data, *parts)
    if not isinstance(network, RBM) or batch_size > 1 or not isinstance(chain, COMPILED_CHAINS):
        return readable
    if not can_be_compiled([schedule], optimiser, weight_decay):
        return readable
    return ReplicaLearner(
        Replicas.of([network]),
        readable.data,
        (schedule,),
        (optimiser.learning_rate,),
        chain,
        visible_biases,
        single=True,
        optimiser=optimiser,
        weight_decay=weight_decay,
    )


def train_forward_forward(
    network: ForwardForward,
    images: np.ndarray,
    labels: np.ndarray,
    schedule: Schedule | None = None,
    *,
    n_phases: int,
    optimiser: Optimiser | None = None,
    batch_size: int = 1,
    weight_decay: float = 0.0,
    **options: Unpack[Running],
) -> TrainingRun:
    """Train a forward-forward net on `images` with `labels`, by default with ISD at b = 1/2 and `Adam(0.01)`.

    SGD and Adam without weight decay and baseline run in compiled kernels, in float32; everything else in NumPy.
    Arguments and errors are those of `train`; by default nothing is measured on the way.
    """
    learner = net_learner_of(network, images, labels, schedule, optimiser, batch_size, weight_decay)
    return run_learner(learner, n_phases, **options)


def net_learner_of(
    network: ForwardForward,
    images: np.ndarray,
    labels: np.ndarray,
    schedule: Schedule | None = None,
    optimiser: Optimiser | None = None,
    batch_size: int = 1,
    weight_decay: float = 0.0,
) -> ForwardForwardLearner | NetReplicaLearner:
    """The learner that `train_forward_forward` runs, with every argument checked."""
    schedule, optimiser = ISD() if schedule is None else schedule, Adam(0.01) if optimiser is None else optimiser
    learner = ForwardForwardLearner(network, images, labels, schedule, optimiser, batch_size, weight_decay)
    if isinstance(optimiser, SGD | Adam) and type(schedule) in (ISD, TwoTerm) and not weight_decay:
        rates = (optimiser.learning_rate,)
        return NetReplicaLearner((network,), images, labels, (schedule,), rates, optimiser, batch_size, single=True)
    return learner


def train_replicas(
    start: Network | Replicas | Sequence[Network],
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

    Boltzmann machines with coupled hidden units learn by plain descent without a baseline. Their clamped phases run as
    many sweeps as free ones; measures take, and `run.model` is, the list of machines.
    """
    n = n_replicas or _count(start, schedules, learning_rates, numbers)
    if isinstance(start, Network):
        start = Replicas.repeated(start, n)
    learner = ReplicaLearner(
        start if isinstance(start, Replicas) else Replicas.of(start),
        data,
        *_one_each(n, schedules, learning_rates),
        Persistent() if chain is None else chain,
        visible_biases,
        () if numbers is None else tuple(numbers),
        optimiser=SGD(1.0) if optimiser is None else optimiser,
        weight_decay=weight_decay,
    )
    return run_learner(learner, n_phases, lambda: usual_measures(learner.data, learner.start_from.like), **options)


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
        *_one_each(n, schedules, learning_rates),
        Adam() if optimiser is None else optimiser,
        batch_size,
        numbers=() if numbers is None else tuple(numbers),
    )
    return run_learner(learner, n_phases, **options)


def _count(*lists: object) -> int:
    """Length of the first argument that has one."""
    return next((len(each) for each in lists if isinstance(each, Sequence | Replicas)), 1)


def _one_each(
    n: int, schedules: Schedule | Sequence[Schedule], learning_rates: float | Sequence[float]
) -> tuple[tuple[Schedule, ...], tuple[float, ...]]:
    """A schedule and a learning rate for each of `n` replicas."""
    return (
        tuple(schedules) if isinstance(schedules, Sequence) else (schedules,) * n,
        tuple(learning_rates) if isinstance(learning_rates, Sequence) else (float(learning_rates),) * n,
    )
