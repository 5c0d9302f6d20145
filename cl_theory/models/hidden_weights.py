"""How the probability of an RBM is shared among its hidden states, exactly."""

import numpy as np
from scipy.special import logsumexp

from cl_theory.models.rbm import RBM
from cl_theory.states import all_states

MOST_UNITS = 20
BLOCK = 128
"""States at a time, so that they stay in the cache: all 2^16 beside 794 visible units would fill half a gigabyte."""
FACTORS = 1000
"""Numbers up to 2 whose product is a double."""


def hidden_log_weights(rbm: RBM) -> np.ndarray:
    r"""Log of the weight of each hidden state, (2^n_hidden,), in the order of `all_states`.

    .. math:: w(h) = \sum_v e^{-E(v, h)} = e^{c^\top h} \prod_i \big(1 + e^{a_i + (W^\top h)_i}\big)

    Divided by their sum they are p(h). The state h = 0 has the weight :math:`\prod_i (1 + e^{a_i})`: without visible
    biases it is 2^n_visible, whatever was learned. ValueError above 20 hidden units.
    """
    if rbm.n_hidden > MOST_UNITS:
        raise ValueError(f"at most {MOST_UNITS} hidden units can be enumerated, got {rbm.n_hidden}")
    states = all_states(rbm.n_hidden)
    blocks = [states[k : k + BLOCK] for k in range(0, len(states), BLOCK)]
    return np.concatenate([h @ rbm.hidden_bias + _log_of_ones_and(h @ rbm.weights + rbm.visible_bias) for h in blocks])


def _log_of_ones_and(x: np.ndarray) -> np.ndarray:
    """Sum of log(1 + e^x) over the last axis: one logarithm for each product of factors between 1 and 2."""
    factors = 1 + np.exp(-np.abs(x))
    parts = (factors[..., k : k + FACTORS] for k in range(0, x.shape[-1], FACTORS))
    return np.maximum(x, 0).sum(axis=-1) + sum(np.log(part.prod(axis=-1)) for part in parts)


def log_weights_by_count(log_weights: np.ndarray) -> np.ndarray:
    """Log of the weight of all states with k hidden units on, k = 0 .. n_hidden, of what `hidden_log_weights` gave."""
    n_hidden = len(log_weights).bit_length() - 1
    count = all_states(n_hidden).sum(axis=1)
    return np.array([logsumexp(log_weights[count == k]) for k in range(n_hidden + 1)])
