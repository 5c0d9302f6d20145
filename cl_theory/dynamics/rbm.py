"""Always-on learning of an RBM too large to enumerate as a chain: what a phase adds to the parameters."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from cl_theory.arguments import finite, positive
from cl_theory.dynamics.rbm_kernel import run_rbm_phases
from cl_theory.models.rbm import RBM
from cl_theory.phases.length import PhaseLength
from cl_theory.philox import philox_key

CHUNK = 2048


@dataclass(frozen=True, eq=False)
class RBMPhaseEnds:
    """Of n replicas: displacement (n, k) of the flat parameters along k directions, and the last states v, h."""

    displacement: np.ndarray
    visible: np.ndarray
    hidden: np.ndarray


def simulate_rbm_phase(
    rng: np.random.Generator, rbm: RBM, visible: Any, hidden: Any, length: PhaseLength, *, learning_rate: float,
    is_positive: bool, directions: Any = None,
) -> RBMPhaseEnds:  # fmt: skip
    r"""One always-on phase of n independent replicas that all start with the parameters of `rbm`.

    Block Gibbs, h' ~ p(h | v), then v' ~ p(v | h') unless clamped, with the parameters before the update; each step
    adds :math:`\mp\frac\eta\tau\,\partial_\theta E(v, h)`, the upper sign in a positive phase (clamped), the lower in a
    negative one (free), gradient at the state before the transition. `visible` (n, n_visible) and `hidden`
    (n, n_hidden) are the starts; `directions` (k, d) keeps only those projections of the displacement, by default all
    d parameters. Results do not depend on threads. ValueError if the parameters overflow.
    """
    v, h = (np.array(finite(x, name), dtype=float) for x, name in ((visible, "visible"), (hidden, "hidden")))
    if v.shape != (len(v), rbm.n_visible) or h.shape != (len(v), rbm.n_hidden):
        raise ValueError(
            f"visible and hidden must be (n, {rbm.n_visible}) and (n, {rbm.n_hidden}), got {v.shape} and {h.shape}"
        )
    key = philox_key(rng)
    lengths = length.sample(rng, len(v))
    rate = positive(learning_rate, "learning_rate") / float(length.mean) * (1 if is_positive else -1)
    chunks = _displacements(rbm, v, h, lengths, rate, is_positive, key)
    project = (lambda moved: moved) if directions is None else (lambda moved: moved @ np.asarray(directions).T)
    return RBMPhaseEnds(np.concatenate([project(moved) for moved in chunks]), v, h)


def _displacements(
    rbm: RBM, v: np.ndarray, h: np.ndarray, lengths: np.ndarray, rate: float, clamped: bool, key: np.ndarray
) -> Iterator[np.ndarray]:
    """Displacements (chunk, d), chunk by chunk, so that memory stays small; v and h are advanced in place."""
    for first in range(0, len(v), CHUNK):
        part = slice(first, min(first + CHUNK, len(v)))
        n = part.stop - part.start
        start = (rbm.weights, rbm.visible_bias, rbm.hidden_bias)
        own = [np.repeat(array[None], n, axis=0) for array in start]
        run_rbm_phases(own[0], own[1], own[2], v[part], h[part], lengths[part], rate, clamped, first, key)
        moved = np.concatenate([(a - b).reshape(n, -1) for a, b in zip(own, start, strict=True)], axis=1)
        yield finite(moved, "parameters after the phase (lower the learning rate)")
