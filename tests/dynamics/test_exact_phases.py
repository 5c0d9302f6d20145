"""Path enumeration, the exact identity and the second-order recursion check one another."""

from fractions import Fraction

import numpy as np
import pytest

from cl_theory.learning.models.gibbs_chain import GibbsChain
from cl_theory.seeds import stream
from cl_theory.theory.chains.local_chain import LocalChain
from cl_theory.theory.chains.phase_lengths import Fixed, Geometric, ShiftedPoisson, TwoPoint, Uniform
from cl_theory.theory.chains.poisson import poisson_solution
from cl_theory.theory.chains.softmax_chain import SoftmaxChain, three_state_chain
from cl_theory.theory.chains.solvable_chains import flipping_chain
from cl_theory.theory.dynamics.enumeration import path_levels, phase_means
from cl_theory.theory.dynamics.expansion import frozen_sum, second_order

THETA = np.log([2.0, 0.5])
LOCAL = three_state_chain().at_odds([Fraction(2), Fraction(1, 2)])
RBM_THETA = stream(3, "rbm").normal(size=8) * 0.7
SYSTEMS = [
    (three_state_chain(), THETA, 9),
    (SoftmaxChain.random(stream(1, "four"), 4, 3), np.array([0.3, -0.2, 0.1]), 6),
    (GibbsChain(2, 2, factor=-1.0), RBM_THETA, 3),
    (GibbsChain(2, 2, clamped=np.array([1.0, 0.0])), RBM_THETA, 5),
    (flipping_chain(), np.array([0.4]), 7),
]


def test_paths_carry_all_the_probability() -> None:
    for level in path_levels(three_state_chain(), THETA, np.array([0.2, 0.3, 0.5]), 5, step_size=0.1):
        assert len(level.states) == 3 ** (level.step + 1)
        assert level.probability.sum() == pytest.approx(1, abs=1e-14)


def test_a_mean_over_a_random_length_mixes_the_fixed_ones() -> None:
    means = phase_means(three_state_chain(), THETA, 0, 6, step_size=0.1)
    law = TwoPoint(2, 6, Fraction(1, 4))
    assert means.mean_displacement(law) == pytest.approx(0.75 * means.displacement[2] + 0.25 * means.displacement[6])
    spread = means.displacement_covariance(law)
    own = means.square - means.displacement[:, :, None] * means.displacement[:, None]
    within = 0.75 * own[2] + 0.25 * own[6]
    between = 0.1875 * np.outer(*[means.displacement[6] - means.displacement[2]] * 2)
    assert spread == pytest.approx(within + between, abs=1e-14)
    with pytest.raises(ValueError, match="longer than the 6 steps"):
        means.mean_displacement(Geometric(3))


def test_enumeration_refuses_more_paths_than_memory_and_a_step_that_is_not_positive() -> None:
    with pytest.raises(ValueError, match="use the expansion or simulate"):
        list(path_levels(three_state_chain(), THETA, 0, 30, step_size=0.1))
    with pytest.raises(ValueError, match="step_size must be a finite number above 0"):
        list(path_levels(three_state_chain(), THETA, 0, 3, step_size=0.0))


def _q_by_definition(local: LocalChain, start: int, n: int) -> np.ndarray:
    """Q_n from its definition: pairs u < t, with psi and its powers, no recursion in common with the package."""
    psi = poisson_solution(local.transition_matrix, local.gradient)
    powers = [local.transition_matrix * 0 + np.eye(local.n_states, dtype=int)]
    for _ in range(n):
        powers.append(powers[-1] @ local.transition_matrix)
    total = 0 * local.gradient[0]
    for t in range(n):
        owed = psi - powers[n - 1 - t] @ psi
        phi = local.gradient_derivative + np.stack([dp @ owed for dp in local.transition_derivative], axis=-1)
        for u in range(t):
            pair = powers[u][start][:, None] * powers[t - u]
            total = total + sum(
                pair[x, z] * (phi[z] @ local.gradient[x]) for x in range(local.n_states) for z in range(local.n_states)
            )
    return total


@pytest.mark.parametrize("n_steps", [1, 2, 5, 8])
def test_the_recursion_for_q_equals_its_definition_exactly(n_steps: int) -> None:
    assert (second_order(LOCAL, 1, Fixed(n_steps)).second == _q_by_definition(LOCAL, 1, n_steps)).all()


@pytest.mark.parametrize("length", [Fixed(40), Uniform(3, 60), Geometric(12), ShiftedPoisson(2, 20)], ids=repr)
def test_the_fast_recursion_agrees_with_a_sum_over_fixed_lengths(length) -> None:
    local = LOCAL.floats()
    fast = second_order(local, 0, length)
    summed = sum(float(length.pmf(n)) * second_order(local, 0, Fixed(n)).second for n in range(1, length.horizon() + 1))
    assert fast.second == pytest.approx(summed, rel=1e-10)
    assert fast.first == pytest.approx(frozen_sum(local, 0, length).mean, rel=1e-10)
