"""Systems for the leading terms of a phase and for two lengths: every path, a network that forgets, grids, AR(1)."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from functools import cache, partial
from typing import Any

import numpy as np
import sympy as sp
from scipy.optimize import minimize, minimize_scalar

from cl_theory.learning.models.gibbs_chain import GibbsChain
from cl_theory.proof.checks.exact import at_least_exactly, close, equal_exactly
from cl_theory.proof.checks.outcome import Outcome
from cl_theory.proof.checks.planned_means import PlannedMean
from cl_theory.proof.checks.statement_checks import Drawn
from cl_theory.proof.systems.chain_systems import limit_at_zero, limiting_slope
from cl_theory.seeds import FIXED_ROOT, stream
from cl_theory.theory.arithmetic import exact_array
from cl_theory.theory.chains import symbols as d
from cl_theory.theory.chains.local_chain import LocalChain, local_chain
from cl_theory.theory.chains.mixing import chain_constants
from cl_theory.theory.chains.phase_lengths import Fixed, Geometric, PhaseLength, ShiftedPoisson, Uniform
from cl_theory.theory.chains.poisson import Equilibrium
from cl_theory.theory.chains.softmax_chain import three_state_chain
from cl_theory.theory.chains.solvable_chains import AffineChain, LinearAutoregression, jumping_chain, stuck_chain
from cl_theory.theory.chains.stationary import matrix_power, solve
from cl_theory.theory.chains.stopping import StopAt, stopped_length
from cl_theory.theory.dynamics import leading_statements as leading
from cl_theory.theory.dynamics.enumeration import phase_means, stopped_means
from cl_theory.theory.dynamics.expansion import frozen_sum, second_order
from cl_theory.theory.dynamics.length_statements import RANDOM
from cl_theory.theory.dynamics.linear import linear_covariance, linear_mean, simulate_linear
from cl_theory.theory.dynamics.noise_statements import pull
from cl_theory.theory.dynamics.simulation import simulate_always_on
from cl_theory.theory.dynamics.transfer import TransferOperator
from cl_theory.theory.statement import Statement
from cl_theory.theory.system import System

SQUARE_FOR_PAIRS = "T^2 for T(T-1)"
LINEAR_TERM = "an O(eta) term of 1 %"
NO_RESPONSE = "kernel response left out"
HALF_LOST = "a factor 1/2 lost"
FLOW_OUT, START_OUT = "the flow left out", "the start left out"
THETA = np.log([2.0, 0.5])
"""Parameters of the three-state chain from which phases start."""
EXTRAPOLATION = (Fraction(1, 3), Fraction(-2), Fraction(8, 3))
"""Weights of b(h)/h^2 at h = eta, eta/2, eta/4: what is left of c2 + c3 h + c4 h^2 + ... is c2 + O(eta^3)."""

MOST_DRAWS = 2**17
"""A term that would take more draws than this is left out instead of one per cent more; planted errors take longer."""


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


# Exact --------------------------------------------------------------------------------------------


def learning_paths(degrees: dict[int, int]) -> list[System]:
    """Random affine chains in phases of some steps: mean displacements, polynomials of the degrees given. Rational."""
    theta = exact_array([Fraction(1, 5), Fraction(-1, 10)])

    def at(number: int, steps: int, degree: int) -> System:
        chain = AffineChain.random(stream(FIXED_ROOT, "aol-leading-terms", number))

        def moved(size: Fraction) -> np.ndarray:  # every path of every step size is listed, and nothing expanded
            return phase_means(chain, theta, 0, steps, step_size=size).displacement[steps] / size

        first, second, *_ = polynomial_coefficients(moved, degree - 1)
        expansion = second_order(local_chain(chain, theta), 0, Fixed(steps))
        values = {
            leading.first_coefficient: first, leading.second_coefficient: second, d.mean_S_T: expansion.first,
            d.Q_T: expansion.second,
        }  # fmt: skip
        return System(f"affine chain, {steps} steps", values, family="affine chains, every path")

    return [at(number, *case) for number, case in enumerate(degrees.items())]


def polynomial_coefficients(function: Callable[[Fraction], Any], degree: int) -> np.ndarray:
    """Coefficients (degree+1, ...) of a polynomial of the step size, read off at as many rational step sizes."""
    sizes = [Fraction(k, 400) for k in range(1, degree + 2)]
    powers = exact_array([[size**k for k in range(degree + 1)] for size in sizes])
    return solve(powers, np.array([function(size) for size in sizes]))


def forgetful_phases(rate: Fraction = Fraction(1, 3)) -> list[System]:
    """The chain that forgets in two steps, from each state, in fixed and random lengths from 5 to 11. Rational.

    The mean displacement is that of the recursion to second order; what the two ends add is read off a phase of 5.
    """
    chain, rest = forgetful_chain(), Equilibrium.of(forgetful_chain())
    laws = Fixed(6), Fixed(8), Fixed(11), Uniform(5, 11), Uniform(7, 9)
    found = []
    for start in range(3):
        ends = _ends(rest, start, Fixed(5))
        for length in laws:
            expansion, step = second_order(chain, start, length), rate / length.mean
            values = phase_values(rest, start, length, rate) | {
                d.Q_T: expansion.second, leading.two_ends: ends, d.mean_Delta: expansion.displacement(step),
                leading.rest: step**2 * ends,
            }  # fmt: skip
            found.append(System(f"from {start}, {length}", values, family="phases of a chain that forgets"))
    return found


def phase_values(at: Equilibrium, start: Any, length: PhaseLength, rate: Any) -> dict[sp.Expr, Any]:
    """What the symbols of the leading terms are for phases from `start`, a state or a law."""
    return {
        **d.length_values(length),
        **d.equilibrium_values(lambda: at, start, length),
        d.eta: rate,
        d.epsilon: rate / (length.mean if at.local.exact else float(length.mean)),
    }


def left_by(statement: Statement, rest: sp.Expr, values: Mapping[sp.Expr, Any], measured: np.ndarray) -> np.ndarray:
    """What the terms of `statement` but `rest` leave of its left side, which was `measured`."""
    right = statement.right_value(System("no rest", {**values, rest: 0 * measured}))
    return measured - np.asarray(right, dtype=measured.dtype).reshape(measured.shape)


def _ends(at: Equilibrium, start: Any, length: PhaseLength) -> np.ndarray:
    """What the leading terms leave of Q_T, (d,)."""
    quadratic = second_order(at.local, start, length).second
    return left_by(leading.QUADRATIC, leading.two_ends, phase_values(at, start, length, 1), quadratic)


# In floats ----------------------------------------------------------------------------------------


@cache
def three_states() -> Equilibrium:
    """The three-state chain of Part II at THETA."""
    return Equilibrium.of(local_chain(three_state_chain(), THETA))


@cache
def operator(length: PhaseLength, rate: float, degree: int, reach: float) -> TransferOperator:
    """How phases of the three-state chain move functions of its parameters, which stay within `reach` of THETA."""
    return TransferOperator.of_phase(
        three_state_chain(), THETA, learning_rate=rate, mean_length=length.mean, reach=reach, degree=degree
    )


def phases_on_a_grid() -> list[System]:
    """The three-state chain from state 0 at four rates and five lengths, and geometric ones; means by an operator."""
    degrees, taus = {0.2: 9, 0.05: 6, 0.005: 4, 5e-5: 3}, [4, 16, 64, 256, 1024]
    grid: list[tuple[float, PhaseLength]] = [(rate, Fixed(tau)) for rate in degrees for tau in taus]
    grid += [(0.05, Geometric(tau)) for tau in taus]
    return [three_state_phase(rate, length, degrees[rate]) for rate, length in grid]


def three_state_phase(rate: float, length: PhaseLength, degree: int) -> System:
    """A phase of the three-state chain from state 0, with what its leading terms leave by an operator of `degree`."""
    at, constants = three_states(), chain_constants(three_state_chain(), THETA, 2.0)
    reach = 1.5 if isinstance(length, Fixed) else 8.0
    values = phase_values(at, 0, length, rate) | d.constant_values(lambda: constants) | {leading.rest: np.zeros(2)}
    moved = cache(lambda: operator(length, rate, degree, reach).mean_displacement(0, length))

    def left(statement: Statement) -> System:
        size = np.linalg.norm(left_by(statement, leading.rest, values, moved()))
        return System(f"eta = {rate}, {length}", values | {leading.rest_size: float(size)})

    spoiled = {
        LINEAR_TERM: leading.LEADING.off("the standard step"),
        FLOW_OUT: leading.LEADING.off("the flow", 0),
        START_OUT: leading.LEADING.off("the start", 0),
    }
    return System(
        f"eta = {rate}, {length}",
        values | {leading.rest_size: lambda: left(leading.LEADING)(leading.rest_size)},
        family="rates and lengths",
        wrong={name: partial(left, statement) for name, statement in spoiled.items()},
    )


def room(systems: Sequence[System]) -> float:
    """Median of how far the bound on the bias of a phase stands from its leading terms."""

    def ratio(system: System) -> float:
        terms = leading.LEADING.term_values(system)
        bias = sum(np.asarray(value, dtype=float) for name, value in terms.items() if name != "the standard step")
        return float(RANDOM.right_value(system)) / float(np.linalg.norm(bias))

    return float(np.median([ratio(system) for system in systems]))


def extrapolated_coefficients() -> list[System]:
    """The coefficient of eta^2 in exact means of the three-state chain, extrapolated to eta = 0, for three phases."""
    at, ladder = three_states(), 0.04 / 2.0 ** np.arange(4)

    def system(length: PhaseLength, start: int) -> System:
        tau, expansion = float(length.mean), second_order(at.local, start, length)
        moved = [operator(length, rate, 5, 1.5).mean_displacement(start, length) / rate**2 for rate in ladder]
        measured = tau**2 * limit_at_zero(ladder, np.array(moved) + expansion.first / tau / ladder[:, None])
        shifts = {
            SQUARE_FOR_PAIRS: tau / 2 * at.curvature, LINEAR_TERM: tau**2 * 0.01 / 0.04 * at.mean_gradient,
        }  # fmt: skip
        return System(
            f"three states from {start}, {length}",
            {leading.second_coefficient: measured, d.Q_T: expansion.second},
            family="three states, eta to 0",
            wrong={
                name: partial(System, name, {leading.second_coefficient: measured + off})
                for name, off in shifts.items()
            },
        )

    return [system(Fixed(6), 0), system(Fixed(24), 1), system(Uniform(2, 10), 2)]


def gibbs_weights() -> np.ndarray:
    """Random parameters of an RBM with 3 visible and 2 hidden units, (11,)."""
    return stream(FIXED_ROOT, "aol-leading-terms", "rbm").standard_normal(11)


@cache
def gibbs_phase() -> Equilibrium:
    """The Gibbs chain of this RBM."""
    return Equilibrium.of(local_chain(GibbsChain(3, 2), gibbs_weights()))


def long_gibbs_phases() -> list[System]:
    """Q_T of the small RBM's Gibbs chain for long phases; what the two ends add is read off T = 256."""
    ends = gibbs_rest(256)

    def at(steps: int) -> System:
        values = phase_values(gibbs_phase(), 5, Fixed(steps), 1.0)
        quadratic = second_order(gibbs_phase().local, 5, Fixed(steps)).second
        return System(f"T = {steps}", values | {d.Q_T: quadratic, leading.two_ends: ends}, family="Gibbs chain, long")

    return [at(64), at(128)]


@cache
def gibbs_rest(steps: int) -> np.ndarray:
    """What the leading terms leave of Q_T in the small RBM's Gibbs chain, (11,)."""
    return _ends(gibbs_phase(), 5, Fixed(steps))


def gibbs_room() -> float:
    """The length of what the leading terms leave of Q_T there, over kappa_2."""
    return float(np.linalg.norm(gibbs_rest(256)) / chain_constants(GibbsChain(3, 2), gibbs_weights(), 1.0).kappa2)


def geometric_over_fixed(steps: int = 800) -> float:
    """By how much a geometric length multiplies the coefficient of eta^2, three states from equilibrium."""
    at = three_states()
    geometric, fixed = (second_order(at.local, at.law, law).second[0] for law in (Geometric(steps), Fixed(steps)))
    return float(geometric / fixed)


# Drawn --------------------------------------------------------------------------------------------


def drawn_coefficients(rate: float = 0.1) -> list[System]:
    """The coefficient of eta^2 by simulation at eta, eta/2 and eta/4, from equilibrium; four laws with mean 8.

    All three rates use the same random numbers, and each draw is rid of the noise of the frozen chain and of T,
    neither of which has a mean.
    """
    return [_drawn_coefficient(law, rate) for law in (Fixed(8), ShiftedPoisson(3, 8), Uniform(2, 14), Geometric(8))]


def _drawn_coefficient(length: PhaseLength, rate: float) -> System:
    at, chain, tau = three_states(), three_state_chain(), float(length.mean)
    rates = [rate / 2**k for k in range(len(EXTRAPOLATION))]

    def draw(rng: np.random.Generator, size: int) -> np.ndarray:
        seed, total = int(rng.integers(2**62)), np.zeros((size, len(THETA)))
        for weight, eta in zip(EXTRAPOLATION, rates, strict=True):
            ends = simulate_always_on(stream(seed), chain, THETA, at.law, length, size, learning_rate=eta, psi=at.psi)
            moved = ends.with_length_control(at.mean_gradient, tau) - THETA
            total += float(weight) / eta**2 * (moved + eta * at.mean_gradient)
        return total

    quadratic = second_order(at.local, at.law, length).second
    flow, ratio = at.curvature / 2, float(length.pair_ratio)
    without = np.tensordot(at.law, at.local.gradient_derivative, axes=1) @ at.mean_gradient / 2
    inverse = sum(float(weight) / eta for weight, eta in zip(EXTRAPOLATION, rates, strict=True))
    shifts = {
        HALF_LOST: ratio * flow, SQUARE_FOR_PAIRS: flow / tau, NO_RESPONSE: ratio * (without - flow),
        LINEAR_TERM: 0.01 * inverse * at.mean_gradient,
    }  # fmt: skip
    goal = quadratic / tau**2
    planned = shifted_mean(draw, goal, shifts, scale=np.abs(goal).max(), most=MOST_DRAWS)
    drawn = Drawn(planned, lambda value: np.asarray(value, dtype=float).ravel() / tau**2)
    return System(
        f"three states, {length}", {d.Q_T: quadratic}, drawn={leading.second_coefficient: drawn}, only_drawn=True
    )


def shifted_mean(
    draw: Callable[..., Any], exact: np.ndarray, shifts: Mapping[str, np.ndarray], **options: Any
) -> PlannedMean:
    """Whether draws have an `exact` mean; the errors are known shifts of what is drawn. `options` of `PlannedMean`."""

    def shift(planted: Any) -> Any:
        return planted if isinstance(planted, np.ndarray) else 0.0

    return PlannedMean(draw, lambda rows, p: rows + shift(p), lambda p: exact + shift(p), shifts, **options)


# The AR(1) network ------------------------------------------------------------------------------------

NETWORK = LinearAutoregression(0.5, 0.7, 0.2, 0.3)
RATIONAL = LinearAutoregression(Fraction(1, 2), Fraction(7, 10), Fraction(1, 5), Fraction(3, 10))
START, STATE, REST = 2.0, 3.0, 1.4
"""theta_0, a state out of equilibrium, and the mean of the state at equilibrium."""


def ar_coefficients(longest: int) -> list[System]:
    """Coefficients of E theta_T in the size of a step, from rational matrix powers, T = 2 .. `longest`."""
    return [_ar_coefficient(RATIONAL, Fraction(2), Fraction(3), steps) for steps in range(2, longest + 1)]


def _ar_coefficient(model: LinearAutoregression, theta: Fraction, state: Fraction, steps: int) -> System:
    coefficients = linear_coefficients(model, theta, state, steps)
    values = ar_values(model, theta, state) | {
        d.T: Fraction(steps), leading.ar_first: coefficients[1], leading.ar_second: coefficients[2],
    }  # fmt: skip
    return System(f"AR(1), {steps} steps", values, family="AR(1), rational matrix powers")


def ar_values(model: LinearAutoregression, theta: Any, state: Any) -> dict[sp.Expr, Any]:
    """What the symbols of an AR(1) network are that starts at `theta` and `state`."""
    return {
        leading.decay: model.decay, leading.gain: model.gain, leading.stiffness: model.stiffness,
        leading.theta_0: theta, leading.state_0: state,
    }  # fmt: skip


def linear_coefficients(model: LinearAutoregression, theta: Any, state: Any, n_steps: int) -> np.ndarray:
    """Exact coefficients of epsilon^0 ... epsilon^n in E theta_n, shape (n_steps+1,)."""

    def mean(size: Fraction) -> Any:
        return linear_mean(model, theta, state, Fixed(n_steps), step_size=size)[0]

    return polynomial_coefficients(mean, n_steps)


def long_ar_phases(rate: float = 0.5) -> System:
    """The AR(1) network in phases of 64 to 2048 steps, extrapolated to tau = infinity: fixed and geometric lengths."""
    taus = 2 ** np.arange(6, 12)

    def ends(law: Callable[[int], PhaseLength]) -> np.ndarray:
        return np.array([_ar_end(rate, law(int(n)), STATE) for n in taus])

    def gap() -> Any:
        return limit_at_zero(1 / taus, (ends(Fixed) - START * np.exp(-rate * NETWORK.total_slope)) * taus / rate)

    values = ar_values(NETWORK, START, STATE) | {
        pull: rate * NETWORK.total_slope, leading.scaled_gap: gap,
        leading.fixed_limit: lambda: limit_at_zero(1 / taus, ends(Fixed)),
        leading.geometric_limit: lambda: limit_at_zero(1 / taus, ends(Geometric)),
    }  # fmt: skip
    return System("AR(1), tau to infinity", values)


def _ar_end(rate: float, length: PhaseLength, state: float) -> float:
    return float(linear_mean(NETWORK, START, state, length, step_size=rate / float(length.mean))[0])


def ar_bias(rate: float, steps: int, state: float, planted: float = 0.0) -> float:
    """Bias of a phase of the AR(1) network, with a linear term of `planted` times the standard step added."""
    return _ar_end(rate, Fixed(steps), state) - START + (1 + planted) * rate * NETWORK.mean_gradient(START)


def slopes() -> tuple[Outcome, dict[str, Outcome], float]:
    """Slopes of the bias in eta and in 1/tau, out of and in equilibrium, are 1, 2, 1 and 0; not with a linear term."""
    ladder, taus = 0.5 / 2.0 ** np.arange(10), [2**k for k in range(6, 14)]

    def in_rate(state: float, planted: float = 0.0) -> float:
        return limiting_slope(ladder, [ar_bias(rate, 10, state, planted) for rate in ladder])

    falling = limiting_slope(1 / np.array(taus), [ar_bias(0.5, n, STATE) - ar_bias(0.5, 2**24, STATE) for n in taus])
    observed = [
        in_rate(STATE),
        in_rate(REST),
        falling,
        limiting_slope(1 / np.array(taus), [ar_bias(0.5, n, REST) for n in taus]),
    ]
    spoiled = in_rate(REST, 0.01)
    check = partial(close, scope="AR(1): slopes in eta and 1/tau, started out of and in equilibrium", tolerance=1e-3)
    wrong = check([observed[0], spoiled, *observed[2:]], [1, 2, 1, 0])
    return check(observed, [1, 2, 1, 0]), {LINEAR_TERM: wrong}, spoiled


def drawn_network(root: int, claim: str, rate: float = 0.5, steps: int = 20) -> tuple[Outcome, dict[str, Outcome]]:
    """Simulated (theta_T, z_T) against E A^T, with one per cent planted in each thing that the mean depends on."""
    length, model = Fixed(steps), NETWORK

    def mean(network: LinearAutoregression = model, eta: float = rate) -> np.ndarray:
        return linear_mean(network, START, STATE, length, step_size=eta / steps)

    def draw(rng: np.random.Generator, size: int) -> np.ndarray:
        return np.stack(simulate_linear(rng, model, START, STATE, length, size, step_size=rate / steps), axis=1)

    goal = mean()
    step = np.array([START - rate * model.mean_gradient(START), goal[1]])
    shifts = {
        "learning rate off by 1 %": mean(eta=1.01 * rate) - goal,
        "gain off by 1 %": mean(replace(model, gain=1.01 * model.gain)) - goal,
        "decay off by 1 %": mean(replace(model, decay=1.01 * model.decay)) - goal,
        "standard step in place of the phase": step - goal,
    }
    planned = shifted_mean(draw, goal, shifts)
    return planned.check(root, claim, repr(length), scope=f"simulated theta_T and z_T of the AR(1) network, {length!r}")


# Two lengths, extrapolated, chapter 24 -----------------------------------------------------------------


def two_lengths() -> list[System]:
    """Coefficients of two phases of the chain that forgets in two steps, of tau and 2 tau steps. Rational."""
    rest = Equilibrium.of(forgetful_chain())
    return [_two_lengths(rest, start, tau) for start in range(3) for tau in (1, 2, 5)]


def _two_lengths(at: Equilibrium, start: int, tau: int) -> System:
    short, long = (second_order(at.local, start, Fixed(n)) for n in (tau, 2 * tau))
    kernel, size = at.local.transition_matrix, Fraction(1, tau)
    values = {
        d.tau: Fraction(tau), d.g_bar: at.mean_gradient, d.D_g_bar: at.mean_gradient_derivative,
        leading.psi_tau: (matrix_power(kernel, tau) @ at.psi)[start],
        leading.psi_2tau: (matrix_power(kernel, 2 * tau) @ at.psi)[start],
        leading.ends_tau: _ends(at, start, Fixed(tau)), leading.ends_2tau: _ends(at, start, Fixed(2 * tau)),
        leading.extra_first: -long.first * size + short.first * size,
        leading.extra_second: long.second * size**2 / 2 - short.second * size**2,
    }  # fmt: skip
    wrong = {SAME_LENGTH: lambda: System("the same", values | {
        leading.extra_first: -short.first * size, leading.extra_second: short.second * size**2,
    })}  # fmt: skip
    return System(f"from {start}, tau = {tau}", values, family="a chain that forgets, tau and 2 tau", wrong=wrong)


SAME_LENGTH = "the shorter phase alone"


def extrapolated_network(rate: float = 0.5) -> System:
    """tau^2 times the distance of the extrapolated AR(1) network to the flow, from lengths of 64 to 1024."""
    taus = 2 ** np.arange(5, 11)
    gaps = [n**2 * extrapolated_bias(rate, int(n)) for n in taus]
    values = ar_values(NETWORK, START, STATE) | {
        d.eta: rate, pull: rate * NETWORK.total_slope, leading.extra_limit: lambda: limit_at_zero(1 / taus, gaps)
    }  # fmt: skip
    return System("AR(1), two lengths to infinity", values)


def flow_bias(rate: float, tau: int, state: float = STATE) -> float:
    """Mean end of a phase of the AR(1) network, less that of the gradient flow."""
    return _ar_end(rate, Fixed(tau), state) - START * float(np.exp(-rate * NETWORK.total_slope))


def extrapolated_bias(rate: float, tau: int, state: float = STATE) -> float:
    """The same of 2 theta(2 tau) - theta(tau)."""
    return 2 * flow_bias(rate, 2 * tau, state) - flow_bias(rate, tau, state)


def noise_of_two_lengths() -> System:
    """tau/eta^2 times the covariance of two independent frozen phases, extrapolated to long ones."""
    at, taus = three_states(), 2.0 ** np.arange(5, 10)

    def scaled(tau: float) -> np.ndarray:
        short, long = (frozen_sum(at.local, at.law, Fixed(int(n))).covariance / n**2 for n in (tau, 2 * tau))
        return tau * (4 * long + short)

    limit = partial(limit_at_zero, 1 / taus, [scaled(tau) for tau in taus])
    values = {leading.extra_noise: limit, d.Sigma_inf: at.covariance}
    return System("three states, two lengths to infinity", values)


def drawn_two_lengths(rate: float = 0.1, tau: int = 20) -> System:
    """Two independent always-on learners of the AR(1) network from equilibrium, extrapolated."""
    lengths = Fixed(tau), Fixed(2 * tau)
    spread = float(NETWORK.equilibrium_variance)

    def covariance(length: Fixed) -> float:
        step = rate / float(length.mean)
        return float(linear_covariance(NETWORK, START, REST, length, step_size=step, state_variance=spread)[0, 0])

    exact = tau / rate**2 * (4 * covariance(lengths[1]) + covariance(lengths[0]))
    mean = 2 * _ar_end(rate, lengths[1], REST) - _ar_end(rate, lengths[0], REST)

    def draw(rng: np.random.Generator, size: int) -> np.ndarray:
        short, long = (
            simulate_linear(rng, NETWORK, START, REST, n, size, step_size=rate / float(n.mean), state_variance=spread)[
                0
            ]
            for n in lengths
        )
        return tau / rate**2 * (2 * long - short - mean)[:, None] ** 2

    values = {d.Sigma_inf: np.array([[NETWORK.long_run_variance]])}
    values[leading.rest_of_noise_2] = left_by(leading.EXTRA_DRAWN, leading.rest_of_noise_2, values, np.array([[exact]]))
    errors = {"the longer phase counted once": np.array([-3 * tau / rate**2 * covariance(lengths[1])])}
    drawn = Drawn(shifted_mean(draw, np.array([exact]), errors), np.ravel)
    return System("AR(1), tau = 20 and 40", values, drawn={leading.drawn_noise: drawn}, only_drawn=True)


def errors_to_split() -> list[System]:
    """Biases r/tau and q/tau^2 and a noise of s^2 a phase: lengths and shares of steps by numerical search."""
    network = abs(1e4 * flow_bias(0.5, 10**4)), abs(1e6 * extrapolated_bias(0.5, 1000))
    cases = [(*network, 0.25, 1e4), (*network, 0.01, 1e5), (1.5, 0.4, 2.0, 3e4)]
    return [_error_to_split(*case) for case in cases]


def _error_to_split(first: float, second: float, noise: float, steps: float) -> System:
    def plain(log_tau: float) -> float:
        return first**2 * np.exp(-2 * log_tau) + noise * np.exp(log_tau) / steps

    def extrapolated(place: np.ndarray) -> float:
        tau, share = np.exp(place[0]), place[1]
        return second**2 / tau**4 + noise * tau / steps * (1 / (1 - share) + 8 / share)

    one = minimize_scalar(plain, bounds=(-5, 20), method="bounded", options={"xatol": 1e-10})
    two = minimize(extrapolated, [3.0, 0.5], method="Nelder-Mead", options={"xatol": 1e-9, "fatol": 1e-18})
    values = {
        leading.bias_1: first, leading.bias_2: second, leading.noise_of_phase: noise, leading.n_steps: steps,
        leading.best_tau: float(np.exp(one.x)), leading.least_error: float(one.fun),
        leading.best_tau_2: float(np.exp(two.x[0])), leading.best_share: float(two.x[1]),
        leading.least_error_2: float(two.fun),
    }  # fmt: skip
    return System(f"{steps:g} steps, noise {noise:g}", values, family="searched splits")


def two_stuck_lengths() -> System:
    """Two states that are never left, with gradients 0 and 1, in phases that start in state 1."""
    one, nothing = np.array([Fraction(1)]), np.array([Fraction(0)])
    values = {d.g_bar: one / 2, leading.psi_tau: nothing, leading.psi_2tau: nothing, leading.extra_first: -one}
    return System("a network that is stuck in state 1", values | {d.tau: Fraction(8)})


def two_geometric_lengths() -> System:
    """Second coefficient of two geometric phases of the three-state chain, extrapolated to tau = infinity."""
    at, taus = three_states(), 2.0 ** np.arange(4, 9)

    def scaled(tau: float) -> np.ndarray:
        short, long = (second_order(at.local, at.law, Geometric(int(n))).second / n**2 for n in (tau, 2 * tau))
        return 2 * long - short

    values = {
        d.tau: 1.0, d.g_bar: at.mean_gradient, d.D_g_bar: at.mean_gradient_derivative,
        leading.ends_tau: np.zeros(2), leading.ends_2tau: np.zeros(2),
        leading.extra_second: limit_at_zero(1 / taus, [scaled(tau) for tau in taus]),
    }  # fmt: skip
    return System("geometric phases: another curve is approached", values)


def shared_beginning() -> System:
    """The shorter phase is the beginning of the longer one, in equilibrium: what is left is the longer one's end."""
    at, taus = three_states(), 2.0 ** np.arange(5, 10)
    ends = [frozen_sum(at.local, at.law, Fixed(int(tau))).covariance / tau for tau in taus]
    values = {leading.extra_noise: limit_at_zero(1 / taus, ends), d.Sigma_inf: at.covariance}
    return System("the shorter phase is the first half of the longer one", values)


# Without their assumptions ----------------------------------------------------------------------------


def stuck_phases(lengths: Sequence[int] = (2, 6, 10), rate: float = 0.5) -> System:
    """Two states that are never left, gradients 0 and 1, from state 1; as if the law were half and half."""
    moved = [phase_means(stuck_chain(), [0.0], 1, n, step_size=rate / n).displacement[n, 0] for n in lengths]
    values = _nothing_but(0.5, 0.0, rate, np.array(lengths, dtype=float)) | {d.mean_Delta: np.array([moved])}
    return System("two states that are never left: biased by eta/2 however long the phase", values)


def jumping_phase(steps: int = 10, rate: float = 0.3) -> System:
    """On with 1/2 for theta >= 0 and 9/10 below, from theta = 0 and on: what a derivative at 0 would know."""
    moved = phase_means(jumping_chain(), [0.0], 1, steps, step_size=rate / steps).displacement[steps]
    values = _nothing_but(0.5, 0.5, rate, float(steps)) | {d.mean_Delta: moved}
    return System("a kernel that jumps at theta_0: a bias of 0.4 eta where eta^2 was promised", values)


def _nothing_but(gradient: float, debt: float, rate: float, tau: Any) -> dict[sp.Expr, Any]:
    none = np.zeros(1)
    return {
        d.eta: rate, d.tau: tau, d.mean_pairs: tau * (tau - 1), d.g_bar: np.array([gradient]),
        d.psi_start: np.array([debt]), d.psi_end: none, d.D_g_bar: np.zeros((1, 1)), d.Gamma: none, d.lag: none,
        leading.rest: none,
    }  # fmt: skip


def stopped_phase() -> System:
    """A random affine chain that is held fixed and stops at its first visit to state 2, or after 7 steps. Rational."""
    held = held_fixed(AffineChain.random(stream(FIXED_ROOT, "aol-leading-terms", 0)))
    origin, rule = exact_array([0, 0]), StopAt((2,), longest=7)
    at, step = Equilibrium.of(local_chain(held, origin)), Fraction(1, 10)
    stop: Any = stopped_length(held.base, rule, 0)
    copies = [(matrix_power(held.base, n) @ at.psi)[0] for n in range(8)]
    law = stopped_length_law(held.base, rule, 0)
    independent = sum((chance * copy for chance, copy in zip(law, copies, strict=True)), 0 * copies[0])
    none = 0 * at.mean_gradient
    values = {
        d.eta: step * stop.mean, d.tau: stop.mean, d.mean_pairs: Fraction(1), d.g_bar: at.mean_gradient,
        d.psi_start: at.psi[0], d.psi_end: independent, d.psi_chosen: stop.last_state @ at.psi,
        d.D_g_bar: 0 * at.mean_gradient_derivative, d.Gamma: none, d.lag: none, leading.rest: none,
        d.mean_Delta: stopped_means(held, origin, 0, rule, step_size=step).displacement,
    }  # fmt: skip
    return System("a phase that ends on the first visit to a state: the start term is psi(z_0) - E psi(z_T)", values)


def held_fixed(chain: AffineChain) -> AffineChain:
    """The chain at theta = 0, whatever is learned."""
    return AffineChain(chain.base, 0 * chain.directions, chain.offset, 0 * chain.slope, 0 * chain.bend)


def stopped_length_law(transition_matrix: np.ndarray, rule: StopAt, start: int) -> list[Any]:
    """P(T = n) for n = 0 ... `rule.longest`: the law that a length would have that does not look at the chain."""
    running, law = 0 * transition_matrix[start], [Fraction(0)]
    running[start] += 1
    assert rule.longest is not None
    for t in range(1, rule.longest + 1):
        running = running @ transition_matrix
        ends = np.array([rule.stops(t, z) for z in range(len(running))])
        law.append(running[ends].sum())
        running = np.where(ends, 0 * running, running)
    return law


def settled_network() -> dict[str, Any]:
    """The AR(1) network started in equilibrium: the coefficient of epsilon has no part but the standard step."""
    coefficients = linear_coefficients(RATIONAL, Fraction(2), RATIONAL.gain * 2, 6)
    left = coefficients[1] + 6 * RATIONAL.mean_gradient(2)
    return _vanishing("started in equilibrium: no term of order eta/tau", "start term", left, left, 0)


def balanced_network() -> dict[str, Any]:
    """kappa = -lambda: the coefficient of epsilon^2 does not grow as T^2, as it does in the other network."""
    flat = _square_part(LinearAutoregression(Fraction(1, 2), Fraction(-1, 5), Fraction(1, 5)))
    expected = [0, RATIONAL.total_slope * RATIONAL.mean_gradient(2) / 2]
    name = "a mean gradient that does not change along itself: no term of order eta^2"
    return _vanishing(name, "flow term", flat, [flat, _square_part(RATIONAL)], expected)


def _vanishing(name: str, term: str, value: Fraction, measured: Any, expected: Any) -> dict[str, Any]:
    return {
        "name": name,
        "fails": at_least_exactly(abs(value), 0, scope=f"a {term}", strict=True),
        "predicted": equal_exactly(measured, expected, scope=f"no {term}"),
    }


def _square_part(model: LinearAutoregression) -> Fraction:
    # Coefficient of T^2 in that of epsilon^2: differences remove 1, T, a^T and T a^T.
    grows = exact_array([linear_coefficients(model, Fraction(2), Fraction(3), t)[2] for t in range(2, 7)])
    for factor in (1, 1, model.decay, model.decay):
        grows = grows[1:] - factor * grows[:-1]
    return grows[0] / (2 * (1 - model.decay) ** 2)
