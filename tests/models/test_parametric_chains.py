"""Chains that learn: derivatives, regions, constants, and exact rationals."""

from fractions import Fraction

import numpy as np
import pytest

from cl_theory.learning.models.gibbs_chain import GibbsChain
from cl_theory.learning.models.rbm import RBM
from cl_theory.seeds import stream
from cl_theory.theory.chains.local_chain import LocalChain, local_chain
from cl_theory.theory.chains.softmax_chain import SoftmaxChain, three_state_chain, three_state_phases, with_gradient
from cl_theory.theory.chains.solvable_chains import AffineChain, FunctionChain, complex_step_derivative
from cl_theory.theory.chains.stationary import stationary_distribution

CHAIN = three_state_chain()


def test_complex_steps_agree_with_the_exact_derivatives_of_a_softmax_chain() -> None:
    c, theta = CHAIN.floats(), np.array([0.3, -0.2])

    def kernel(x: np.ndarray) -> np.ndarray:
        mass = c.weights * np.exp(np.tensordot(x, c.features, axes=1))
        return mass / mass.sum(axis=1, keepdims=True)

    copy = FunctionChain(3, 2, kernel, lambda x: c.offset + c.slope @ (1 / (1 + np.exp(-x))))
    for ours, theirs in zip(
        vars(local_chain(CHAIN, theta)).values(), vars(local_chain(copy, theta)).values(), strict=True
    ):
        assert ours == pytest.approx(theirs, abs=1e-14)
    assert complex_step_derivative(lambda x: x**3, [2.0]) == pytest.approx(np.array([[12.0]]), rel=1e-15)
    with pytest.raises(ValueError, match="constants were not given"):
        copy.smoothness(theta, 1.0)


def test_rational_and_float_chains_agree() -> None:
    exact = CHAIN.at_odds([Fraction(3, 2), Fraction(1, 3)])
    floats = local_chain(CHAIN, np.log([1.5, 1 / 3]))
    for ours, theirs in zip(vars(exact).values(), vars(floats).values(), strict=True):
        assert ours.astype(float) == pytest.approx(theirs, abs=1e-15)
    with pytest.raises(ValueError, match="must hold Fractions"):
        CHAIN.floats().at_odds([Fraction(1), Fraction(1)])
    with pytest.raises(ValueError, match="odds must be positive"):
        CHAIN.at_odds([0, 1])


@pytest.mark.parametrize("k", range(6))
def test_the_constants_bound_what_they_say(k: int) -> None:
    rng = stream(k, "smoothness")
    chains = [
        SoftmaxChain.random(rng, 3, 2),
        AffineChain.random(rng, 3, 2).floats(),
        GibbsChain(2, 2, factor=-1.5, baseline=0.3),
        GibbsChain(2, 2, clamped=np.array([1.0, 1.0])),
    ]
    for chain in chains:
        centre, radius = np.zeros(chain.n_parameters), 0.4
        smooth = chain.smoothness(centre, radius)
        for _ in range(20):
            a, b = (radius * u / max(1, np.linalg.norm(u)) for u in rng.normal(size=(2, chain.n_parameters)))
            delta = b - a
            size = np.linalg.norm(delta)
            ka, kb, ga, gb = (*chain.transition_matrix(np.stack([a, b])), *chain.gradient(np.stack([a, b])))
            assert np.linalg.norm(ga, axis=1).max() <= smooth.M + 1e-12
            assert np.linalg.norm(gb - ga, axis=1).max() <= smooth.L * size + 1e-12
            assert abs(kb - ka).sum(axis=1).max() <= smooth.K * size + 1e-12
            bend = gb - ga - chain.gradient_derivative(a) @ delta
            assert np.linalg.norm(bend, axis=1).max() <= smooth.L2 * size**2 / 2 + 1e-12
            bend = kb - ka - np.tensordot(delta, chain.transition_derivative(a), axes=1)
            assert abs(bend).sum(axis=1).max() <= smooth.K2 * size**2 / 2 + 1e-12


def test_the_gibbs_chain_has_the_rbm_as_its_equilibrium() -> None:
    rbm = RBM.random(stream(1, "gibbs"), 3, 2, 0.9)
    theta = np.concatenate([rbm.weights.ravel(), rbm.visible_bias, rbm.hidden_bias])
    free = GibbsChain(3, 2)
    mass = np.exp(-rbm.energy(free.visible, free.hidden))
    law = stationary_distribution(free.transition_matrix(theta))
    assert law == pytest.approx(mass / mass.sum(), rel=1e-12)
    v = np.array([1.0, 0.0, 1.0])
    clamped = GibbsChain(3, 2, clamped=v)
    law = stationary_distribution(clamped.transition_matrix(theta))
    assert law @ clamped.hidden == pytest.approx(rbm.mean_h_given_v(v[None])[0], rel=1e-12)
    assert free.gradient(theta) == pytest.approx(rbm.gradient(free.visible, free.hidden))


def test_the_gibbs_kernel_has_the_derivative_it_claims() -> None:
    theta, h = stream(2, "gibbs").normal(size=8), 1e-6
    for chain in (GibbsChain(2, 2), GibbsChain(2, 2, clamped=np.array([1.0, 0.0]))):
        exact = local_chain(chain, theta).transition_derivative
        for i, u in enumerate(np.eye(8)):
            up, down = chain.transition_matrix(np.stack([theta + h * u, theta - h * u]))
            assert exact[i] == pytest.approx((up - down) / (2 * h), abs=1e-9)


def test_a_scaled_and_centred_gradient_is_that_of_the_estimator() -> None:
    positive, negative = three_state_phases()
    theta, b, c = np.array([0.2, 0.1]), Fraction(1, 4), np.array([Fraction(1), Fraction(2)])
    up = with_gradient(positive, factor=1 / b, baseline=c)
    assert up.gradient(theta) == pytest.approx(4 * (positive.gradient(theta) - [1, 2]))
    down = with_gradient(negative, factor=-1 / (1 - b), baseline=c)
    assert down.gradient(theta) == pytest.approx(-4 / 3 * (negative.gradient(theta) - [1, 2]))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: AffineChain.random(stream(1)).transition_matrix(np.array([9, 9])), "left the region"),
        (lambda: CHAIN.transition_matrix(np.array([1e4, 0.0])), "lower the learning rate"),
        (lambda: CHAIN.transition_matrix(np.array([np.nan, 0.0])), "lower the learning rate"),
        (lambda: local_chain(CHAIN, [0.1, 0.2, 0.3]), "parameters must have shape"),
        (lambda: local_chain(CHAIN, [0.1, np.nan]), "parameters must be finite"),
        (lambda: GibbsChain(8, 8), "at most 9 units"),
        (lambda: GibbsChain(3, 2, clamped=np.ones(2)), "clamped must have shape"),
        (
            lambda: LocalChain(np.eye(2), np.ones((1, 2, 2)), np.ones((2, 1)), np.zeros((2, 1, 1))),
            "rows that sum to zero",
        ),
        (lambda: LocalChain(np.eye(2), np.zeros((2, 2)), np.ones((2, 1)), np.zeros((2, 1, 1))), "must have shape"),
    ],
)
def test_bad_chains_and_regions_are_refused(make, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        make()
