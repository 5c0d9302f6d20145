"""Exact mean and covariance of the statistic vectors, against a sum over all states of a small model."""

import numpy as np
import pytest

from cl_theory.laws import exact_covariance, exact_mean
from cl_theory.models import RBM, rbm_phase_moments
from cl_theory.phases import Alternating, Bernoulli, Systematic
from cl_theory.samplers import (
    NOTHING_PLANTED,
    PLANTED_ERRORS,
    ExactPhaseSampler,
    Planted,
    batch_isd_statistic_moments,
    isd_statistic_covariance,
    isd_statistic_shifts,
    isd_statistic_skewness,
    isd_statistic_target,
    phase_statistics,
    two_term_statistic_covariance,
    two_term_statistic_target,
)
from cl_theory.samplers.phase_statistics import JointCumulants
from cl_theory.seeds import stream
from cl_theory.states import all_states

B = 0.3
SIZES = [(3, 2), (2, 3)]


def system(n_visible, n_hidden):
    rng = stream(20230723, "tests", "targets", n_visible)
    rbm = RBM.random(rng, n_visible, n_hidden, scale=1.0)
    data = rng.integers(0, 2, size=(3, n_visible)).astype(float)
    directions, baseline = rng.standard_normal((2, rbm.n_parameters)), rng.standard_normal(rbm.n_parameters)
    return ExactPhaseSampler(rbm, data), directions, baseline


def phase_laws(sampler):
    """((probability, rows of g) for each phase), all joint states listed."""
    rbm, v, h = sampler.rbm, all_states(sampler.rbm.n_visible), all_states(sampler.rbm.n_hidden)
    weight = np.exp(-rbm.energy(v[:, None], h[None]))
    rows = rbm.gradient(np.repeat(v, len(h), axis=0), np.tile(h, (len(v), 1)))
    share = np.array([(sampler.data == state).all(axis=1).mean() for state in v])
    positive = share[:, None] * weight / weight.sum(axis=1, keepdims=True)
    return (positive.ravel(), rows), ((weight / weight.sum()).ravel(), rows)


def statistic(z, directions):
    projected = z @ directions.T
    return np.column_stack([projected, (z**2).sum(axis=1), projected**2])


@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.parametrize("centred", [False, True], ids=["plain", "centred"])
@pytest.mark.parametrize("planted", [NOTHING_PLANTED, *PLANTED_ERRORS.values()], ids=["none", *PLANTED_ERRORS])
def test_isd_targets_agree_with_the_sum_over_all_states(size, centred, planted):
    sampler, directions, baseline = system(*size)
    centre = baseline if centred else np.zeros_like(baseline)
    (p_plus, rows), (p_minus, _) = phase_laws(sampler)
    coin = planted.coin_probability(B)
    weight_plus, weight_minus = planted.signed_weights(B)
    law = np.concatenate([coin * p_plus, (1 - coin) * p_minus])
    y = statistic(np.concatenate([weight_plus * (rows - centre), weight_minus * (rows - centre)]), directions)
    moments = rbm_phase_moments(sampler.rbm, sampler.data)
    target = isd_statistic_target(moments, B, directions, planted, baseline if centred else None)
    covariance = isd_statistic_covariance(sampler, B, directions, planted, baseline if centred else None)
    np.testing.assert_allclose(target, exact_mean(law, y), rtol=1e-11, atol=1e-12)
    scale = np.abs(covariance).max()
    np.testing.assert_allclose(covariance, exact_covariance(law, y), rtol=0, atol=1e-12 * scale)
    skewness = isd_statistic_skewness(sampler, B, directions, planted, baseline if centred else None)
    centred_y = y - law @ y
    expected = law @ centred_y**3 / (law @ centred_y**2) ** 1.5
    np.testing.assert_allclose(skewness, expected, rtol=1e-9, atol=1e-9)


def test_shifts_are_differences_of_targets():
    sampler, directions, baseline = system(3, 2)
    moments = rbm_phase_moments(sampler.rbm, sampler.data)
    shifts = isd_statistic_shifts(moments, B, directions, baseline=baseline)
    assert list(shifts) == list(PLANTED_ERRORS)
    right = isd_statistic_target(moments, B, directions, baseline=baseline)
    wrong = isd_statistic_target(moments, B, directions, Planted(scale=1.01), baseline)
    np.testing.assert_allclose(shifts["scale off by 1 %"], wrong - right, rtol=1e-12)
    np.testing.assert_allclose(wrong[:2], 1.01 * right[:2], rtol=1e-12)


@pytest.mark.parametrize("name", PLANTED_ERRORS)
def test_every_named_error_moves_the_statistic_vector(name):
    sampler, directions, _ = system(3, 2)
    moments = rbm_phase_moments(sampler.rbm, sampler.data)
    assert np.abs(isd_statistic_shifts(moments, B, directions)[name]).max() > 1e-4


@pytest.mark.parametrize("size", SIZES, ids=str)
def test_two_term_targets_agree_with_the_sum_over_all_pairs_of_states(size):
    sampler, directions, _ = system(*size)
    (p_plus, rows), (p_minus, _) = phase_laws(sampler)
    law = np.outer(p_plus, p_minus).ravel()
    projected = (rows[:, None] - rows[None]).reshape(len(law), -1) @ directions.T
    y = np.column_stack([projected, projected**2])
    moments = rbm_phase_moments(sampler.rbm, sampler.data)
    np.testing.assert_allclose(two_term_statistic_target(moments, directions), exact_mean(law, y), rtol=1e-11)
    np.testing.assert_allclose(two_term_statistic_covariance(sampler, directions), exact_covariance(law, y), rtol=1e-10)


@pytest.mark.parametrize("order", [Bernoulli(B), Systematic(B), Alternating()], ids=str)
@pytest.mark.parametrize("planted", [NOTHING_PLANTED, Planted(weight_negative=1.01)], ids=["right", "planted"])
def test_batch_targets_agree_with_the_sum_over_orders_and_pairs_of_states(order, planted):
    sampler, directions, _ = system(3, 2)
    phases, weights = phase_laws(sampler), planted.signed_weights(order.p_positive)
    law, y = [], []
    for chance, indicators in order.enumerate(2):
        first, second = (phases[0] if b else phases[1] for b in indicators)
        sums = [weights[0 if b else 1] * phases[0][1] @ directions.T for b in indicators]
        projected = (sums[0][:, None] + sums[1][None]).reshape(-1, 2) / 2
        law.append(float(chance) * np.outer(first[0], second[0]).ravel())
        y.append(np.column_stack([projected, projected**2]))
    mean, covariance = batch_isd_statistic_moments(sampler, order, 2, directions, planted)
    law, y = np.concatenate(law), np.concatenate(y)
    np.testing.assert_allclose(mean, exact_mean(law, y), rtol=1e-11)
    np.testing.assert_allclose(covariance, exact_covariance(law, y), rtol=1e-10, atol=1e-12)


def test_cumulants_and_moments_are_inverse():
    sampler, directions, _ = system(3, 2)
    for cumulants in phase_statistics(sampler, directions).cumulants:
        again = JointCumulants.from_moments(*cumulants.moments())
        for name in ("mean", "two", "three", "four"):
            np.testing.assert_allclose(getattr(again, name), getattr(cumulants, name), rtol=1e-9, atol=1e-10)


def test_a_batch_refuses_a_planted_coin():
    sampler, directions, _ = system(3, 2)
    with pytest.raises(ValueError, match="pass another order"):
        batch_isd_statistic_moments(sampler, Bernoulli(B), 2, directions, Planted(coin=1.01))
