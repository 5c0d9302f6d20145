"""From (B, state) to an estimate: the fast path is the estimator, row by row."""

import numpy as np
import pytest

from cl_theory.learning.models.rbm import RBM
from cl_theory.learning.samplers.exact_phase import ExactPhaseSampler
from cl_theory.learning.samplers.isd_statistics import CHUNK, chunk_sizes, isd_count, isd_states
from cl_theory.learning.samplers.planted import Planted
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
