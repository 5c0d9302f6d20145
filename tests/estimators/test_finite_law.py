"""Finite laws, their moments and the exact averages over coin and copies."""

from fractions import Fraction

import numpy as np
import pytest

from cl_theory.seeds import stream
from cl_theory.theory.arithmetic import exact_array
from cl_theory.theory.estimators.laws import (
    FiniteLaw,
    PhaseMoments,
    coin_law,
    equality_law,
    exact_covariance,
    exact_mean,
    independent_moments,
    repeated_law,
)

LAW = FiniteLaw.random(stream(20230723, "tests", "finite-law"), n_atoms=4, dimension=3)


def slow_mean(probability, rows):
    return [
        sum((p * row[i] for p, row in zip(probability, rows, strict=True)), Fraction(0)) for i in range(len(rows[0]))
    ]


def test_moments_agree_with_sums_written_out():
    moments, p = LAW.moments, LAW.probability
    assert moments.mean_positive.tolist() == slow_mean(p, LAW.g_positive)
    assert moments.mean_negative.tolist() == slow_mean(p, LAW.g_negative)
    for i in range(3):
        columns = {
            "second_positive": [a * a[i] for a in LAW.g_positive],
            "second_negative": [a * a[i] for a in LAW.g_negative],
            "cross": [a[i] * b for a, b in zip(LAW.g_positive, LAW.g_negative, strict=True)],
        }
        for name, rows in columns.items():
            assert getattr(moments, name)[i].tolist() == slow_mean(p, rows)


def test_second_moments_split_into_variance_and_mean():
    moments = LAW.moments
    assert moments.m_positive == moments.v_positive + moments.mean_positive @ moments.mean_positive
    assert moments.m_negative == np.trace(moments.covariance_negative) + moments.mean_negative @ moments.mean_negative
    assert (exact_covariance(LAW.probability, LAW.g_positive) == moments.covariance_positive).all()


def test_independent_phases_keep_their_marginals_and_lose_their_covariance():
    coupled, free = LAW.moments, LAW.independent().moments
    assert (free.second_positive == coupled.second_positive).all()
    assert (free.second_negative == coupled.second_negative).all()
    assert (free.cross_covariance == 0).all()
    assert (coupled.cross_covariance != 0).any()
    parts = (coupled.mean_positive, coupled.second_positive, coupled.mean_negative, coupled.second_negative)
    assert (independent_moments(*parts).cross == free.cross).all()


def test_moments_about_a_point_are_those_of_the_shifted_law():
    point = exact_array(["1/2", -3, 2])
    about = LAW.moments.about(point)
    shifted = FiniteLaw(LAW.probability, LAW.g_positive - point, LAW.g_negative - point).moments
    for name in ("mean_positive", "mean_negative", "second_positive", "second_negative", "cross"):
        assert (getattr(about, name) == getattr(shifted, name)).all()


def test_the_coin_is_independent_of_the_gradients():
    b = Fraction(3, 10)
    probability, is_positive, g_positive, g_negative = coin_law(LAW, b)
    assert probability.sum() == 1
    assert probability @ is_positive.astype(int) == b
    given_heads = slow_mean(probability[is_positive] / b, g_positive[is_positive])
    assert given_heads == LAW.moments.mean_positive.tolist()
    assert exact_mean(probability, g_negative).tolist() == LAW.moments.mean_negative.tolist()


def test_copies_are_independent():
    probability, g_positive, _ = repeated_law(LAW, 2)
    assert probability.shape == (16,)
    assert g_positive.shape == (16, 2, 3)
    first, second = g_positive[:, 0], g_positive[:, 1]
    mean = LAW.moments.mean_positive
    assert ((probability[:, None] * first).T @ second == np.outer(mean, mean)).all()


def test_the_equality_law_cancels_in_every_atom():
    b = Fraction(2, 7)
    law = equality_law(exact_array(["1/2", "1/2"]), exact_array([[1, 2], [-3, 5]]), b)
    assert ((1 - b) * law.g_positive + b * law.g_negative == 0).all()
    assert (law.g_positive - law.g_negative == exact_array([[1, 2], [-3, 5]])).all()


def test_floats_round_each_number_once():
    floats = LAW.floats()
    assert floats.g_positive.dtype == np.float64
    np.testing.assert_allclose(floats.moments.cross, LAW.moments.floats().cross, rtol=1e-14)


def test_a_random_law_depends_on_its_stream_alone():
    first, second = (FiniteLaw.random(stream(5, "law"), 3, 2) for _ in range(2))
    assert (first.g_positive == second.g_positive).all()
    assert (first.probability == second.probability).all()


def test_bad_laws_are_refused():
    g = exact_array([[1], [2]])
    with pytest.raises(ValueError, match="sum to one"):
        FiniteLaw(exact_array(["1/2", "1/3"]), g, g)
    with pytest.raises(ValueError, match="negative"):
        FiniteLaw(exact_array(["3/2", "-1/2"]), g, g)
    with pytest.raises(ValueError, match="shapes must agree"):
        FiniteLaw(exact_array(["1/2", "1/2"]), g, exact_array([[1, 1], [2, 2]]))
    with pytest.raises(ValueError, match="one row an atom"):
        FiniteLaw(exact_array([1]), g, g)
    with pytest.raises(ValueError, match="finite"):
        FiniteLaw(np.array([0.5, 0.5]), np.array([[1.0], [np.nan]]), np.ones((2, 1)))


def test_moments_of_different_dimensions_are_refused():
    two, three = np.zeros(2), np.zeros(3)
    with pytest.raises(ValueError, match="mean_negative"):
        PhaseMoments(two, three, np.eye(2), np.eye(2), np.eye(2))
    with pytest.raises(ValueError, match="cross must have shape"):
        PhaseMoments(two, two, np.eye(2), np.eye(2), np.eye(3))
