"""A learning rate that blows up is stopped with its step and its value."""

import numpy as np


class LearningDiverged(ArithmeticError):
    """Parameters left the range in which the model means anything; `iteration` and `value` say when and where."""

    def __init__(self, iteration: int, value: float, limit: float, remedy: str) -> None:
        super().__init__(
            f"learning diverged at iteration {iteration}: a parameter reached {value!r} (limit {limit:g}); {remedy}"
        )
        self.iteration = iteration
        self.value = value


def is_sound(parameters: np.ndarray, limit: float) -> bool:
    """Whether every parameter is a number of size at most `limit`."""
    return bool(np.abs(parameters).max() <= limit)  # NaN compares false


def check_parameters(parameters: np.ndarray, iteration: int, limit: float) -> None:
    """Raise LearningDiverged if a parameter is NaN, infinite or beyond `limit`."""
    if is_sound(parameters, limit):
        return
    worst = parameters.flat[np.argmax(np.where(np.isnan(parameters), np.inf, np.abs(parameters)))]
    raise LearningDiverged(iteration, float(worst), limit, "lower the learning rate; the last checkpoint is kept")
