from .learning.learners.loop import CheckpointError, LearningDiverged
from .learning.learners.parts import (
    ISD,
    SGD,
    Adam,
    AlwaysOnISD,
    CarriedOver,
    CentredISD,
    ContrastiveDivergence,
    Exact,
    Momentum,
    Persistent,
    TwoTerm,
)
from .learning.learners.scikit_learn import ContrastiveRBM
from .learning.learners.train import train, train_forward_forward, train_net_replicas, train_replicas
from .learning.models.boltzmann import BoltzmannMachine
from .learning.models.exact_law import (
    annealed_log_partition,
    annealed_negative_log_likelihood,
    label_probabilities,
    log_probability_v,
    mean_label_units,
    sample_exactly,
    total_variation,
)
from .learning.models.forward_forward import ForwardForward, label_goodness
from .learning.models.images import (
    bars_and_stripes,
    bars_and_stripes_entropy,
    best_negative_log_likelihood,
    digits,
    labelled_digits,
)
from .learning.models.mnist import binarised_mnist, mnist
from .learning.models.rbm import RBM
from .theory.chains.phase_lengths import Fixed, Geometric, ShiftedPoisson, Uniform
from .theory.estimators.isd import centred_isd_gradient, isd_gradient, two_term_gradient

__version__: str

__all__ = [
    "ISD",
    "RBM",
    "SGD",
    "Adam",
    "AlwaysOnISD",
    "BoltzmannMachine",
    "CarriedOver",
    "CentredISD",
    "CheckpointError",
    "ContrastiveDivergence",
    "ContrastiveRBM",
    "Exact",
    "Fixed",
    "ForwardForward",
    "Geometric",
    "LearningDiverged",
    "Momentum",
    "Persistent",
    "ShiftedPoisson",
    "TwoTerm",
    "Uniform",
    "annealed_log_partition",
    "annealed_negative_log_likelihood",
    "bars_and_stripes",
    "bars_and_stripes_entropy",
    "best_negative_log_likelihood",
    "binarised_mnist",
    "centred_isd_gradient",
    "digits",
    "isd_gradient",
    "label_goodness",
    "label_probabilities",
    "labelled_digits",
    "log_probability_v",
    "mean_label_units",
    "mnist",
    "sample_exactly",
    "total_variation",
    "train",
    "train_forward_forward",
    "train_net_replicas",
    "train_replicas",
    "two_term_gradient",
]
