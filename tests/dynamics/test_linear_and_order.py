"""Learners that move linearly: means that stay rational, what is refused, and where learning from images settles."""

from fractions import Fraction

import numpy as np
import pytest

from cl_theory.theory.chains.phase_lengths import Geometric
from cl_theory.theory.chains.solvable_chains import LinearAutoregression
from cl_theory.theory.dynamics.linear import AffineImages, learn_from_images, linear_mean, settled_moments

NETWORK = LinearAutoregression(Fraction(1, 2), Fraction(2, 3), Fraction(1, 5))
FLOATS = LinearAutoregression(0.5, 2 / 3, 0.2)


def test_the_linear_mean_of_rationals_is_rational() -> None:
    exact = linear_mean(NETWORK, Fraction(2), Fraction(3), Geometric(7), step_size=Fraction(1, 50))
    assert all(isinstance(value, Fraction) for value in exact)
    assert exact.astype(float) == pytest.approx(linear_mean(FLOATS, 2.0, 3.0, Geometric(7), step_size=0.02))


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


def test_a_learner_of_one_image_does_what_its_affine_map_says() -> None:
    rng = np.random.default_rng(4)
    one = AffineImages(np.ones(1), rng.normal(size=(1, 2, 2)), rng.normal(size=(1, 2, 2, 2)))
    start, baseline = np.array([0.3, -0.7]), np.array([0.1, 0.2])
    power, moved = one.update(0, (1, 0), 0.1, baseline)
    ends = learn_from_images(rng, one, [(1, 0)], start, 1, n_copies=3, rate=0.1, baseline=baseline)
    np.testing.assert_allclose(ends, np.tile(power @ start + moved, (3, 1)), rtol=1e-12)


def test_without_noise_learning_settles_where_its_map_stands_still() -> None:
    still = AffineImages(np.ones(1), np.array([[[1.0], [2.0]]]), np.array([[[[2.0]], [[0.5]]]]))
    mean, covariance = settled_moments(still, [(0, 1)], 0.1, np.zeros(1))
    power, moved = still.update(0, (0, 1), 0.1, np.zeros(1))
    np.testing.assert_allclose(mean, power @ mean + moved)
    np.testing.assert_allclose(covariance, 0, atol=1e-12)
