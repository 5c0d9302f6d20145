"""Moments up to order four of linear forms in independent 0/1 units, averaged over a listed side."""

import numpy as np

ROWS = 2**12
"""States handled at a time, which bounds the memory."""


def side_moments(
    probability: np.ndarray,
    states: np.ndarray,
    other_mean: np.ndarray,
    weights: np.ndarray,
    other_bias: np.ndarray,
    state_bias: np.ndarray,
) -> tuple[np.ndarray, np.ndarray]:
    r"""E X and E XX' of X = [L_1..L_k, N, L_1^2..L_k^2] where one side's `states` are listed.

    L = -(s'Uo + a.o + c.s) is the projection of a gradient row and N = (1 + |s|)(1 + |o|) - 1 its squared norm;
    given s both are linear in the independent units o, with P(o_j = 1) = `other_mean`. `weights`
    (k, n_listed, n_other), `other_bias` a (k, n_other), `state_bias` c (k, n_listed).
    """
    size = 2 * len(weights) + 1
    first, second = np.zeros(size), np.zeros((size, size))
    for start in range(0, len(states), ROWS):
        part = slice(start, start + ROWS)
        constant, slope = _forms(states[part], weights, other_bias, state_bias)
        given = _conditional_moments(constant, slope, other_mean[part])
        first += np.tensordot(probability[part], given[0], 1)
        second += np.tensordot(probability[part], given[1], 1)
    return first, second


def _forms(
    states: np.ndarray, weights: np.ndarray, other_bias: np.ndarray, state_bias: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Constants (n, k+1) and slopes (n, k+1, n_other) of L_1..L_k and N in the other side's units."""
    on = states.sum(axis=1)
    slope = -(np.tensordot(states, weights, axes=(1, 1)) + other_bias)
    size = np.broadcast_to((1 + on)[:, None, None], (len(states), 1, other_bias.shape[1]))
    return np.column_stack([-(states @ state_bias.T), on]), np.concatenate([slope, size], axis=1)


def _conditional_moments(constant: np.ndarray, slope: np.ndarray, p: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """E X (n, 2k+1) and E XX' (n, 2k+1, 2k+1) given the listed state, from Bernoulli cumulants."""
    k = slope.shape[1] - 1
    mean = constant + np.einsum("naj,nj->na", slope, p)
    two, three, four = _joint_cumulants(slope, p)
    variance = np.einsum("naa->na", two)
    product = two + mean[:, :, None] * mean[:, None, :]
    with_square = three + 2 * two * mean[:, None, :] + mean[:, :, None] * (variance + mean**2)[:, None, :]
    squares = _square_products(mean, two, three, four, variance)
    second = np.concatenate([product, with_square[:, :, :k]], axis=2)
    lower = np.concatenate([with_square[:, :, :k].transpose(0, 2, 1), squares[:, :k, :k]], axis=2)
    return np.column_stack([mean, (variance + mean**2)[:, :k]]), np.concatenate([second, lower], axis=1)


def _joint_cumulants(slope: np.ndarray, p: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Cumulants (a,b), (a,b,b) and (a,a,b,b) of the forms, each (n, k+1, k+1)."""
    second = p * (1 - p)
    third, fourth = second * (1 - 2 * p), second * (1 - 6 * second)
    across, squared = slope.transpose(0, 2, 1), slope**2
    two = (slope * second[:, None, :]) @ across
    three = (slope * third[:, None, :]) @ squared.transpose(0, 2, 1)
    four = (squared * fourth[:, None, :]) @ squared.transpose(0, 2, 1)
    return two, three, four


def _square_products(
    mean: np.ndarray, two: np.ndarray, three: np.ndarray, four: np.ndarray, variance: np.ndarray
) -> np.ndarray:
    """E[a^2 b^2] for all pairs of forms, from their cumulants."""
    row, column = mean[:, :, None], mean[:, None, :]
    var_row, var_column = variance[:, :, None], variance[:, None, :]
    odd = 2 * row * three + 2 * column * three.transpose(0, 2, 1)
    gaussian = var_row * var_column + 2 * two**2 + 4 * row * column * two
    return four + odd + gaussian + row**2 * var_column + column**2 * var_row + row**2 * column**2
