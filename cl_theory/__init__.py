"""Contrastive learning with flexible phases: estimators, exact laws, kernels, and the checks of every claim."""

from importlib import import_module

__version__ = "0.1.0"

# Where each name lives. A name is imported when it is first asked for: `import cl_theory` costs a millisecond.
_HOMES = {
    "cl_theory.datasets": (
        "bars_and_stripes",
        "bars_and_stripes_entropy",
        "best_negative_log_likelihood",
        "binarised_mnist",
        "digits",
        "labelled_digits",
        "mnist",
    ),
    "cl_theory.estimators": ("centred_isd_gradient", "isd_gradient", "two_term_gradient"),
    "cl_theory.learning": (
        "ISD",
        "SGD",
        "Adam",
        "AlwaysOnISD",
        "CarriedOver",
        "CentredISD",
        "CheckpointError",
        "ContrastiveDivergence",
        "Exact",
        "LearningDiverged",
        "Momentum",
        "Persistent",
        "TwoTerm",
        "train",
        "train_forward_forward",
        "train_net_replicas",
        "train_replicas",
    ),
    "cl_theory.learning.scikit_learn": ("ContrastiveRBM",),
    "cl_theory.models.boltzmann": ("BoltzmannMachine",),
    "cl_theory.models.exact_law": (
        "annealed_log_partition",
        "annealed_negative_log_likelihood",
        "label_probabilities",
        "log_probability_v",
        "mean_label_units",
        "sample_exactly",
        "total_variation",
    ),
    "cl_theory.models.forward_forward": ("ForwardForward", "label_goodness"),
    "cl_theory.models.rbm": ("RBM",),
    "cl_theory.phases": ("Fixed", "Geometric", "ShiftedPoisson", "Uniform"),
}
_HOME = {name: home for home, names in _HOMES.items() for name in names}

__all__ = ["__version__", *sorted(_HOME)]


def __getattr__(name: str) -> object:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = globals()[name] = getattr(import_module(_HOME[name]), name)
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
