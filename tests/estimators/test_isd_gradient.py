"""The estimators sample by sample: what they return, and what they refuse."""

from fractions import Fraction

import numpy as np
import pytest

from cl_theory.seeds import stream
from cl_theory.theory.arithmetic import exact_array
from cl_theory.theory.estimators.isd import (
    batch_isd_gradient,
    centred_isd_gradient,
    isd_gradient,
    isd_weights,
    ratio_isd_gradient,
    two_baseline_isd_gradient,
    two_term_gradient,
)
from cl_theory.theory.estimators.laws import FiniteLaw, coin_law, equality_law

B = Fraction(3, 10)
LAW = FiniteLaw.random(stream(20230723, "tests", "isd-gradient"), n_atoms=4, dimension=3)
_, COIN, G_POSITIVE, G_NEGATIVE = coin_law(LAW, B)


def test_each_row_is_the_formula_written_out():
    estimates = isd_gradient(G_POSITIVE, G_NEGATIVE, COIN, p_positive=B)
    for row, head, plus, minus in zip(estimates, COIN, G_POSITIVE, G_NEGATIVE, strict=True):
        assert row.tolist() == [
            int(head) / B * x - (1 - int(head)) / (1 - B) * y for x, y in zip(plus, minus, strict=True)
        ]


def test_every_row_is_the_two_term_row_plus_the_coin_times_h():
    difference = two_term_gradient(G_POSITIVE, G_NEGATIVE)
    h = (1 - B) * G_POSITIVE + B * G_NEGATIVE
    tilt = (COIN.astype(int).astype(object) - B) / (B * (1 - B))
    assert (isd_gradient(G_POSITIVE, G_NEGATIVE, COIN, p_positive=B) == difference + tilt[:, None] * h).all()


def test_floats_and_fractions_agree():
    exact = isd_gradient(G_POSITIVE, G_NEGATIVE, COIN, p_positive=B).astype(float)
    floats = isd_gradient(G_POSITIVE.astype(float), G_NEGATIVE.astype(float), COIN, p_positive=B)
    assert floats.dtype == np.float64
    np.testing.assert_allclose(floats, exact, rtol=1e-14)


def test_rows_of_the_phase_not_run_may_be_nan():
    plus, minus = np.array([[1.0, 2.0], [np.nan, np.nan]]), np.array([[np.nan, np.inf], [3.0, 4.0]])
    estimates = isd_gradient(plus, minus, [True, False], p_positive=0.25)
    np.testing.assert_array_equal(estimates, [[4.0, 8.0], [-4.0, -16.0 / 3]])


def test_nan_in_the_phase_that_was_run_is_refused():
    with pytest.raises(ValueError, match="phase that was run must be finite"):
        isd_gradient(np.array([[np.nan]]), np.array([[1.0]]), [1], p_positive=0.5)
    mixed = np.array([[float("nan")]], dtype=object)
    with pytest.raises(ValueError, match="phase that was run must be finite"):
        isd_gradient(mixed, exact_array([[1]]), [1], p_positive=B)


@pytest.mark.parametrize("p_positive", [0, 1, 0.0, 1.0, -0.1, 1.5, float("nan"), "half", None])
def test_isd_weights_are_refused_outside_the_open_interval(p_positive):
    with pytest.raises(ValueError, match="p_positive must"):
        isd_weights([True], p_positive=p_positive)


@pytest.mark.parametrize("wrong", [0.5, 2, -1, float("nan")])
def test_an_indicator_other_than_zero_or_one_is_refused(wrong):
    with pytest.raises(ValueError, match="is_positive must hold 0 or 1"):
        isd_gradient(np.ones((2, 1)), np.ones((2, 1)), [1, wrong], p_positive=0.5)


def test_mismatched_shapes_are_refused_by_name():
    with pytest.raises(ValueError, match=r"g_positive \(2, 3\), g_negative \(2, 2\)"):
        two_term_gradient(np.ones((2, 3)), np.ones((2, 2)))
    with pytest.raises(ValueError, match="one entry a sample"):
        isd_gradient(np.ones((2, 3)), np.ones((2, 3)), [1, 0, 1], p_positive=0.5)
    with pytest.raises(ValueError, match="baseline must have shape"):
        centred_isd_gradient(np.ones((2, 3)), np.ones((2, 3)), [1, 0], np.ones(2), p_positive=0.5)
    with pytest.raises(ValueError, match="single number"):
        two_term_gradient(1.0, 2.0)


def test_two_terms_need_both_phases():
    with pytest.raises(ValueError, match="g_negative must be finite"):
        two_term_gradient(np.ones((1, 2)), np.array([[1.0, np.nan]]))


def test_on_the_equality_law_isd_is_the_two_term_estimate():
    law = equality_law(exact_array(["1/2", "1/2"]), exact_array([[1, 2], [-3, 5]]), B)
    _, coin, plus, minus = coin_law(law, B)
    assert (isd_gradient(plus, minus, coin, p_positive=B) == two_term_gradient(plus, minus)).all()


def test_two_baselines_are_one():
    plus, minus = exact_array([1, -2, 3]), exact_array(["1/2", 0, 5])
    both = two_baseline_isd_gradient(G_POSITIVE, G_NEGATIVE, COIN, plus, minus, p_positive=B)
    one = centred_isd_gradient(G_POSITIVE, G_NEGATIVE, COIN, (1 - B) * plus + B * minus, p_positive=B)
    assert (both == one).all()


def test_a_zero_baseline_is_plain_isd():
    zero = centred_isd_gradient(G_POSITIVE, G_NEGATIVE, COIN, exact_array([0, 0, 0]), p_positive=B)
    assert (zero == isd_gradient(G_POSITIVE, G_NEGATIVE, COIN, p_positive=B)).all()


def test_a_batch_is_the_mean_of_its_phases():
    plus, minus = G_POSITIVE.reshape(2, 4, 3), G_NEGATIVE.reshape(2, 4, 3)
    order = np.array([True, False, False, True])
    single = isd_gradient(plus, minus, np.tile(order, (2, 1)), p_positive=B)
    batch = batch_isd_gradient(plus, minus, order, p_positive=B)
    assert (batch == single.sum(axis=1) / Fraction(4)).all()
    assert all(type(x) is Fraction and type(x.numerator) is int for x in batch.flat)


def test_the_ratio_estimate_is_a_difference_of_phase_means():
    plus, minus = G_POSITIVE[:4], G_NEGATIVE[:4]
    order = [1, 0, 1, 1]
    estimate = ratio_isd_gradient(plus, minus, order)
    assert (estimate == (plus[0] + plus[2] + plus[3]) / Fraction(3) - minus[1]).all()
    with pytest.raises(ValueError, match="both signs"):
        ratio_isd_gradient(plus, minus, [1, 1, 1, 1])
