"""Exact draws of both phases of an RBM, without a chain, and estimates on them, without the rows of gradients."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from cl_theory.arguments import probabilities
from cl_theory.learning.models.rbm import RBM, binary_states, model_table


@dataclass(frozen=True, eq=False)
class AliasTable:
    """Column k is kept with probability `keep[k]`, else `alias[k]` is taken in its place.

    SciPy's urn draws as fast but other states, and stored claims hold states that were drawn from fixed seeds.
    """

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


def fourth_powers(sampler: ExactPhaseSampler) -> tuple[float, float]:
    r"""Exact :math:`E|g^+|^4` and :math:`E|g^-|^4`, with :math:`|g|^2 = (1 + |v|)(1 + |h|) - 1`, |v| units being on.

    One side's states are listed; given them the units of the other side are independent bits.
    """
    rows = sampler.data
    positive = np.full(len(rows), 1 / len(rows)), rows, sampler.rbm.mean_h_given_v(rows)
    return _fourth_power(*positive), _fourth_power(*sampler.table)


def _fourth_power(probability: np.ndarray, states: np.ndarray, other_mean: np.ndarray) -> float:
    listed, other = 1 + states.sum(axis=1), 1 + other_mean.sum(axis=1)
    other_variance = (other_mean * (1 - other_mean)).sum(axis=1)
    return float(probability @ ((listed * other - 1) ** 2 + listed**2 * other_variance))


def phase_states(
    rng: np.random.Generator, sampler: ExactPhaseSampler, is_positive: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Bool states v (..., n_visible) and h (..., n_hidden) of the phases whose signs `is_positive` (...) are given."""
    n_positive = int(is_positive.sum())
    phases = sampler.positive(rng, n_positive), sampler.negative(rng, is_positive.size - n_positive)
    both = []
    for positive, negative in zip(*phases, strict=True):
        states = np.empty((*is_positive.shape, positive.shape[-1]), dtype=bool)
        states[is_positive], states[~is_positive] = positive, negative
        both.append(states)
    return both[0], both[1]


def gradient_projections(rbm: RBM, v: np.ndarray, h: np.ndarray, directions: np.ndarray) -> np.ndarray:
    """u.g = -(h'Uv + a.v + c.h) for each direction u = (U, a, c) of (k, n_parameters), without the rows of g.

    Shape (..., k) for 0/1 states v (..., n_visible), h (..., n_hidden). ValueError on directions of another length.
    """
    rows = np.atleast_2d(np.asarray(directions, dtype=np.float64))
    if rows.ndim != 2 or rows.shape[1] != rbm.n_parameters:
        raise ValueError(f"directions must have shape (k, {rbm.n_parameters}), got {np.shape(directions)}")
    weights, visible, hidden = np.split(rows, [rbm.weights.size, rbm.weights.size + rbm.n_visible], axis=1)
    by_visible = weights.reshape(len(rows), *rbm.weights.shape).transpose(2, 0, 1).reshape(rbm.n_visible, -1)
    v_units, h_units = (x.reshape(-1, x.shape[-1]).astype(np.float64) for x in (v, h))
    by_hidden = (v_units @ by_visible + hidden.ravel()).reshape(len(v_units), len(rows), rbm.n_hidden)
    found = -((by_hidden @ h_units[:, :, None])[:, :, 0] + v_units @ visible.T)
    return found.reshape(*v.shape[:-1], -1)


def inner_products(rbm: RBM, v: np.ndarray, h: np.ndarray, fixed: np.ndarray) -> np.ndarray:
    r"""All inner products of m gradients and f `fixed` vectors, (n, m + f, m + f), gradients first.

    .. math:: \langle g, g'\rangle = (1 + h\cdot h')(1 + v\cdot v') - 1

    for the gradients of 0/1 states v (n, m, n_visible), h (n, m, n_hidden); `fixed` is (f, n_parameters). By these
    every estimate that is linear in its gradients has its norm and projections; see `linear_estimates`.
    """
    rows = np.atleast_2d(fixed)
    n, m = v.shape[:2]
    products = np.empty((n, m + len(rows), m + len(rows)))
    products[:, :m, :m] = (1.0 + _common_units(v)) * (1.0 + _common_units(h)) - 1
    across = gradient_projections(rbm, v, h, rows)
    products[:, :m, m:], products[:, m:, :m] = across, across.transpose(0, 2, 1)
    products[:, m:, m:] = rows @ rows.T
    return products


def linear_estimates(
    products: np.ndarray, coefficients: np.ndarray, n_directions: int
) -> tuple[np.ndarray, np.ndarray]:
    """(u.Z (n, e, k), |Z|^2 (n, e)) of e estimates Z = sum of coefficients (n, e, m + f) times vectors.

    `products` are the vectors' inner products, and the directions u are the last `n_directions` of them.
    """
    against = coefficients @ products
    return against[..., against.shape[-1] - n_directions :], (against * coefficients).sum(axis=-1)


def _common_units(states: np.ndarray) -> np.ndarray:
    """s.s' for each pair of 0/1 states (n, m, units) of a row, (n, m, m)."""
    packed = np.packbits(states, axis=-1)
    packed = np.pad(packed, [(0, 0), (0, 0), (0, -packed.shape[-1] % 8)])
    words = np.ascontiguousarray(packed).view(np.uint64)
    return np.bitwise_count(words[:, :, None, :] & words[:, None, :, :]).sum(axis=-1)
