"""Kinds of runs: Boltzmann machines, RBMs as scripts train and judge them, flows and copies without noise."""

import numpy as np
import pytest

from cl_theory.learning.learners.replicas import Replicas
from cl_theory.learning.models.exact_law import total_variation
from cl_theory.learning.models.images import bars_and_stripes
from cl_theory.learning.models.mnist import mnist, mnist_folder
from cl_theory.learning.models.rbm import RBM
from cl_theory.learning.models.rbm_phases import phase_turns
from cl_theory.proof.experiments import rbm_runs, script_runs
from cl_theory.proof.experiments.always_on_runs import Ensemble, small_start
from cl_theory.proof.experiments.definition import Seeds, computed
from cl_theory.proof.experiments.rbm_runs import first_rbm
from cl_theory.proof.experiments.registered import experiment

BARS = {
    "data": "bars-and-stripes", "hidden": 3, "chain": "persistent", "sweeps": 3, "measures": {"nll": 1}, "rate": 0.02,
}  # fmt: skip
ISD = {**BARS, "estimator": "isd", "schedule": {"b": 0.2}}
TWO_TERM = {**BARS, "estimator": "two-term"}
POINTS = (0, 200, 400)


@pytest.mark.parametrize(("settings", "rows"), [(ISD, 0.2 * 400), (TWO_TERM, 200.0)], ids=["isd", "two-term"])
def test_a_boltzmann_machine_starts_at_sixteen_log_two_a_row_and_learns(settings, rows) -> None:
    found = rbm_runs.run_machines({**settings, "rate": 0.05}, Seeds(0, 3), (0, 4000))
    first, last = found["curves"]["nll"]
    assert np.allclose(first, 16 * np.log(2), atol=0.02)
    assert np.mean(last) < np.mean(first) - 0.1
    assert found["axes"]["rows"][-1] == pytest.approx(10 * rows)


def test_a_seed_of_a_boltzmann_machine_does_not_depend_on_its_company() -> None:
    together = rbm_runs.run_machines(ISD, Seeds(0, 3), POINTS)["curves"]["nll"]
    alone = rbm_runs.run_machines(ISD, Seeds(2, 1), POINTS)["curves"]["nll"]
    assert [values[2] for values in together] == [values[0] for values in alone]


def test_a_warm_start_begins_where_the_other_training_ended() -> None:
    after = {"estimator": "two-term", "rate": 0.02, "phases": 300}
    warm = script_runs.run({**ISD, "after": after}, Seeds(0, 2), POINTS)["curves"]["nll"]
    fresh = rbm_runs.run(ISD, Seeds(0, 2), POINTS)["curves"]["nll"]
    left = script_runs.left_by_another({**ISD, "after": after}, Seeds(0, 2), bars_and_stripes(4))
    rows = bars_and_stripes(4)
    expected = [left.rbm(r).negative_log_likelihood(rows) for r in range(2)]
    assert warm[0] == pytest.approx(expected, rel=1e-5)
    assert warm[0] != fresh[0]


def test_the_first_training_of_a_warm_start_meets_other_random_numbers_than_the_second() -> None:
    after = {"estimator": "isd", "schedule": {"b": 0.2}, "rate": 0.02, "phases": 400}
    left = script_runs.left_by_another({**ISD, "after": after}, Seeds(0, 1), bars_and_stripes(4))
    learner = rbm_runs.learner_of(ISD, Seeds(0, 1), bars_and_stripes(4))
    twin = script_runs.run_learner(learner, 400, seed=script_runs.FIXED_ROOT).model
    assert not np.array_equal(left.weights, twin.weights)


def test_offline_isd_counts_its_updates_and_differs_from_isd() -> None:
    found = script_runs.run({**ISD, "n_positive": 10}, Seeds(0, 2), POINTS)
    assert found["axes"]["updates"] == pytest.approx([0, 4, 8])
    assert found["curves"]["nll"][-1] != rbm_runs.run(ISD, Seeds(0, 2), POINTS)["curves"]["nll"][-1]


def test_total_variation_with_half_the_hidden_bias_is_that_of_a_model_with_half_the_hidden_bias() -> None:
    rows = bars_and_stripes(2)
    rng = np.random.default_rng(0)
    rbm = RBM(rng.standard_normal((3, 4)), np.zeros(4), np.array([2.0, -1.0, 3.0]))
    half = RBM(rbm.weights, rbm.visible_bias, rbm.hidden_bias / 2)
    measure = script_runs._own("tv_half_bias", "bars-and-stripes", {"train": rows})
    assert measure(Replicas.of([rbm]))[0] == pytest.approx(total_variation(half, rows), abs=1e-6)
    assert abs(measure(Replicas.of([rbm]))[0] - total_variation(rbm, rows)) > 0.01


def test_integers_keep_only_pixels_of_full_brightness() -> None:
    pixels, rows = script_runs.cast_pixels("digits"), rbm_runs.loaded("digits")["test"][:, :-10]
    assert pixels.shape == rows.shape
    assert set(np.unique(pixels)) == {0.0, 1.0}
    assert (pixels <= rows).all()
    assert 0.1 < pixels.sum() / rows.sum() < 0.5


@pytest.mark.skipif(mnist_folder() is None, reason="MNIST is not at hand: set CL_THEORY_DATA to its folder")
def test_on_mnist_integers_keep_seven_percent_of_the_bright_pixels() -> None:
    images, _ = mnist("test")
    kept = script_runs.cast_pixels("mnist").sum() / (images > 0.8 * 255).sum()
    assert round(kept, 2) == 0.07


COPIES = {**experiment("small-bars").settings, "copies": 2000, "first_weights": 0.5}
PLAIN, BASELINE = {"b": 0.5, "length_law": "fixed"}, {"b": 0.5, "length_law": "fixed", "baseline_rate": 0.02}


def test_a_flow_starts_at_the_first_weights_of_its_seed_and_goes_down() -> None:
    cell = experiment("bars-flow").cell("gradient of the loss", Seeds(0, 2), until=200)
    found = computed(cell)
    starts = [first_rbm(seed, 16, 16).negative_log_likelihood(bars_and_stripes(4)) for seed in (0, 1)]
    np.testing.assert_allclose(found["curves"]["nll"][0], starts, rtol=1e-6)
    assert (np.array(found["curves"]["nll"][1]) < starts).all()
    assert found["axes"] == {"phases": [0, 200], "time": [0.0, 1.0]}


def test_an_ensemble_is_the_same_again_and_another_seed_is_another() -> None:
    few = {**COPIES, "copies": 8, "rate": 0.05, "schedule": PLAIN}
    ends = []
    for seed in (0, 0, 1):
        ensemble = Ensemble(few, seed)
        ensemble.run_phase(0)
        ensemble.run_phase(1)
        ends.append(ensemble.parameters)
    np.testing.assert_array_equal(ends[0], ends[1])
    assert not np.allclose(ends[0], ends[2])


@pytest.mark.parametrize("schedule", [PLAIN, BASELINE], ids=["plain", "around a baseline"])
def test_copies_move_on_average_by_the_predicted_drift(schedule) -> None:
    settings, b, rate = {**COPIES, "rate": 0.05, "schedule": schedule}, 0.5, 0.05
    start, data = small_start(settings)
    centred, turns = "baseline_rate" in schedule, phase_turns(start, data, visible_biases=False)
    along = turns.baseline_term(b) / np.linalg.norm(turns.baseline_term(b))
    predicted = along @ turns.drift(rate, b, centred=centred, second_moment=0.98)
    moves = []
    for seed in range(12):
        ensemble = Ensemble(settings, seed)
        for number in range(3):  # lets the free chains forget their coins; the shared weights start again
            ensemble.run_phase(number)
            ensemble.parameters = start.flat
        ensemble.run_phase(3)
        moves.append(along @ (ensemble.parameters - start.flat) / rate)
    error = np.std(moves, ddof=1) / np.sqrt(len(moves))
    assert abs(np.mean(moves) - predicted) < 5 * error
    if centred:
        without = along @ turns.drift(rate, b, centred=False, second_moment=0.98)
        assert abs(np.mean(moves) - without) > 5 * error
