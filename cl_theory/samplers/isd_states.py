"""ISD draws on an RBM: the coin, the state of the phase that it chose, and the rows that follow from them."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from cl_theory.arguments import positive_integer, probability_inside
from cl_theory.models.rbm import RBM
from cl_theory.samplers.affine_forms import split_directions
from cl_theory.samplers.exact_phase import ExactPhaseSampler
from cl_theory.samplers.phase_statistics import baseline_vector
from cl_theory.samplers.planted import NOTHING_PLANTED, Planted

CHUNK = 2**13
"""Draws made at a time; part of the stream's meaning, so that a seed gives the same draws everywhere."""


class PhaseStates(NamedTuple):
    """Draws of one ISD experiment: the sign of the phase and its state, positive phases first."""

    is_positive: np.ndarray
    v: np.ndarray
    h: np.ndarray


def isd_states(
    rng: np.random.Generator,
    sampler: ExactPhaseSampler,
    n: int,
    p_positive: float,
    planted: Planted = NOTHING_PLANTED,
) -> PhaseStates:
    """Toss n coins and sample only the phase that each one chose; positive phases are listed first."""
    n_positive = isd_count(rng, positive_integer(n, "n"), p_positive, planted)
    phases = sampler.positive(rng, n_positive), sampler.negative(rng, n - n_positive)
    v, h = (np.concatenate(side) for side in zip(*phases, strict=True))
    return PhaseStates(np.arange(n) < n_positive, v, h)


def isd_count(rng: np.random.Generator, n: int, p_positive: float, planted: Planted = NOTHING_PLANTED) -> int:
    """Number of positive phases among n coins, as `isd_states` tosses them."""
    return int(rng.binomial(n, planted.coin_probability(probability_inside(p_positive))))


def isd_rows(
    rbm: RBM,
    states: PhaseStates,
    p_positive: float,
    planted: Planted = NOTHING_PLANTED,
    baseline: np.ndarray | None = None,
) -> np.ndarray:
    """The deterministic map from (B, state) to estimates Z, rows (n, n_parameters); for small n."""
    gradient = rbm.gradient(states.v, states.h) - baseline_vector(baseline, rbm.n_parameters)
    return state_weights(states, p_positive, planted)[:, None] * gradient


def isd_projections(
    rbm: RBM,
    states: PhaseStates,
    p_positive: float,
    directions: np.ndarray,
    planted: Planted = NOTHING_PLANTED,
    baseline: np.ndarray | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """(directions @ Z (n, k), |Z|^2 (n,)) through matrix products, without the rows of Z.

    For 0/1 units |g|^2 = (1 + |v|)(1 + |h|) - 1 with |v| the number of units that are on.
    """
    weight, centre = state_weights(states, p_positive, planted), baseline_vector(baseline, rbm.n_parameters)
    rows = np.atleast_2d(np.asarray(directions, dtype=np.float64))
    squares = (1.0 + states.v.sum(axis=1)) * (1.0 + states.h.sum(axis=1)) - 1
    if not centre.any():
        return weight[:, None] * gradient_projections(rbm, states.v, states.h, rows), weight**2 * squares
    products = gradient_projections(rbm, states.v, states.h, np.vstack([rows, centre]))
    squares = squares - 2 * products[:, -1] + centre @ centre
    return weight[:, None] * (products[:, :-1] - rows @ centre), weight**2 * squares


def gradient_projections(rbm: RBM, v: np.ndarray, h: np.ndarray, directions: np.ndarray) -> np.ndarray:
    """u.g = -(h'Uv + a.v + c.h) for each direction (U, a, c), shape (n, k), without the rows of g."""
    weights, hidden, visible = split_directions(rbm, directions)
    v_units, h_units = v.astype(np.float64), h.astype(np.float64)
    by_hidden = v_units @ weights.transpose(2, 0, 1).reshape(rbm.n_visible, -1) + hidden.ravel()
    coupled = by_hidden.reshape(len(v), len(hidden), rbm.n_hidden) @ h_units[:, :, None]
    return -(coupled[:, :, 0] + v_units @ visible.T)


def state_weights(states: PhaseStates, p_positive: float, planted: Planted) -> np.ndarray:
    """Signed weight of each draw's phase, (n,)."""
    return np.where(states.is_positive, *planted.signed_weights(p_positive))


def chunk_sizes(n: int, largest: int = CHUNK) -> Iterator[int]:
    """Sizes of the chunks in which n draws are made: `largest` each, a remainder of one joined to the last."""
    whole, rest = divmod(positive_integer(n, "n"), largest)
    sizes = [largest] * whole + [rest] * (rest > 0)
    if rest == 1 and whole:
        sizes[-2:] = [largest + 1]  # a single draw has no covariance
    yield from sizes
