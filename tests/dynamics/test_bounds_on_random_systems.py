"""Every bound on random chains of three kinds: the left-hand side enumerated, the right-hand side computed."""

import numpy as np
import pytest

from cl_theory.learning.models.gibbs_chain import GibbsChain
from cl_theory.proof.systems.chain_systems import LearningPhase, listed
from cl_theory.proof.systems.leading_systems import phase_values
from cl_theory.seeds import stream
from cl_theory.theory.chains.local_chain import ParametricChain, local_chain
from cl_theory.theory.chains.mixing import chain_constants
from cl_theory.theory.chains.phase_lengths import Fixed, Geometric
from cl_theory.theory.chains.poisson import Equilibrium
from cl_theory.theory.chains.softmax_chain import SoftmaxChain
from cl_theory.theory.chains.solvable_chains import AffineChain
from cl_theory.theory.dynamics.expansion import second_order
from cl_theory.theory.dynamics.leading_statements import LEADING, rest
from cl_theory.theory.dynamics.length_statements import RANDOM
from cl_theory.theory.dynamics.phase_statements import PHASE_BIAS, UPDATE_BIAS
from cl_theory.theory.system import System

N_STEPS, STEP = 4, 0.004


def system(k: int) -> tuple[ParametricChain, np.ndarray]:
    rng = stream(k, "random systems")
    kinds = (SoftmaxChain.random(rng, 3, 2), AffineChain.random(rng, 3, 2).floats(), GibbsChain(2, 1, factor=-1.0))
    chain = kinds[k % 3]
    return chain, rng.uniform(-0.2, 0.2, chain.n_parameters)


@pytest.mark.parametrize("k", range(12))
def test_every_bound_holds(k: int) -> None:
    chain, theta = system(k)
    for n in range(1, N_STEPS + 1):
        given = chain_constants(chain, theta, 0.2)
        phase = listed(LearningPhase("random", chain, theta, 0, Fixed(n), STEP * n, tuple(range(n)), given))
        for bound in (UPDATE_BIAS, PHASE_BIAS, RANDOM):
            assert np.all(bound.left_value(phase) <= bound.right_value(phase)), bound.name


@pytest.mark.parametrize("k", range(12))
def test_the_constant_of_the_leading_terms_holds_for_short_and_long_phases(k: int) -> None:
    chain, theta = system(k)
    local = local_chain(chain, theta)
    equilibrium, constants = Equilibrium.of(local), chain_constants(chain, theta, 1e-6)
    for length in (Fixed(1), Fixed(3), Fixed(30), Fixed(3000), Geometric(30)):
        values = phase_values(equilibrium, 0, length, float(length.mean)) | {rest: 0 * equilibrium.mean_gradient}
        leading = np.ravel(LEADING.right_value(System(str(length), values)))
        left = np.linalg.norm(second_order(local, 0, length).displacement(1) - leading)
        assert left <= constants.kappa2
