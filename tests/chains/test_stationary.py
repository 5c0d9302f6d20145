"""Equilibrium, mixing and the Poisson equation, against sums, powers and hand-made chains."""

from fractions import Fraction

import numpy as np
import pytest

from cl_theory.seeds import stream
from cl_theory.theory.chains.local_chain import local_chain
from cl_theory.theory.chains.mixing import (
    distance_from_equilibrium,
    dobrushin_coefficient,
    equilibration_time,
    ergodicity,
    spectral_gap,
)
from cl_theory.theory.chains.phase_lengths import Fixed, Geometric, ShiftedGeometric, ShiftedPoisson, TwoPoint, Uniform
from cl_theory.theory.chains.poisson import asymptotic_covariance, fundamental_matrix, poisson_solution
from cl_theory.theory.chains.softmax_chain import SoftmaxChain
from cl_theory.theory.chains.solvable_chains import AffineChain
from cl_theory.theory.chains.stationary import (
    closed_classes,
    matrix_power,
    mean_power,
    power_sum,
    stationary_distribution,
    stationary_distributions,
)
from cl_theory.theory.chains.stopping import StopAt, stopped_length

FLIP = np.array([[0.0, 1.0], [1.0, 0.0]])
HALF, THIRD = Fraction(1, 2), Fraction(1, 3)
RATIONAL = np.array([[HALF, HALF, Fraction(0)], [THIRD, THIRD, THIRD], [Fraction(0), HALF, HALF]])
CHAINS = [SoftmaxChain.random(stream(k, "chains"), 2 + k % 4, 2).at_odds([Fraction(3, 2), THIRD]) for k in range(8)]


@pytest.mark.parametrize("local", CHAINS)
def test_the_stationary_law_is_stationary_exactly(local) -> None:
    law = stationary_distribution(local.transition_matrix)
    assert sum(law) == 1
    assert (law @ local.transition_matrix == law).all()
    floats = local.floats().transition_matrix
    assert np.linalg.matrix_power(floats, 4096)[0] == pytest.approx(law.astype(float), rel=1e-9)
    assert stationary_distributions(np.stack([floats, floats]))[1] == pytest.approx(law.astype(float), rel=1e-12)


def test_a_reducible_chain_is_refused_with_its_classes() -> None:
    kernel = np.array([[1.0, 0, 0], [0.2, 0.3, 0.5], [0, 0, 1.0]])
    assert closed_classes(kernel) == [[0], [2]]
    with pytest.raises(ValueError, match=r"reducible: states \[0\] and \[2\] are never left"):
        stationary_distribution(kernel)


def test_transient_states_do_not_make_a_chain_reducible_here() -> None:
    assert stationary_distribution(np.array([[0.5, 0.5], [0.0, 1.0]])) == pytest.approx([0, 1])


@pytest.mark.parametrize(
    ("kernel", "message"),
    [
        (np.array([[0.5, 0.4], [0.5, 0.5]]), "rows that sum to one, got 0.9 in row 0"),
        (np.array([[np.nan, 1.0], [0.5, 0.5]]), "must be finite"),
        (np.array([[1.5, -0.5], [0.5, 0.5]]), "must not be negative"),
        (np.array([[0.5, 0.5]]), "must be square"),
        (RATIONAL + np.array([[Fraction(1, 10**20), 0, 0]] * 3), "rows that sum to one"),
    ],
)
def test_a_kernel_that_is_not_stochastic_is_refused(kernel, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        stationary_distribution(kernel)


def test_a_periodic_chain_has_a_law_but_never_equilibrates() -> None:
    assert stationary_distribution(FLIP) == pytest.approx([0.5, 0.5])
    assert spectral_gap(FLIP) == pytest.approx(0)
    for fails in (lambda: equilibration_time(FLIP, 0.1), lambda: ergodicity(FLIP)):
        with pytest.raises(ValueError, match="periodic"):
            fails()


def test_two_states_have_the_textbook_gap_and_mixing_time() -> None:
    p, q = 0.1, 0.3
    kernel = np.array([[1 - p, p], [q, 1 - q]])
    slow = 1 - p - q
    assert spectral_gap(kernel) == pytest.approx(1 - slow)
    assert dobrushin_coefficient(kernel) == pytest.approx(slow)
    assert distance_from_equilibrium(kernel, 7) == pytest.approx(2 * q / (p + q) * slow**7)
    assert equilibration_time(kernel, 1e-3) == int(np.ceil(np.log(1e-3 * (p + q) / (2 * q)) / np.log(slow)))
    assert equilibration_time(kernel, 2.0) == 0


@pytest.mark.parametrize("local", CHAINS)
def test_the_certified_constants_bound_every_power(local) -> None:
    kernel = local.floats().transition_matrix
    pair = ergodicity(kernel)
    distances = [distance_from_equilibrium(kernel, n) for n in range(60)]
    assert all(gap <= pair.C * pair.rho**n + 1e-13 for n, gap in enumerate(distances))
    assert pair.memory <= 2 / (1 - dobrushin_coefficient(kernel)) + 1e-9


@pytest.mark.parametrize("local", CHAINS)
def test_the_poisson_solution_solves_its_equation_exactly(local) -> None:
    kernel, gradient = local.transition_matrix, local.gradient
    law, psi = stationary_distribution(kernel), poisson_solution(kernel, gradient)
    assert (psi - kernel @ psi == gradient - law @ gradient).all()
    assert (law @ psi == 0).all()
    floats = local.floats()
    centred = floats.gradient - (law @ gradient).astype(float)
    summed = sum(np.linalg.matrix_power(floats.transition_matrix, k) @ centred for k in range(300))
    assert psi.astype(float) == pytest.approx(summed, abs=1e-10)


def test_the_poisson_equation_has_a_solution_for_a_periodic_chain() -> None:
    psi = poisson_solution(FLIP, np.array([0.0, 1.0]))
    assert psi == pytest.approx([-0.25, 0.25])
    assert fundamental_matrix(FLIP) @ np.ones(2) == pytest.approx(1)


def test_the_long_run_covariance_is_the_sum_of_the_autocovariances() -> None:
    local = CHAINS[1].floats()
    law = stationary_distribution(local.transition_matrix)
    centred = local.gradient - law @ local.gradient
    lagged = [(centred.T * law) @ np.linalg.matrix_power(local.transition_matrix, k) @ centred for k in range(400)]
    series = lagged[0] + sum(term + term.T for term in lagged[1:])
    assert asymptotic_covariance(local.transition_matrix, local.gradient) == pytest.approx(series, abs=1e-10)


@pytest.mark.parametrize(
    "length",
    [Fixed(6), Uniform(2, 9), TwoPoint(1, 5, THIRD), Geometric(4), ShiftedGeometric(2, 6), ShiftedPoisson(2, 5)],
    ids=repr,
)
def test_mean_powers_are_sums_over_the_length(length) -> None:
    matrix = np.array([[0.5, 0.3], [-0.2, 0.6]])
    summed = sum(float(length.pmf(n)) * np.linalg.matrix_power(matrix, n) for n in range(length.horizon(1e-18) + 1))
    assert mean_power(length, matrix) == pytest.approx(summed, rel=1e-12)


def test_mean_powers_of_rationals_are_rational() -> None:
    power = mean_power(Geometric(3), RATIONAL)
    stay = Fraction(2, 3)
    assert (power - stay * RATIONAL @ power == RATIONAL * (1 - stay)).all()
    assert (power_sum(RATIONAL, 13) == sum(matrix_power(RATIONAL, k) for k in range(13))).all()
    with pytest.raises(ValueError, match="no exact rational"):
        mean_power(ShiftedPoisson(1, 3), RATIONAL)


def test_a_geometric_mean_that_is_infinite_is_refused() -> None:
    with pytest.raises(ValueError, match="the mean over the length is infinite"):
        mean_power(Geometric(2), np.array([[2.0]]))


@pytest.mark.parametrize(
    "rule", [StopAt((1,)), StopAt((0, 2), shortest=3), StopAt((2,), longest=7, shortest=2)], ids=repr
)
def test_stopped_lengths_have_the_moments_of_their_law(rule: StopAt) -> None:
    exact = stopped_length(RATIONAL, rule, 0)
    running, p = np.array([1.0, 0, 0]), RATIONAL.astype(float)
    mean = second = 0.0
    last = np.zeros(3)
    for t in range(1, 400):
        running = running @ p
        ends = np.array([rule.stops(t, z) for z in range(3)])
        last, weight = last + running * ends, (running * ends).sum()
        mean, second, running = mean + t * weight, second + t * t * weight, running * ~ends
    assert float(exact.mean) == pytest.approx(mean, rel=1e-10)
    assert float(exact.second_moment) == pytest.approx(second, rel=1e-10)
    assert exact.last_state.astype(float) == pytest.approx(last, abs=1e-12)


def test_a_rule_that_may_never_stop_is_refused() -> None:
    with pytest.raises(ValueError, match="may never reach"):
        stopped_length(np.eye(2), StopAt((1,)), 0)


@pytest.mark.parametrize("k", range(4))
def test_affine_chains_and_softmax_chains_have_the_derivatives_they_claim(k: int) -> None:
    h = 1e-6
    for chain in (AffineChain.random(stream(k, "affine")).floats(), SoftmaxChain.random(stream(k, "soft")).floats()):
        theta = np.array([0.2, -0.15])
        local = local_chain(chain, theta)
        for i, u in enumerate(np.eye(2)):
            kernels = chain.transition_matrix(np.stack([theta + h * u, theta - h * u]))
            tables = chain.gradient(np.stack([theta + h * u, theta - h * u]))
            assert local.transition_derivative[i] == pytest.approx((kernels[0] - kernels[1]) / (2 * h), abs=1e-8)
            assert local.gradient_derivative[..., i] == pytest.approx((tables[0] - tables[1]) / (2 * h), abs=1e-8)
