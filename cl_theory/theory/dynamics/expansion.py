"""Always-on learning to second order in the learning rate, exactly, and sums along a chain that does not learn."""

from dataclasses import dataclass
from typing import Any

import numba
import numpy as np
from scipy.optimize import root

from cl_theory.arguments import probability_inside
from cl_theory.theory.chains.local_chain import LocalChain
from cl_theory.theory.chains.phase_lengths import Fixed, PhaseLength
from cl_theory.theory.chains.poisson import Equilibrium
from cl_theory.theory.chains.stationary import start_law
from cl_theory.theory.dynamics import noise_statements as noise
from cl_theory.theory.dynamics.transfer import VectorField, gradient_flow
from cl_theory.theory.estimators.symbols import b, c, mu_minus, mu_plus
from cl_theory.theory.system import System


@dataclass(frozen=True, eq=False)
class FrozenSum:
    r"""Mean (d,) and covariance (d, d) of :math:`S_T = \sum_{t<T} G(z_t)` in the frozen chain, T random included."""

    mean: np.ndarray
    covariance: np.ndarray


def frozen_sum(local: LocalChain, start: Any, length: PhaseLength) -> FrozenSum:
    r"""Exact moments of S_T by the recursion of E[S_t; z_t = z], O(T) time and constant memory; Fractions allowed.

    :math:`S_{t+1}S_{t+1}^\top - S_tS_t^\top = S_tG^\top + GS_t^\top + GG^\top` at z_t, weighted by P(T > t).
    Unbounded lengths are cut where P(T > t) <= 1e-18 and need float64.
    """
    if local.exact and length.largest is None:
        raise ValueError(f"{length} has no largest length; pass local.floats() for an unbounded one")
    gradient, kernel = local.gradient, local.transition_matrix
    p = start_law(start, local.n_states, gradient)
    s, mean, square = 0 * gradient, 0 * gradient[0], 0 * np.multiply.outer(gradient[0], gradient[0])
    for t in range(length.horizon(1e-18)):
        weight = length.tail(t) if local.exact else length.float_tail(t)
        cross = s.T @ gradient
        mean = mean + weight * (p @ gradient)
        square = square + weight * (cross + cross.T + (gradient.T * p) @ gradient)
        s, p = kernel.T @ (s + p[:, None] * gradient), p @ kernel
    return FrozenSum(mean, square - np.multiply.outer(mean, mean))


def end_of_phase_covariance(equilibrium: Equilibrium) -> np.ndarray:
    """Sigma_pi = Cov_pi G (d, d): times eta^2 the covariance of learning at the end of an equilibrated phase."""
    gradient, law, mean = equilibrium.local.gradient, equilibrium.law, equilibrium.mean_gradient
    return (gradient.T * law) @ gradient - np.multiply.outer(mean, mean)


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


@dataclass(frozen=True, eq=False)
class MeanPhases:
    """g+ (d,), Dg+ (d, d), g- (d,), Dg- (d, d) at one parameter; float64, Fractions or SymPy in object arrays."""

    positive: np.ndarray
    positive_derivative: np.ndarray
    negative: np.ndarray
    negative_derivative: np.ndarray

    @property
    def mu(self) -> np.ndarray:
        """g+ - g-."""
        return self.positive - self.negative

    @property
    def mu_derivative(self) -> np.ndarray:
        """Dmu = Dg+ - Dg-."""
        return self.positive_derivative - self.negative_derivative

    def centre(self, p_positive: Any) -> np.ndarray:
        """c* = (1-b) g+ + b g-."""
        return (1 - p_positive) * self.positive + p_positive * self.negative


def isd_fixed_point_shift(phases: MeanPhases, p_positive: Any, baseline: Any) -> np.ndarray:
    r"""How far the zero of the mean displacement moves from mu = 0, divided by eta, as eta -> 0: shape (d,).

    :math:`D\mu^{-1} D_\theta c^*(c^*-c)/(2b(1-b))`; `phases` taken where mu = 0. Zero for c = c*.
    """
    known = {b: p_positive, c: np.asarray(baseline), mu_plus: phases.positive, mu_minus: phases.negative}
    derivatives = {noise.D_plus: phases.positive_derivative, noise.D_minus: phases.negative_derivative}
    bent = noise.ISD_SHIFT.right_value(System("mean phases", known | derivatives))
    return np.linalg.solve(phases.mu_derivative, np.ravel(bent))


def isd_mean_displacement(
    positive: VectorField, negative: VectorField, parameters: Any, *, learning_rate: float, p_positive: float,
    baseline: Any = 0.0,
) -> np.ndarray:  # fmt: skip
    """Mean displacement (d,) of one ISD phase with always-on learning in the limit of long phases.

    With probability b the flow of (g+ - c)/b, else that of -(g- - c)/(1-b), each for a time eta, solved to 1e-12.
    """
    share, start = probability_inside(p_positive), np.asarray(parameters, dtype=float)
    up = gradient_flow(lambda x: (positive(x) - baseline) / share, start, learning_rate)
    down = gradient_flow(lambda x: (baseline - negative(x)) / (1 - share), start, learning_rate)
    return share * up + (1 - share) * down - start


def isd_fixed_point(
    positive: VectorField, negative: VectorField, near: Any, *, learning_rate: float, p_positive: float,
    baseline: Any = 0.0,
) -> np.ndarray:  # fmt: skip
    """Zero of the mean displacement close to `near`, shape (d,). ValueError if none is found."""

    def drift(theta: np.ndarray) -> np.ndarray:
        moved = isd_mean_displacement(
            positive, negative, theta, learning_rate=learning_rate, p_positive=p_positive, baseline=baseline
        )
        return moved / learning_rate

    found = root(drift, np.asarray(near, dtype=float), tol=1e-12)
    if not found.success and abs(found.fun).max() > 1e-9:
        raise ValueError(f"no fixed point found near {near}: {found.message}")
    return found.x
