"""Systems for the noise of a phase and for ISD with always-on phases: exact, in the limit, drawn, and broken."""

from collections.abc import Callable, Sequence
from fractions import Fraction
from functools import cache, partial
from typing import Any

import numpy as np
import sympy as sp
from scipy.optimize import root

from cl_theory.arguments import positive_integer
from cl_theory.proof.checks.statement_checks import Drawn
from cl_theory.proof.systems.chain_systems import limit_at_zero
from cl_theory.proof.systems.leading_systems import (
    THETA,
    forgetful_chain,
    left_by,
    operator,
    shifted_mean,
    three_states,
)
from cl_theory.seeds import FIXED_ROOT, stream
from cl_theory.theory.arithmetic import exact_array
from cl_theory.theory.chains import symbols as d
from cl_theory.theory.chains.local_chain import LocalChain, local_chain
from cl_theory.theory.chains.phase_lengths import Fixed, Geometric, PhaseLength, TwoPoint, Uniform
from cl_theory.theory.chains.poisson import Equilibrium
from cl_theory.theory.chains.softmax_chain import SoftmaxChain, three_state_chain, three_state_phases, with_gradient
from cl_theory.theory.chains.solvable_chains import LinearAutoregression, stuck_chain
from cl_theory.theory.chains.stopping import StopAt
from cl_theory.theory.dynamics import noise_statements as noise
from cl_theory.theory.dynamics.enumeration import phase_means
from cl_theory.theory.dynamics.expansion import (
    MeanPhases,
    SecondOrder,
    end_of_phase_covariance,
    frozen_sum,
    isd_fixed_point,
    second_order,
)
from cl_theory.theory.dynamics.linear import linear_covariance
from cl_theory.theory.dynamics.simulation import simulate_always_on
from cl_theory.theory.dynamics.transfer import TransferOperator, mean_gradient
from cl_theory.theory.estimators import symbols as s
from cl_theory.theory.system import System

Pair = tuple[SoftmaxChain, SoftmaxChain]
B_ISD = 0.4
"""b of the three-state pair, wherever it is not said otherwise."""


def three_state_pair() -> Pair:
    """The pair of `three_state_phases` in float64."""
    positive, negative = three_state_phases()
    return positive.floats(), negative.floats()


@cache
def rest_point() -> np.ndarray:
    """Where mu = gbar+ - gbar- is 0 for the pair of three-state phases, (2,)."""
    up, down = three_state_pair()
    return root(lambda theta: mean_gradient(up, theta) - mean_gradient(down, theta), [0.24, -0.17], tol=1e-13).x


def phases_at(theta: np.ndarray) -> MeanPhases:
    """Mean gradients and Jacobians of the pair of three-state phases at `theta`."""
    return mean_phases([local_chain(member, theta) for member in three_state_pair()])


def mean_phases(locals_: Sequence[LocalChain]) -> MeanPhases:
    """Mean gradients and Jacobians of a pair of local chains, float64 or exact."""
    up, down = (Equilibrium.of(local) for local in locals_)
    return MeanPhases(up.mean_gradient, up.mean_gradient_derivative, down.mean_gradient, down.mean_gradient_derivative)


def isd_phases(pair: Pair, p_positive: Any, baseline: Any) -> Pair:
    """The pair as learning sees it: (G - c)/b in a positive phase, -(G - c)/(1-b) in a negative one."""
    positive, negative = pair
    return (
        with_gradient(positive, factor=1 / p_positive, baseline=baseline),
        with_gradient(negative, factor=-1 / (1 - p_positive), baseline=baseline),
    )


def isd_drift(theta: np.ndarray, baseline: Any, *, rate: float, length: int) -> np.ndarray:
    """Exact mean displacement (2,) of one always-on ISD phase of fixed length, started in equilibrium."""
    moved = [
        TransferOperator.of_phase(chain, theta, learning_rate=rate, mean_length=length).mean_displacement(
            Equilibrium.of(local_chain(chain, theta)).law, Fixed(length)
        )
        for chain in isd_phases(three_state_pair(), B_ISD, baseline)
    ]
    return _over_the_coin(moved)


def learn_together_by_isd(
    rng: np.random.Generator, n_phases: int, n_copies: int, *, rate: float, length: int, baseline: Any
) -> np.ndarray:
    """Parameters (n_phases+1, 2) that `n_copies` share, from where mu = 0: each tosses its own coin, always learns, and
    after every phase all go on from the mean of where they came to. States go on from phase to phase."""
    chains, states = isd_phases(three_state_pair(), B_ISD, baseline), np.zeros(n_copies, dtype=np.int64)
    path = [rest_point()]
    for _ in range(positive_integer(n_phases, "n_phases")):
        is_positive, total = rng.random(n_copies) < B_ISD, np.zeros(2)
        for rows, chain in zip((is_positive, ~is_positive), chains, strict=True):
            if rows.any():
                size = int(rows.sum())
                ends = simulate_always_on(rng, chain, path[-1], states[rows], Fixed(length), size, learning_rate=rate)
                total, states[rows] = total + ends.parameters.sum(axis=0), ends.states
        path.append(total / n_copies)
    return np.stack(path)


ONE_STATE = "covariance of one state"
RATE_OFF = "rate off by 1 %"
BASELINE_OFF = "another baseline"
NOISY_NETWORK = LinearAutoregression(0.8, 0.7, 0.2, 0.6)
"""The AR(1) network of chapter 12's picture and of its largest rates."""


# Noise of a phase ----------------------------------------------------------------------------------


def forgetful_growth() -> list[System]:
    """Cov S_{n+1} - Cov S_n in the network that forgets in two steps, from each state: exact for n > 2."""
    chain, rest = forgetful_chain(), Equilibrium.of(forgetful_chain())

    def grown(start: int, n: int) -> np.ndarray:
        return _sum(chain, Fixed(n + 1), start) - _sum(chain, Fixed(n), start)

    return [
        _growth(rest, partial(grown, start, n), f"chain that forgets in two steps, from {start}, n = {n}")
        for start in range(3)
        for n in (5, 6, 9)
    ]


def three_state_growth() -> System:
    """Cov S_n / n of the three-state chain as n -> infinity, from doubled lengths."""
    at, lengths = three_states(), 2.0 ** np.arange(5, 10)
    table = [_sum(at.local, Fixed(int(n)), at.law) / n for n in lengths]
    return _growth(at, lambda: limit_at_zero(1 / lengths, table), "three states, Cov S_n/n extrapolated")


def _growth(rest: Equilibrium, grown: Callable[[], np.ndarray], name: str) -> System:
    wrong = System(name, {noise.growth: lambda: end_of_phase_covariance(rest)})
    values = {noise.growth: grown, d.Sigma_inf: rest.covariance}
    return System(name, values, family=name.split(",")[0], wrong={ONE_STATE: lambda: wrong})


def forgetful_sums() -> list[System]:
    """Sums of random length in the network that forgets in two steps; what its ends add is read off a fixed length."""
    chain, rest = forgetful_chain(), Equilibrium.of(forgetful_chain())
    ends = _sum(chain, Fixed(7), 0) - 7 * rest.covariance
    laws = (Uniform(5, 11), TwoPoint(5, 13, Fraction(1, 3)), Uniform(6, 8))

    def at(length: PhaseLength) -> System:
        values = d.length_values(length) | {
            d.g_bar: rest.mean_gradient,
            d.Sigma_inf: rest.covariance,
            noise.ends_of_phase: ends,
            d.cov_S_T: lambda: _sum(chain, length, 0),
        }
        return System(f"chain that forgets in two steps, {length}", values, family="random lengths")

    return [at(length) for length in laws]


def slow_phases() -> list[System]:
    """Covariance of a phase of the three-state chain over eta^2, by the transfer operator, extrapolated to eta = 0."""
    ladder, at = 0.04 / 2.0 ** np.arange(4), three_states()

    def slow(length: PhaseLength) -> System:
        limit = partial(limit_at_zero, ladder, [learned_covariance(length, rate) for rate in ladder])
        values = {noise.slow_noise: limit, d.cov_S_T: lambda: _sum(at.local, length, at.law), d.tau: float(length.mean)}
        return System(f"three states, {length}, eta to 0", values, family="three states, eta to 0")

    return [slow(length) for length in (Fixed(10), Fixed(80), Uniform(1, 19))]


@cache
def learned_covariance(length: PhaseLength, rate: float, degree: int = 6, reach: float = 1.2) -> np.ndarray:
    """Exact covariance (2, 2) of a phase of the three-state chain from equilibrium, over eta^2, learning included."""
    return _operator(length, rate, degree, reach).displacement_covariance(three_states().law, length) / rate**2


def learning_correction(rate: float) -> float:
    """By how much learning changes the covariance of a phase of 80 steps, relative and over eta."""
    at = three_states()
    frozen = _sum(at.local, Fixed(80), at.law) / 80.0**2
    return float(np.abs(learned_covariance(Fixed(80), rate) / frozen - 1).max() / rate)


def drawn_phases(rate: float = 0.05) -> list[System]:
    """Simulated covariances of a phase of the three-state chain, of fixed and of uniform length."""
    return [_drawn_phase(Fixed(20), rate, 1.2), _drawn_phase(Uniform(1, 39), rate, 2.4)]


def _drawn_phase(length: PhaseLength, rate: float, reach: float) -> System:
    at, mean_length = three_states(), float(length.mean)
    operator = _operator(length, rate, 10, reach)
    mean, exact = operator.mean_displacement(at.law, length), operator.displacement_covariance(at.law, length)
    entries = np.array([0, 0, 1]), np.array([0, 1, 1])
    centred = at.local.gradient - at.mean_gradient
    independent = rate**2 / mean_length * ((centred.T * at.law) @ centred - at.covariance)

    def draw(rng: np.random.Generator, size: int) -> np.ndarray:
        ends = simulate_always_on(rng, three_state_chain(), THETA, at.law, length, size, learning_rate=rate)
        away = ends.parameters - THETA - mean
        return away[:, entries[0]] * away[:, entries[1]]

    errors = {RATE_OFF: 0.02 * exact[entries], "as if states were independent": independent[entries]}
    values = {
        d.eta: rate, d.tau: mean_length, d.var_T: float(length.variance), d.g_bar: at.mean_gradient,
        d.Sigma_inf: at.covariance,
    }  # fmt: skip
    values[noise.rest_of_noise] = left_by(noise.PHASE_NOISE, noise.rest_of_noise, values, exact)
    drawn = Drawn(
        shifted_mean(draw, exact[entries], errors, scale=np.abs(exact).max()),
        lambda covariance: np.asarray(covariance)[entries],
    )
    return System(f"three states, eta = {rate}, {length}", values, drawn={d.cov_Delta: drawn}, only_drawn=True)


def stuck_phase(length: int = 10, shorter: int = 2) -> System:
    """Two states that are never left, each the start of half of all phases; what a short phase says of the noise."""

    def covariance(steps: int) -> np.ndarray:
        means = phase_means(stuck_chain(), [0.0], np.array([0.5, 0.5]), steps, step_size=0.2 / steps)
        return means.displacement_covariance(Fixed(steps))

    values = _noise_values(0.2, length, 0.5, covariance(shorter) * shorter / 0.2**2) | {
        d.Sigma_pi: np.array([[0.25]]), d.cov_Delta: covariance(length),
    }  # fmt: skip
    return System("two states that are never left: the noise does not fall with tau", values)


def phase_that_stops_itself() -> System:
    """A fair coin, G = 1 at heads, and a phase that ends at the first heads, whose gradient is not used."""
    gradient = np.array([[0.0], [1.0]])
    coin = SoftmaxChain(np.ones((2, 2)), np.zeros((1, 2, 2)), gradient, np.zeros((2, 1, 1)))
    rng, rule = stream(FIXED_ROOT, "coin"), StopAt((1,), longest=60)
    stopped = simulate_always_on(rng, coin, [0.0], 0, rule, 2000, learning_rate=0.2, mean_length=2)
    at = Equilibrium.of(local_chain(coin, [0.0]))
    values = _noise_values(0.2, 2, at.mean_gradient, at.covariance) | {
        d.var_T: float(Geometric(2).variance), d.cov_Delta: np.atleast_2d(stopped.parameters.var()),
    }  # fmt: skip
    return System("a phase that ends when something would be learned: no noise at all", values)


def fast_network(rate: float = 3.0) -> System:
    """tau Cov/eta^2 of the AR(1) network at a large rate, extrapolated to long phases; in units of eta = tau = 1."""
    lengths = 2.0 ** np.arange(8, 14)
    scaled = limit_at_zero(1 / lengths, [network_noise(Fixed(int(n)), rate) * n for n in lengths])
    values = _noise_values(1.0, 1, 0.0, np.array([[NOISY_NETWORK.long_run_variance]])) | {
        noise.pull: rate * NOISY_NETWORK.total_slope, d.cov_Delta: np.array([[float(scaled)]]),
    }  # fmt: skip
    return System("eta = 3: learning damps its own noise, by the factor of an Ornstein-Uhlenbeck process", values)


def network_noise(length: PhaseLength, rate: float) -> float:
    """Exact variance of a phase of the AR(1) network from equilibrium, over eta^2."""
    start = {"state_variance": NOISY_NETWORK.equilibrium_variance}
    moments = linear_covariance(NOISY_NETWORK, 2.0, 1.4, length, step_size=rate / float(length.mean), **start)
    return float(moments[0, 0]) / rate**2


def _noise_values(rate: float, length: float, gradient: Any, covariance: np.ndarray) -> dict[sp.Expr, Any]:
    return {
        d.eta: rate, d.tau: float(length), d.mean_T: float(length), d.var_T: 0.0, d.g_bar: np.atleast_1d(gradient),
        d.Sigma_inf: covariance, noise.rest_of_noise: np.zeros((1, 1)),
    }  # fmt: skip


def _sum(local: LocalChain, length: PhaseLength, start: Any) -> np.ndarray:
    return frozen_sum(local, start, length).covariance


def _operator(length: PhaseLength, rate: float, degree: int, reach: float = 1.2) -> TransferOperator:
    wide = max(reach, 1.2 * float(length.largest / length.mean)) if length.largest else reach
    return operator(length, rate, degree, wide)


# ISD with always-on phases --------------------------------------------------------------------------


def rational_isd() -> list[System]:
    """Three states at rational odds: each chain as learning sees it has its own exact bend; the coin averages them."""
    odds, pair = [Fraction(3, 2), Fraction(4, 5)], three_state_phases()
    phases = mean_phases([chain.at_odds(odds) for chain in pair])

    def at(share: Fraction, baseline: list[Any], off: Any = 0) -> System:
        chains = isd_phases(pair, share, exact_array(baseline) + off)
        up, down = (Equilibrium.of(chain.at_odds(odds)).curvature for chain in chains)
        values = _isd_values(phases, share, exact_array(baseline)) | {noise.bend: (up * share + down * (1 - share)) / 2}
        wrong = {BASELINE_OFF: partial(at, share, baseline, Fraction(1, 100))}
        return System(f"rational odds, b = {share}, c = {baseline}", values, family="rational odds", wrong=wrong)

    settings: list[tuple[Fraction, list[Any]]] = [
        (Fraction(1, 2), [0, 0]),
        (Fraction(2, 5), [0, 0]),
        (Fraction(3, 10), [1, Fraction(-1, 2)]),
        (Fraction(4, 5), [2, 1]),
    ]
    return [at(*setting) for setting in settings]


def resting_isd() -> dict[str, System]:
    """The three-state pair where mu = 0, without a baseline and centred: bends and shifts, extrapolated."""
    phases, family = phases_at(rest_point()), "three states at mu = 0"
    baselines = {"without a baseline": np.zeros(2), "centred": phases.centre(B_ISD)}

    def measured(baseline: np.ndarray) -> dict[sp.Expr, Any]:
        return {
            noise.bend: lambda: _extrapolated_bend(baseline),
            noise.shift: lambda: limit_at_zero(SHIFT_RATES, fixed_point_shifts(baseline) / SHIFT_RATES[:, None]),
            noise.D_mu: phases.mu_derivative,
        }

    def at(name: str, other: str) -> System:
        wrong = {BASELINE_OFF: lambda: System(name, measured(baselines[other]))}
        values = _isd_values(phases, B_ISD, baselines[name]) | measured(baselines[name])
        return System(f"{family}, {name}", values, family=family, wrong=wrong)

    return {name: at(name, other) for name, other in zip(baselines, reversed(baselines), strict=True)}


SHIFT_RATES = np.array([0.04, 0.02, 0.01])


def fixed_point_shifts(baseline: np.ndarray) -> np.ndarray:
    """How far the fixed point of two flows and a coin is from where mu = 0, (3, 2), at SHIFT_RATES."""
    positive, negative = (partial(mean_gradient, member) for member in three_state_pair())
    found = [
        isd_fixed_point(positive, negative, rest_point(), learning_rate=rate, p_positive=B_ISD, baseline=baseline)
        for rate in SHIFT_RATES
    ]
    return np.array(found) - rest_point()


def _extrapolated_bend(baseline: np.ndarray) -> np.ndarray:
    lengths, rates = np.array([16, 32, 64, 128]), 0.02 / 2.0 ** np.arange(4)
    drift = partial(isd_drift, rest_point(), baseline)
    table = [[drift(rate=rate, length=int(n)) / rate**2 for n in lengths] for rate in rates]
    return limit_at_zero(rates, [limit_at_zero(1 / lengths, row) for row in table])


def drawn_isd() -> list[System]:
    """One always-on ISD phase by simulation: where mu = 0, without a baseline and centred, and away from there."""
    place, none = rest_point(), np.zeros(2)
    return [
        _drawn_isd("at mu = 0, no baseline", place, none),
        _drawn_isd("at mu = 0, centred", place, phases_at(place).centre(B_ISD)),
        _drawn_isd("away from mu = 0", place + np.array([0.6, -0.6]), none),
    ]


def _drawn_isd(name: str, theta: np.ndarray, baseline: np.ndarray, rate: float = 0.1, length: int = 20) -> System:
    phases, drift = phases_at(theta), partial(isd_drift, theta, rate=rate, length=length)
    exact = drift(baseline)
    other = drift(np.zeros(2) if baseline.any() else phases.centre(B_ISD))
    values = _isd_values(phases, B_ISD, baseline) | {d.eta: rate}
    values[noise.rest_of_bend] = left_by(noise.ISD_DISPLACEMENT, noise.rest_of_bend, values, exact)
    laws = [Equilibrium.of(local_chain(chain, theta)).law for chain in three_state_pair()]
    seen = isd_phases(three_state_pair(), B_ISD, baseline)

    def draw(rng: np.random.Generator, size: int) -> np.ndarray:
        is_positive, moved = rng.random(size) < B_ISD, np.zeros((size, 2))
        for rows, chain, law in zip((is_positive, ~is_positive), seen, laws, strict=True):
            n = max(int(rows.sum()), 1)
            ends = simulate_always_on(rng, chain, theta, law, Fixed(length), n, learning_rate=rate)
            moved[rows] = (ends.parameters - theta)[: int(rows.sum())]
        return moved

    scale = max(np.abs(exact).max(), np.abs(other).max())
    drawn = Drawn(shifted_mean(draw, exact, {BASELINE_OFF: other - exact}, scale=scale), np.ravel)
    return System(f"three states {name}", values, drawn={d.mean_Delta: drawn}, only_drawn=True)


def first_order_isd(lengths: tuple[int, int], name: str, away: float = 0.0) -> System:
    """Mean displacement of an ISD phase to first order in eta, when the two phases last so long; rates are eta/40."""
    theta = rest_point() + away
    moved = -_over_the_coin([part.first for part in _expanded(theta, *map(Fixed, lengths))]) / 40
    return System(name, _isd_values(phases_at(theta), B_ISD, np.zeros(2)) | {noise.first_order: moved})


def geometric_isd() -> System:
    """The coefficient of eta^2 at mu = 0 with geometric phases, exact to second order and extrapolated in tau."""
    lengths, theta = 2.0 ** np.arange(4, 9), rest_point()
    within = [
        _over_the_coin([part.second / n**2 for part in _expanded(theta, Geometric(int(n)), Geometric(int(n)))])
        for n in lengths
    ]
    name = "geometric phases: the coefficient, and with it the shift, is twice as large"
    values = _isd_values(phases_at(theta), B_ISD, np.zeros(2))
    return System(name, values | {noise.bend: limit_at_zero(1 / lengths, within)})


def _expanded(theta: np.ndarray, *lengths: PhaseLength) -> list[SecondOrder]:
    # Both phases as ISD sees them without a baseline, from equilibrium.
    seen = [Equilibrium.of(local_chain(chain, theta)) for chain in isd_phases(three_state_pair(), B_ISD, 0.0)]
    return [second_order(at.local, at.law, length) for at, length in zip(seen, lengths, strict=True)]


def _over_the_coin(of_phases: Sequence[np.ndarray]) -> np.ndarray:
    positive, negative = of_phases
    return B_ISD * positive + (1 - B_ISD) * negative


def _isd_values(phases: MeanPhases, share: Any, baseline: np.ndarray) -> dict[sp.Expr, Any]:
    return {
        s.b: share,
        s.c: baseline,
        s.mu_plus: phases.positive,
        s.mu_minus: phases.negative,
        noise.D_plus: phases.positive_derivative,
        noise.D_minus: phases.negative_derivative,
    }
