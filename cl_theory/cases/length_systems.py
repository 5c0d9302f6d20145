"""Systems for phases of random length and for phases that the network ends itself: exact, on a grid, drawn, broken."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from fractions import Fraction
from functools import cache, partial
from math import comb
from typing import Any

import numpy as np
import sympy as sp

from cl_theory.cases.always_on_systems import all_systems, lazy_chain, lazy_constants
from cl_theory.cases.chain_systems import LearningPhase, propagated
from cl_theory.cases.extrapolation import limit_at_zero
from cl_theory.checks.planned_means import PlannedMean
from cl_theory.checks.statement_checks import Drawn
from cl_theory.dynamics import TransferOperator, second_order, simulate_always_on, stopped_means
from cl_theory.dynamics import length_statements as lengths
from cl_theory.dynamics import symbols as d
from cl_theory.dynamics.noise_statements import pull
from cl_theory.laws import exact_array
from cl_theory.markov import Equilibrium, mean_power, poisson_solution, stopped_length, uniform_constants
from cl_theory.markov.constants import ChainConstants
from cl_theory.models.affine_chain import AffineChain
from cl_theory.models.function_chain import FunctionChain
from cl_theory.models.local_chain import LocalChain, local_chain
from cl_theory.models.softmax_chain import three_state_chain
from cl_theory.phases import Fixed, Geometric, PhaseLength, ShiftedGeometric, ShiftedPoisson, StopAt, TwoPoint, Uniform
from cl_theory.seeds import FIXED_ROOT, stream
from cl_theory.statements import System

RATE_OFF = "rate off by 1 %"
INDEPENDENT = "as if the end were not chosen"
SQUARE_FOR_PAIRS = "T^2 for T(T-1)"
NO_RESPONSE = "kernel response left out"
THETA = np.log([2.0, 0.5])
"""Parameters of the three-state chain from which phases start."""
HALF, RARE = Fraction(1, 2), Fraction(1, 1000)


# Lengths that are independent of the network ----------------------------------------------------------


def same_mean(tau: int) -> dict[str, PhaseLength]:
    """Six laws of a length with mean `tau`, even."""
    return {
        "fixed": Fixed(tau),
        "s + Poisson": ShiftedPoisson(tau // 2, tau),
        "s + geometric": ShiftedGeometric(tau // 2, tau),
        "uniform": Uniform(1, 2 * tau - 1),
        "one or many": TwoPoint(1, 2 * tau - 1),
        "geometric": Geometric(tau),
    }


def summed_pairs(length: PhaseLength, shift: int = 0) -> System:
    """E[T(T-1)] summed over P(T = n), in rationals, or over P(T > n), in floats, where there is no largest length."""
    if length.largest is None:
        pairs: Any = sum(2 * n * length.float_tail(n) for n in range(length.horizon(1e-18)))
    else:
        pairs = sum((n * (n - 1) * length.pmf(n) for n in range(1, length.largest + 1)), Fraction(0))
    values = {d.mean_pairs: pairs, d.tau: length.mean, d.s: Fraction(shift)}
    return System(str(length), values, family="laws of a length")


def geometric_phases() -> list[System]:
    """One state, G = lambda theta: where a geometric phase leads on average, as a matrix power. Rational."""
    cases = [(Fraction(3, 2), Fraction(10)), (Fraction(1, 3), Fraction(7, 2)), (Fraction(5), Fraction(12))]

    def at(x: Fraction, tau: Fraction) -> System:
        power = mean_power(Geometric(tau), exact_array([[1 - x / tau]]))[0, 0]
        return System(f"x = {x}, tau = {tau}", {lengths.one_state_mean: power, pull: x, d.tau: tau}, family="one state")

    return [at(*case) for case in cases]


def lazy_phase(
    length: PhaseLength, *, stay: Any = 0, p_on: Any = HALF, start: Any = 1, theta: Any = 0,
    rate: Any = HALF, response: Any = 0, slope: Any = 0, level: Any = 1,
) -> System:  # fmt: skip
    """A lazy chain (see `lazy_chain`) in a phase of random, bounded length: its mean moves linearly. Rational.

    `start` is the chance to begin on. |theta| <= 1 is what learning may reach.
    """
    rho, p, on, place = Fraction(stay), Fraction(p_on), Fraction(start), Fraction(theta)
    how = {"response": Fraction(response), "slope": Fraction(slope), "level": Fraction(level)}
    step, moved = rate / length.mean, Fraction(0)
    begin, z = place, on
    for t in range(length.horizon()):
        gradient = how["level"] * (2 * z - 1) + how["slope"] * place
        moved -= step * length.tail(t) * gradient
        place, z = place - step * gradient, rho * z + (1 - rho) * (p + how["response"] * place)
    at = Equilibrium.of(local_chain(lazy_chain(rho, p, **how), exact_array([begin])))
    power = mean_power(length, at.local.transition_matrix)
    ends = (exact_array([1 - on, on]) @ power @ at.local.gradient - at.mean_gradient)[0]
    values = d.length_values(length) | d.constant_values(lambda: lazy_constants(rho, p, farthest=1, **how)) | {
        d.eta: rate, d.epsilon: step, d.phase_bias: abs(moved + rate * at.mean_gradient[0]), d.end_bias: abs(ends),
        d.mean_decay: lambda: mean_power(length, exact_array([[rho]]))[0, 0],
    }  # fmt: skip
    return System(f"stays with {rho}, on with {p}, {length}", values, family="lazy chains")


def tight_phases() -> list[System]:
    """Lazy chains for each term of the bound: a rare start, a gradient and a kernel that respond. Rational."""
    laws = TwoPoint(1, 159), Uniform(1, 119)
    quarter, equilibrium = Fraction(1, 4), Fraction(3, 4)
    return [
        system
        for law in laws
        for system in (
            lazy_phase(law, stay=Fraction(9, 10), p_on=RARE),
            lazy_phase(law, slope=1, level=0, theta=1),
            lazy_phase(law, p_on=equilibrium, start=equilibrium, response=quarter),
        )
    ]


def short_phases(taus: Sequence[int] = (10, 100, 1000)) -> list[System]:
    """A lazy chain that stays with 9/10, from its rare state; half of all phases last a single step. Rational."""
    return [lazy_phase(TwoPoint(1, 2 * tau - 1), stay=Fraction(9, 10), p_on=RARE) for tau in taus]


def phases_on_a_grid() -> list[System]:
    """Six laws, up to three mean lengths and two rates, and four chains by their transfer operators."""
    known = {system.name: system for system in all_systems()}
    long = ("rare start, stays with 0", "rare start, stays with 9/10", "no state, G = theta", "kernel responds")
    found = []
    for name, rates, taus in [(name, (0.1, 0.01), (10, 100, 10_000)) for name in long] + [
        ("three states, from state 0", (0.1,), (10, 100))
    ]:
        at = known[name]
        for rate in rates:
            for tau in taus:
                for length in same_mean(tau).values():
                    phase = LearningPhase(
                        name, at.chain, at.parameters, at.start, length, rate, given=at.given, family="six laws"
                    )
                    found.append(propagated(phase))
    return found
