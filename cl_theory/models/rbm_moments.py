"""Exact first and second moments of an RBM's gradient, by enumerating the smaller side."""

from itertools import combinations

import numpy as np
from scipy.special import logsumexp

from cl_theory.laws.moments import PhaseMoments, independent_moments
from cl_theory.models.rbm import RBM, binary_states
from cl_theory.states import all_states


def rbm_phase_moments(rbm: RBM, data: np.ndarray) -> PhaseMoments:
    r"""Exact moments of the gradients in both phases, for independent phases.

    Positive phase: a row of `data` (n_rows, n_visible) drawn uniformly, then h from p(h | v). Negative phase:
    (v, h) from the model, by enumerating the :math:`2^{\min(n_v, n_h)}` states of the smaller side and
    averaging over the other side in closed form. The mean is the exact gradient of
    `rbm.negative_log_likelihood(data)` (claim `cl-gradient`). ValueError if the smaller side has more than 20
    units or `data` is not 0/1.
    """
    rows = binary_states(data, rbm.n_visible, "data")
    positive = _row_products(rows, rbm.mean_h_given_v(rows))
    probability, _, other_mean = model_table(rbm)
    negative = _table_products(probability, other_mean)
    return independent_moments(
        *_gradient_moments(positive, visible_first=True),
        *_gradient_moments(negative, visible_first=rbm.n_visible <= rbm.n_hidden),
    )


def model_table(rbm: RBM) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The model's law as (probability, states of the smaller side, P(other unit = 1 | that state))."""
    side = rbm if rbm.n_visible <= rbm.n_hidden else rbm.transposed
    states = all_states(side.n_visible)
    log_weight = -side.free_energy(states)
    return np.exp(log_weight - logsumexp(log_weight)), states, side.mean_h_given_v(states)


def _gradient_moments(products: np.ndarray, visible_first: bool) -> tuple[np.ndarray, np.ndarray]:
    """E g and E g g' from E[s_i o_j s_k o_l] as (i, j, k, l), where index 0 on a side stands for the constant 1."""
    n, n_other = products.shape[:2]
    pairs = products.reshape(n * n_other, n * n_other)
    place = np.arange(n * n_other).reshape(n, n_other)
    hidden_by_visible = place.T if visible_first else place
    order = np.concatenate([hidden_by_visible[1:, 1:].ravel(), hidden_by_visible[0, 1:], hidden_by_visible[1:, 0]])
    return -pairs[0, order], pairs[np.ix_(order, order)]  # g = -(h v', v, h): the sign leaves g g' alone


def _row_products(states: np.ndarray, other_mean: np.ndarray) -> np.ndarray:
    """E[s_i o_j s_k o_l] over equally likely rows s, where the other side is independent given its means."""
    listed, means = _with_one(states), _with_one(other_mean)
    rows = (listed[:, :, None] * means[:, None, :]).reshape(len(states), -1) / np.sqrt(len(states))
    return _with_squares((rows.T @ rows).reshape((listed.shape[1], means.shape[1]) * 2))


def _table_products(probability: np.ndarray, other_mean: np.ndarray) -> np.ndarray:
    """The same over the table of all states of one side.

    Units are cut into four groups; for each pair of groups the others are summed out first, which leaves a small
    table of matrices over o. At 16 units this takes 24 times fewer operations than products of whole rows.
    """
    n = len(probability).bit_length() - 1
    rooted = np.sqrt(probability)[:, None] * _with_one(other_mean)
    n_other = rooted.shape[1]
    others = np.arange(n_other)
    cube = rooted.reshape((2,) * n + (n_other,))  # axis n - 1 - i is unit i
    products = np.empty((n + 1, n_other, n + 1, n_other))
    for first, second in combinations(np.array_split(np.arange(n), 4), 2):
        kept = np.concatenate([first, second])
        axes = [n - 1 - i for i in kept[::-1]]
        rest = [axis for axis in range(n) if axis not in axes]
        block = cube.transpose(*axes, *rest, n).reshape(2 ** len(kept), -1, n_other)
        index = np.concatenate([[0], kept + 1])
        products[np.ix_(index, others, index, others)] = _summed_over_units(block, len(kept))
    return _with_squares(products)


def _summed_over_units(block: np.ndarray, n_kept: int) -> np.ndarray:
    """From (states of the kept units, states of the others, o) to products as (i, j, k, l) of the kept units."""
    matrices = block.transpose(0, 2, 1) @ block
    units = _with_one(_kept_states(n_kept))
    both = (units[:, :, None] * units[:, None, :]).reshape(len(units), -1)
    summed = both.T @ matrices.reshape(len(units), -1)
    return summed.reshape(n_kept + 1, n_kept + 1, *matrices.shape[1:]).transpose(0, 2, 1, 3)


def _kept_states(n_kept: int) -> np.ndarray:
    return all_states(n_kept) if n_kept else np.zeros((1, 0))


def _with_one(values: np.ndarray) -> np.ndarray:
    return np.column_stack([np.ones(len(values)), values])


def _with_squares(products: np.ndarray) -> np.ndarray:
    """Put E[s_i s_k o_j] where means gave E[s_i s_k E[o_j|s]^2]: o_j**2 = o_j for a 0/1 unit."""
    other = np.arange(products.shape[1])
    products[:, other, :, other] = np.moveaxis(products[:, 0], -1, 0).copy()
    return products
