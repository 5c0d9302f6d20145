"""Exact mean gradients of an RBM in both phases, without their second moments, and exact descent along them."""

import numpy as np

from cl_theory.arguments import positive, positive_integer
from cl_theory.models.rbm import RBM, binary_states
from cl_theory.models.rbm_moments import model_table


def rbm_phase_means(rbm: RBM, data: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    r"""Exact :math:`(\mu^{+}, \mu^{-})`, each (n_parameters,); their difference is the gradient of the loss.

    Several times faster than `rbm_phase_moments`, for steps of exact gradient descent. ValueError if the smaller
    side has more than 20 units or `data` is not 0/1.
    """
    rows = binary_states(data, rbm.n_visible, "data")
    uniform = np.full(len(rows), 1 / len(rows))
    positive = _mean_gradient(uniform, rows, rbm.mean_h_given_v(rows))
    probability, states, other = model_table(rbm)
    v, h = (states, other) if rbm.n_visible <= rbm.n_hidden else (other, states)
    return positive, _mean_gradient(probability, v, h)


def _mean_gradient(probability: np.ndarray, v: np.ndarray, h: np.ndarray) -> np.ndarray:
    # One side is listed and the other is a conditional mean, so the product is E[h v'] given the listed state.
    product = (probability[:, None] * h).T @ v
    return -np.concatenate([product.ravel(), probability @ v, probability @ h])


def descended(rbm: RBM, data: np.ndarray, n_steps: int, learning_rate: float) -> RBM:
    """The RBM after `n_steps` of exact gradient descent on the mean negative log-likelihood of `data`."""
    rate = float(positive(learning_rate, "learning_rate"))
    for _ in range(positive_integer(n_steps, "n_steps")):
        mean_positive, mean_negative = rbm_phase_means(rbm, data)
        rbm = rbm.with_flat(rbm.flat - rate * (mean_positive - mean_negative))
    return rbm
