"""The AR(1) network in closed form, and the order of phases in the limit of long ones."""

from fractions import Fraction

import numpy as np
import pytest
import sympy as sp

from cl_theory.proof.systems.leading_systems import ar_values
from cl_theory.theory.chains.local_chain import local_chain
from cl_theory.theory.chains.phase_lengths import Fixed, Geometric
from cl_theory.theory.chains.poisson import Equilibrium
from cl_theory.theory.chains.softmax_chain import three_state_phases
from cl_theory.theory.chains.solvable_chains import LinearAutoregression
from cl_theory.theory.chains.symbols import T
from cl_theory.theory.dynamics import noise_statements as noise
from cl_theory.theory.dynamics.expansion import (
    MeanPhases,
    isd_fixed_point,
    isd_fixed_point_shift,
    isd_mean_displacement,
)
from cl_theory.theory.dynamics.leading_statements import AR_SECOND, GAP
from cl_theory.theory.dynamics.linear import linear_mean
from cl_theory.theory.dynamics.transfer import mean_gradient
from cl_theory.theory.estimators import symbols
from cl_theory.theory.system import System

NETWORK = LinearAutoregression(Fraction(1, 2), Fraction(2, 3), Fraction(1, 5))
FLOATS = LinearAutoregression(0.5, 2 / 3, 0.2)
POSITIVE, NEGATIVE = three_state_phases()
THETA = np.log([2.0, 0.5])


def g_positive(theta: np.ndarray) -> np.ndarray:
    return mean_gradient(POSITIVE, theta)


def g_negative(theta: np.ndarray) -> np.ndarray:
    return mean_gradient(NEGATIVE, theta)


def phases_at(theta: np.ndarray) -> MeanPhases:
    plus, minus = (Equilibrium.of(local_chain(chain, theta)) for chain in (POSITIVE, NEGATIVE))
    return MeanPhases(
        plus.mean_gradient, plus.mean_gradient_derivative, minus.mean_gradient, minus.mean_gradient_derivative
    )


@pytest.mark.parametrize("n_steps", [1, 2, 9])
def test_the_closed_form_is_the_coefficient_of_epsilon_squared(n_steps: int) -> None:
    step = sp.Symbol("epsilon")
    matrix = sp.Matrix([[1 - step / 5, -step], [sp.Rational(1, 3), sp.Rational(1, 2)]])
    mean = sp.Poly(sp.expand((matrix**n_steps * sp.Matrix([2, 3]))[0]), step)
    values = ar_values(NETWORK, Fraction(2), Fraction(3)) | {T: Fraction(n_steps)}
    assert mean.coeff_monomial(step**2) == AR_SECOND.right_value(System("AR(1)", values))


def test_the_linear_mean_of_rationals_is_rational() -> None:
    exact = linear_mean(NETWORK, Fraction(2), Fraction(3), Geometric(7), step_size=Fraction(1, 50))
    assert all(isinstance(value, Fraction) for value in exact)
    assert exact.astype(float) == pytest.approx(linear_mean(FLOATS, 2.0, 3.0, Geometric(7), step_size=0.02))


def test_the_gap_to_the_flow_has_its_closed_form_limit() -> None:
    eta, theta, state = 0.5, 2.0, 3.0
    flow = theta * np.exp(-eta * FLOATS.total_slope)
    values = ar_values(FLOATS, theta, state) | {noise.pull: eta * FLOATS.total_slope}
    limit = GAP.right_value(System("AR(1)", values))
    gaps = [
        tau / eta * (linear_mean(FLOATS, theta, state, Fixed(tau), step_size=eta / tau)[0] - flow)
        for tau in (10**3, 10**5)
    ]
    assert gaps[1] == pytest.approx(limit, rel=1e-4)
    assert abs(gaps[0] - limit) == pytest.approx(100 * abs(gaps[1] - limit), rel=0.1)


def test_geometric_lengths_leave_a_hyperbola_where_fixed_ones_leave_an_exponential() -> None:
    eta, tau = 0.8, 10**6
    x = eta * FLOATS.total_slope
    fixed = linear_mean(FLOATS, 1.0, 0.0, Fixed(tau), step_size=eta / tau)[0]
    geometric = linear_mean(FLOATS, 1.0, 0.0, Geometric(tau), step_size=eta / tau)[0]
    assert fixed == pytest.approx(np.exp(-x), rel=1e-5)
    assert geometric == pytest.approx(1 / (1 + x), rel=1e-5)


def test_an_unstable_geometric_mean_is_refused() -> None:
    # G = -theta: theta grows by eta/tau a step, and E theta_T is infinite as soon as eta (1 - 1/tau) >= 1.
    network = LinearAutoregression(0.5, 0.0, -1.0)
    finite = linear_mean(network, 1.0, 0.0, Geometric(100), step_size=1.0 / 100)[0]
    assert finite > 50
    with pytest.raises(ValueError, match="the mean over the length is infinite"):
        linear_mean(network, 1.0, 0.0, Geometric(100), step_size=1.02 / 100)


@pytest.mark.parametrize("value", [1, -1, Fraction(3, 2), float("nan")])
def test_a_network_without_equilibrium_is_refused(value) -> None:
    with pytest.raises(ValueError, match="decay must lie strictly between -1 and 1"):
        LinearAutoregression(value, 1, 1)


def _coefficient(displacement, phases: MeanPhases) -> np.ndarray:
    """Richardson extrapolation of the eta^2 term of a mean displacement, error O(eta^2)."""
    eta = 0.004
    halves = [(displacement(h) + h * phases.mu) / h**2 for h in (eta, eta / 2)]
    return 2 * halves[1] - halves[0]


@pytest.mark.parametrize("b", [0.5, 0.3])
@pytest.mark.parametrize("centred", [False, True])
def test_an_isd_phase_has_the_predicted_quadratic_term(b: float, centred: bool) -> None:
    phases = phases_at(THETA)
    baseline = phases.centre(b) if centred else np.zeros(2)
    measured = _coefficient(
        lambda eta: isd_mean_displacement(
            g_positive, g_negative, THETA, learning_rate=eta, p_positive=b, baseline=baseline
        ),
        phases,
    )
    known = {symbols.b: b, symbols.c: baseline, symbols.mu_plus: phases.positive, symbols.mu_minus: phases.negative}
    known |= {noise.D_plus: phases.positive_derivative, noise.D_minus: phases.negative_derivative}
    stated = noise.ISD_BEND.term_values(System("mean phases", known))
    assert measured == pytest.approx(np.ravel(sum(stated.values())), abs=3e-3)
    if not centred:
        assert measured != pytest.approx(np.ravel(stated["flow of the difference"]), rel=0.1)


def test_the_fixed_point_moves_without_a_baseline_and_stays_with_one() -> None:
    rest = isd_fixed_point(g_positive, g_negative, [0.24, -0.17], learning_rate=1e-6, p_positive=0.5)
    assert abs(g_positive(rest) - g_negative(rest)).max() < 1e-5
    phases = phases_at(rest)
    moved = [
        (isd_fixed_point(g_positive, g_negative, rest, learning_rate=eta, p_positive=0.4) - rest) / eta
        for eta in (0.02, 0.01)
    ]
    shift = isd_fixed_point_shift(phases, 0.4, np.zeros(2))
    assert 2 * moved[1] - moved[0] == pytest.approx(shift, rel=2e-3)
    assert np.linalg.norm(shift) > 1
    centred = isd_fixed_point(
        g_positive, g_negative, rest, learning_rate=0.02, p_positive=0.4, baseline=phases.centre(0.4)
    )
    assert np.linalg.norm(centred - rest) < 1e-5
