"""Networks whose weights were stored with the results of an experiment."""

import numpy as np

from cl_theory.experiments.results import ArmResults
from cl_theory.models.rbm import RBM


def stored_rbm(arm: ArmResults, n_hidden: int) -> RBM:
    """The RBM that the first seed of `arm` ended with, without visible biases, from its final measure "weights".

    KeyError if the arm has no such measure; ValueError if its numbers cannot be those of `n_hidden` units.
    """
    numbers = arm.final("weights")[0]
    n_visible, left = divmod(len(numbers) - n_hidden, n_hidden)
    if left or n_visible < 1:
        raise ValueError(f"{arm.name}: {len(numbers)} numbers are not weights and biases of {n_hidden} hidden units")
    weights = numbers[: n_hidden * n_visible].reshape(n_hidden, n_visible)
    return RBM(weights, np.zeros(n_visible), numbers[-n_hidden:])
