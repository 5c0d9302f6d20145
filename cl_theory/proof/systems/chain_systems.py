"""Systems for the statements about always-on learning: a chain that learns for a phase, seen in three ways.

`listed` goes through every path, in rationals where the chain is rational; `propagated` sends functions of state and
parameters through a transfer operator, in floats and for phases of any length; `lazy_phase` uses that the mean of a
lazy chain moves linearly, in rationals and for long phases. Where asked, `simulate_always_on` draws the same phases.
Before them, limits and slopes from ladders of arguments, by Richardson extrapolation.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from functools import cached_property, lru_cache, partial
from typing import Any

import numpy as np
import sympy as sp

from cl_theory.arguments import finite, probability_inside
from cl_theory.learning.models.planted import NOTHING_PLANTED
from cl_theory.proof.checks.planned_means import PlannedMean
from cl_theory.proof.checks.statement_checks import Drawn
from cl_theory.theory.arithmetic import exact_array
from cl_theory.theory.chains import symbols as d
from cl_theory.theory.chains.local_chain import LocalChain, ParametricChain, local_chain
from cl_theory.theory.chains.mixing import ChainConstants, chain_constants
from cl_theory.theory.chains.phase_lengths import Fixed, PhaseLength
from cl_theory.theory.chains.poisson import Equilibrium
from cl_theory.theory.chains.softmax_chain import three_state_chain
from cl_theory.theory.chains.solvable_chains import AffineChain
from cl_theory.theory.chains.stationary import start_law
from cl_theory.theory.dynamics.enumeration import PathLevel, PhaseMeans, path_levels, phase_means
from cl_theory.theory.dynamics.simulation import simulate_always_on
from cl_theory.theory.dynamics.transfer import TransferOperator
from cl_theory.theory.statement import Statement
from cl_theory.theory.system import System


def limit_at_zero(arguments: Any, values: Any) -> np.ndarray:
    """Value at 0 of the polynomial through `values` (n, ...) at `arguments` (n,): all powers below n drop out.

    ValueError unless the arguments are different, one per value.
    """
    places = finite(np.asarray(arguments, dtype=float), "arguments")
    table = finite(np.asarray(values, dtype=float), "values")
    if len(set(places.tolist())) != len(table):
        raise ValueError(f"arguments must be different, one per value, got {places.tolist()} for {len(table)} values")
    weights = [np.prod([other / (other - x) for other in places if other != x]) for x in places]
    return np.tensordot(weights, table, axes=1)


def limiting_slope(arguments: Any, values: Any) -> float:
    """Slope of log |value| over log argument in the limit of small arguments.

    `arguments` (n,) fall by a constant factor; the slopes between neighbours are extrapolated to 0.
    """
    places = finite(np.asarray(arguments, dtype=float), "arguments")
    return float(limit_at_zero(places[:-1], local_slopes(finite(np.asarray(values, dtype=float), "values"), places)))


def local_slopes(values: Any, ladder: Any) -> np.ndarray:
    """d log|value| / d log(ladder) between neighbours, shape (n-1,)."""
    sizes, steps = np.abs(np.asarray(values, dtype=float)), np.asarray(ladder, dtype=float)
    if sizes.shape != steps.shape or len(steps) < 2 or not (sizes > 0).all() or not (steps > 0).all():
        raise ValueError(f"values and ladder must be alike, nonzero and at least two, got {sizes} and {steps}")
    return np.diff(np.log(sizes)) / np.diff(np.log(steps))


def extrapolated_slope(values: Any, ladder: Any) -> float:
    """The slope at step size 0 of a ladder that halves: 2 s(h/2) - s(h) removes the first correction."""
    steps = np.asarray(ladder, dtype=float)
    if len(steps) < 3 or not np.allclose(steps[1:], steps[:-1] / 2):
        raise ValueError(f"ladder must halve from step to step and have at least three steps, got {steps}")
    slopes = local_slopes(values, steps)
    return float(2 * slopes[-1] - slopes[-2])


def shifted_mean(
    draw: Callable[[np.random.Generator, int], np.ndarray],
    exact: Any,
    shifts: Mapping[str, Any],
    scale: Any,
    **how: Any,
) -> PlannedMean:
    """The check that draws have the mean `exact` (k,), with errors that would shift it by `shifts`, each (k,)."""

    def shift(planted: Any) -> Any:
        return 0.0 if planted is NOTHING_PLANTED else planted

    return PlannedMean(draw, lambda rows, p: rows + shift(p), lambda p: exact + shift(p), shifts, scale, **how)


def largest_share(bound: Statement, systems: Sequence[System]) -> float:
    """The largest share of a bound that its left side reaches on any of `systems`."""
    shares = (np.asarray(bound.left_value(x) / bound.right_value(x), dtype=float) for x in systems)
    return max(float(share.max()) for share in shares)


AT_REST = np.log([2.0, 0.5])
"""Where the three-state chain of Part II is looked at."""
ROUNDING = 1e-10
"""Of a gradient: what float64 may add to a mean over a polynomial basis."""


def lazy_chain(stay: Any, p_on: Any, *, response: Any = 0, slope: Any = 0, level: Any = 1) -> AffineChain:
    r"""Two states: stay with probability `stay`, else draw the state afresh, on with `p_on` + `response` theta.

    .. math:: P_\theta = \rho I + (1-\rho)\,\mathbf 1\pi_\theta,\quad \pi_\theta = (1-p-k\theta,\ p+k\theta),
        \quad G(z, \theta) = (2z - 1)\,\ell + \lambda\theta

    with rho = `stay`, p = `p_on`, k = `response`, lambda = `slope`, l = `level`. Forgets as rho^n exactly; rational.
    """
    p, rho = Fraction(probability_inside(p_on)), Fraction(stay)
    k, steep = Fraction(response) * (1 - rho), [[Fraction(slope)]]
    base = [[rho + (1 - rho) * (1 - p), (1 - rho) * p], [(1 - rho) * (1 - p), rho + (1 - rho) * p]]
    return AffineChain(
        exact_array(base),
        exact_array([[[-k, k], [-k, k]]]),
        exact_array([[-Fraction(level)], [Fraction(level)]]),
        exact_array([steep, steep]),
        exact_array([[[0]], [[0]]]),
    )


def lazy_constants(
    stay: Any, p_on: Any, *, farthest: Any, response: Any = 0, slope: Any = 0, level: Any = 1
) -> ChainConstants:
    """Constants of `lazy_chain` at theta = 0, exact; `farthest` is the largest |theta| that learning reaches.

    The mass of P^n(z, .) - pi is 2 (1 - pi(z)) rho^n, so C is twice the larger probability; M = level + |slope|
    farthest, L = |slope|, K = 2 |response| (1 - rho).
    """
    p, rho, steep = Fraction(p_on), Fraction(stay), abs(Fraction(slope))
    reach = abs(Fraction(level)) + steep * Fraction(farthest)
    none: Any = Fraction(0)
    k: Any = 2 * abs(Fraction(response)) * (1 - rho)
    return ChainConstants(2 * max(p, 1 - p), rho, reach, steep, k, none, none)  # type: ignore[arg-type]


RATE_OFF = "learning rate off by 1 %"
ALMOST_FROZEN = 1e-12
"""Of its rate, what a chain learns with when it is drawn as if it were frozen."""
LARGEST_INTERPOLATION_ERROR = 1e-6
"""Of a transfer operator at the corners of its box; the means are then good to ROUNDING."""
FEW_PATHS = 10_000
ONE_STEP = Fixed(1)
MOST_DRAWS = 2**21
"""Draws of the first stage at most; a term that needs more on a system is left to another one."""


@dataclass(frozen=True, eq=False)
class LearningPhase:
    """A phase of always-on learning with what the theory needs to know of it.

    chain, parameters, start
        Who learns, from which theta_0 (d,), and from which state or law over states.
    length, learning_rate
        The law of T, and eta; a step learns with eta/tau, tau = E T.
    times
        Of the updates that are looked at.
    given
        Constants, if they are known; else they are computed for the region that four mean phases can reach.
    equilibration
        s, the first of the times unless given.
    degree
        Of the operator's polynomials; more than 12 are unstable in long phases.
    """

    name: str
    chain: ParametricChain
    parameters: np.ndarray
    start: Any
    length: PhaseLength = ONE_STEP
    learning_rate: Any = 1
    times: tuple[int, ...] = ()
    given: ChainConstants | None = None
    family: str = ""
    equilibration: int | None = None
    degree: int = 10

    @property
    def exact(self) -> bool:
        """Whether everything is rational."""
        return np.asarray(self.parameters).dtype == object

    @property
    def step_size(self) -> Any:
        """eta/tau."""
        tau = self.length.mean if self.exact else float(self.length.mean)
        return self.learning_rate / tau

    @cached_property
    def local(self) -> LocalChain:
        """The chain at theta_0, to first order."""
        return local_chain(self.chain, self.parameters)

    @cached_property
    def equilibrium(self) -> Equilibrium:
        """The frozen chain at theta_0."""
        return Equilibrium.of(self.local)

    @cached_property
    def constants(self) -> ChainConstants:
        """Constants that hold for phases of up to four times the mean length."""
        return self.given or chain_constants(self.chain, self.parameters, 4 * float(self.learning_rate))

    def decay(self, n: Any) -> Any:
        """rho^n, for one n or for each of several."""
        rho = self.constants.rho
        return np.array([rho**k for k in n]) if np.ndim(n) else rho**n

    @property
    def few_paths(self) -> bool:
        """Whether every path can be listed in no time."""
        largest = self.length.largest
        return largest is not None and self.chain.n_states**largest <= FEW_PATHS

    @property
    def s(self) -> int:
        """The equilibration time."""
        return min(self.times) if self.equilibration is None else self.equilibration

    @cached_property
    def paths(self) -> list[PathLevel]:
        """Every path, level by level, t = 0 .. the largest length."""
        n, step = self.length.horizon(), self.step_size
        return list(path_levels(self.chain, self.parameters, self.start, n, step_size=step))

    @cached_property
    def means(self) -> PhaseMeans:
        """Exact means by listing every path."""
        n = max(self.length.horizon(), *(t + 1 for t in self.times), 1)
        return phase_means(self.chain, self.parameters, self.start, n, step_size=self.step_size)

    @cached_property
    def operator(self) -> TransferOperator:
        """One step, on functions of state and parameters, in a box as wide as the longest phase can lead."""
        largest = float(np.linalg.norm(self.chain.gradient(self.parameters), axis=1).max())
        longest = self.length.largest
        radius, degree = (1.2, 12) if longest is None else (self.step_size * largest * max(longest, 1), self.degree)
        chain: Any = self.chain
        return _operator(chain, tuple(self.parameters), radius, self.step_size, degree)

    @cached_property
    def propagated(self) -> list[PathLevel]:
        """The law of state and parameters at t = 0 .. the largest length, as weights of the operator's nodes."""
        operator, m = self.operator, self.chain.n_states
        nodes, weights = operator.nodes, operator.first_law(self.start)
        states, parameters = np.repeat(np.arange(m), len(nodes)), np.tile(nodes, (m, 1))
        found = []
        for t in range(max(self.length.horizon(1e-15), *self.times, 1) + 1):
            found.append(PathLevel(t, weights, states, parameters))
            weights = weights @ operator.matrix
        return found

    def with_rate(self, factor: Any) -> "LearningPhase":
        """The same phase, learning faster by `factor`."""
        return replace(self, learning_rate=factor * self.learning_rate)

    def __str__(self) -> str:
        looked_at = f", t = {self.times[0]}" if len(self.times) == 1 else ""
        return f"{self.name}, eta = {self.learning_rate}, {self.length}{looked_at}"


@lru_cache(maxsize=32)
def _operator(chain: Any, parameters: tuple[float, ...], radius: float, step: float, degree: int) -> TransferOperator:
    operator = TransferOperator(chain, np.array(parameters), radius, step, degree)
    if operator.interpolation_error > LARGEST_INTERPOLATION_ERROR:
        raise ValueError(
            f"polynomials of degree {degree} miss the chain by {operator.interpolation_error:.0e} within {radius:.2g} "
            f"of its parameters; take a higher degree, a lower learning rate, or list the paths"
        )
    return operator


# The phases of chapters 8 and 9, before they get a length and a rate --------------------------------------


def ordinary_systems() -> list[LearningPhase]:
    """The three-state chain, from each of two states and from equilibrium."""
    chain, theta = three_state_chain().floats(), AT_REST
    law = Equilibrium.of(local_chain(chain, theta)).law
    starts = {"state 0": 0, "state 1": 1, "equilibrium": law}
    return [LearningPhase(f"three states, from {name}", chain, theta, start) for name, start in starts.items()]


def forgetful_systems() -> list[LearningPhase]:
    """Frozen chains with a rare start: the debt to the start is as large as the bound allows."""
    result = []
    for stay in ("0", "9/10", "99/100"):
        how = {"stay": Fraction(stay), "p_on": Fraction(1, 1000)}
        chain, constants = lazy_chain(**how).floats(), lazy_constants(farthest=1, **how)
        result.append(LearningPhase(f"rare start, stays with {stay}", chain, np.zeros(1), 1, given=constants))
    return result


def sliding_system() -> LearningPhase:
    """No state to speak of, G = theta from theta = 1: the learning term is as large as the bound allows."""
    chain = lazy_chain(0, Fraction(1, 2), slope=1, level=0).floats()
    constants = lazy_constants(0, Fraction(1, 2), slope=1, level=0, farthest=1)
    return LearningPhase("no state, G = theta", chain, np.ones(1), 0, given=constants)


def responding_system() -> LearningPhase:
    """Only the kernel depends on theta: whatever learning does, it does through the kernel."""
    how = {"stay": Fraction(1, 2), "p_on": Fraction(3, 4), "response": Fraction(1, 4)}
    chain, law = lazy_chain(**how).floats(), np.array([0.25, 0.75])
    return LearningPhase("kernel responds", chain, np.zeros(1), law, given=lazy_constants(farthest=1, **how))


def all_systems() -> list[LearningPhase]:
    """Ordinary ones, and for each term of the bounds one that makes it as large as it can be."""
    return [*ordinary_systems(), *forgetful_systems(), sliding_system(), responding_system()]


# Sides --------------------------------------------------------------------------------------------


def learning_terms(phase: LearningPhase, levels: Sequence[PathLevel]) -> tuple[np.ndarray, np.ndarray]:
    r"""E S_G and E S_P, each (d,): what learning does in a phase through the gradient, and through the kernel.

    For a random length the step t counts with P(T > t), and :math:`\psi - P^{T-1-t}\psi` with its mean on T > t,
    which comes by going backwards: :math:`A_t = P(T = t+1)\psi + P A_{t+1}`.
    """
    kernel, psi, length = phase.local.transition_matrix, phase.equilibrium.psi, phase.length
    number = (lambda value: value) if phase.exact else float
    n = len(levels) - 1
    later, factors = 0 * psi, []
    for u in reversed(range(n)):
        later = number(length.pmf(u + 1)) * psi + kernel @ later
        factors.append(number(length.tail(u)) * psi - later)
    by_gradient = by_kernel = 0 * psi[0]
    for level, factor in zip(levels, reversed(factors), strict=False):
        by_gradient = by_gradient + number(length.tail(level.step)) * _gradient_moved(phase, level)
        by_kernel = by_kernel + _kernel_moved(phase, level, factor)
    return by_gradient, by_kernel


def update_terms(phase: LearningPhase, levels: Sequence[PathLevel], t: int) -> tuple[np.ndarray, np.ndarray]:
    """The same two for the gradient that is read at time t, each (d,)."""
    later = phase.local.gradient - phase.equilibrium.mean_gradient
    by_kernel = 0 * later[0]
    for u in reversed(range(t)):
        by_kernel = by_kernel + _kernel_moved(phase, levels[u], later)
        later = phase.local.transition_matrix @ later
    return _gradient_moved(phase, levels[t]), by_kernel


def _gradient_moved(phase: LearningPhase, level: PathLevel) -> np.ndarray:
    return level.mean(level.at_states(phase.chain.gradient(level.parameters) - phase.local.gradient))


def _kernel_moved(phase: LearningPhase, level: PathLevel, function: np.ndarray) -> np.ndarray:
    rows = level.at_states(phase.chain.transition_matrix(level.parameters) - phase.local.transition_matrix)
    return level.mean(rows @ function)


def _frozen_mean(phase: LearningPhase, t: int) -> np.ndarray:
    law = start_law(phase.start, phase.chain.n_states, phase.local.gradient)
    for _ in range(t):
        law = law @ phase.local.transition_matrix
    return law @ phase.local.gradient


def _length_of(vector: np.ndarray, rounding: float = 0.0) -> Any:
    """Euclidean length, exact for one rational; of floats what is left of it when `rounding` is taken off."""
    if vector.dtype == object:
        if vector.size != 1:
            raise ValueError(f"the length of {vector.size} rationals need not be one; take a chain with one parameter")
        return abs(vector.item())
    return max(float(np.linalg.norm(vector)) - rounding, 0.0)


def _right(phase: LearningPhase, levels: Callable[[], Sequence[PathLevel]]) -> dict[sp.Expr, Any]:
    def each(function: Callable[[int], np.ndarray]) -> np.ndarray:
        return np.stack([function(t) for t in phase.times], axis=1)

    def left_at(t: int) -> np.ndarray:
        return _frozen_mean(phase, t) - phase.equilibrium.mean_gradient

    return {
        **d.length_values(phase.length),
        **d.constant_values(lambda: phase.constants),
        **d.equilibrium_values(lambda: phase.equilibrium, phase.start, phase.length),
        d.eta: phase.learning_rate,
        d.epsilon: phase.step_size,
        d.t: lambda: np.array(phase.times, dtype=object if phase.exact else float),
        d.s: lambda: phase.s,
        d.decay_t: lambda: phase.decay(phase.times),
        d.decay_s: lambda: phase.decay(phase.s),
        d.decay_tau: lambda: phase.decay(phase.length.mean),
        d.gradient_moved: lambda: learning_terms(phase, levels())[0],
        d.kernel_moved: lambda: learning_terms(phase, levels())[1],
        d.start_left: lambda: each(left_at),
        d.update_gradient_moved: lambda: each(lambda t: update_terms(phase, levels(), t)[0]),
        d.update_kernel_moved: lambda: each(lambda t: update_terms(phase, levels(), t)[1]),
    }


def _biases(
    phase: LearningPhase,
    displacement: Callable[[], np.ndarray],
    updates: Callable[[], np.ndarray],
    rounding: float = 0.0,
) -> dict[sp.Expr, Any]:
    # Lengths of biases; `rounding` of a gradient is what floats say nothing about.
    def of_phase() -> Any:
        moved = displacement() + phase.learning_rate * phase.equilibrium.mean_gradient
        return _length_of(moved, rounding * float(phase.learning_rate))

    def of_updates() -> np.ndarray:
        off = phase.step_size * (updates().T - phase.equilibrium.mean_gradient)
        return np.array([_length_of(row, rounding * float(phase.step_size)) for row in off])

    return {d.mean_Delta: displacement, d.mean_update: updates, d.phase_bias: of_phase, d.update_bias: of_updates}


def listed(
    phase: LearningPhase,
    *,
    measured: LearningPhase | None = None,
    draw: bool = False,
    also: Mapping[sp.Expr, Any] | None = None,
) -> System:
    """`phase` with every path listed; left sides are those of `measured`, if another phase is to be taken for it.

    `also` are values of symbols that only this phase has.
    """
    seen = measured or phase

    def displacement() -> np.ndarray:
        return seen.means.mean_displacement(phase.length)

    def updates() -> np.ndarray:
        return seen.means.gradient[list(phase.times)].T

    def covariance() -> np.ndarray:
        return seen.means.displacement_covariance(phase.length)

    values = _right(phase, lambda: phase.paths) | _biases(phase, displacement, updates) | {d.cov_Delta: covariance}
    return _system(phase, {**values, **(also or {})}, partial(listed, also=also), draw)


def propagated(phase: LearningPhase, *, measured: LearningPhase | None = None, draw: bool = False) -> System:
    """`phase` by its transfer operator: floats, accurate to ROUNDING, for one or two parameters."""
    seen = measured or phase

    def displacement() -> np.ndarray:
        if not isinstance(phase.length, Fixed):
            return seen.operator.mean_displacement(phase.start, phase.length)
        moved = np.tile(seen.operator.nodes - seen.operator.centre, (phase.chain.n_states, 1))
        return seen.operator.law_at(phase.length.steps, phase.start) @ moved

    def updates() -> np.ndarray:
        gradient = np.concatenate(np.moveaxis(seen.chain.gradient(seen.operator.nodes), 1, 0))
        return np.stack([seen.operator.law_at(t, phase.start) @ gradient for t in phase.times], axis=1)

    def covariance() -> np.ndarray:
        return seen.operator.displacement_covariance(phase.start, phase.length)

    values = _right(phase, lambda: phase.propagated) | _biases(phase, displacement, updates, ROUNDING)
    return _system(phase, values | {d.cov_Delta: covariance}, propagated, draw)


def _system(phase: LearningPhase, values: Mapping[sp.Expr, Any], way: Callable[..., System], draw: bool) -> System:
    wrong = {RATE_OFF: partial(way, phase, measured=phase.with_rate(Fraction(101, 100) if phase.exact else 1.01))}
    drawn: dict[sp.Expr, Any] = {}
    if draw:
        drawn = {d.mean_Delta: lambda: DrawnPhase(phase).displacement}
        if len(phase.times) == 1:
            drawn[d.mean_update] = lambda: DrawnPhase(phase).update
    return System(str(phase), values, family=phase.family or phase.name, wrong=wrong, drawn=drawn)


def lazy_phase(
    stay: Any, p_on: Any, *, start: Any = 1, steps: int, learning_rate: Any, theta: Any = 0,
    times: Sequence[int] = (), response: Any = 0, slope: Any = 0, level: Any = 1, farthest: Any = 1,
    equilibration: int | None = None,
) -> System:  # fmt: skip
    r"""A lazy chain (see `lazy_chain`) in a phase of `steps` steps, on at first with chance `start`. Rational.

    Its next state forgets the last one but for staying, so that the means of theta and z move linearly:

    .. math:: E\theta' = (1 - \varepsilon\lambda)E\theta - \varepsilon\ell(2Ez - 1),\quad
        Ez' = \rho Ez + (1-\rho)(p + k E\theta)
    """
    rho, p, rate, on = Fraction(stay), Fraction(p_on), Fraction(learning_rate), Fraction(start)
    how = {"response": Fraction(response), "slope": Fraction(slope), "level": Fraction(level)}
    phase = LearningPhase(
        f"lazy chain, stays with {rho}, on with {p}", lazy_chain(rho, p, **how), exact_array([theta]),
        exact_array([1 - on, on]), Fixed(steps), rate, tuple(times), lazy_constants(rho, p, farthest=farthest, **how),
        family="lazy chains", equilibration=equilibration,
    )  # fmt: skip
    moved, gradients = _lazy_means(phase, rho, p, **how)
    lefts = _biases(phase, lambda: moved, lambda: gradients[:, list(times)])
    return System(str(phase), _right(phase, lambda: phase.paths) | lefts, family=phase.family)


def _lazy_means(
    phase: LearningPhase, rho: Fraction, p: Fraction, *, response: Fraction, slope: Fraction, level: Fraction
) -> tuple[np.ndarray, np.ndarray]:
    theta, z, step, gradients = phase.parameters[0], phase.start[1], phase.step_size, []
    for _ in range(max(phase.length.horizon(), *(t + 1 for t in phase.times), 1)):
        gradients.append(level * (2 * z - 1) + slope * theta)
        theta, z = theta - step * gradients[-1], rho * z + (1 - rho) * (p + response * theta)
    end = phase.parameters[0] - step * sum(gradients[: phase.length.horizon()])
    return np.array([end - phase.parameters[0]], dtype=object), np.array([gradients], dtype=object)


# Drawn --------------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class DrawnPhase:
    """The same phases from the simulator; the displacement with a control variate whose mean is exactly 0."""

    phase: LearningPhase
    most: int = MOST_DRAWS
    chain: Any = field(init=False)

    def __post_init__(self) -> None:
        chain = self.phase.chain
        object.__setattr__(self, "chain", chain.floats() if hasattr(chain, "floats") else chain)

    @property
    def displacement(self) -> Drawn:
        """E Delta."""

        def rows(key: tuple[int, int], planted: Any) -> np.ndarray:
            return self._ends(key, self.phase.length, planted).controlled - self._theta

        def target(planted: Any) -> np.ndarray:
            faster = self._faster(planted)
            if faster.few_paths:
                return faster.means.mean_displacement(faster.length)
            return faster.operator.mean_displacement(faster.start, faster.length)

        return self._drawn(rows, target)

    @property
    def update(self) -> Drawn:
        """E G(z_t, theta_t) for the one t >= 2 of `times`, with two of its noises taken off.

        Of z_t the mean is taken, given what came before; and a frozen chain, drawn from the same uniform numbers, is
        subtracted and its known mean added.
        """
        length = Fixed(self.phase.times[0])
        before, frozen_mean = Fixed(length.steps - 1), _frozen_mean(self.phase, length.steps).astype(float)

        def expected(key: tuple[int, int], planted: Any) -> np.ndarray:
            ends, every = self._ends(key, before, planted), np.arange(key[1])
            rows = self.chain.transition_matrix(ends.parameters)[every, ends.states]
            read = self.chain.gradient(ends.parameters)[every, ends.states]
            return np.einsum("nz,nzi->ni", rows, self.chain.gradient(ends.parameters - ends.step_size * read))

        def rows(key: tuple[int, int], planted: Any) -> np.ndarray:
            return expected(key, planted) - expected(key, ALMOST_FROZEN) + frozen_mean

        def target(planted: Any) -> np.ndarray:
            faster = self._faster(planted)
            return (
                faster.means.gradient[length.steps]
                if faster.few_paths
                else faster.operator.update_gradient(faster.start, length)
            )

        return self._drawn(rows, target)

    def _drawn(self, rows: Any, target: Any) -> Drawn:
        def draw(rng: np.random.Generator, size: int) -> tuple[int, int]:
            return int(rng.integers(2**63)), size

        planned = PlannedMean(draw, rows, target, {RATE_OFF: 1.01}, most=self.most)
        return Drawn(planned, lambda value: np.asarray(value, dtype=float).ravel())

    @property
    def _theta(self) -> np.ndarray:
        return np.asarray(self.phase.parameters, dtype=float)

    def _faster(self, planted: Any) -> LearningPhase:
        same = replace(
            self.phase, chain=self.chain, parameters=self._theta, learning_rate=float(self.phase.learning_rate)
        )
        return same if planted is NOTHING_PLANTED else same.with_rate(planted)

    def _ends(self, key: tuple[int, int], length: PhaseLength, planted: Any) -> Any:
        rng, phase = np.random.Generator(np.random.Philox(key[0])), self._faster(planted)
        return simulate_always_on(
            rng, self.chain, self._theta, phase.start, length, key[1], learning_rate=phase.learning_rate,
            mean_length=phase.length.mean, psi=np.asarray(self.phase.equilibrium.psi, dtype=float),
        )  # fmt: skip
