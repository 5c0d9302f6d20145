"""The rational RBM is the RBM, exactly."""

from fractions import Fraction

import numpy as np
import pytest

from cl_theory.learning.models.rational_rbm import RationalRBM
from cl_theory.learning.models.rbm import rbm_phase_moments
from cl_theory.seeds import stream
from cl_theory.theory.estimators import moments as exact_moments
from cl_theory.theory.estimators.isd import isd_gradient
from cl_theory.theory.estimators.laws import coin_law, exact_covariance, exact_mean

MODEL = RationalRBM.random(stream(20230723, "tests", "rational-rbm"), n_visible=3, n_hidden=2)
DATA = np.array([[1, 0, 1], [0, 1, 1]])


def test_a_state_weighs_the_product_of_the_factors_of_what_is_on():
    weight = MODEL.weight(np.array([[1, 0, 1]], dtype=object), np.array([[0, 1]], dtype=object))[0]
    w, a, c = MODEL.weight_factors, MODEL.visible_factors, MODEL.hidden_factors
    assert weight == w[1, 0] * w[1, 2] * a[0] * a[2] * c[1]


def test_probabilities_are_those_of_the_float_model():
    probability, v, h = MODEL.law()
    rbm = MODEL.floats()
    expected = np.exp(-rbm.energy(v.astype(float), h.astype(float)) - rbm.log_partition())
    np.testing.assert_allclose(probability.astype(float), expected, rtol=1e-13)
    assert probability.sum() == 1
    assert MODEL.data_law(DATA)[0].sum() == 1


def test_moments_are_those_of_the_float_model():
    exact, floats = MODEL.phase_moments(DATA).floats(), rbm_phase_moments(MODEL.floats(), DATA)
    for name in ("mean_positive", "mean_negative", "second_positive", "second_negative", "cross"):
        np.testing.assert_allclose(getattr(exact, name), getattr(floats, name), rtol=0, atol=1e-14)


def test_moments_from_marginals_are_those_of_the_joint_law():
    joint, direct = MODEL.finite_law(DATA).moments, MODEL.phase_moments(DATA)
    for name in ("mean_positive", "second_negative", "cross"):
        assert (getattr(joint, name) == getattr(direct, name)).all()


def test_isd_on_a_model_is_exactly_unbiased():
    law, b = MODEL.finite_law(DATA[:1]), Fraction(3, 10)
    probability, coin, plus, minus = coin_law(law, b)
    rows = isd_gradient(plus, minus, coin, p_positive=b)
    assert (exact_mean(probability, rows) == law.moments.mean).all()
    assert (exact_covariance(probability, rows) == exact_moments.isd_covariance(law.moments, b)).all()


def test_bad_factors_are_refused():
    one = [1, 1]
    with pytest.raises(TypeError, match="float"):
        RationalRBM([[1.5, 1]], one, [1])
    with pytest.raises(ValueError, match="weight_factors must be above 0"):
        RationalRBM([[0, 1]], one, [1])
    with pytest.raises(ValueError, match=r"weight_factors must have shape \(2, 2\)"):
        RationalRBM([[1, 1]], one, one)
    with pytest.raises(ValueError, match="at most 4096"):
        RationalRBM(np.ones((6, 7), int), np.ones(7, int), np.ones(6, int))
    with pytest.raises(ValueError, match="only 0 and 1"):
        MODEL.finite_law([[2, 0, 1]])
