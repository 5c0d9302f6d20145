"""Independent exact draws of both phases of an RBM: no chain, no burn-in."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from cl_theory.arguments import probabilities
from cl_theory.learning.models.rbm import RBM, binary_states, model_table


@dataclass(frozen=True, eq=False)
class AliasTable:
    """Column k is kept with probability `keep[k]`, else `alias[k]` is taken in its place."""

    keep: np.ndarray
    alias: np.ndarray

    @classmethod
    def of(cls, probability: np.ndarray) -> "AliasTable":
        """Table of a vector of probabilities; ValueError unless they are at least 0 and sum to one."""
        keep = probabilities(probability, tolerance=1e-9) * len(probability)
        alias = np.arange(len(keep))
        small, large = list(np.flatnonzero(keep < 1)), list(np.flatnonzero(keep >= 1))
        while small and large:
            poor, rich = small.pop(), large[-1]
            alias[poor] = rich
            keep[rich] -= 1 - keep[poor]
            if keep[rich] < 1:
                small.append(large.pop())
        keep[small + large] = 1.0  # what is left differs from 1 by rounding only
        return cls(keep, alias)

    def draw(self, rng: np.random.Generator, n: int) -> np.ndarray:
        """n independent indices."""
        column = rng.integers(len(self.keep), size=n)
        return np.where(rng.random(n) < self.keep[column], column, self.alias[column])


class ExactPhaseSampler:
    """Draws (v, h) of an RBM from the law of each phase.

    The negative phase takes a state of the smaller side from the enumerated table (alias method) and the other
    side from its independent conditional; the positive phase a uniform row of `data`, then h given v.
    Conditional probabilities are rounded to multiples of 2**-32. ValueError if the smaller side has more than
    20 units or `data` is not 0/1.
    """

    def __init__(self, rbm: RBM, data: np.ndarray) -> None:
        self.rbm = rbm
        self.data = binary_states(data, rbm.n_visible, "data")
        self._data_bits = self.data.astype(bool)
        self._data_thresholds = _thresholds(rbm.mean_h_given_v(self.data))

    @cached_property
    def table(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """`model_table` of the RBM, made once."""
        return model_table(self.rbm)

    @cached_property
    def _model(self) -> tuple[AliasTable, np.ndarray, np.ndarray]:
        probability, states, other_mean = self.table
        return AliasTable.of(probability), states.astype(bool), _thresholds(other_mean)

    def positive(self, rng: np.random.Generator, n: int) -> tuple[np.ndarray, np.ndarray]:
        """n draws of the positive phase: bool v (n, n_visible) and h (n, n_hidden)."""
        row = rng.integers(len(self.data), size=n)
        return self._data_bits[row], _below(rng, self._data_thresholds[row])

    def negative(self, rng: np.random.Generator, n: int) -> tuple[np.ndarray, np.ndarray]:
        """n draws of the negative phase: bool v (n, n_visible) and h (n, n_hidden)."""
        table, states, thresholds = self._model
        index = table.draw(rng, n)
        side, other = states[index], _below(rng, thresholds[index])
        return (side, other) if self.rbm.n_visible <= self.rbm.n_hidden else (other, side)


def _thresholds(mean: np.ndarray) -> np.ndarray:
    return np.minimum(np.rint(mean * 2.0**32), 2.0**32 - 1).astype(np.uint32)


def _below(rng: np.random.Generator, thresholds: np.ndarray) -> np.ndarray:
    draws = rng.integers(2**32, size=thresholds.shape, dtype=np.uint32)
    return draws < thresholds
