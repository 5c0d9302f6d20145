"""Learning from phases: estimator, chain, schedule and optimiser are chosen apart and put together by `train`."""

from cl_theory.learning.chains import CarriedOver, ChainPolicy, ContrastiveDivergence, Exact, Persistent
from cl_theory.learning.checkpoints import CheckpointError, read_checkpoint, write_checkpoint
from cl_theory.learning.curves import exact_measures
from cl_theory.learning.divergence import LearningDiverged
from cl_theory.learning.loop import TrainingRun
from cl_theory.learning.optimisers import SGD, Adam, Momentum
from cl_theory.learning.schedules import ISD, AlwaysOnISD, CentredISD, TwoTerm
from cl_theory.learning.train import train, train_forward_forward
from cl_theory.learning.train_boltzmann import train_boltzmann_replicas
from cl_theory.learning.train_replicas import train_net_replicas, train_replicas

__all__ = [
    "ISD",
    "SGD",
    "Adam",
    "AlwaysOnISD",
    "CarriedOver",
    "CentredISD",
    "ChainPolicy",
    "CheckpointError",
    "ContrastiveDivergence",
    "Exact",
    "LearningDiverged",
    "Momentum",
    "Persistent",
    "TrainingRun",
    "TwoTerm",
    "exact_measures",
    "read_checkpoint",
    "train",
    "train_boltzmann_replicas",
    "train_forward_forward",
    "train_net_replicas",
    "train_replicas",
    "write_checkpoint",
]
