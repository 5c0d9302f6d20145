from .datasets import (
    bars_and_stripes,
    bars_and_stripes_entropy,
    best_negative_log_likelihood,
    binarised_mnist,
    digits,
    labelled_digits,
    mnist,
)
from .estimators import (
    centred_isd_gradient,
    isd_gradient,
    two_term_gradient,
)
from .learning import (
    ISD,
    SGD,
    Adam,
    AlwaysOnISD,
    CarriedOver,
    CentredISD,
    CheckpointError,
    ContrastiveDivergence,
    Exact,
    LearningDiverged,
    Momentum,
    Persistent,
    TwoTerm,
    train,
    train_forward_forward,
    train_net_replicas,
    train_replicas,
)
from .learning.scikit_learn import (
    ContrastiveRBM,
)
from .models.boltzmann import (
    BoltzmannMachine,
)
from .models.exact_law import (
    annealed_log_partition,
    annealed_negative_log_likelihood,
    label_probabilities,
    log_probability_v,
    mean_label_units,
    sample_exactly,
    total_variation,
)
from .models.forward_forward import (
    ForwardForward,
    label_goodness,
)
from .models.rbm import (
    RBM,
)
from .phases import (
    Fixed,
    Geometric,
    ShiftedPoisson,
    Uniform,
)

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
