"""Baselines that learn on the way: predictable ones stay unbiased, at exactly the stated price."""

from fractions import Fraction
from itertools import product

import numpy as np
import pytest

from cl_theory.proof.systems.centring_systems import old_means, phase_ema, pooled_ema
from cl_theory.seeds import stream
from cl_theory.theory.arithmetic import exact_array
from cl_theory.theory.estimators import moments as exact_moments
from cl_theory.theory.estimators import symbols
from cl_theory.theory.estimators.baselines import ConstantBaseline, PhaseEMA, PhaseMeans, PooledEMA, running_centred_isd
from cl_theory.theory.estimators.centred_statements import ONE_EACH, PEEKING, POOLED
from cl_theory.theory.estimators.isd import isd_gradient
from cl_theory.theory.estimators.laws import FiniteLaw, coin_law
from cl_theory.theory.system import System

B = 0.3
RATE = 0.25
LAW = FiniteLaw.random(stream(20230723, "tests", "baselines"), n_atoms=2, dimension=2).floats()


def every_path(n_phases, law=LAW, b=B):
    """All sequences of (coin, atom): probability (n_paths,), and time-first arrays for `running_centred_isd`."""
    probability, coin, plus, minus = coin_law(law, b)
    index = np.array(list(product(range(len(probability)), repeat=n_phases)))
    return probability[index].prod(axis=1), plus[index.T], minus[index.T], coin[index.T]


def last_step(baseline, n_phases, peek=False):
    """Exact mean and trace of the covariance of the last of `n_phases` estimates, over all paths."""
    weight, plus, minus, coin = every_path(n_phases)
    start = baseline.start(plus.shape[1:])
    rows, _ = running_centred_isd(baseline, start, plus, minus, coin, p_positive=B, peek=peek)
    mean = weight @ rows[-1]
    return mean, weight @ ((rows[-1] - mean) ** 2).sum(axis=1)


LEARNED = [PhaseMeans(B), PhaseEMA(B, RATE), PooledEMA(B, RATE), ConstantBaseline(np.array([0.5, -2.0]))]


@pytest.mark.parametrize("baseline", LEARNED, ids=lambda x: type(x).__name__)
def test_a_baseline_of_the_past_keeps_every_step_unbiased(baseline):
    mean, _ = last_step(baseline, 4)
    np.testing.assert_allclose(mean, LAW.moments.mean, rtol=1e-12)


def test_a_constant_zero_baseline_is_plain_isd():
    _, plus, minus, coin = every_path(2)
    zero = ConstantBaseline(np.zeros(2))
    rows, _ = running_centred_isd(zero, zero.start(plus.shape[1:]), plus, minus, coin, p_positive=B)
    np.testing.assert_array_equal(rows, isd_gradient(plus, minus, coin, p_positive=B))


@pytest.mark.parametrize(
    ("baseline", "learned"),
    [(PhaseEMA(B, RATE), phase_ema), (PooledEMA(B, RATE), pooled_ema)],
    ids=["per phase", "pooled"],
)
@pytest.mark.parametrize("n_earlier", [0, 1, 2, 4])
def test_the_price_after_a_few_phases_is_that_of_the_learned_moments(baseline, learned, n_earlier):
    _, trace = last_step(baseline, n_earlier + 1)
    price = trace - exact_moments.centred_isd_trace(LAW.moments, B)
    assert price == pytest.approx(price_of(learned(LAW.moments, B, RATE, n_earlier)), rel=1e-10)
    assert price != pytest.approx(price_of(learned(LAW.moments, B, 1.01 * RATE, n_earlier + 1)), rel=1e-4)


def price_of(learned, law=LAW.moments):
    """E |c* - c|^2 / (b(1-b)), from mean and second moment of a baseline."""
    mean, second = learned
    centre = exact_moments.isd_centre(law, B)
    return (np.trace(second) - 2 * centre @ mean + centre @ centre) / (B * (1 - B))


@pytest.mark.parametrize(
    ("stated", "learned"), [(ONE_EACH, phase_ema), (POOLED, pooled_ema)], ids=["per phase", "pooled"]
)
def test_the_price_settles_at_the_stationary_one(stated, learned):
    values = System("settled", symbols.phase_values(LAW.moments, B) | {symbols.alpha: RATE})
    assert price_of(learned(LAW.moments, B, RATE, 400)) == pytest.approx(stated.right_value(values), rel=1e-12)


def test_means_of_old_samples_cost_their_own_variance():
    moments = LAW.moments
    weight, plus, minus, coin = every_path(4)
    chosen = (coin[:3].sum(axis=0) == 1) & coin[3]  # one positive and two negative phases have passed
    state = PhaseMeans(B).start(plus.shape[1:])
    for k in range(3):
        state = PhaseMeans(B).update(state, np.where(coin[k][:, None], plus[k], minus[k]), coin[k])
    miss = ((exact_moments.isd_centre(moments, B) - PhaseMeans(B).centre(state)) ** 2).sum(axis=1)
    mean_miss = (weight[chosen] @ miss[chosen]) / weight[chosen].sum()
    assert mean_miss / (B * (1 - B)) == pytest.approx(price_of(old_means(moments, B, 1, 2)), rel=1e-12)


@pytest.mark.parametrize("b", [B, 0.5])
def test_peeking_at_the_current_gradient_biases_by_the_stated_amount(b):
    weight, plus, minus, coin = every_path(3, b=b)
    baseline = PooledEMA(b, RATE)
    start = baseline.start(plus.shape[1:]) + exact_moments.isd_centre(LAW.moments, b)
    rows, _ = running_centred_isd(baseline, start, plus, minus, coin, p_positive=b, peek=True)
    values = System("peeking", symbols.phase_values(LAW.moments, b) | {symbols.alpha: RATE})
    stated = LAW.moments.mean + PEEKING.right_value(values).ravel()
    np.testing.assert_allclose(weight @ rows[-1], stated, rtol=1e-12)
    assert np.abs(stated - LAW.moments.mean).max() > 1e-3
    if b == 0.5:
        np.testing.assert_allclose(stated, (1 - RATE) * LAW.moments.mean, rtol=1e-12)


@pytest.mark.parametrize("rate", [0, -0.1, 1.5, float("nan")])
def test_a_rate_outside_its_range_is_refused(rate):
    with pytest.raises(ValueError, match="rate must lie"):
        PooledEMA(B, rate)
    with pytest.raises(ValueError, match="strictly between 0 and 1"):
        PhaseMeans(1)


def test_paths_of_different_shapes_are_refused():
    zero = ConstantBaseline(np.zeros(2))
    with pytest.raises(ValueError, match="shapes must agree"):
        running_centred_isd(zero, None, np.ones((3, 1, 2)), np.ones((3, 2)), np.ones((3, 1)), p_positive=B)
    with pytest.raises(ValueError, match="one entry a sample"):
        running_centred_isd(zero, None, np.ones((3, 1, 2)), np.ones((3, 1, 2)), np.ones(3), p_positive=B)


def test_rationals_stay_exact_in_a_running_baseline():
    law = FiniteLaw.random(stream(20230723, "tests", "exact-running"), 2, 1)
    b = Fraction(1, 3)
    weight, plus, minus, coin = every_path(3, law, b)
    baseline = PhaseEMA(b, Fraction(1, 2))
    rows, _ = running_centred_isd(baseline, baseline.start(plus.shape[1:]), plus, minus, coin, p_positive=b)
    assert (weight @ rows[-1] == law.moments.mean).all()
    price = weight @ (rows[-1][:, 0] - law.moments.mean[0]) ** 2 - exact_moments.centred_isd_trace(law.moments, b)
    assert isinstance(exact_array([price])[0], Fraction)
