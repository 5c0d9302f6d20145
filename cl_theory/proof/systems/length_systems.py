"""Systems for phases of random length and for phases that the network ends itself: exact, on a grid, drawn, broken."""

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from math import comb
from typing import Any

import numpy as np
import sympy as sp

from cl_theory.proof.checks.statement_checks import Drawn
from cl_theory.proof.systems.chain_systems import (
    LearningPhase,
    all_systems,
    lazy_chain,
    lazy_constants,
    limit_at_zero,
    propagated,
)
from cl_theory.proof.systems.leading_systems import (
    NO_RESPONSE,
    SQUARE_FOR_PAIRS,
    THETA,
    held_fixed,
    left_by,
    shifted_mean,
    three_states,
)
from cl_theory.seeds import FIXED_ROOT, stream
from cl_theory.theory.arithmetic import exact_array
from cl_theory.theory.chains import symbols as d
from cl_theory.theory.chains.local_chain import LocalChain, local_chain
from cl_theory.theory.chains.mixing import ChainConstants
from cl_theory.theory.chains.phase_lengths import (
    Fixed,
    Geometric,
    PhaseLength,
    ShiftedGeometric,
    ShiftedPoisson,
    TwoPoint,
    Uniform,
)
from cl_theory.theory.chains.poisson import Equilibrium, poisson_solution
from cl_theory.theory.chains.softmax_chain import three_state_chain
from cl_theory.theory.chains.solvable_chains import AffineChain, FunctionChain
from cl_theory.theory.chains.stationary import mean_power
from cl_theory.theory.chains.stopping import StopAt, stopped_length
from cl_theory.theory.dynamics import length_statements as lengths
from cl_theory.theory.dynamics.enumeration import stopped_means
from cl_theory.theory.dynamics.expansion import second_order
from cl_theory.theory.dynamics.noise_statements import pull
from cl_theory.theory.dynamics.simulation import simulate_always_on
from cl_theory.theory.dynamics.transfer import TransferOperator
from cl_theory.theory.system import System

RATE_OFF = "rate off by 1 %"
INDEPENDENT = "as if the end were not chosen"
RESPONDS, THREE_STATES = "kernel responds", "three states, from state 0"
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


def summed_lengths() -> list[System]:
    """Laws with mean 8, in the order of `cl_theory.theory.dynamics.length_statements.FACTORS`, s = 3."""
    laws = Fixed(8), ShiftedPoisson(3, 8), Uniform(3, 13), ShiftedGeometric(3, 8), Geometric(8)
    return [summed_pairs(length, 3) for length in laws]


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
    """Six laws, up to three mean lengths and two rates, and five chains by their transfer operators.

    The kernel that responds is a law for small theta only, so that unbounded lengths are not for it; with three states
    their operators would take long.
    """
    known, both, three = {system.name: system for system in all_systems()}, (0.1, 0.01), (10, 100, 10_000)
    grid = {
        "rare start, stays with 0": (both, three),
        "rare start, stays with 9/10": (both, three),
        "no state, G = theta": (both, three),
        RESPONDS: (both, three),
        THREE_STATES: ((0.1,), (10, 100)),
    }

    def phase(name: str, rate: float, length: PhaseLength) -> LearningPhase:
        at = known[name]
        return LearningPhase(name, at.chain, at.parameters, at.start, length, rate, (), at.given, "phases on a grid")

    return [
        propagated(phase(name, rate, length))
        for name, (rates, taus) in grid.items()
        for rate in rates
        for tau in taus
        for length in same_mean(tau).values()
        if length.largest or name not in (RESPONDS, THREE_STATES)
    ]


def long_bends() -> list[System]:
    """The coefficient of eta^2 in phases of the three-state chain from equilibrium, extrapolated to tau = infinity."""
    at, taus = three_states(), 2 ** np.arange(5, 11)
    spreads = {
        "fixed": 1, "s + Poisson": 1, "s + geometric": Fraction(5, 4), "uniform": Fraction(4, 3), "one or many": 2,
        "geometric": 2,
    }  # fmt: skip

    def coefficient(name: str, tau: int) -> np.ndarray:
        return second_order(at.local, at.law, same_mean(tau)[name]).second / tau**2

    def limit(name: str) -> np.ndarray:
        return limit_at_zero(1 / taus, [coefficient(name, int(tau)) for tau in taus])

    def system(name: str, share: Any) -> System:
        values = {
            lengths.bent: lambda: limit(name), lengths.spread: float(share), d.g_bar: at.mean_gradient,
            d.D_g_bar: at.mean_gradient_derivative,
        }  # fmt: skip
        return System(f"three states, {name}", values, family="laws of long phases")

    return [system(name, share) for name, share in spreads.items()]


def drawn_phases(rate: float = 0.2, tau: int = 8) -> list[System]:
    """Simulated phases of the three-state chain, four laws of the same mean length."""
    laws = Fixed(tau), ShiftedPoisson(tau // 2, tau), Uniform(tau // 2, 3 * tau // 2), Geometric(tau)
    return [_drawn_phase(law, rate) for law in laws]


def _drawn_phase(length: PhaseLength, rate: float) -> System:
    at, chain, tau = three_states(), three_state_chain(), float(length.mean)

    def mean(eta: float) -> np.ndarray:
        operator = TransferOperator(chain, THETA, 1.0, eta / tau, 12)
        return operator.mean_displacement(at.law, length)

    exact, pairs = mean(rate), float(length.pair_ratio)
    frozen_kernel = LocalChain(
        at.local.transition_matrix, 0 * at.local.transition_derivative, at.local.gradient, at.local.gradient_derivative
    )
    without = second_order(frozen_kernel, at.law, length).second - second_order(at.local, at.law, length).second
    shifts = {
        RATE_OFF: mean(1.01 * rate) - exact, SQUARE_FOR_PAIRS: rate**2 / (2 * tau) * at.curvature,
        NO_RESPONSE: (rate / tau) ** 2 * without,
    }  # fmt: skip

    def draw(rng: np.random.Generator, size: int) -> np.ndarray:
        ends = simulate_always_on(rng, chain, THETA, at.law, length, size, learning_rate=rate, psi=at.psi)
        moved = ends.with_length_control(at.mean_gradient, tau) - THETA
        if isinstance(length, Geometric):  # its square is too skew to be taken off
            return moved
        late = ends.lengths * (ends.lengths - 1.0) / tau**2 - pairs
        return moved - rate**2 / 2 * late[:, None] * at.curvature

    planned = shifted_mean(draw, exact, shifts)
    values = {
        d.eta: rate, d.tau: tau, d.mean_pairs: pairs * tau**2, d.g_bar: at.mean_gradient,
        d.D_g_bar: at.mean_gradient_derivative,
    }  # fmt: skip
    values[lengths.within_rest] = left_by(lengths.WITHIN, lengths.within_rest, values, exact)
    drawn = Drawn(planned, lambda value: np.asarray(value, dtype=float).ravel())
    return System(f"three states, eta = {rate}, {length}", values, drawn={d.mean_Delta: drawn}, only_drawn=True)


# Without their assumptions ----------------------------------------------------------------------------


def faster_than_meant(taus: Sequence[int] = (100, 1000)) -> System:
    """A frozen lazy chain from equilibrium, on with 3/4, whose phases last 1.2 tau: rational, over several tau."""
    rate, chain = Fraction(1, 10), lazy_chain(HALF, Fraction(3, 4))
    at = Equilibrium.of(local_chain(chain, exact_array([0])))

    def moved(steps: int) -> Fraction:
        law, total = at.law, Fraction(0)
        for _ in range(steps):
            total, law = total + law @ at.local.gradient[:, 0], law @ at.local.transition_matrix
        return total

    tau = exact_array([*taus])
    off = exact_array([abs(rate * at.mean_gradient[0] - rate / n * moved(6 * n // 5)) for n in taus])
    return System(
        "E T = 1.2 tau: one phase is off by 0.2 eta gbar, whatever tau",
        _frozen(rate, tau) | {d.phase_bias: off, d.mean_T: tau * Fraction(6, 5), d.g_bar: at.mean_gradient},
    )  # fmt: skip


def heavy_tail(rate: float = 0.01, tau: int = 10) -> System:
    """One state, G = theta, T is 1 or N with mean tau, N to infinity; as if E T^2 were at most 4 tau^2."""
    longest = 10.0 ** np.arange(5, 8)

    def bias(steps: float) -> float:
        law = TwoPoint(1, int(steps), Fraction(tau - 1, int(steps) - 1))
        return float(mean_power(law, np.array([[1 - rate / tau]]))[0, 0] - 1 + rate)

    limit = limit_at_zero(1 / (longest - 1), [bias(steps) for steps in longest])
    return System(
        "one step or N: the bias becomes of order eta",
        _frozen(rate, float(tau)) | {d.phase_bias: limit, d.mean_pairs: 4.0 * tau**2, d.L: 1.0, d.Psi: 0.0},
    )


def _frozen(rate: Any, tau: Any) -> dict[sp.Expr, Any]:
    # A lazy chain that stays with 1/2, on with 3/4: C = 3/2, and nothing responds.
    given = lazy_constants(HALF, Fraction(3, 4), farthest=1)
    return d.constant_values(lambda: given) | {d.eta: rate, d.tau: tau, d.mean_pairs: tau**2, d.epsilon: rate / tau}


# Lengths that depend on the network -------------------------------------------------------------------


def _stopped(
    name: str, chain: AffineChain, start: int, rule: StopAt, step: Any, constants: ChainConstants, place: Any = 0
) -> System:
    # Constants must hold for every theta that learning reaches.
    theta = exact_array([place]) if chain.offset.dtype == object else np.array([float(place)])
    at = Equilibrium.of(local_chain(chain, theta))
    run = stopped_means(chain, theta, start, rule, step_size=step)
    bias = abs(run.displacement + step * run.mean_length * at.mean_gradient)[0]
    values = d.constant_values(lambda: constants) | {
        d.epsilon: step, d.mean_T: run.mean_length, d.mean_pairs: run.second_moment - run.mean_length,
        lengths.stopped_bias: bias, d.end_bias: abs(run.last_gradient - at.mean_gradient)[0],
    }  # fmt: skip
    family = "stopping rules" if chain.offset.dtype == object else "stopping rules in floats"
    return System(name, values, family=family)


def stopped_phases(*, exact: bool = True) -> list[System]:
    """Lazy chains that stop at a state: frozen, sliding without a state, and with a kernel that responds."""
    responds = {"stay": Fraction(4, 5), "p_on": Fraction(1, 4), "response": Fraction(1, 8)}
    slides = {"stay": 0, "p_on": Fraction(1, 50), "slope": 1, "level": 0}
    cases: list[tuple[str, dict[str, Any], StopAt, Fraction, int]] = [
        ("stops when on", {"stay": 0, "p_on": HALF}, StopAt((1,), longest=12), Fraction(1, 10), 0),
        ("slides until on", slides, StopAt((1,), longest=150), Fraction(1, 100), 1),
        ("responds until on", responds, StopAt((1,), longest=8), Fraction(1, 50), 0),
        ("responds until on, at least 4 steps", responds, StopAt((1,), longest=8, shortest=4), Fraction(1, 50), 0),
        ("responds until off", responds, StopAt((0,), longest=8), Fraction(1, 50), 0),
    ]
    found = []
    for name, how, rule, step, place in cases:
        chain, constants = lazy_chain(**how), lazy_constants(farthest=1, **how)
        if "response" in how:
            constants = replace(constants, C=Fraction(2))  # type: ignore[arg-type]  # whatever the equilibrium
        learner, size = (chain, step) if exact else (chain.floats(), float(step))
        found.append(_stopped(name, learner, 0, rule, size, constants, place))
    return found


def frozen_stops() -> list[System]:
    """Three random chains that do not learn and stop at a state: sums over every path, and what Wald says. Rational."""
    return [_frozen_stop(number) for number in range(3)]


def _frozen_stop(number: int) -> System:
    still = held_fixed(AffineChain.random(stream(FIXED_ROOT, "aol-any-length-law", number), 3, 1))
    rule, step = StopAt((number % 3,), longest=6, shortest=1 + number % 2), Fraction(1, 20)
    run = stopped_means(still, exact_array([0]), 0, rule, step_size=step)
    psi, ends = poisson_solution(still.base, still.offset), stopped_length(still.base, rule, 0)
    at = Equilibrium.of(local_chain(still, exact_array([0])))
    sums = -run.displacement / step
    left = run.mean_length * at.mean_gradient + psi[0] - at.law @ psi
    values = {
        d.mean_S_T: sums, d.mean_T: ends.mean, d.g_bar: at.mean_gradient, d.psi_start: psi[0],
        d.psi_chosen: ends.last_state @ psi,
    }  # fmt: skip
    wrong = {INDEPENDENT: lambda: System("not chosen", {d.mean_S_T: left})}
    return System(f"random chain {number}, {rule}", values, family="random chains that stop", wrong=wrong)


# Coins ------------------------------------------------------------------------------------------------


def _sums(n: int) -> list[tuple[int, Fraction]]:
    # The sum of n fair coins of +1 and -1, with its chances.
    return [(2 * k - n, Fraction(comb(n, k), 2**n)) for k in range(n + 1)]


def every_path(half: int) -> System:
    """Two rules for fair coins with mean length tau = 2 m, every path of 3 m coins listed. Rational.

    Looking ahead: from m on the next tau coins are looked at; the phase goes on for them if their sum is above 0.
    Stopping: after m coins it ends if their sum is above 0. Ties are decided by a fair coin.
    """
    coins = 2 * (np.arange(2 ** (3 * half))[:, None] >> np.arange(3 * half) & 1) - 1
    first, block, many = coins[:, :half].sum(1), coins[:, half:].sum(1), len(coins)
    good = np.where(block == 0, 1, 2 * (block > 0))  # twice the chance to go on
    ahead = Fraction(int((2 * first + good * block).sum()), 2 * many)
    long = Fraction(int((2 * half + good * 2 * half).sum()), 2 * many)
    stops = np.where(first == 0, 1, 2 * (first > 0))
    thirds = int((stops * 3 * first + (2 - stops) * (first + block)).sum())  # 6 m times the mean
    values = {
        lengths.half: Fraction(half), lengths.ahead_sum: ahead, d.mean_T: long, d.tau: Fraction(2 * half),
        lengths.mean_of_phase: Fraction(thirds, 6 * half * many),
    }  # fmt: skip
    return System(f"{3 * half} coins", values, family="every path of coins")


def looking_ahead(tau: int = 96) -> System:
    """A phase of coins that goes on if the next `tau` coins are good, at eta = 1; summed over the law of their sum.

    The longest phase has 3/2 tau steps; with tau = 96 the square root of that is 12, so that all is rational.
    """
    good = sum((max(value, 0) * chance for value, chance in _sums(tau)), Fraction(0))
    return System("a length that looks ahead: bias of order eta/sqrt(tau)", _coins(tau, good / tau))


def divided_by_length(tau: int = 96) -> System:
    """A phase of coins that stops if it is ahead after tau/2, learning with eta/T in place of eta/tau, at eta = 1."""
    half = tau // 2
    luck = sum((value * chance * Fraction(1, half) for value, chance in _sums(half) if value > 0), Fraction(0))
    loss = sum((value * chance * Fraction(1, 3 * half) for value, chance in _sums(half) if value < 0), Fraction(0))
    return System("rate eta/T: good luck is divided by less", _coins(tau, luck + loss))


def _coins(tau: int, bias: Fraction) -> dict[sp.Expr, Any]:
    given, steps = lazy_constants(0, HALF, farthest=1), Fraction(tau)
    square = (Fraction(tau // 2) ** 2 + Fraction(3 * tau // 2) ** 2) / 2
    return d.constant_values(lambda: given) | {
        d.eta: Fraction(1), d.tau: steps, d.epsilon: 1 / steps, d.mean_T: steps, d.mean_pairs: square - steps,
        lengths.longest: Fraction(3 * tau, 2), lengths.half: steps / 2, d.phase_bias: bias, lengths.stopped_bias: bias,
    }  # fmt: skip


def freezing_network(longest: Sequence[int] = (9, 17, 33), rate: float = 0.1) -> System:
    """Fair coins for theta >= 0; below, the network stays in its state. From state 1, until state 0, at most N steps.

    Constants are those of theta = 0, where the chain forgets at once.
    """
    chain = FunctionChain(
        2, 1, lambda th: np.eye(2) if th[0] < 0 else np.full((2, 2), 0.5), lambda th: np.array([[0.0], [1.0]])
    )

    def off(n: int) -> float:
        run = stopped_means(chain, np.zeros(1), 1, StopAt((0,), longest=n), step_size=2 * rate / (n + 1))
        return abs(float(run.displacement[0]) + rate / 2)

    tau = (np.array(longest) + 1) / 2
    given = lazy_constants(0, HALF, farthest=1)
    values = d.constant_values(lambda: given) | {
        d.eta: rate, d.epsilon: rate / tau, d.mean_T: tau, d.mean_pairs: tau**2,
        lengths.stopped_bias: np.array([off(n) for n in longest]),
    }  # fmt: skip
    return System("forgets at theta_0 and nowhere else: off by eta/2 whatever the length", values)
