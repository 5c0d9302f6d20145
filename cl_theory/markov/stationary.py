"""Equilibrium of a finite chain: which states communicate, and the stationary law."""

from math import gcd

import numpy as np
from scipy.sparse import csr_array
from scipy.sparse.csgraph import breadth_first_order, connected_components

from cl_theory.markov.solve import identity, ones, solve
from cl_theory.models.local_chain import stochastic_matrix


def closed_classes(transition_matrix: np.ndarray) -> list[list[int]]:
    """Closed communicating classes: sets of states that are never left; one exactly when the law is unique."""
    kernel = stochastic_matrix(transition_matrix)
    possible = kernel > 0
    count, label = connected_components(csr_array(possible.astype(np.int8)), directed=True, connection="strong")
    classes = [np.flatnonzero(label == k) for k in range(count)]
    return [members.tolist() for members in classes if not possible[np.ix_(members, label != label[members[0]])].any()]


def period(transition_matrix: np.ndarray) -> int:
    """Period of the one closed class: the greatest common divisor of the lengths of its cycles."""
    (members,) = _only_class(transition_matrix)
    possible = transition_matrix[np.ix_(members, members)] > 0
    order, parent = breadth_first_order(csr_array(possible.astype(np.int8)), 0)
    depth = np.zeros(len(members), dtype=int)
    for state in order[1:]:
        depth[state] = depth[parent[state]] + 1
    result = 0
    for x, y in np.argwhere(possible):
        result = gcd(result, int(abs(depth[x] + 1 - depth[y])))
    return result


def stationary_distribution(transition_matrix: np.ndarray) -> np.ndarray:
    r"""Stationary law :math:`\pi P = \pi`, shape (m,); exact for Fractions.

    Unique exactly when one set of states is never left (others may be transient, the chain may be periodic);
    ValueError for a reducible chain with several such sets, naming them.
    """
    kernel = stochastic_matrix(transition_matrix)
    _only_class(kernel)
    m = len(kernel)
    # pi (I - P + J) = 1 with J all ones, as pi J = 1; the matrix is invertible when pi is unique.
    return solve((identity(m, kernel) - kernel + ones((m, m), kernel)).T, ones(m, kernel))


def stationary_distributions(kernels: np.ndarray) -> np.ndarray:
    """Stationary laws of a batch (..., m, m) of float64 kernels with positive entries, shape (..., m)."""
    if not (kernels > 0).all():
        raise ValueError("kernels must have positive entries; use stationary_distribution, one chain at a time")
    m = kernels.shape[-1]
    system = np.swapaxes(np.eye(m) - kernels + 1.0, -1, -2)
    return np.linalg.solve(system, np.ones((*kernels.shape[:-1], 1)))[..., 0]


def _only_class(kernel: np.ndarray) -> list[list[int]]:
    classes = closed_classes(kernel)
    if len(classes) > 1:
        raise ValueError(
            f"the chain is reducible: states {classes[0]} and {classes[1]} are never left, so its stationary law is "
            "not unique; restrict the chain to one of them"
        )
    return classes
