"""The phases on which chapters 7 and 8 try what they state: ordinary, extreme, long, and with an assumption dropped."""

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from typing import Any

import numpy as np

from cl_theory.learning.models.gibbs_chain import GibbsChain
from cl_theory.proof.systems.chain_systems import (
    AT_REST,
    LearningPhase,
    all_systems,
    extrapolated_slope,
    lazy_phase,
    listed,
    local_slopes,
    propagated,
)
from cl_theory.seeds import FIXED_ROOT, stream
from cl_theory.theory.arithmetic import exact_array
from cl_theory.theory.chains import symbols as d
from cl_theory.theory.chains.local_chain import local_chain
from cl_theory.theory.chains.mixing import ChainConstants
from cl_theory.theory.chains.phase_lengths import Fixed, PhaseLength, TwoPoint, Uniform
from cl_theory.theory.chains.poisson import Equilibrium, poisson_solution
from cl_theory.theory.chains.softmax_chain import three_state_chain
from cl_theory.theory.chains.solvable_chains import (
    AffineChain,
    flipping_chain,
    jumping_chain,
    one_state_chain,
    stuck_chain,
)
from cl_theory.theory.chains.stopping import StopAt
from cl_theory.theory.dynamics.enumeration import phase_means, stopped_means
from cl_theory.theory.system import System

RARE = Fraction(1, 1000)
STAYS = (Fraction(0), Fraction(1, 2), Fraction(9, 10))


def three_states(
    start: Any,
    length: PhaseLength,
    learning_rate: float,
    times: Sequence[int] = (),
    *,
    draw: bool = False,
    degree: int = 10,
) -> System:
    """The three-state chain of Part II in a phase from `start`, by its transfer operator."""
    return propagated(replace(three_state_phase(start, length, learning_rate, times), degree=degree), draw=draw)


def three_state_phase(
    start: Any, length: PhaseLength, learning_rate: float, times: Sequence[int] = ()
) -> LearningPhase:
    """The three-state chain of Part II at theta = (log 2, -log 2), in a phase from `start`."""
    name = f"three states, from {'a law' if np.ndim(start) else f'state {start}'}"
    return LearningPhase(
        name, three_state_chain().floats(), AT_REST, start, length, learning_rate, tuple(times), family="three states"
    )


def three_states_listed(
    start: int, steps: int, learning_rate: float, times: Sequence[int] = (), *, draw: bool = False
) -> System:
    """The same with every path listed."""
    return listed(three_state_phase(start, Fixed(steps), learning_rate, times), draw=draw)


def affine_learners(most: int) -> list[System]:
    """Random rational learners with 2, 3 and 4 states in phases of 1 to `most` steps, every path listed."""
    found = []
    for m, n_parameters in ((2, 2), (3, 2), (4, 1)):
        chain = AffineChain.random(stream(FIXED_ROOT, "phase-poisson", m), m, n_parameters)
        theta = exact_array([Fraction(1, 10)] * n_parameters)
        for n in range(1, most + 1):
            found.append(_affine(chain, theta, n % m, Fixed(n)))
    return found


def random_lengths() -> list[System]:
    """A rational learner with three states in phases of random length, every path listed."""
    chain = AffineChain.random(stream(FIXED_ROOT, "phase-poisson", 3), 3, 2)
    theta = exact_array([Fraction(1, 10), Fraction(-1, 5)])
    laws = (TwoPoint(1, 5, Fraction(1, 3)), Uniform(1, 4), TwoPoint(2, 4))
    return [_affine(chain, theta, 1, law, "random lengths") for law in laws]


def _affine(
    chain: AffineChain, theta: np.ndarray, start: int, length: PhaseLength, family: str = "affine learners"
) -> System:
    return listed(
        LearningPhase(
            f"affine learner, {chain.n_states} states", chain, theta, start, length, Fraction(1, 4), family=family
        )
    )


def small_rbm() -> System:
    """The block-Gibbs chain of a small RBM in its free phase, every path listed."""
    theta = np.array([0.5, -0.8, 0.2, 0.1, -0.3])
    return listed(LearningPhase("free RBM", GibbsChain(2, 1, factor=-1.0), theta, 0, Fixed(5), 1.0))


def frozen_learner(kernel: Any, gradient: Any) -> AffineChain:
    """A rational chain that does not depend on its one parameter."""
    m = len(gradient)
    none = exact_array(np.zeros((m, 1, 1), int).tolist())
    return AffineChain(
        exact_array(kernel), none.reshape(1, m, 1).repeat(m, 2), exact_array(gradient).reshape(m, 1), none, none
    )


def taking_turns(most: int) -> list[System]:
    """Two states in turn with G(z) = z, at eta = 1, in phases of 1 to `most` steps: a chain with a period."""
    flip = frozen_learner([[0, 1], [1, 0]], [0, 1])
    zero = exact_array([0])
    phases = [LearningPhase("two states in turn", flip, zero, 1, Fixed(n), Fraction(1)) for n in range(1, most + 1)]
    return [listed(phase) for phase in phases]


# Bounds --------------------------------------------------------------------------------------------


def rare_starts(steps: int = 7, learning_rate: Any = Fraction(1, 3), equilibration: int | None = None) -> list[System]:
    """Frozen lazy chains from their rare state: the debt to the start is all there is, and as large as it can be."""
    return [
        lazy_phase(
            stay, RARE, steps=steps, learning_rate=learning_rate, times=range(steps), equilibration=equilibration
        )
        for stay in STAYS
    ]


def lazy_learners() -> list[System]:
    """Lazy chains of which the kernel, the gradient or both depend on theta; each term of a bound is needed in one."""
    half, equilibrium, quarter, slow = Fraction(1, 2), Fraction(3, 4), Fraction(1, 4), Fraction(1, 5)
    short: dict[str, Any] = {"steps": 8, "learning_rate": slow, "times": range(1, 9)}
    long: dict[str, Any] = {"start": equilibrium, "steps": 80, "learning_rate": half, "times": (1, 20, 40, 80)}
    return [
        lazy_phase(0, half, theta=1, steps=16, learning_rate=slow, slope=3, level=0, times=range(1, 17)),
        lazy_phase(0, equilibrium, response=quarter, **long),
        lazy_phase(half, equilibrium, response=quarter, **short),
        lazy_phase(0, half, response=half, slope=half, farthest=2, **short),
    ]


def grid_phases(rates: Sequence[float], lengths: Sequence[int], *, late: bool = False) -> dict[str, list[System]]:
    """The eight systems of chapter 8 by name, at each rate and length, with updates at t = 1, tau/10 and tau.

    With `late`, at t = s = tau/2 and at tau.
    """

    def phase(system: LearningPhase, eta: float, tau: int) -> LearningPhase:
        times = (tau // 2, tau) if late else (1, max(2, tau // 10), tau)
        family = system.name if late else "phases on a grid"
        return replace(system, length=Fixed(tau), learning_rate=eta, times=times, family=family)

    return {
        system.name: [propagated(phase(system, eta, tau)) for eta in rates for tau in lengths]
        for system in all_systems()
    }


def orders(length: int, learning_rate: float = 0.1, s: int = 8) -> tuple[float, float, float]:
    """Biases of the three-state chain: of the middle update from equilibrium over eta^2/tau, and of a phase from state
    0 over eta^2 and over eta^2 s/tau."""
    settled = three_states(_settled_law(), Fixed(length), learning_rate, (length // 2,))
    update = _norm(settled(d.mean_update)[:, 0] - settled(d.g_bar)) * learning_rate / length
    phase, square = three_states(0, Fixed(length), learning_rate)(d.phase_bias), learning_rate**2
    return update / (square / length), phase / square, phase / (square * s / length)


def plateau() -> float:
    """|D gbar gbar|/2 of the three-state chain: where the bias of long phases over eta^2 settles."""
    phase = three_states(0, Fixed(1), 0.1)
    return _norm(phase(d.D_g_bar) @ phase(d.g_bar)) / 2


def one_state(slope: Any, lengths: Sequence[int], learning_rate: Any, theta: Any = 1) -> list[System]:
    """A single state and G = lambda theta, every step taken; rational if `learning_rate` is."""
    chain = AffineChain(*(exact_array(part) for part in ([[1]], [[[0]]], [[0]], [[[slope]]], [[[0]]])))
    start = exact_array([theta])
    if not isinstance(learning_rate, Fraction):
        chain, start = chain.floats(), start.astype(float)
    phases = [LearningPhase("one state", chain, start, 0, Fixed(n), learning_rate) for n in lengths]
    return [listed(phase, also={d.one_state_slope: slope, d.one_state_start: theta}) for phase in phases]


# Where an assumption is dropped ----------------------------------------------------------------------


def never_left(lengths: Sequence[int], learning_rate: Any, *, exact: bool = True) -> System:
    """Two states that are never left, G(z) = z, from state 1; gbar is that of the symmetric law, Psi = 2."""
    chain = frozen_learner([[1, 0], [0, 1]], [0, 1]) if exact else stuck_chain()
    zero, half = (exact_array([0]), Fraction(1, 2)) if exact else (np.zeros(1), 0.5)
    moved = np.array([phase_means(chain, zero, 1, n, step_size=learning_rate / n).displacement[-1, 0] for n in lengths])
    n = np.array(lengths, dtype=object if exact else float)
    return System(
        "two states never left: biased by eta/2 against the symmetric law, for every length",
        {
            d.eta: learning_rate, d.tau: n, d.mean_T: n, d.epsilon: learning_rate / n, d.mean_Delta: moved[None],
            d.phase_bias: abs(moved + learning_rate * half), d.Psi: 2.0, d.M: 1.0, d.L: 0.0, d.K: 0.0,
            d.g_bar: [half], d.psi_start: [0 * half], d.psi_end: [0 * half], d.gradient_moved: [0 * half],
            d.kernel_moved: [0 * half], d.g_class: [2 * half],
        },
    )  # fmt: skip


def stopped_walk() -> System:
    """A frozen chain whose phase ends when it first reaches state 1, or after five steps."""
    stays, rate = Fraction(2, 3), Fraction(1, 4)
    walker = frozen_learner([[stays, 1 - stays], [Fraction(1, 4), Fraction(3, 4)]], [Fraction(1, 2), Fraction(-1)])
    zero, at_rest = exact_array([0]), Equilibrium.of(local_chain(walker, exact_array([0])))
    stopped = stopped_means(walker, zero, 0, StopAt((1,), longest=5), step_size=rate / 3)
    psi, lasts = poisson_solution(walker.base, walker.offset)[:, 0], stays**5
    chances = {n: stays ** (n - 1) * (1 if n == 5 else 1 - stays) for n in range(1, 6)}
    later = sum(chance * (np.linalg.matrix_power(walker.base, n) @ psi)[0] for n, chance in chances.items())
    return System(
        "stop at first arrival in state 1: the end is chosen, and psi is to be taken there",
        {
            d.eta: rate, d.epsilon: rate / 3, d.mean_T: stopped.mean_length, d.mean_Delta: stopped.displacement,
            d.g_bar: at_rest.mean_gradient, d.psi_start: [psi[0]], d.psi_end: [later],
            d.psi_chosen: [lasts * psi[0] + (1 - lasts) * psi[1]], d.gradient_moved: [Fraction(0)],
            d.kernel_moved: [Fraction(0)],
        },
    )  # fmt: skip


def _as_if_smooth(
    name: str, chain: Any, theta: float, start: int, steps: int, learning_rate: float, times: Sequence[int], *,
    C: float = 1.0, rho: float = 0.0, K: float = 0.0, L: float = 0.0,
) -> System:  # fmt: skip
    """A phase with constants that its chain does not have."""
    given = ChainConstants(C, rho, 1.0, L, K, 0.0, 0.0)
    place = np.array([theta])
    return listed(LearningPhase(name, chain, place, start, Fixed(steps), learning_rate, tuple(times), given))


def turning_updates(steps: int, learning_rate: float) -> System:
    """Two states in turn: every update is off by eta/(2 tau), at any time; with C = 2 and rho = 1/2 as if it mixed."""
    name = "two states in turn: every update is off by eta/(2 tau), at any time"
    return _as_if_smooth(name, flipping_chain(), 0.0, 1, steps, learning_rate, range(steps), C=2.0, rho=0.5)


def jumping_kernel(steps: int, learning_rate: float) -> System:
    """States drawn afresh, on with 0.5 for theta >= 0 and 0.9 below, from theta = 0; as if K were 10."""
    name = "a kernel that jumps at theta_0"
    return _as_if_smooth(name, jumping_chain(), 0.0, 1, steps, learning_rate, range(2, steps), K=10.0)


def jumping_gradient(steps: int, learning_rate: float) -> System:
    """One state, G = sign(theta), from half a step above 0; every second update is looked at, as if L were 10."""
    name, above = "G = sign(theta): learning stays where it is", learning_rate / steps / 2
    return _as_if_smooth(name, one_state_chain(np.sign), above, 0, steps, learning_rate, range(1, steps, 2), L=10.0)


def early_update() -> System:
    """A frozen lazy chain that stays with 99/100, from its rare state: an update at t = 5, where s is 500 steps."""
    slow: dict[str, Any] = {"steps": 1000, "learning_rate": Fraction(1, 1000), "times": (5,), "equilibration": 500}
    return lazy_phase(Fraction(99, 100), RARE, **slow)


# Slopes ----------------------------------------------------------------------------------------------


def slopes_of_biases() -> tuple[list[float], list[float], tuple[float, float]]:
    """Slopes of biases on ladders that halve: of a phase and of its middle update from equilibrium in eta, of the debt
    alone in eta and in tau; the same with 1 % of a linear term planted in the first two; and then the first's slope at
    the top and at the foot of its ladder."""
    ladder = 2.0 ** -np.arange(3, 13)
    settled = [three_states(_settled_law(), Fixed(20), float(eta), (10,)) for eta in ladder]
    phase = np.array(
        [_norm(system(d.mean_Delta) + eta * system(d.g_bar)) for system, eta in zip(settled, ladder, strict=True)]
    )
    update = np.array([_norm(system(d.mean_update) - system(d.g_bar)[:, None]) for system in settled]) * ladder / 20
    linear = 0.01 * ladder * _norm(settled[0](d.g_bar))
    in_eta = [_debt(eta, 400) for eta in ladder]
    taus = 2 ** np.arange(10, 16)
    in_tau = [_debt(0.1, int(tau)) for tau in taus]
    debt = [float(local_slopes(in_eta, ladder)[-1]), float(local_slopes(in_tau, taus)[-1])]
    short = ladder[:-2]
    found = [extrapolated_slope(bias[:-2], short) for bias in (phase, update)]
    planted = [extrapolated_slope(bias[:-2], short) for bias in (phase + linear, update + linear / 20)]
    seen = local_slopes(phase + linear, ladder)
    return found + debt, planted + debt, (float(seen[0]), float(seen[-1]))


def _settled_law() -> np.ndarray:
    return three_state_phase(0, Fixed(1), 0.1).equilibrium.law


def _norm(vector: np.ndarray) -> float:
    return float(np.linalg.norm(vector))


def _debt(learning_rate: float, steps: int) -> float:
    """The bias of a phase of a frozen chain that stays with 9/10, from its rare state."""
    rare = next(system for system in all_systems() if system.name == "rare start, stays with 9/10")
    return float(propagated(replace(rare, length=Fixed(steps), learning_rate=learning_rate))(d.phase_bias))
