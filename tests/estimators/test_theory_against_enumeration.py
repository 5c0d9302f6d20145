"""Every formula against the average of the estimator itself over all atoms and both sides of the coin."""

from fractions import Fraction

import numpy as np
import pytest

from cl_theory.seeds import stream
from cl_theory.theory.arithmetic import exact_array
from cl_theory.theory.estimators import moments as exact_moments
from cl_theory.theory.estimators.isd import centred_isd_gradient, isd_gradient, two_term_gradient
from cl_theory.theory.estimators.laws import (
    FiniteLaw,
    PhaseMoments,
    coin_law,
    equality_law,
    exact_covariance,
    exact_mean,
)

LAWS = [FiniteLaw.random(stream(20230723, "tests", "theory", k), n_atoms=2 + k, dimension=1 + k) for k in range(4)]
PROBABILITIES = [Fraction(1, 2), Fraction(3, 10), Fraction(4, 5)]
EACH = pytest.mark.parametrize(
    ("law", "b"),
    [(law, b) for law in LAWS for b in PROBABILITIES],
    ids=lambda x: str(x) if isinstance(x, Fraction) else "",
)


def enumerated(law, b, estimator=isd_gradient, **options):
    probability, coin, plus, minus = coin_law(law, b)
    rows = estimator(plus, minus, coin, p_positive=b, **options)
    return exact_mean(probability, rows), exact_covariance(probability, rows)


def two_term_enumerated(law):
    return exact_covariance(law.probability, two_term_gradient(law.g_positive, law.g_negative))


@EACH
def test_isd_is_unbiased_with_the_stated_covariance(law, b):
    mean, covariance = enumerated(law, b)
    assert (mean == law.moments.mean).all()
    assert (covariance == exact_moments.isd_covariance(law.moments, b)).all()
    assert np.trace(covariance) == exact_moments.isd_trace(law.moments, b)


@EACH
def test_the_coupling_of_the_phases_does_not_matter_to_isd(law, b):
    assert (enumerated(law, b)[1] == enumerated(law.independent(), b)[1]).all()


@EACH
def test_a_weight_off_by_one_percent_is_seen_exactly(law, b):
    probability, coin, plus, minus = coin_law(law, b)
    rows = isd_gradient(plus * Fraction(101, 100), minus, coin, p_positive=b)
    assert (exact_mean(probability, rows) != law.moments.mean).any()
    assert (exact_covariance(probability, rows) != exact_moments.isd_covariance(law.moments, b)).any()


@EACH
def test_the_excess_is_the_second_moment_of_h(law, b):
    gap = enumerated(law, b)[1] - two_term_enumerated(law)
    h = (1 - b) * law.g_positive + b * law.g_negative
    assert (gap == (law.probability[:, None] * h).T @ h / (b * (1 - b))).all()
    assert np.trace(gap) == exact_moments.isd_excess_trace(law.moments, b)
    assert (exact_moments.two_term_covariance(law.moments) == two_term_enumerated(law)).all()


@EACH
def test_the_excess_vanishes_on_the_equality_law_and_only_at_its_b(law, b):
    flat = equality_law(law.probability, law.g_positive, b).moments
    assert exact_moments.isd_excess_trace(flat, b) == 0
    assert exact_moments.isd_excess_trace(flat, b / 2) > 0


@EACH
def test_the_slope_is_that_of_the_trace(law, b):
    moments, step = law.moments, Fraction(1, 10**6)
    low, high = (exact_moments.isd_trace(moments, b + k * step) for k in (-1, 1))
    assert float((high - low) / (2 * step)) == pytest.approx(
        float(exact_moments.isd_trace_derivative(moments, b)), rel=1e-8
    )


@pytest.mark.parametrize("law", LAWS, ids=str)
def test_the_best_b_beats_a_fine_grid(law):
    moments = law.floats().moments
    best, least = exact_moments.optimal_p_positive(moments), exact_moments.isd_trace_minimum(moments)
    grid = np.linspace(0.01, 0.99, 99)
    values = np.array([exact_moments.isd_trace(moments, b) for b in grid])
    assert exact_moments.isd_trace(moments, best) == pytest.approx(least, rel=1e-12)
    assert (values >= least * (1 - 1e-12)).all()


def test_the_best_b_is_exact_where_both_roots_are_rational():
    law = FiniteLaw(exact_array([1]), exact_array([[3, 0]]), exact_array([[0, 1]]))
    assert exact_moments.optimal_p_positive(law.moments) == Fraction(3, 4)
    assert exact_moments.isd_trace_minimum(law.moments) == 16 - 10
    assert exact_moments.isd_trace_derivative(law.moments, Fraction(3, 4)) == 0


def test_the_phase_with_less_variance_may_deserve_more_visits():
    plus = FiniteLaw(exact_array(["1/2", "1/2"]), exact_array([[2], [-2]]), exact_array([[4], [2]]))
    assert (plus.moments.v_positive, plus.moments.v_negative) == (4, 1)
    assert exact_moments.optimal_p_positive(plus.moments) == pytest.approx(0.3874, abs=5e-5)
    assert exact_moments.neyman_p_positive(plus.moments) == Fraction(2, 3)


@pytest.mark.parametrize("side", ["g_positive", "g_negative"])
def test_no_best_b_without_both_second_moments(side):
    rows = {"g_positive": exact_array([[1]]), "g_negative": exact_array([[1]]), side: exact_array([[0]])}
    moments = FiniteLaw(exact_array([1]), **rows).moments
    with pytest.raises(ValueError, match=side.replace("g_", "m_")):
        exact_moments.optimal_p_positive(moments)
    with pytest.raises(ValueError, match="v_positive"):
        exact_moments.neyman_p_positive(moments)


@EACH
def test_a_baseline_shifts_only_the_centre(law, b):
    baseline = exact_array(range(1, 1 + law.moments.dimension)) / 3
    mean, covariance = enumerated(law, b, centred_isd_gradient, baseline=baseline)
    assert (mean == law.moments.mean).all()
    assert (covariance == exact_moments.centred_isd_covariance(law.moments, b, baseline)).all()


@EACH
def test_no_baseline_beats_the_centre(law, b):
    centre = exact_moments.isd_centre(law.moments, b)
    _, best = enumerated(law, b, centred_isd_gradient, baseline=centre)
    assert np.trace(best) == exact_moments.centred_isd_trace(law.moments, b)
    assert (best == exact_moments.phase_noise_covariance(law.moments, b)).all()
    _, other = enumerated(law, b, centred_isd_gradient, baseline=centre + Fraction(1, 100))
    d = law.moments.dimension
    assert (other - best == np.full((d, d), Fraction(1, 10**4)) / (b * (1 - b))).all()


@pytest.mark.parametrize("law", LAWS, ids=str)
def test_the_neyman_b_beats_a_fine_grid(law):
    moments = law.floats().moments
    best, least = exact_moments.neyman_p_positive(moments), exact_moments.neyman_trace_minimum(moments)
    assert exact_moments.centred_isd_trace(moments, best) == pytest.approx(least, rel=1e-12)
    for b in np.linspace(0.02, 0.98, 49):
        assert exact_moments.centred_isd_trace(moments, b) >= least * (1 - 1e-12)
    gain = np.trace(exact_moments.two_term_covariance(moments)) - least / 2
    assert exact_moments.neyman_equal_compute_gain(moments) == pytest.approx(gain, rel=1e-9, abs=1e-9)


def test_a_formula_refuses_b_at_the_ends():
    for formula in (
        exact_moments.isd_covariance,
        exact_moments.isd_centre,
        exact_moments.centred_isd_trace,
        exact_moments.isd_trace,
    ):
        with pytest.raises(ValueError, match="strictly between 0 and 1"):
            formula(LAWS[0].moments, 1)


def test_moments_of_a_law_without_noise_have_no_centred_variance():
    one = np.ones(2)
    moments = PhaseMoments(one, 2 * one, np.ones((2, 2)), 4 * np.ones((2, 2)), 2 * np.ones((2, 2)))
    assert exact_moments.centred_isd_trace(moments, 0.3) == pytest.approx(0, abs=1e-12)
