"""Phases of any length: the transfer operator, the bounds on a grid, the gradient flow, and noise."""

import numpy as np
import pytest

from cl_theory.seeds import stream
from cl_theory.theory.chains.local_chain import local_chain
from cl_theory.theory.chains.mixing import (
    distance_from_equilibrium,
    dobrushin_coefficient,
    uniform_constants,
)
from cl_theory.theory.chains.phase_lengths import Fixed, Geometric, ShiftedPoisson, Uniform
from cl_theory.theory.chains.poisson import Equilibrium
from cl_theory.theory.chains.softmax_chain import three_state_chain
from cl_theory.theory.chains.solvable_chains import (
    AffineChain,
)
from cl_theory.theory.dynamics.enumeration import current_bias, phase_means
from cl_theory.theory.dynamics.expansion import frozen_sum, second_order
from cl_theory.theory.dynamics.transfer import TransferOperator, euler_path, gradient_flow, mean_gradient

CHAIN = three_state_chain()
THETA = np.log([2.0, 0.5])
EQUILIBRIUM = Equilibrium.of(local_chain(CHAIN, THETA))


def operator(learning_rate: float, mean_length: float, degree: int = 12) -> TransferOperator:
    return TransferOperator(CHAIN, THETA, 1.2, learning_rate / mean_length, degree)


@pytest.mark.parametrize("learning_rate", [0.02, 0.2])
def test_the_transfer_operator_agrees_with_path_enumeration(learning_rate: float) -> None:
    paths = phase_means(CHAIN, THETA, 1, 9, step_size=learning_rate / 9)
    one = operator(learning_rate, 9)
    assert one.mean_displacement(1, Fixed(9)) == pytest.approx(paths.displacement[9], abs=1e-7 * learning_rate)
    assert one.displacement_covariance(1, Fixed(9)) == pytest.approx(
        paths.displacement_covariance(Fixed(9)), abs=1e-6 * learning_rate**2
    )
    assert one.update_gradient(1, Fixed(8)) == pytest.approx(paths.gradient[8], abs=1e-6)
    assert one.current_bias(1, Fixed(8)) == pytest.approx(
        current_bias(CHAIN, THETA, 1, 8, step_size=learning_rate / 9)[8], abs=1e-6
    )


@pytest.mark.parametrize("length", [Fixed(300), Geometric(300), Uniform(20, 580), ShiftedPoisson(20, 300)], ids=repr)
def test_two_degrees_agree_and_the_second_order_is_their_limit(length) -> None:
    eta = 0.05
    coarse, fine = (operator(eta, 300, degree).mean_displacement(0, length) for degree in (10, 13))
    assert coarse == pytest.approx(fine, abs=1e-7)
    small = 0.002
    tiny = operator(small, 300).mean_displacement(0, length)
    assert tiny == pytest.approx(second_order(EQUILIBRIUM.local, 0, length).displacement(small / 300), abs=3e-8)


def test_many_euler_steps_approach_the_flow_and_one_is_standard_learning() -> None:
    flow, eta = gradient_flow(CHAIN, THETA, 0.4), 0.4
    assert euler_path(CHAIN, THETA, eta, 1) == pytest.approx(THETA - eta * mean_gradient(CHAIN, THETA))
    errors = [np.linalg.norm(euler_path(CHAIN, THETA, eta, n) - flow) for n in (64, 128)]
    assert errors[0] / errors[1] == pytest.approx(2, abs=0.02)


def test_a_flow_that_escapes_is_an_error_and_not_a_nan() -> None:
    with pytest.raises(ValueError, match="did not reach time"):
        gradient_flow(lambda theta: -(theta**2), [1.0], 1.2)
    with pytest.raises(ValueError, match="time must be a finite number above 0"):
        gradient_flow(CHAIN, THETA, 0.0)


def test_the_covariance_of_a_frozen_sum_is_that_of_all_paths() -> None:
    paths = phase_means(CHAIN, THETA, 0, 6, step_size=1e-6)
    frozen = frozen_sum(EQUILIBRIUM.local, 0, Uniform(2, 6))
    assert paths.displacement_covariance(Uniform(2, 6)) * 1e12 == pytest.approx(frozen.covariance, rel=1e-4)


def test_constants_of_a_region_where_mixing_fails_are_refused() -> None:
    chain = AffineChain.random(stream(1, "affine")).floats()
    with pytest.raises(ValueError, match="no uniform mixing within radius"):
        uniform_constants(chain, np.zeros(2), 5.0)


@pytest.mark.parametrize("radius", [0.01, 0.2, 1.0])
def test_uniform_constants_hold_at_every_parameter_of_the_region(radius: float) -> None:
    constants, rng = uniform_constants(CHAIN, THETA, radius), stream(2, "region")
    for _ in range(25):
        u = rng.normal(size=2)
        kernel = CHAIN.transition_matrix(THETA + radius * u / np.linalg.norm(u))
        assert dobrushin_coefficient(kernel) <= CHAIN.dobrushin_bound(THETA, radius) < 1
        for n in (1, 2, 4, 8):
            assert distance_from_equilibrium(kernel, n) <= constants.C * constants.rho**n
