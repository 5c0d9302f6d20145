"""From (B, state) to an estimate: the fast path is the estimator, row by row."""

import numpy as np
import pytest

from cl_theory.estimators import centred_isd_gradient, isd_gradient
from cl_theory.models import RBM
from cl_theory.samplers import ExactPhaseSampler, Planted, isd_count, isd_projections, isd_rows, isd_states
from cl_theory.samplers.isd_statistics import CHUNK, chunk_sizes
from cl_theory.seeds import stream

B = 0.3
RNG = stream(20230723, "tests", "isd-states")
MODEL = RBM.random(RNG, 5, 4, scale=0.8)
SAMPLER = ExactPhaseSampler(MODEL, RNG.integers(0, 2, size=(6, 5)).astype(float))
STATES = isd_states(RNG, SAMPLER, 400, B)
DIRECTIONS = RNG.standard_normal((3, MODEL.n_parameters))
BASELINE = RNG.standard_normal(MODEL.n_parameters)


def half_nan_gradients():
    """g of the phase that ran; NaN for the other, which was never sampled."""
    rows = MODEL.gradient(STATES.v, STATES.h)
    ran = STATES.is_positive[:, None]
    return np.where(ran, rows, np.nan), np.where(ran, np.nan, rows)


def test_rows_are_those_of_the_estimator():
    rows = isd_rows(MODEL, STATES, B)
    np.testing.assert_allclose(rows, isd_gradient(*half_nan_gradients(), STATES.is_positive, p_positive=B), rtol=1e-13)
    centred = centred_isd_gradient(*half_nan_gradients(), STATES.is_positive, BASELINE, p_positive=B)
    np.testing.assert_allclose(isd_rows(MODEL, STATES, B, baseline=BASELINE), centred, rtol=1e-13)


@pytest.mark.parametrize("baseline", [None, BASELINE], ids=["plain", "centred"])
def test_projections_are_those_of_the_rows(baseline):
    rows = isd_rows(MODEL, STATES, B, baseline=baseline)
    projected, squared = isd_projections(MODEL, STATES, B, DIRECTIONS, baseline=baseline)
    np.testing.assert_allclose(projected, rows @ DIRECTIONS.T, rtol=1e-10, atol=1e-11)
    np.testing.assert_allclose(squared, (rows**2).sum(axis=1), rtol=1e-11, atol=1e-11)


def test_a_planted_weight_moves_its_own_phase_only():
    right, wrong = isd_rows(MODEL, STATES, B), isd_rows(MODEL, STATES, B, Planted(weight_positive=1.01))
    np.testing.assert_allclose(wrong[STATES.is_positive], 1.01 * right[STATES.is_positive], rtol=1e-13)
    np.testing.assert_array_equal(wrong[~STATES.is_positive], right[~STATES.is_positive])


def test_the_planted_coin_keeps_the_weights_and_the_planted_b_does_not():
    coin, both = Planted(coin=1.01), Planted(p_positive=1.01)
    assert coin.coin_probability(B) == both.coin_probability(B) == pytest.approx(0.303)
    assert coin.signed_weights(B) == (1 / B, -1 / (1 - B))
    assert both.signed_weights(B) == pytest.approx((1 / 0.303, -1 / 0.697))


def test_planted_values_are_checked():
    with pytest.raises(ValueError, match="scale must be a finite number above 0"):
        Planted(scale=0)
    with pytest.raises(ValueError, match="planted coin probability"):
        Planted(coin=4).coin_probability(B)


def test_the_same_stream_gives_the_same_states():
    first, second = (isd_states(stream(9, "same"), SAMPLER, 50, B) for _ in range(2))
    for left, right in zip(first, second, strict=True):
        np.testing.assert_array_equal(left, right)


def test_the_count_is_binomial():
    counts = [isd_count(stream(20230723, "tests", "count", k), 1000, B) for k in range(400)]
    assert abs(np.mean(counts) - 300) < 5 * np.sqrt(210 / 400)
    assert np.var(counts) == pytest.approx(210, rel=0.35)


@pytest.mark.parametrize("n", [1, 2, CHUNK - 1, CHUNK, CHUNK + 1, CHUNK + 2, 3 * CHUNK + 1])
def test_chunks_add_up_and_none_is_a_single_draw(n):
    sizes = list(chunk_sizes(n))
    assert sum(sizes) == n
    assert n == 1 or min(sizes) > 1
    assert max(sizes) <= CHUNK + 1


def test_bad_arguments_are_refused():
    with pytest.raises(ValueError, match="p_positive must lie strictly between 0 and 1"):
        isd_states(stream(1, "x"), SAMPLER, 10, 1.0)
    with pytest.raises(ValueError, match=r"directions must have shape \(k, 29\)"):
        isd_projections(MODEL, STATES, B, np.ones((2, 28)))
    with pytest.raises(ValueError, match=r"baseline must have shape \(29,\)"):
        isd_rows(MODEL, STATES, B, baseline=np.ones(3))
    with pytest.raises(ValueError, match="n must be an integer above 0"):
        isd_states(stream(1, "x"), SAMPLER, 0, B)
