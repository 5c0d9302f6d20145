"""Always-on learning drawn: many copies of a phase, and one long run with its trace."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from cl_theory.arguments import finite, positive, positive_integer, probabilities, probability_inside
from cl_theory.philox import philox_key
from cl_theory.theory.chains.local_chain import ParametricChain, parameter_vector
from cl_theory.theory.chains.phase_lengths import PhaseLength
from cl_theory.theory.chains.softmax_chain import SoftmaxChain
from cl_theory.theory.chains.stopping import StopAt
from cl_theory.theory.dynamics.chain_kernels import (
    STARTS,
    Replicas,
    draw_states,
    run_lockstep,
    run_three_state_phases,
    uniforms,
)


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
    paths for another `length`. A softmax chain of three states and two parameters runs in a numba kernel, others in
    lock-step. ValueError if the parameters overflow.
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
    """The kernel for three states and two parameters on copies, relative to state 0; other chains in lock-step."""
    if chain.offset.shape != (3, 2):
        return run_lockstep(chain, begin, stops=stops, shortest=shortest, psi=psi, step_size=step_size, key=key)
    c = chain.floats()
    log_weights, features = np.log(c.weights), np.moveaxis(c.features, 0, -1)
    owed = psi - psi[0] if psi.size else np.zeros((3, 2))
    tables = [log_weights - log_weights[:, :1], features - features[:, :1], c.offset, c.slope, owed]
    theta, states, lengths, gathered = (part.copy() for part in vars(begin).values())
    w, f, a, b, owed = (np.concatenate([table[:1], table[1:] - table[:1]]) for table in tables)
    order = np.argsort(lengths, kind="stable")
    overflow = run_three_state_phases(
        theta, states, lengths, gathered, order, w, f, a, b, owed, stops, shortest, step_size, key
    )
    if overflow.any():
        worst = int(np.argmax(overflow))
        raise ValueError(f"parameters overflowed in replica {worst}: {theta[worst]}; lower the learning rate")
    return Replicas(theta, states, lengths, gathered)


@dataclass(frozen=True, eq=False)
class Trace:
    """A run of n steps. Row t of each array is time t.

    states (n+1,); parameters (n+1, d); is_positive (n,) whether step t belongs to a positive phase; learns (n,)
    whether the parameters moved at step t; phase_ends: times at which a phase ended.
    """

    states: np.ndarray
    parameters: np.ndarray
    is_positive: np.ndarray
    learns: np.ndarray
    phase_ends: np.ndarray


def trace_two_term(
    rng: np.random.Generator, positive_chain: ParametricChain, negative_chain: ParametricChain, parameters: Any,
    start: int, *, phase_length: int, n_phases: int, learning_rate: float,
) -> Trace:  # fmt: skip
    """Periodic phases, + then -, that learn only at the end of the negative one: theta -= eta (g+ - g-).

    The positive phase's last gradient is stored until then; `n_phases` is even.
    """
    positive_integer(phase_length, "phase_length")
    if n_phases < 2 or n_phases % 2:
        raise ValueError(f"n_phases must be even and at least 2, got {n_phases}")
    run = _Run(rng, parameter_vector(positive_chain, parameters), start)
    positive(learning_rate, "learning_rate")
    for _ in range(n_phases // 2):
        run.phase(positive_chain, phase_length, True, 0.0)
        stored = positive_chain.gradient(run.theta)[run.state]
        run.phase(negative_chain, phase_length, False, 0.0)
        run.learn_now(learning_rate * (stored - negative_chain.gradient(run.theta)[run.state]))
    return run.trace()


def trace_isd_always_on(
    rng: np.random.Generator, positive_chain: ParametricChain, negative_chain: ParametricChain, parameters: Any,
    start: int, *, length: PhaseLength, n_phases: int, learning_rate: float, p_positive: float,
    baseline: Any = 0.0,
) -> Trace:  # fmt: skip
    """ISD with always-on learning: a coin chooses each phase, its length is random, every step learns at rate
    eta/tau times 1/b (positive) or -1/(1-b) (negative); `baseline` is taken off both gradients."""
    b, tau = probability_inside(p_positive), float(length.mean)
    run = _Run(rng, parameter_vector(positive_chain, parameters), start)
    for _ in range(positive_integer(n_phases, "n_phases")):
        is_positive = bool(rng.random() < b)
        n_steps = int(length.sample(rng, 1)[0])
        rate = positive(learning_rate, "learning_rate") / tau * (1 / b if is_positive else -1 / (1 - b))
        run.phase(positive_chain if is_positive else negative_chain, n_steps, is_positive, rate, baseline)
    return run.trace()


class _Run:
    def __init__(self, rng: np.random.Generator, theta: np.ndarray, state: int) -> None:
        self.rng, self.theta, self.state = rng, theta.astype(float), state
        self.states, self.thetas = [state], [self.theta]
        self.positive: list[bool] = []
        self.learns: list[bool] = []
        self.ends: list[int] = []

    def phase(self, chain: ParametricChain, n_steps: int, is_positive: bool, rate: float, baseline: Any = 0.0) -> None:
        for _ in range(n_steps):
            row = chain.transition_matrix(self.theta)[self.state]
            gradient = chain.gradient(self.theta)[self.state] - baseline
            self.theta = finite(self.theta - rate * gradient, "parameters")
            self.state = int(self.rng.choice(len(row), p=row))
            self.states.append(self.state)
            self.thetas.append(self.theta)
            self.positive.append(is_positive)
            self.learns.append(rate != 0)
        self.ends.append(len(self.positive))

    def learn_now(self, step: np.ndarray) -> None:
        self.theta = finite(self.theta - step, "parameters")
        self.thetas[-1], self.learns[-1] = self.theta, True

    def trace(self) -> Trace:
        return Trace(
            np.array(self.states), np.stack(self.thetas), np.array(self.positive), np.array(self.learns),
            np.array(self.ends),
        )  # fmt: skip
