"""Systems for the gradient flow and for always-on noise: exact, on grids, in the limit, drawn, broken."""

from collections.abc import Mapping
from fractions import Fraction
from functools import cache, partial
from typing import Any

import numpy as np

from cl_theory.learning.models.exact_phases import ExactPhaseSampler
from cl_theory.learning.models.rbm import rbm_phase_means
from cl_theory.learning.models.rbm_phases import simulate_rbm_phase
from cl_theory.proof.checks.exact import close
from cl_theory.proof.checks.outcome import Outcome
from cl_theory.proof.systems.chain_systems import AT_REST, limit_at_zero, limiting_slope, shifted_mean
from cl_theory.proof.systems.leading_systems import forgetful_chain
from cl_theory.proof.systems.real_models import RealModel, bars_model
from cl_theory.seeds import stream
from cl_theory.theory.arithmetic import exact_array
from cl_theory.theory.chains import symbols as d
from cl_theory.theory.chains.local_chain import local_chain
from cl_theory.theory.chains.mixing import ChainConstants, uniform_constants
from cl_theory.theory.chains.phase_lengths import Fixed, Geometric
from cl_theory.theory.chains.poisson import Equilibrium
from cl_theory.theory.chains.softmax_chain import SoftmaxChain, three_state_chain, three_state_phases
from cl_theory.theory.chains.solvable_chains import AffineChain, LinearAutoregression, flipping_chain
from cl_theory.theory.chains.stationary import matrix_power, stationary_distributions
from cl_theory.theory.dynamics import flow_statements as flow
from cl_theory.theory.dynamics.enumeration import current_bias, phase_means
from cl_theory.theory.dynamics.expansion import second_order
from cl_theory.theory.dynamics.linear import linear_mean
from cl_theory.theory.dynamics.simulation import PhaseEnds, simulate_always_on
from cl_theory.theory.dynamics.transfer import TransferOperator, euler_path, gradient_flow
from cl_theory.theory.system import System

RATE_OFF = "rate off by 1 %"
STANDARD_STEP = "the standard step"
STEP_BIAS = "a bias of 1 % of the step that stays"
CORRELATION_OUT = "correlation left out"


# Following the flow --------------------------------------------------------------------------------


def one_state_phases() -> list[System]:
    """A network with nothing to equilibrate and a quadratic gradient, rational: phases of 1, 2, 4 and 8 steps."""
    gradient = [Fraction(1, 3), Fraction(3, 4), Fraction(-1, 2)]
    constant, slope, bend = gradient
    parts = [[1]], [[[0]]], [[constant]], [[[slope]]], [[[bend]]]
    lonely = AffineChain(*map(exact_array, parts))

    def euler(n_steps: int, taken: int) -> np.ndarray:
        place = start = Fraction(1, 2)
        for _ in range(taken):
            place -= (constant + slope * place + bend * place**2) / n_steps
        return np.array([place - start], dtype=object)

    def phase(n_steps: int, rate: Fraction = Fraction(1)) -> System:
        def moved() -> np.ndarray:
            return phase_means(lonely, [Fraction(1, 2)], 0, n_steps, step_size=rate / n_steps).displacement[n_steps]

        values = {d.mean_Delta: moved, flow.small_steps: lambda: euler(n_steps, n_steps)}
        wrong = {
            RATE_OFF: lambda: phase(n_steps, Fraction(101, 100)),
            STANDARD_STEP: lambda: System("one step", {d.mean_Delta: euler(1, 1)}),
        }
        return System(f"one state, {n_steps} steps", values, family="one state", wrong=wrong)

    return [phase(n_steps) for n_steps in (1, 2, 4, 8)]


def forgetful_bends() -> list[System]:
    """The network that forgets in two steps: how Q_T bends in T, once its transients are over. Exact."""
    chain, rest = forgetful_chain(), Equilibrium.of(forgetful_chain())
    quadratic = {n: second_order(chain, 0, Fixed(n)).second for n in range(6, 14)}

    def at(n: int) -> System:
        bend = quadratic[n + 1] - 2 * quadratic[n] + quadratic[n - 1]
        values = {flow.Q_bend: bend, d.D_g_bar: rest.mean_gradient_derivative, d.g_bar: rest.mean_gradient}
        step = System("against the standard step", {flow.Q_bend: 0 * bend})
        wrong = {STANDARD_STEP: lambda: step}
        return System(f"chain that forgets in two steps, T = {n}", values, family="lengths", wrong=wrong)

    return [at(n) for n in range(7, 13)]


def long_three_state_phases(rates: tuple[float, ...] = (0.1, 0.05, 0.025)) -> list[System]:
    """The mean displacement of the three-state chain, extrapolated to tau = infinity, and its gradient flow."""

    def limit(rate: float) -> np.ndarray:
        lengths = 2.0 ** np.arange(6, 11)
        return limit_at_zero(1 / lengths, [_moved(rate, int(n), 7) for n in lengths])

    def at(rate: float) -> System:
        values = {flow.long_phases: lambda: limit(rate), flow.flowed: lambda: _flowed(rate)}
        step = {flow.long_phases: lambda: -rate * _at_theta().mean_gradient}
        wrong = {
            STANDARD_STEP: lambda: System("step", step),
            RATE_OFF: lambda: System("faster", {flow.long_phases: lambda: 1.01 * limit(rate)}),
        }
        return System(f"three states, eta = {rate}", values, family="three states, long phases", wrong=wrong)

    return [at(rate) for rate in rates]


def three_state_bend() -> System:
    """What stays of the flow's displacement against the standard step, over eta^2, extrapolated to eta = 0."""
    rates, at = 0.05 / 2.0 ** np.arange(6), _at_theta()
    table = [(_flowed(rate) + rate * at.mean_gradient) / rate**2 for rate in rates]
    limit = limit_at_zero(rates, table)
    values = {flow.stays: limit, d.D_g_bar: at.mean_gradient_derivative, d.g_bar: at.mean_gradient}
    twice = System("twice", {flow.stays: 2 * limit})
    return System("three states, eta to 0", values, wrong={"a factor 1/2 lost": lambda: twice})


def slopes_in_length(spoiled: float = 1.0) -> list[float]:
    """AR(1): slopes in 1/tau of the distance to the flow (times `spoiled`) and to the standard step."""
    network, lengths = LinearAutoregression(0.5, 0.7, 0.2, 0.3), 2 ** np.arange(6, 14)
    ends = np.array([linear_mean(network, 2.0, 3.0, Fixed(int(n)), step_size=0.5 / n)[0] for n in lengths])
    goals = spoiled * 2.0 * np.exp(-0.5 * network.total_slope), 2.0 - 0.5 * network.mean_gradient(2.0)
    return [limiting_slope(1 / lengths, ends - goal) for goal in goals]


def bounded_phases() -> list[System]:
    """The three-state chain on a grid of rates and lengths, with constants that hold uniformly within reach."""
    return [_bounded(rate, length) for rate in (0.001, 0.005, 0.02) for length in (8, 2**10, 2**20)]


def _bounded(rate: float, length: int) -> System:
    at, times = _at_theta(), (0, 4, 16, 64)
    step, bent = rate * np.linalg.norm(at.mean_gradient), rate**2 * np.linalg.norm(at.curvature) / 2

    def distance() -> float:
        return float(np.linalg.norm(_moved(rate, length, 4, 0) - _flowed(rate)))

    def biases() -> np.ndarray:
        first = np.linalg.norm(three_state_chain().gradient(AT_REST)[0] - at.mean_gradient)
        operator = _operator(rate, length, 4)
        return np.array([first, *(np.linalg.norm(operator.current_bias(0, Fixed(n))) for n in times[1:])])

    values = d.constant_values(partial(_uniform, rate)) | {
        d.eta: rate, d.tau: float(length), d.t: np.array(times, dtype=float),
        d.Psi_1: lambda: _ends(_uniform(rate), rate), d.flow_gap: distance, d.current_bias: biases,
    }  # fmt: skip
    stays = {d.flow_gap: lambda: distance() + 0.01 * step, d.current_bias: lambda: biases() + 0.01 * step / rate}
    wrong = {
        STEP_BIAS: lambda: System("bias", stays),
        STANDARD_STEP: lambda: System("step", {d.flow_gap: lambda: distance() + bent}),
    }
    return System(f"three states, eta = {rate}, tau = {length}", values, family="rates and lengths", wrong=wrong)


def _ends(constants: ChainConstants, rate: float) -> float:
    return 2 * constants.psi + constants.psi_lipschitz * constants.M * rate


@cache
def _uniform(rate: float) -> ChainConstants:
    chain = three_state_chain()
    return uniform_constants(chain, AT_REST, 1.01 * rate * chain.smoothness(AT_REST, 1.0).M)


@cache
def _at_theta() -> Equilibrium:
    return Equilibrium.of(local_chain(three_state_chain(), AT_REST))


@cache
def _operator(rate: float, length: int, degree: int) -> TransferOperator:
    return TransferOperator.of_phase(
        three_state_chain(), AT_REST, learning_rate=rate, mean_length=length, degree=degree
    )


def _moved(rate: float, length: int, degree: int, start: Any = None) -> np.ndarray:
    begins = _at_theta().law if start is None else start
    return _operator(rate, length, degree).mean_displacement(begins, Fixed(length))


@cache
def _flowed(rate: float) -> np.ndarray:
    return gradient_flow(three_state_chain(), AT_REST, rate) - AT_REST


def euler_ends(rate: float) -> list[np.ndarray]:
    """Away from the flow's end: one Euler step, two of half the size, and twice the second less the first."""
    one, two = (euler_path(three_state_chain(), AT_REST, rate, steps) - AT_REST - _flowed(rate) for steps in (1, 2))
    return [one, two, 2 * two - one]


def geometric_phase(length: int = 512) -> System:
    """One state, G = theta, eta = 1/2: the mean over a geometric length, against the flow. Rational on the left."""
    single = LinearAutoregression(*(Fraction(n) for n in (0, 0, 1, 0)))
    end = linear_mean(single, Fraction(1), Fraction(0), Geometric(length), step_size=Fraction(1, 2 * length))[0]
    values = {
        flow.long_phases: np.array([float(end - 1)]), flow.flowed: np.array([np.exp(-0.5) - 1]),
        flow.over_times: np.array([float(Fraction(2 * length - 1, 3 * length - 1) - 1)]),
    }  # fmt: skip
    return System("geometric length, one state: theta_0/(1+x) in place of theta_0 exp(-x)", values)


def freezing_phase(moved: float) -> System:
    """The network that freezes where learning takes it: `moved` is its mean displacement, theta_0 = 0.2, eta = 1."""
    values = {
        flow.long_phases: np.array([moved]), flow.flowed: np.array([-0.5]), flow.over_times: np.array([-1.0 + 0.2]),
    }  # fmt: skip
    return System("a network that freezes where learning takes it: full speed where the flow has half", values)


# Lagging behind the current parameters ----------------------------------------------------------------


def forgetful_lags() -> list[System]:
    """The network that forgets in two steps, from each state at t = 5, 6, 9: exact."""
    chain, rest = forgetful_chain(), Equilibrium.of(forgetful_chain())

    def measured(t: int, start: int) -> np.ndarray:
        powers = [matrix_power(chain.transition_matrix, k)[start] for k in range(t)]
        drifted = sum((power @ chain.gradient for power in powers), 0 * rest.mean_gradient)
        return rest.mean_gradient_derivative @ drifted - _grown(chain, start, t)

    def at(t: int, start: int) -> System:
        values = {d.lag: rest.lag, d.Gamma: rest.correlation, flow.scaled_current_bias: measured(t, start)}
        return System(f"chain that forgets in two steps, from {start}, t = {t}", values, family="starts and times")

    return [at(t, start) for t in (5, 6, 9) for start in range(3)]


def negative_phase_lags() -> list[System]:
    """The negative phase of chapter 12's pair from equilibrium, by every path, extrapolated to steps of size 0."""
    own, steps = negative_phase(), 0.004 / 2.0 ** np.arange(5)
    table = _path_biases(steps)

    def at(t: int) -> System:
        limit = limit_at_zero(steps, table[:, t] / steps[:, None])
        values = {
            d.t: float(t), d.D_g_bar: own.mean_gradient_derivative, d.g_bar: own.mean_gradient,
            flow.Q_growth: _grown(own.local, own.law, t), flow.scaled_current_bias: limit,
        }  # fmt: skip
        off = {flow.scaled_current_bias: limit - own.correlation}
        wrong = {CORRELATION_OUT: lambda: System("without", off)}
        return System(f"negative phase of the three-state pair, t = {t}", values, family="negative phase", wrong=wrong)

    return [at(t) for t in (1, 4, 8)]


def transient_left(t: int = 8) -> float:
    """How much of the distance to the lag at t = 1 is left at time t, in the negative phase."""
    own = negative_phase()

    def away(n: int) -> float:
        grown = n * own.curvature - _grown(own.local, own.law, n)
        return float(np.linalg.norm(grown - (own.lag - own.correlation)))

    return away(t) / away(1)


def lag_in_time(times: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """First coordinate, at `times` from 1 on: measured over small steps, to second order, and what it settles at."""
    own, step = negative_phase(), 1e-4
    measured = current_bias(_negative(), AT_REST, own.law, int(times.max()), step_size=step)[times, 0] / step
    second = np.array([(n * own.curvature - _grown(own.local, own.law, int(n)))[0] for n in times])
    return measured, second, np.full(len(times), (own.lag - own.correlation)[0])


def slope_of_update(spoiled: float = 0.0) -> float:
    """Slope in eta of one update's bias against the current parameters; `spoiled` times the gradient is added to it."""
    steps = 0.004 / 2.0 ** np.arange(5)
    return limiting_slope(steps, steps * (_path_biases(steps)[:, 8, 0] + spoiled * negative_phase().mean_gradient[0]))


@cache
def negative_phase() -> Equilibrium:
    """The negative phase of the three-state pair at AT_REST."""
    return Equilibrium.of(local_chain(_negative(), AT_REST))


def _negative() -> SoftmaxChain:
    return three_state_phases()[1]


def _path_biases(steps: np.ndarray) -> np.ndarray:
    law = negative_phase().law
    return np.array([current_bias(_negative(), AT_REST, law, 8, step_size=step) for step in steps])


def _grown(local: Any, start: Any, t: int) -> np.ndarray:
    return second_order(local, start, Fixed(t + 1)).second - second_order(local, start, Fixed(t)).second


def flipping_phase() -> System:
    """Two states in turn, G(z) = z, read at even times: the start is never forgotten."""
    read = phase_means(flipping_chain(), [0.0], 1, 9, step_size=0.01).gradient[[2, 4, 6, 8], 0]
    values = {d.current_bias: np.abs(read - 0.5), d.eta: 0.01, d.tau: 1.0, d.t: np.array([2.0, 4, 6, 8]),
              d.C: 2.0, d.rho: 0.5, d.M: 1.0, d.Lambda_1: 0.0, flow.for_ever: np.full(4, 0.5)}  # fmt: skip
    return System("two states in turn: biased by 1/2 at every even time, for ever", values)


def early_updates(step: float = 1e-9) -> System:
    """The negative phase from state 0 before equilibration: times 0, 1, 2, in units of the largest gradient."""
    own = negative_phase()
    early = current_bias(_negative(), AT_REST, 0, 2, step_size=step)
    powers = [matrix_power(own.local.transition_matrix, t)[0] for t in range(3)]
    faded = np.array([power @ own.local.gradient - own.mean_gradient for power in powers])
    values = {d.current_bias: np.linalg.norm(early, axis=1), d.eta: step, d.tau: 1.0, d.t: np.array([0.0, 1, 2]),
              d.C: 0.0, d.rho: 0.5, d.M: 1.0, d.Lambda_1: 100 * np.linalg.norm(own.lag),
              flow.for_ever: np.linalg.norm(faded, axis=1)}  # fmt: skip
    return System("before equilibration: what is left of the start, P^t(G - gbar), and not the lag", values)


def rbm_flow_check(
    root: int, claim: str, *, learning_rate: float, phase_length: int, model: RealModel | None = None
) -> tuple[Outcome, Mapping[str, Outcome]]:
    r"""Free phases of a real RBM, always on, against the flow of its enumerated mean gradient.

    :math:`2\Delta_{2\tau} - \Delta_\tau` has no term of order 1/tau, so its mean is the flow's displacement up to
    O(eta/tau^2). Two directions: the gradient, and its change along itself. Planted: what the wrong readings predict.
    """
    model = model or bars_model()
    rbm = model.rbm

    def field(flat: np.ndarray) -> np.ndarray:
        return -rbm_phase_means(rbm.with_flat(flat), model.data[:1])[1]

    step = field(rbm.flat)
    bend = (field(rbm.flat + 1e-4 * step) - field(rbm.flat - 1e-4 * step)) / 2e-4
    directions = np.stack([step / np.linalg.norm(step), bend / np.linalg.norm(bend)])
    flowed = gradient_flow(field, rbm.flat, learning_rate, tolerance=1e-3) - rbm.flat
    target, standard = directions @ flowed, directions @ (-learning_rate * step)
    sampler = ExactPhaseSampler(rbm, model.data)

    def draw(rng: np.random.Generator, size: int) -> np.ndarray:
        v, h = sampler.negative(rng, size)
        ends = [
            simulate_rbm_phase(
                rng, rbm, v, h, Fixed(steps), learning_rate=learning_rate, is_positive=False, directions=directions
            ).displacement
            for steps in (phase_length, 2 * phase_length)
        ]
        return 2 * ends[1] - ends[0]

    errors = {
        "the standard step": standard - target,
        "twice the flow term": learning_rate**2 / 2 * directions @ bend,
        "rate off by 1 %": -0.01 * learning_rate * directions @ field(rbm.flat + flowed),
    }
    check = shifted_mean(draw, target, errors, np.abs(target), pilot=1000)
    return check.check(root, claim, model.name, scope=f"free phases of the RBM on {model.name}: gradient flow")


def bias_against_the_step(dreamt: Outcome, learning_rate: float) -> float:
    """Per cent of the standard step by which the flow of `rbm_flow_check`'s model departs from it, along itself."""
    model = bars_model()
    step = -learning_rate * np.linalg.norm(rbm_phase_means(model.rbm, model.data)[1])
    return float(100 * abs(dreamt.details["target"][0] / step - 1))


def lag_check(root: int, claim: str, *, step_size: float, t: int) -> tuple[Outcome, Mapping[str, Outcome]]:
    """E[G(z_t, theta_t) - gbar(theta_t)] by simulation from equilibrium, against its exact value.

    The same random numbers without learning have mean 0 and take off most of the noise.
    """
    chain, at = _negative().floats(), negative_phase()
    frozen = at.local.gradient - at.mean_gradient

    def ends(seed: int, size: int, rate: float) -> PhaseEnds:
        return simulate_always_on(stream(seed), chain, AT_REST, at.law, Fixed(t), size, learning_rate=rate)

    def draw(rng: np.random.Generator, size: int) -> np.ndarray:
        seed = int(rng.integers(2**62))
        learned = ends(seed, size, step_size * t)
        gradient = chain.gradient(learned.parameters)
        laws = stationary_distributions(chain.transition_matrix(learned.parameters))
        read = gradient[np.arange(size), learned.states] - np.einsum("nz,nzi->ni", laws, gradient)
        return read - frozen[ends(seed, size, 1e-12).states]

    target = current_bias(chain, AT_REST, at.law, t, step_size=step_size)[t]
    errors = {
        "no lag at all": -target,
        "correlation left out": step_size * at.correlation,
        "of the wrong sign": -2 * target,
    }
    check = shifted_mean(draw, target, errors, float(np.abs(target).max()))
    return check.check(root, claim, scope="bias against the current parameters by simulation, three states")


def orders_in_length() -> tuple[Outcome, Mapping[str, Outcome]]:
    """AR(1): the distance to the flow is of order 1 in 1/tau, that to the standard step of order 0."""
    scope, slopes = "AR(1), slope in 1/tau of the distance to the flow and to the step", slopes_in_length()
    planted = {"yardsticks exchanged": slopes[::-1], "flow off by 1 %": slopes_in_length(1.01)}
    return _orders(scope, slopes, [1.0, 0.0], planted, tolerance=1e-4)


def order_of_update() -> tuple[Outcome, Mapping[str, Outcome]]:
    """One update's bias against the current parameters is of order 2 in eta."""
    scope = "slope in eta of one update's bias against the current parameters"
    planted = {"a bias of 1 % that stays": slope_of_update(0.01)}
    return _orders(scope, slope_of_update(), 2.0, planted, tolerance=1e-3)


def _orders(
    scope: str, found: Any, expected: Any, planted: Mapping[str, Any], *, tolerance: float
) -> tuple[Outcome, Mapping[str, Outcome]]:
    def check(slopes: Any) -> Outcome:
        return close(slopes, expected, scope=scope, tolerance=tolerance)

    return check(found), {name: check(wrong) for name, wrong in planted.items()}


def freezing_mean(parameter: float, learning_rate: float, n_steps: int) -> float:
    """E[theta_T - theta_0] of a network that freezes as it learns: two states, switched with probability
    max(theta, 0)/2, gradient G(z) = z, start in state 1.

    theta = theta_0 - epsilon k after k visits to state 1, so that the law of (z, k) is a table.
    """
    step = learning_rate / n_steps
    switch = np.clip(parameter - step * np.arange(n_steps + 1), 0.0, 1.0) / 2
    off, on = np.zeros(n_steps + 1), np.zeros(n_steps + 1)
    on[0] = 1.0
    for _ in range(n_steps):
        stay_off, leave_off = off * (1 - switch), off * switch
        stay_on, leave_on = on * (1 - switch), on * switch  # the kernel before the update, then the update
        off, on = stay_off, leave_off
        off[1:] += leave_on[:-1]
        on[1:] += stay_on[:-1]
    return float(-step * (np.arange(n_steps + 1) @ (off + on)))
