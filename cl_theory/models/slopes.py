"""Slopes of the loss by finite differences: nothing but values of the loss goes in."""

import numpy as np

from cl_theory.arguments import finite, positive
from cl_theory.models.rbm import RBM

EIGHTH_ORDER = ((1, 4 / 5), (2, -1 / 5), (3, 4 / 105), (4, -1 / 280))
"""Central differences: multiples of the step with their weights."""


def loss_slope(rbm: RBM, data: np.ndarray, direction: np.ndarray, step: float = 0.02) -> float:
    """Slope of `rbm.negative_log_likelihood(data)` along `direction` (n_parameters,).

    Central differences of order eight, so that a step of 0.02 along a unit vector leaves a relative error near
    1e-12. ValueError unless the direction is a finite vector of that length and the step is above 0.
    """
    line = finite(np.asarray(direction, dtype=float), "direction")
    if line.shape != (rbm.n_parameters,):
        raise ValueError(f"direction must have shape ({rbm.n_parameters},), got {line.shape}")
    size = float(positive(step, "step"))

    def loss(distance: float) -> float:
        return rbm.with_flat(rbm.flat + distance * size * line).negative_log_likelihood(data)

    return sum(weight * (loss(k) - loss(-k)) for k, weight in EIGHTH_ORDER) / size
