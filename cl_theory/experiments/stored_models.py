"""Networks whose weights were stored with the results of an experiment."""

import numpy as np

from cl_theory.experiments.results import Results
from cl_theory.models.rbm import RBM


def stored_rbms(found: Results) -> dict[str, RBM]:
    """The RBM that the first seed of each arm ended with, without visible biases, from its final measure "weights".

    KeyError if an arm has no such measure; ValueError if its numbers cannot be those of the experiment's hidden units.
    """
    n_hidden = found.experiment.settings["hidden"]
    return {name: _rbm(name, arm.final("weights")[0], n_hidden) for name, arm in found.arms.items()}


def _rbm(name: str, numbers: np.ndarray, n_hidden: int) -> RBM:
    n_visible, left = divmod(len(numbers) - n_hidden, n_hidden)
    if left or n_visible < 1:
        raise ValueError(f"{name}: {len(numbers)} numbers are not weights and biases of {n_hidden} hidden units")
    weights = numbers[: n_hidden * n_visible].reshape(n_hidden, n_visible)
    return RBM(weights, np.zeros(n_visible), numbers[-n_hidden:])
