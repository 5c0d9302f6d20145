"""Independent draws from a table of probabilities in constant time (Walker's alias method)."""

from dataclasses import dataclass

import numpy as np

from cl_theory.arguments import probabilities


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
