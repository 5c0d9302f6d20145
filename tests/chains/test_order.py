"""Orders of phases: what is drawn is what is listed, and what is listed has the stated count."""

from fractions import Fraction

import numpy as np
import pytest

from cl_theory.seeds import stream
from cl_theory.theory.chains.phase_order import Alternating, Bernoulli, Stratified, Systematic

THIRD = Fraction(1, 3)
ORDERS = [
    Bernoulli(THIRD),
    Stratified(THIRD),
    Systematic(THIRD),
    Systematic(Fraction(3, 5)),
    Alternating(),
    Alternating("positive"),
    Alternating("negative"),
]
EACH = pytest.mark.parametrize(
    ("order", "n"), [(order, n) for order in ORDERS for n in (1, 2, 3, 5, 6)], ids=lambda x: str(x)
)


@EACH
def test_the_listed_orders_have_the_stated_law_of_the_count(order, n):
    listed = order.enumerate(n)
    assert sum(p for p, _ in listed) == 1
    assert all(indicators.shape == (n,) and indicators.dtype == bool for _, indicators in listed)
    counts = [(p, int(indicators.sum())) for p, indicators in listed]
    mean = sum(p * count for p, count in counts)
    assert sum(p * (count - mean) ** 2 for p, count in counts) == order.count_variance(n)
    law = {count: sum(p for p, other in counts if other == count) for _, count in counts}
    assert law == {count: p for count, p in order.count_law(n) if p > 0}


@EACH
def test_every_phase_has_probability_b_unless_the_first_is_fixed(order, n):
    share = [sum(p * int(indicators[k]) for p, indicators in order.enumerate(n)) for k in range(n)]
    if getattr(order, "first", "random") == "random":
        assert share == [order.p_positive] * n
    else:
        assert set(share) <= {0, 1}


@EACH
def test_draws_follow_the_listed_law(order, n):
    rng, repeats = stream(20230723, "tests", "order", str(order), n), 6000
    drawn = order.indicators(rng, n, repeats)
    assert drawn.shape == (repeats, n)
    assert drawn.dtype == bool
    keys, counts = np.unique(drawn @ 2 ** np.arange(n), return_counts=True)
    listed = {}
    for p, indicators in order.enumerate(n):
        key = int(indicators @ 2 ** np.arange(n))
        listed[key] = listed.get(key, 0) + float(p)
    assert set(keys.tolist()) <= set(listed)
    found = dict(zip(keys.tolist(), counts.tolist(), strict=True))
    for key, p in listed.items():
        assert abs(found.get(key, 0) - repeats * p) <= 5 * np.sqrt(repeats * p * (1 - p)) + 1e-9


def test_systematic_phases_are_evenly_spread():
    for p, indicators in Systematic(Fraction(1, 4)).enumerate(8):
        assert p == Fraction(1, 4)
        assert np.diff(np.flatnonzero(indicators)).tolist() == [4]


def test_a_float_share_within_rounding_of_an_integer_is_that_integer():
    assert Stratified(0.1).count_variance(30) == 0
    assert Systematic(0.7).count_law(10) == [(7, 1.0)]
    assert {int(x.sum()) for x in Stratified(0.29).indicators(stream(1, "s"), 100, 50)} == {29}


def test_orders_print_as_values():
    assert str(Systematic(0.25)) == "Systematic(p_positive=0.25)"
    assert Bernoulli(THIRD) == Bernoulli(Fraction(2, 6))


def test_impossible_orders_are_refused():
    for kind in (Bernoulli, Stratified, Systematic):
        with pytest.raises(ValueError, match="p_positive must lie strictly between 0 and 1"):
            kind(1)
    with pytest.raises(ValueError, match="first must be"):
        Alternating("both")
    with pytest.raises(ValueError, match="n_phases"):
        Systematic(THIRD).enumerate(0)
    with pytest.raises(ValueError, match="use fewer phases"):
        Bernoulli(THIRD).enumerate(17)
