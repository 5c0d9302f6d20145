"""Very many replicas of a phase: always-on learning and learning at the end, for any finite chain."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from cl_theory.arguments import finite, positive, positive_integer, probabilities
from cl_theory.dynamics.lockstep import STARTS, Replicas, draw_states, run_lockstep, uniforms
from cl_theory.dynamics.softmax_kernel import run_softmax_phases
from cl_theory.dynamics.three_state_kernel import run_three_state_phases
from cl_theory.models.local_chain import ParametricChain
from cl_theory.models.softmax_chain import SoftmaxChain
from cl_theory.phases.length import PhaseLength
from cl_theory.phases.stopping import StopAt
from cl_theory.philox import philox_key


@dataclass(frozen=True, eq=False)
class PhaseEnds(Replicas):
    r"""Where n replicas stand after a phase: parameters theta_T (n, d), states z_T (n,), lengths T (n,).

    martingale (n, d): :math:`N = \sum_t \psi(z_{t+1}) - (P_{\theta_t}\psi)(z_t)`, zero if no psi was given.
    """

    step_size: float = 0.0

    @property
    def controlled(self) -> np.ndarray:
        """theta_T + epsilon N, (n, d): the same mean as theta_T, and a far smaller variance (E N = 0 exactly)."""
        return self.parameters + self.step_size * self.martingale

    def with_length_control(self, mean_gradient: np.ndarray, mean_length: Any) -> np.ndarray:
        """`controlled` + epsilon (T - E T) gbar, (n, d): takes off the noise of a random length too; same mean."""
        excess = self.lengths - float(mean_length)
        return self.controlled + self.step_size * excess[:, None] * mean_gradient


def simulate_always_on(
    rng: np.random.Generator,
    chain: ParametricChain,
    parameters: Any,
    start: Any,
    length: PhaseLength | StopAt,
    n: int,
    *,
    learning_rate: float,
    mean_length: Any = None,
    psi: Any = None,
) -> PhaseEnds:
    r"""`n` independent phases of always-on learning, :math:`\theta_{t+1} = \theta_t - \frac\eta\tau G(z_t, \theta_t)`,
    :math:`z_{t+1} \sim P_{\theta_t}(z_t, \cdot)`.

    `parameters` (d,) or (n, d); `start` a state, a law (m,) of floats, or integer states (n,); tau is `mean_length`,
    by default the law's mean (a StopAt needs it given); `psi` (m, d), any function of the state, switches on the
    control variate. The same `rng` state gives the same paths for any number of threads, and prefixes of the same
    paths for another `length`. A softmax chain runs in a numba kernel, others in lock-step. ValueError if the
    parameters overflow.
    """
    tau = getattr(length, "mean", None) if mean_length is None else mean_length
    if tau is None:
        raise ValueError("mean_length must be given for a stopping rule: the rate of every step is eta / tau")
    step_size = positive(learning_rate, "learning_rate") / float(positive(tau, "mean_length"))
    return _simulate(rng, chain, parameters, start, length, n, step_size, psi)


def _simulate(
    rng: np.random.Generator, chain: ParametricChain, parameters: Any, start: Any, length: Any, n: int,
    step_size: float, psi: Any,
) -> PhaseEnds:  # fmt: skip
    n, key = positive_integer(n, "n"), philox_key(rng)
    theta = finite(np.array(parameters, dtype=float), "parameters")
    if theta.shape not in ((chain.n_parameters,), (n, chain.n_parameters)):
        raise ValueError(f"parameters must have shape ({chain.n_parameters},) or (n, ...), got {theta.shape}")
    theta = np.ascontiguousarray(np.broadcast_to(theta, (n, chain.n_parameters)))
    lengths, stops, shortest = _lengths(rng, length, n, chain.n_states)
    begin = Replicas(theta, _starts(start, n, chain.n_states, key), lengths, np.zeros_like(theta))
    table = np.zeros((0, theta.shape[1])) if psi is None else np.asarray(psi, dtype=float)
    how: dict[str, Any] = {"stops": stops, "shortest": shortest, "psi": table, "step_size": step_size, "key": key}
    ends = _run_softmax(chain, begin, **how) if isinstance(chain, SoftmaxChain) else run_lockstep(chain, begin, **how)
    return PhaseEnds(ends.parameters, ends.states, ends.lengths, ends.martingale, step_size)


def _starts(start: Any, n: int, n_states: int, key: np.ndarray) -> np.ndarray:
    given = np.asarray(start)
    if given.ndim == 1 and given.dtype.kind in "fO":
        law = probabilities(given, "start").astype(float)
        return draw_states(np.broadcast_to(law, (n, n_states)), uniforms(n, 0, key, STARTS))
    if given.shape not in ((), (n,)) or given.min() < 0 or given.max() >= n_states:
        raise ValueError(f"start must be a state below {n_states}, a law of floats, or (n,) states, got {start!r}")
    return np.broadcast_to(given.astype(np.int64), (n,)).copy()


def _lengths(rng: np.random.Generator, length: Any, n: int, n_states: int) -> tuple[np.ndarray, np.ndarray, int]:
    stops = np.zeros(n_states, dtype=bool)
    if not isinstance(length, StopAt):
        return length.sample(rng, n), stops, 1
    if length.longest is None or length.states[-1] >= n_states:
        raise ValueError(f"a simulated rule needs a longest and states below {n_states}, got {length}")
    stops[list(length.states)] = True
    return np.full(n, length.longest, dtype=np.int64), stops, length.shortest


def _run_softmax(
    chain: SoftmaxChain, begin: Replicas, *, stops: np.ndarray, shortest: int, psi: np.ndarray, step_size: float,
    key: np.ndarray,
) -> Replicas:  # fmt: skip
    """A kernel on copies, with weights and features relative to those of state 0."""
    c = chain.floats()
    log_weights, features = np.log(c.weights), np.moveaxis(c.features, 0, -1)
    tables = [log_weights - log_weights[:, :1], features - features[:, :1], c.offset, c.slope, psi]
    theta, states, lengths, gathered = (part.copy() for part in vars(begin).values())
    if c.offset.shape == (3, 2) and not stops.any():
        tables[4] = psi - psi[0] if psi.size else np.zeros((3, 2))
        w, f, a, b, owed = (_relative_to_first_row(table) for table in tables)
        order = _by_length(begin.lengths)
        overflow = run_three_state_phases(theta, states, lengths, gathered, order, w, f, a, b, owed, step_size, key)
    else:
        w, f, a, b, owed = (np.ascontiguousarray(table) for table in tables)
        overflow = run_softmax_phases(
            theta, states, lengths, gathered, w, f, a, b, owed, stops, shortest, step_size, key
        )
    if overflow.any():
        worst = int(np.argmax(overflow))
        raise ValueError(f"parameters overflowed in replica {worst}: {theta[worst]}; lower the learning rate")
    return Replicas(theta, states, lengths, gathered)


def _by_length(lengths: np.ndarray) -> np.ndarray:
    return np.argsort(lengths, kind="stable") if lengths.min() < lengths.max() else np.arange(len(lengths))


def _relative_to_first_row(table: np.ndarray) -> np.ndarray:
    return np.concatenate([table[:1], table[1:] - table[:1]])
