"""Runs without noise: flows from the first weights of a seed, and copies that share their parameters."""

import numpy as np
import pytest

from cl_theory.learning.models.images import bars_and_stripes
from cl_theory.learning.models.rbm_phases import phase_turns
from cl_theory.proof.experiments.always_on_runs import Ensemble, small_start
from cl_theory.proof.experiments.definition import Seeds, computed
from cl_theory.proof.experiments.rbm_runs import first_rbm
from cl_theory.proof.experiments.registered import experiment

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
