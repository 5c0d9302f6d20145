"""Phases that break an assumption of the contrastive gradient, in exact rationals, with the bias that theory predicts.

Each case has two ways to the same number: listing everything that can happen, and a short formula.
"""

from fractions import Fraction
from typing import Any

import numpy as np

from cl_theory.models.rational_rbm import RationalRBM


def mean_with_answers(rbm: RationalRBM, answers: RationalRBM, data: Any) -> np.ndarray:
    """Mean of g+ when h is drawn from the conditional of `answers` and not of `rbm`, by listing all (v, h)."""
    probability, v, h = answers.data_law(data)
    return probability @ rbm.gradient(v, h)


def bias_of_answers(rbm: RationalRBM, answers: RationalRBM, data: np.ndarray) -> np.ndarray:
    r"""What that adds to the mean: :math:`-\frac1n\sum_v (q(v) - p(v))\,(v^\top, 0, 1)` with p, q the means of h."""
    shift = _mean_h(answers, data) - _mean_h(rbm, data)
    v = data.astype(int).astype(object)
    by_weight = (shift[:, :, None] * v[:, None, :]).sum(axis=0).ravel()
    return -np.concatenate([by_weight, 0 * v.sum(axis=0), shift.sum(axis=0)]) / Fraction(len(v))


def mean_after_one_sweep(rbm: RationalRBM, data: np.ndarray) -> np.ndarray:
    """Mean of g after one Gibbs sweep from the data: start times transition matrix times mean gradient."""
    start, h_given_v, v_given_h, gradient = _chain(rbm, data)
    mean_gradient = (h_given_v[:, :, None] * gradient).sum(axis=1)
    return start @ (h_given_v @ v_given_h) @ mean_gradient


def mean_after_one_sweep_by_paths(rbm: RationalRBM, data: np.ndarray) -> np.ndarray:
    """The same by listing every path v0, h0, v1, h1 with its probability."""
    start, h_given_v, v_given_h, gradient = _chain(rbm, data)
    n_visible, n_hidden = h_given_v.shape
    total = 0 * gradient[0, 0]
    for v0, h0, v1, h1 in np.ndindex(n_visible, n_hidden, n_visible, n_hidden):
        probability = start[v0] * h_given_v[v0, h0] * v_given_h[h0, v1] * h_given_v[v1, h1]
        total = total + probability * gradient[v1, h1]
    return total


def _mean_h(rbm: RationalRBM, data: np.ndarray) -> np.ndarray:
    """P(h = 1 | v) for each row of `data`, exact."""
    v = data.astype(int).astype(object)
    odds = rbm.hidden_factors * (rbm.weight_factors[None] ** v[:, None, :]).prod(axis=2)
    return odds / (1 + odds)


def _chain(rbm: RationalRBM, data: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Start at the data, P(h | v), P(v | h) and the gradients (n_v_states, n_h_states, n_parameters)."""
    probability, v, h = rbm.law()
    shape = 2 ** len(rbm.visible_factors), 2 ** len(rbm.hidden_factors)
    joint = probability.reshape(shape)
    h_given_v, v_given_h = joint / joint.sum(axis=1, keepdims=True), (joint / joint.sum(axis=0)).T
    index = data.astype(int) @ (1 << np.arange(data.shape[1]))
    start = np.bincount(index, minlength=shape[0]).astype(object) / Fraction(len(data))
    return start, h_given_v, v_given_h, rbm.gradient(v, h).reshape(*shape, -1)
