"""Every bound on random chains of three kinds: the left-hand side enumerated, the right-hand side computed."""

import numpy as np
import pytest

from cl_theory.dynamics import (
    current_bias,
    current_bias_bound,
    flow_bound,
    gradient_flow,
    leading_terms,
    phase_bias_bound,
    phase_means,
    second_order,
    second_order_error,
    update_bias_bound,
)
from cl_theory.markov import Equilibrium, chain_constants, uniform_constants
from cl_theory.models.affine_chain import AffineChain
from cl_theory.models.gibbs_chain import GibbsChain
from cl_theory.models.local_chain import ParametricChain, local_chain
from cl_theory.models.softmax_chain import SoftmaxChain
from cl_theory.phases import Fixed
from cl_theory.seeds import stream

N_STEPS, STEP = 4, 0.004


def system(k: int) -> tuple[ParametricChain, np.ndarray]:
    rng = stream(k, "random systems")
    kinds = (SoftmaxChain.random(rng, 3, 2), AffineChain.random(rng, 3, 2).floats(), GibbsChain(2, 1, factor=-1.0))
    chain = kinds[k % 3]
    return chain, rng.uniform(-0.2, 0.2, chain.n_parameters)


@pytest.mark.parametrize("k", range(12))
def test_every_bound_holds(k: int) -> None:
    chain, theta = system(k)
    local = local_chain(chain, theta)
    equilibrium, constants = Equilibrium.of(local), chain_constants(chain, theta, 0.2)
    means = phase_means(chain, theta, 0, N_STEPS, step_size=STEP)
    for n in range(1, N_STEPS + 1):
        moved, eta = means.displacement[n], STEP * n
        bias = np.linalg.norm(moved + eta * equilibrium.mean_gradient)
        assert bias <= phase_bias_bound(constants, Fixed(n), learning_rate=eta)
        left = np.linalg.norm(moved - second_order(local, 0, Fixed(n)).displacement(STEP))
        assert left <= second_order_error(constants, Fixed(n), learning_rate=eta)
    for t in range(N_STEPS):
        bias = STEP * np.linalg.norm(means.gradient[t] - equilibrium.mean_gradient)
        assert bias <= update_bias_bound(constants, learning_rate=STEP * N_STEPS, mean_length=N_STEPS, t=t)


@pytest.mark.parametrize("k", range(12))
def test_the_constant_of_the_leading_terms_holds_for_short_and_long_phases(k: int) -> None:
    chain, theta = system(k)
    local = local_chain(chain, theta)
    equilibrium, constants = Equilibrium.of(local), chain_constants(chain, theta, 1e-6)
    for n in (1, 3, 30, 300):
        leading = leading_terms(equilibrium, 0, Fixed(n), learning_rate=n)
        left = np.linalg.norm(second_order(local, 0, Fixed(n)).displacement(1) - sum(leading.values()))
        assert left <= constants.kappa2


@pytest.mark.parametrize("k", [0, 1, 3, 4, 6, 9])
def test_the_uniform_bounds_hold(k: int) -> None:
    chain, theta = system(k)
    eta = STEP * N_STEPS
    constants = uniform_constants(chain, theta, eta * chain.smoothness(theta, 0.2).M)
    missed = np.linalg.norm(current_bias(chain, theta, 0, N_STEPS, step_size=STEP), axis=1)
    for t in range(N_STEPS + 1):
        assert missed[t] <= current_bias_bound(constants, learning_rate=eta, mean_length=N_STEPS, t=t)
    moved = phase_means(chain, theta, 0, N_STEPS, step_size=STEP).displacement[N_STEPS]
    gap = np.linalg.norm(theta + moved - gradient_flow(chain, theta, eta))
    assert gap <= flow_bound(constants, learning_rate=eta, mean_length=N_STEPS)
