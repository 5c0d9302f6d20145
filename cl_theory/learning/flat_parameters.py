"""Parameters of one replica as a kernel reads them: from a flat row to padded memory and back.

The order is that of `RBM.flat`: W row by row, visible biases, hidden biases. In padded memory rows of W and both layers
are multiples of 16 long; what pads the biases of a network keeps its units off.
"""

import numpy as np
from numba import njit

from cl_theory.learning.gibbs_kernels import aligned
from cl_theory.learning.gibbs_sweeps import copy_units, padded_size


@njit(cache=True)
def padded_parameters(flat, n_visible, n_hidden, padding):
    """Aligned copy of the first entries of `flat`, biases padded by `padding` and weights by 0."""
    row, column = padded_size(n_visible), padded_size(n_hidden)
    padded = aligned(column * row + row + column)
    padded[column * row :] = padding
    for j in range(n_hidden):
        copy_units(flat[j * n_visible :], padded[j * row :], n_visible)
    copy_units(flat[n_hidden * n_visible :], padded[column * row :], n_visible)
    copy_units(flat[n_hidden * n_visible + n_visible :], padded[column * row + row :], n_hidden)
    return padded


@njit(cache=True)
def copy_parameters(padded, flat, n_visible, n_hidden):
    """The reverse of `padded_parameters`: write what was padded back to the first entries of `flat`."""
    row, column = padded_size(n_visible), padded_size(n_hidden)
    for j in range(n_hidden):
        copy_units(padded[j * row :], flat[j * n_visible :], n_visible)
    copy_units(padded[column * row :], flat[n_hidden * n_visible :], n_visible)
    copy_units(padded[column * row + row :], flat[n_hidden * n_visible + n_visible :], n_hidden)


PAD_AVERAGES = np.float32(0)
"""Padding of averages of statistics: a unit that is off has none."""
