"""Checks of always-on learning to second order: exact coefficients of learning paths, and measured ones."""

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

import numpy as np

from cl_theory.checks import Outcome
from cl_theory.checks.planned_means import PlannedMean
from cl_theory.dynamics import phase_means, second_order, simulate_always_on
from cl_theory.laws import exact_array
from cl_theory.markov import Equilibrium, solve
from cl_theory.models.affine_chain import AffineChain
from cl_theory.models.local_chain import LocalChain
from cl_theory.models.softmax_chain import SoftmaxChain
from cl_theory.phases import PhaseLength, StopAt
from cl_theory.seeds import stream

EXTRAPOLATION = (Fraction(1, 3), Fraction(-2), Fraction(8, 3))
"""Weights of b(h)/h^2 at h = eta, eta/2, eta/4: what is left of c2 + c3 h + c4 h^2 + ... is c2 + O(eta^3)."""


def forgetful_chain() -> LocalChain:
    r"""Three states that forget everything in exactly two steps: P = 1 pi + N with N^2 = 0, in rationals.

    All sums over time end after two terms, so that the second-order expansion has no transient beyond t = 4.
    Two parameters; no entry of the derivatives was chosen to be special.
    """
    law = exact_array([2, 3, 5]) / Fraction(10)
    column, row = exact_array([3, -2, 0]), exact_array([2, 3, -5]) / Fraction(40)
    kernel = np.stack([law] * 3) + np.multiply.outer(column, row)
    turns = exact_array([[[1, -1, 0], [2, 1, -3], [-1, 2, -1]], [[0, 1, -1], [-2, 1, 1], [1, 1, -2]]]) / Fraction(20)
    gradient = exact_array([[2, -1], [-1, 1], [3, 2]]) / Fraction(2)
    slope = exact_array([[[2, 1], [0, 1]], [[1, -1], [2, 1]], [[3, 0], [1, 2]]]) / Fraction(2)
    return LocalChain(kernel, turns, gradient, slope)


def path_coefficients(
    chain: AffineChain, parameters: Any, start: int, n_steps: int, degree: int
) -> tuple[np.ndarray, np.ndarray]:
    """Exact coefficients of epsilon and epsilon^2, each (d,), in the mean displacement of `n_steps` steps of learning.

    That mean is a polynomial of at most `degree` in the step size; it is read off at as many rational step sizes, by
    listing every path of every one of them. Nothing is expanded.
    """
    sizes = [Fraction(k, 400) for k in range(1, degree + 1)]
    means = [phase_means(chain, parameters, start, n_steps, step_size=e).displacement[n_steps] for e in sizes]
    powers = exact_array([[e**k for k in range(1, degree + 1)] for e in sizes])
    coefficients = solve(powers, np.array(means))
    return coefficients[0], coefficients[1]


def leading_increment(equilibrium: Equilibrium, start: int, t: int) -> np.ndarray:
    r"""Q_{t+1} - Q_t as the leading terms have it: :math:`t\,D\bar g\,\bar g + \Gamma + D\bar g\,\psi(z_0) -
    \pi\dot P[\bar g]\xi`, shape (d,)."""
    memory = equilibrium.mean_gradient_derivative @ equilibrium.psi[start]
    return t * equilibrium.curvature + equilibrium.correlation + memory - equilibrium.lag


def curvature_without_response(equilibrium: Equilibrium) -> np.ndarray:
    """Dgbar gbar with the kernel's response left out, (d,): the mean of dG alone. A planted error."""
    return np.tensordot(equilibrium.law, equilibrium.local.gradient_derivative, axes=1) @ equilibrium.mean_gradient


def quadratic_errors(equilibrium: Equilibrium, length: PhaseLength, learning_rate: float) -> dict[str, np.ndarray]:
    """Shifts (d,) of the measured coefficient of eta^2 that the named planted errors make."""
    flow, ratio, tau = equilibrium.curvature / 2, float(length.pair_ratio), float(length.mean)
    inverse = sum(float(w) / (learning_rate / 2**k) for k, w in enumerate(EXTRAPOLATION))
    return {
        "factor 1/2 lost": ratio * flow,
        "E T^2 for E T(T-1)": flow / tau,
        "kernel response left out": ratio * (curvature_without_response(equilibrium) / 2 - flow),
        "an O(eta) term of 1 %": 0.01 * inverse * equilibrium.mean_gradient,
    }


def quadratic_coefficient_check(
    root: int, claim: str, chain: SoftmaxChain, parameters: np.ndarray, length: PhaseLength, *, learning_rate: float,
    equilibrium: Equilibrium,
) -> tuple[Outcome, Mapping[str, Outcome]]:  # fmt: skip
    """The coefficient of eta^2 in E Delta, extrapolated from simulations at eta, eta/2 and eta/4, against E Q_T/tau^2.

    Phases begin in equilibrium. All three rates use the same random numbers, and each draw is rid of the noise of the
    frozen chain and of T, neither of which has a mean.
    """
    tau = float(length.mean)
    rates = [learning_rate / 2**k for k in range(len(EXTRAPOLATION))]

    def draw(rng: np.random.Generator, size: int) -> np.ndarray:
        seed, total = int(rng.integers(2**62)), np.zeros((size, len(parameters)))
        for weight, rate in zip(EXTRAPOLATION, rates, strict=True):
            ends = simulate_always_on(
                stream(seed), chain, parameters, equilibrium.law, length, size, learning_rate=rate, psi=equilibrium.psi
            )
            moved = ends.with_length_control(equilibrium.mean_gradient, tau) - parameters
            total += float(weight) / rate**2 * (moved + rate * equilibrium.mean_gradient)
        return total

    target = second_order(equilibrium.local, equilibrium.law, length).second / tau**2
    shifts = quadratic_errors(equilibrium, length, learning_rate)
    check = PlannedMean(
        draw=draw,
        rows=lambda drawn, shift: drawn + _planted(shift),
        target=lambda shift: target + _planted(shift),
        errors=shifts,
        scale=float(np.abs(target).max()),
    )
    return check.check(root, claim, repr(length), scope=f"coefficient of eta^2 by simulation, {length!r}")


def _planted(shift: Any) -> Any:
    return shift if isinstance(shift, np.ndarray) else 0.0


def stopped_length_law(transition_matrix: np.ndarray, rule: StopAt, start: int) -> list[Any]:
    """P(T = n) for n = 0 ... `rule.longest`: the law that a length would have that does not look at the chain."""
    running, law = 0 * transition_matrix[start], [0]
    running[start] += 1
    assert rule.longest is not None
    for t in range(1, rule.longest + 1):
        running = running @ transition_matrix
        ends = np.array([rule.stops(t, z) for z in range(len(running))])
        law.append(running[ends].sum())
        running = np.where(ends, 0 * running, running)
    return law
