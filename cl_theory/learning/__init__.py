"""Learning from phases: estimator, chain, schedule and optimiser are chosen apart and put together by `train`."""

from cl_theory.learning.likelihood import exact_measures
from cl_theory.learning.loop import CheckpointError, LearningDiverged, TrainingRun, read_checkpoint, write_checkpoint
from cl_theory.learning.parts import (
    ISD,
    SGD,
    Adam,
    AlwaysOnISD,
    CarriedOver,
    CentredISD,
    ChainPolicy,
    ContrastiveDivergence,
    Exact,
    Momentum,
    Persistent,
    TwoTerm,
)
from cl_theory.learning.train import train, train_forward_forward, train_net_replicas, train_replicas

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
    "train_forward_forward",
    "train_net_replicas",
    "train_replicas",
    "write_checkpoint",
]
