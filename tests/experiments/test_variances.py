"""Variances of ISD from hand-made moments."""

import numpy as np
import pytest

from cl_theory.proof.experiments import retraced as variances
from cl_theory.proof.experiments.definition import Seeds
from cl_theory.proof.experiments.registered import experiment
from cl_theory.proof.experiments.results import ArmResults, Results
from cl_theory.seeds import stream
from cl_theory.theory.estimators import moments as exact_moments
from cl_theory.theory.estimators.laws import FiniteLaw

PHASES = np.array([0.0, 10.0, 20.0])


def arm(b: float, up: float, down: float) -> ArmResults:
    """Two seeds whose moments were measured at the first and the last point; the second has twice the moments."""
    curves = {
        name: [[value, 2 * value], None, [3 * value, 6 * value]]
        for name, value in zip(variances.MOMENTS, (up, down, 1.0), strict=True)
    }
    return ArmResults(f"b = {b:g}", Seeds(0, 2), {"phases": PHASES}, curves, {}, [], core_seconds=1.0)


def found() -> Results:
    return Results(experiment("bars-b"), {one.name: one for one in (arm(0.2, 4, 9), arm(0.5, 4, 9))}, {})


def test_moments_come_from_where_they_were_measured() -> None:
    phases, moments = variances.moments_along(arm(0.5, 4, 9))
    assert phases.tolist() == [0, 20]
    assert moments[:, :, -1].tolist() == [[12, 24], [27, 54], [3, 6]]


def test_variance_and_best_b_are_those_of_a_finite_law() -> None:
    law = FiniteLaw.random(stream(1, "variances"), 5, dimension=3).moments.floats()
    mu = law.mean_positive - law.mean_negative
    moments = np.array([law.m_positive, law.m_negative, mu @ mu])
    assert variances.isd_variance(moments, 0.3) == pytest.approx(exact_moments.isd_trace(law, 0.3), rel=1e-12)
    assert variances.least_variance_b(moments) == pytest.approx(exact_moments.optimal_p_positive(law), rel=1e-12)


def test_last_variances_are_taken_at_each_arms_own_b_or_at_all() -> None:
    own, every = variances.last_variances(found()), variances.last_variances(found(), [0.2, 0.5])
    np.testing.assert_allclose(own[:, 0], [12 / 0.2 + 27 / 0.8 - 3, 12 / 0.5 + 27 / 0.5 - 3])
    np.testing.assert_allclose(every[[0, 1], [0, 1]], own)
    assert variances.shares(found()) == [0.2, 0.5]
    assert variances.grid_b_of_least_variance(found()) == 1


def test_a_b_outside_of_its_range_is_refused() -> None:
    with pytest.raises(ValueError, match="p_positive must lie strictly between"):
        variances.isd_variance(np.ones(3), 1.0)
