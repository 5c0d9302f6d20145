"""The Monte Carlo cases about b, equal compute and designs: their targets are the theory's numbers."""

from fractions import Fraction

import numpy as np
import pytest

from cl_theory.cases import isd_cases
from cl_theory.cases.enumerated import (
    ONE_OFF,
    enumerated_batch,
    enumerated_isd,
    enumerated_ratio,
    enumerated_trace,
    exact_cases,
    two_values,
)
from cl_theory.cases.real_models import RealModel
from cl_theory.cases.recorded import record_cases
from cl_theory.claims import Evidence
from cl_theory.datasets.bars_and_stripes import bars_and_stripes
from cl_theory.estimators import theory
from cl_theory.laws import FiniteLaw, independent_law
from cl_theory.models import RBM, RationalRBM
from cl_theory.phases import Alternating, Bernoulli, Stratified, Systematic
from cl_theory.samplers.planted import NOTHING_PLANTED

MODEL = RealModel("tiny", RBM.random(np.random.default_rng(8), 4, 3, 1.0), bars_and_stripes(2))
M = MODEL.moments
MEAN_SQUARED = M.mean @ M.mean


def target(case: object) -> np.ndarray:
    return case(MODEL).target(NOTHING_PLANTED)  # type: ignore[operator]


def test_equal_compute_is_the_theorem_at_half_and_at_best_b() -> None:
    gap, two_terms = np.trace(theory.equal_compute_gap_at_half(M)), np.trace(theory.two_term_covariance(M))
    expected = [gap, theory.equal_compute_trace_gap_at_optimum(M), two_terms + MEAN_SQUARED]
    np.testing.assert_allclose(target(isd_cases.equal_compute)[5:8], expected)


def test_four_designs_hold_their_count_variance() -> None:
    squares = target(isd_cases.four_designs)[12:16]
    spreads = [1.0, 0.0, 0.8 * 0.2, 0.0]
    chances = [0.5, 0.5, 0.45, 0.5]
    traces = [np.trace(theory.batch_isd_covariance(M, b, 4, s)) for b, s in zip(chances, spreads, strict=True)]
    np.testing.assert_allclose(squares - MEAN_SQUARED, traces)


def test_recorded_case_is_in_the_evidence_with_its_controls() -> None:
    evidence = Evidence("isd-equal-compute")
    outcomes = record_cases(evidence, [MODEL], isd_cases.equal_compute, seed=4, scope="a test")
    (check,) = evidence.record["checks"]
    assert outcomes["tiny"].passed is True
    assert check["scope"] == "tiny: a test"
    assert [control["caught"] for control in check["controls"]] == [True] * 4


@pytest.fixture(scope="module")
def law() -> FiniteLaw:
    return exact_cases("a test", 1)[0]


def test_enumerated_isd_is_the_formula_and_sees_planted_errors(law: FiniteLaw) -> None:
    b, c = Fraction(2, 7), np.array([Fraction(k) for k in (1, -2, 0)])
    mean, covariance = enumerated_isd(law, b, baseline=c)
    assert (mean == law.moments.mean).all()
    assert (covariance == theory.centred_isd_covariance(law.moments, b, c)).all()
    assert enumerated_trace(law, b) == theory.isd_trace(law.moments, b)
    assert enumerated_trace(law, b, weight=ONE_OFF) != theory.isd_trace(law.moments, b)
    assert (enumerated_isd(law, b, coin=Fraction(1, 2))[0] != law.moments.mean).any()


@pytest.mark.parametrize(
    "design", [Bernoulli(Fraction(1, 3)), Stratified(Fraction(2, 5)), Systematic(Fraction(2, 5)), Alternating()]
)
def test_enumerated_batches_follow_their_design(design: Bernoulli) -> None:
    law = independent_law(*two_values(1, 2), *two_values(-1, 3))
    mean, covariance = enumerated_batch(law, design, 3)
    assert (mean == law.moments.mean).all()
    expected = theory.batch_isd_covariance(law.moments, design.p_positive, 3, design.count_variance(3))
    assert (covariance == expected).all()
    assert (enumerated_batch(law, design, 3, weight=ONE_OFF)[1] != expected).all()


def test_enumerated_ratio_stays_exact_on_integer_gradients() -> None:
    rbm = RationalRBM(np.array([[3]]), np.array([2]), np.array(["1/2"]))
    law = rbm.finite_law(np.array([[0.0], [1.0]]))  # gradients are Python integers
    mean, covariance = enumerated_ratio(law, Fraction(1, 3), 2)
    assert (mean == law.moments.mean).all()
    assert (covariance == theory.ratio_isd_covariance(law.moments, Fraction(1, 3), 2)).all()
