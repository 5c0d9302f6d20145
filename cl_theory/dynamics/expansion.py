"""Always-on learning to second order in the learning rate, exactly, in time proportional to the phase length."""

from dataclasses import dataclass
from typing import Any

import numba
import numpy as np

from cl_theory.arguments import positive
from cl_theory.dynamics.leading_statements import LEADING, rest
from cl_theory.dynamics.start import start_law
from cl_theory.dynamics.symbols import equilibrium_values, eta, length_values
from cl_theory.markov.equilibrium import Equilibrium
from cl_theory.models.local_chain import LocalChain
from cl_theory.phases.bounded_length import Fixed
from cl_theory.phases.length import PhaseLength
from cl_theory.statements.system import System

CHUNK = 65536


@dataclass(frozen=True, eq=False)
class SecondOrder:
    r"""E S_T and E Q_T, both (d,), of a phase: :math:`E\Delta = -\varepsilon\,E S_T + \varepsilon^2 E Q_T + R`."""

    first: np.ndarray
    second: np.ndarray

    def displacement(self, step_size: Any) -> np.ndarray:
        """Mean displacement to second order in `step_size`, shape (d,)."""
        return -step_size * self.first + step_size**2 * self.second


def second_order(local: LocalChain, start: Any, length: PhaseLength) -> SecondOrder:
    r"""Coefficients of the second-order expansion of a phase (claim `aol-leading-terms`).

    With p_t the law of z_t in the frozen chain, s_t(z) = E[S_t; z_t = z] and -epsilon r_t the first-order change of
    the law of z_t through learning,

    .. math:: s_{t+1} = (s_t + p_t G) P, \quad r_{t+1} = r_t P + \dot P[s_t], \quad
        Q_T = \sum_{t<T} \big(\textstyle\sum_z \partial G(z) s_t(z) + \sum_z r_t(z) G(z)\big)

    O(T) time and constant memory; a random length weighs term t by P(T > t). Exact for Fractions and a bounded
    length (pure Python then); unbounded lengths are cut where P(T > t) <= 1e-18.
    """
    law = start_law(start, local.n_states, local.gradient)
    return _second_order_exact(local, law, length) if local.exact else _second_order_float(local, law, length)


def _second_order_exact(local: LocalChain, law: np.ndarray, length: PhaseLength) -> SecondOrder:
    if length.largest is None:
        raise ValueError(f"{length} has no largest length; pass local.floats() for an unbounded one")
    p, s, r = law, 0 * local.gradient, 0 * law
    first = second = 0 * local.gradient[0]
    for t in range(length.largest):
        first = first + length.tail(t) * (p @ local.gradient)
        second = second + length.tail(t) * (_moved(local.gradient_derivative, s) + r @ local.gradient)
        r = r @ local.transition_matrix + sum(s[:, i] @ d for i, d in enumerate(local.transition_derivative))
        s = local.transition_matrix.T @ (s + p[:, None] * local.gradient)
        p = p @ local.transition_matrix
    return SecondOrder(first, second)


def _moved(jacobian: np.ndarray, s: np.ndarray) -> np.ndarray:
    return sum(jacobian[z] @ s[z] for z in range(len(s)))


def _second_order_float(local: LocalChain, law: np.ndarray, length: PhaseLength) -> SecondOrder:
    m, d = local.gradient.shape
    state = np.zeros(2 * m + m * d + 2 * d)
    state[:m] = law
    kernel, kernel_derivative, gradient, jacobian = (np.ascontiguousarray(part) for part in vars(local).values())
    horizon = length.horizon(1e-18)
    for begin in range(0, horizon, CHUNK):
        n = min(CHUNK, horizon - begin)
        tails = np.ones(n) if isinstance(length, Fixed) else length.tails(begin + n, begin)
        _advance(state, kernel, kernel_derivative, gradient, jacobian, tails)
    return SecondOrder(state[-2 * d : -d].copy(), state[-d:].copy())


@numba.njit(cache=True, error_model="numpy", fastmath=False)
def _advance(state, kernel, kernel_derivative, gradient, gradient_derivative, tails):
    # State vector: p (m), r (m), s (m*d), first (d), second (d).
    m, d = gradient.shape
    p, r, s = state[:m], state[m : 2 * m], state[2 * m : 2 * m + m * d].reshape(m, d)
    first, second = state[2 * m + m * d : 2 * m + m * d + d], state[2 * m + m * d + d :]
    new_p, new_r, new_s = np.empty(m), np.empty(m), np.empty((m, d))
    for t in range(len(tails)):
        new_p[:], new_r[:], new_s[:] = 0.0, 0.0, 0.0
        for z in range(m):
            for i in range(d):
                first[i] += tails[t] * p[z] * gradient[z, i]
                second[i] += tails[t] * r[z] * gradient[z, i]
                for j in range(d):
                    second[i] += tails[t] * gradient_derivative[z, i, j] * s[z, j]
            for y in range(m):
                new_p[y] += p[z] * kernel[z, y]
                new_r[y] += r[z] * kernel[z, y]
                for i in range(d):
                    new_s[y, i] += (s[z, i] + p[z] * gradient[z, i]) * kernel[z, y]
                    new_r[y] += s[z, i] * kernel_derivative[i, z, y]
        p[:], r[:], s[:] = new_p, new_r, new_s


def leading_terms(
    equilibrium: Equilibrium, start: Any, length: PhaseLength, *, learning_rate: Any
) -> dict[str, np.ndarray]:
    """The six leading terms of a phase with E T = tau by name, each (d,), signs and factors of eta included.

    They are those of `cl_theory.dynamics.leading_statements.LEADING` (claim `aol-leading-terms`), from `start` (a state
    or a law); `length` is independent of the chain. `bounds.leading_terms_error` bounds what is left out.
    """
    known = {eta: positive(learning_rate, "learning_rate"), rest: 0 * equilibrium.mean_gradient}
    values = length_values(length) | equilibrium_values(lambda: equilibrium, start, length) | known
    terms = LEADING.term_values(System(str(length), values))
    return {name: np.asarray(value).ravel() for name, value in terms.items() if LEADING.terms[name] != rest}
