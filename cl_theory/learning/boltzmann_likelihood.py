r"""Exact likelihood of Boltzmann machines with a few hidden units, quickly enough for curves of many replicas.

The hidden units are split in two halves, so that exponentials are needed for half the units only: with
:math:`M(h) = e^{c^\top h + \frac12 h^\top L h}` as a matrix over the states of both halves, :math:`\tilde p(v)` is a
bilinear form in M, and Z is the sum of M times :math:`\prod_i (1 + e^{a_i + (h^\top W)_i})`.
"""

from collections.abc import Sequence

import numpy as np

from cl_theory.learning.curves import Measures
from cl_theory.learning.exact_likelihood import SAFE
from cl_theory.models.boltzmann import BoltzmannMachine
from cl_theory.models.exact_law import log_probability_v
from cl_theory.models.rbm import binary_states
from cl_theory.states import MAX_UNITS, all_states


def machine_measures(data: np.ndarray) -> Measures:
    """As `exact_measures`, for a list of Boltzmann machines: "nll" (nats a row) and "tv", one value a machine."""
    rows, count = np.unique(np.asarray(data, dtype=np.float64), axis=0, return_counts=True)
    share = count / count.sum()
    return {
        "nll": lambda machines: -log_likelihoods(machines, rows) @ share,
        "tv": lambda machines: np.maximum(share - np.exp(log_likelihoods(machines, rows)), 0).sum(axis=-1),
    }


def usual_machine_measures(data: np.ndarray, n_hidden: int) -> Measures:
    """Exact measures where the hidden side can be enumerated, else none."""
    return machine_measures(data) if n_hidden <= MAX_UNITS else {}


def log_likelihoods(machines: Sequence[BoltzmannMachine], rows: np.ndarray) -> np.ndarray:
    """log p(v) of each row under each machine, in nats, (n_machines, n_rows)."""
    return np.stack([log_likelihood(machine, rows) for machine in machines])


def log_likelihood(machine: BoltzmannMachine, rows: np.ndarray) -> np.ndarray:
    """log p(v) of each row, in nats; in the log domain where an exponential would leave the range of a float64."""
    if machine.n_hidden == 1 or _largest_exponent(machine) > SAFE:
        return log_probability_v(machine, rows)
    v, n_low = binary_states(rows, machine.n_visible, "rows"), machine.n_hidden // 2
    low, high = all_states(n_low), all_states(machine.n_hidden - n_low)
    alone = _hidden_weights(machine).reshape(len(high), len(low))
    drive = v @ machine.weights.T
    unnormalised = ((np.exp(drive[:, n_low:] @ high.T) @ alone) * np.exp(drive[:, :n_low] @ low.T)).sum(axis=1)
    partition = (alone * _summed_over_v(machine, low, high)).sum()
    return v @ machine.visible_bias + np.log(unnormalised) - np.log(partition)


def _hidden_weights(machine: BoltzmannMachine) -> np.ndarray:
    """exp(c h + h L h / 2) of all hidden states."""
    h = all_states(machine.n_hidden)
    return np.exp(h @ machine.hidden_bias + 0.5 * ((h @ machine.hidden_weights) * h).sum(axis=1))


def _summed_over_v(machine: BoltzmannMachine, low: np.ndarray, high: np.ndarray) -> np.ndarray:
    """The product over visible units of 1 + exp(a + h W), for the states of both halves, (2**n_high, 2**n_low)."""
    n_low, product = low.shape[1], np.ones((len(high), len(low)))
    of_low = np.exp(low @ machine.weights[:n_low])
    of_high = np.exp(high @ machine.weights[n_low:] + machine.visible_bias)
    for i in range(machine.n_visible):
        product *= 1 + np.multiply.outer(of_high[:, i], of_low[:, i])
    return product


def _largest_exponent(machine: BoltzmannMachine) -> float:
    """A bound on the size of every exponent that occurs, and of the logarithm of their sums."""
    hidden = np.abs(machine.hidden_bias).sum() + 0.5 * np.abs(machine.hidden_weights).sum()
    activation = np.abs(machine.weights).sum(axis=0) + np.abs(machine.visible_bias)
    return float(hidden + np.logaddexp(0, activation).sum() + machine.n_hidden * np.log(2))
