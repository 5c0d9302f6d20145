"""Runs traced once more pass through the models whose measures are stored; variances and noises from their moments."""

from dataclasses import replace

import numpy as np
import pytest

from cl_theory.learning.models.forward_forward import predicted_labels
from cl_theory.learning.models.images import bars_and_stripes
from cl_theory.proof.checks.comparisons import difference
from cl_theory.proof.experiments import retraced as variances
from cl_theory.proof.experiments.definition import Seeds, computed
from cl_theory.proof.experiments.forward_forward_runs import loaded
from cl_theory.proof.experiments.registered import experiment
from cl_theory.proof.experiments.results import ArmResults, Results, results
from cl_theory.proof.experiments.retraced import TwoNoises, along_runs, as_stored, retraced, retraced_nets, two_ways
from cl_theory.seeds import stream
from cl_theory.theory.estimators import moments as exact_moments
from cl_theory.theory.estimators.laws import FiniteLaw

DEFINED = experiment("bars-estimators")


@pytest.mark.parametrize("arm", ["two-term", "centred-isd"])
def test_each_network_has_the_loss_that_its_seed_had(arm: str) -> None:
    stored = computed(DEFINED.cell(arm, Seeds(3, 2), until=200))["curves"]["nll"]
    networks = retraced(DEFINED, arm, 4, [0, 200])
    rows = bars_and_stripes(4)
    found = [network.negative_log_likelihood(rows) for network in networks.values()]
    np.testing.assert_allclose(found, [losses[1] for losses in stored], rtol=1e-6)
    assert abs(found[1] - stored[1][0]) > 1e-4  # the other seed of the block


@pytest.mark.parametrize(
    ("name", "arm"),
    [("digits-nets", "two-term, adam"), ("digits-nets", "isd, sgd"), ("digits-nets-centred", "centred-isd, adam")],
)
def test_the_nets_are_those_whose_errors_were_measured(name, arm):
    defined = experiment(name)
    cell = replace(defined.cell(arm, Seeds(3, 2)), points=(0, 200, 600))
    measured = computed(replace(cell, settings={**cell.settings, "final": []}))["curves"]["error"]
    nets, data = retraced_nets(defined, arm, 3, (0, 200, 600)), loaded("digits")
    found = [
        np.mean(predicted_labels(net, data["test"], dtype=np.float32) != data["test_labels"]) for net in nets.values()
    ]
    assert found == pytest.approx([at_point[0] for at_point in measured], abs=2.1 / len(data["test"]))
    assert len({round(error, 4) for error in found}) > 1


def test_measures_along_runs_have_a_row_a_seed():
    runs = [{0: 1.0, 5: 2.0}, {0: 3.0, 5: 4.0}]
    found = along_runs({"isd": runs}, lambda model: [model, -model])["isd"]
    assert found[5].tolist() == [[2.0, -2.0], [4.0, -4.0]]
    assert list(found) == [0, 5]


def test_both_ways_and_what_is_stored_agree_and_planted_errors_are_seen() -> None:
    for outcome, controls in (two_ways(results("bars-b"), "b = 0.5", (200,)), as_stored(results("bars-b"), "b = 0.5")):
        assert outcome.passed
        assert [bad.passed for bad in controls.values()] == [False] * len(controls)


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


def test_drawn_networks_and_images_have_these_noises():
    rng = np.random.default_rng(2)
    rates = rng.normal(0.3, 0.01, 400)
    found = TwoNoises(rates, 10_000)
    assert found.of_seeds == pytest.approx(0.01, rel=0.1)
    assert found.of_images == pytest.approx(np.std(rng.binomial(10_000, 0.3, 4000) / 10_000), rel=0.05)
    assert found.of_mean == pytest.approx(0.01 / 20, rel=0.1)


def test_intervals_hold_what_they_are_of():
    found = TwoNoises(np.array([0.25, 0.28, 0.31, 0.30, 0.29]), 400)
    for estimate, low, high in found.intervals.values():
        assert low < estimate < high
    assert found.intervals["one network"][0] == 0.25
    assert found.intervals["mean over seeds"][0] == pytest.approx(0.286)


def test_so_many_seeds_show_the_difference_in_four_cases_out_of_five():
    rng, n = np.random.default_rng(3), TwoNoises(np.array([0.0, 1.0, 2.0]), 1).seeds_to_see(0.9)
    seen = [difference(rng.normal(0.9, 1, n), rng.normal(0, 1, n), 0.95).low > 0 for _ in range(1000)]
    assert np.mean(seen) == pytest.approx(0.8, abs=0.06)
