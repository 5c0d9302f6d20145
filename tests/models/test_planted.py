"""Errors planted in draws of ISD are in the coin or in the weights, as they say."""

import numpy as np
import pytest

from cl_theory.learning.models.planted import Planted, isd_count
from cl_theory.seeds import stream

B = 0.3


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


def test_the_count_is_binomial():
    counts = [isd_count(stream(20230723, "tests", "count", k), 1000, B) for k in range(400)]
    assert abs(np.mean(counts) - 300) < 5 * np.sqrt(210 / 400)
    assert np.var(counts) == pytest.approx(210, rel=0.35)
