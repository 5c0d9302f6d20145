"""What learning asks of an energy model: one step of its units, and the mean gradient of a batch of states."""

from functools import singledispatch

import numpy as np

from cl_theory.models.boltzmann import BoltzmannMachine
from cl_theory.models.rbm import RBM

Network = RBM | BoltzmannMachine


def clamped_step(rng: np.random.Generator, network: Network, v: np.ndarray, h: np.ndarray) -> np.ndarray:
    """Hidden units after one step with v held: a fresh draw in an RBM, one sweep where hidden units are coupled."""
    if isinstance(network, BoltzmannMachine):
        return network.gibbs_h_given_v(rng, v, h)
    return network.sample_h_given_v(rng, v)


def free_step(
    rng: np.random.Generator, network: Network, v: np.ndarray, h: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """(v, h) after one Gibbs step of the whole network: visible units first, then hidden ones."""
    v = network.sample_v_given_h(rng, h)
    return v, clamped_step(rng, network, v, h)


@singledispatch
def weighted_gradient(network: Network, v: np.ndarray, h: np.ndarray, weights: np.ndarray) -> np.ndarray:
    r"""Sum over rows of :math:`w_k\, \partial E / \partial\theta (v_k, h_k)`, shape (n_parameters,).

    The same as ``weights @ network.gradient(v, h)`` without the rows of gradients.
    """
    return weights @ network.gradient(v, h)


@weighted_gradient.register
def _(network: RBM, v: np.ndarray, h: np.ndarray, weights: np.ndarray) -> np.ndarray:
    weighted = weights[:, None] * h
    return -np.concatenate([(weighted.T @ v).ravel(), weights @ v, weighted.sum(axis=0)])


@weighted_gradient.register
def _(network: BoltzmannMachine, v: np.ndarray, h: np.ndarray, weights: np.ndarray) -> np.ndarray:
    weighted = weights[:, None] * h
    pairs = (weighted.T @ h)[np.triu_indices(network.n_hidden, 1)]
    return -np.concatenate([(weighted.T @ v).ravel(), weights @ v, weighted.sum(axis=0), pairs])


def parameter_kinds(network: Network) -> np.ndarray:
    """Kind of each entry of `flat`: "weight", "visible_bias" or "hidden_bias"."""
    sizes = {"weight": network.weights.size, "visible_bias": network.n_visible, "hidden_bias": network.n_hidden}
    kinds = np.repeat(list(sizes), list(sizes.values()))
    return np.append(kinds, np.repeat("weight", network.flat.size - kinds.size))
