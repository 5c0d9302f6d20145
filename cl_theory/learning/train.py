"""`train`: an energy model, data and a schedule in, a learned model and its curves out."""

from typing import Unpack

import numpy as np

from cl_theory.learning.always_on import AlwaysOnLearner
from cl_theory.learning.chains import ChainPolicy, Persistent
from cl_theory.learning.compiled_learner import CompiledLearner, compiled_learner
from cl_theory.learning.curves import usual_measures
from cl_theory.learning.end_of_phase import EndOfPhaseLearner
from cl_theory.learning.forward_forward import ForwardForwardLearner
from cl_theory.learning.loop import Running, TrainingRun, run_for
from cl_theory.learning.net_replica_learner import NetReplicaLearner, single_net
from cl_theory.learning.networks import Network
from cl_theory.learning.optimisers import SGD, Adam, Optimiser
from cl_theory.learning.replica_learner import COMPILED_CHAINS
from cl_theory.learning.replicas import Replicas
from cl_theory.learning.schedules import ISD, AlwaysOnISD, Schedule, TwoTerm
from cl_theory.models.forward_forward import ForwardForward
from cl_theory.models.rbm import RBM


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

    The chain of an RBM with a batch of one runs in compiled kernels, in float32, and so does its learning where it is
    plain descent; everything else runs in NumPy, in float64.

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
    sizes = network.n_visible, network.n_hidden
    return run_for(n_phases, learner, lambda: usual_measures(learner.data, *sizes), options)


def learner_of(
    network: Network,
    data: np.ndarray,
    schedule: Schedule | None = None,
    chain: ChainPolicy | None = None,
    optimiser: Optimiser | None = None,
    batch_size: int = 1,
    weight_decay: float = 0.0,
    visible_biases: bool = True,
) -> EndOfPhaseLearner | AlwaysOnLearner | CompiledLearner:
    """The learner that `train` runs, with every argument checked: compiled where the kernels can do the same."""
    schedule, chain = ISD() if schedule is None else schedule, Persistent() if chain is None else chain
    optimiser = SGD(0.05) if optimiser is None else optimiser
    kind: type[AlwaysOnLearner] | type[EndOfPhaseLearner]
    kind = AlwaysOnLearner if isinstance(schedule, AlwaysOnISD) else EndOfPhaseLearner
    readable = kind(network, data, schedule, chain, optimiser, batch_size, weight_decay, visible_biases)
    if not isinstance(network, RBM) or batch_size > 1 or not isinstance(chain, COMPILED_CHAINS):
        return readable
    one = Replicas.of([network]), readable.data, (schedule,), (optimiser.learning_rate,), chain, visible_biases
    return compiled_learner(*one, single=True, optimiser=optimiser, weight_decay=weight_decay) or readable


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
    return run_for(n_phases, learner, dict, options)


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
        return single_net(network, images, labels, schedule, optimiser, batch_size)
    return learner
