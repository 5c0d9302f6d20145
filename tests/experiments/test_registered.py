"""The experiments of the book: no two cells alike, rates tuned on seeds apart, stored results are sound."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from cl_theory.learning.learners.replicas import Replicas
from cl_theory.learning.models.rbm import RBM
from cl_theory.proof.experiments.definition import Seeds, key_of
from cl_theory.proof.experiments.measures import TEST_ERROR, judged
from cl_theory.proof.experiments.rbm_runs import _weights
from cl_theory.proof.experiments.registered import all_experiments, boltzmann, experiment, rates
from cl_theory.proof.experiments.results import ArmResults, Results, best_rate, results, stored_rbms
from cl_theory.proof.experiments.store import read_archive
from cl_theory.proof.ledger.evidence import Evidence

ROOT = Path(__file__).resolve().parents[2]
STORED = sorted((ROOT / "data" / "experiments").glob("*.json"))
EXPERIMENTS = list(all_experiments().values())


@pytest.mark.parametrize("experiment", EXPERIMENTS, ids=lambda experiment: experiment.name)
def test_no_two_cells_of_an_experiment_share_a_key(experiment):
    keys = [key_of(cell) for cell in experiment.cells]
    assert len(set(keys)) == len(keys)


def test_rates_are_tuned_on_seeds_that_no_comparison_uses():
    tuned = {seed for each in EXPERIMENTS if each.name.endswith("tuning") for seed in each.seeds}
    compared = {seed for each in EXPERIMENTS if not each.name.endswith("tuning") for seed in each.seeds}
    assert tuned
    assert compared
    assert not tuned & compared


@pytest.mark.parametrize("path", STORED, ids=lambda path: path.stem)
def test_stored_results_are_sound_and_of_the_definition_as_it_is(path):
    content = read_archive(path.parent, all_experiments()[path.stem])
    assert set(content["arms"]) == set(all_experiments()[path.stem].arms)


TUNED = {
    "bars-tuning": (rates.BARS, "nll"),
    "bars-b-tuning": (rates.BARS_AT_B, "nll"),
    "mnist-tuning": (rates.MNIST, "error"),
    "digits-tuning": (rates.DIGITS, "error"),
    "nets-tuning": (rates.NETS, "error"),
    "nets-centred-tuning": (rates.NETS_CENTRED, "error"),
    "boltzmann-tuning": (boltzmann.CHOSEN, "nll"),
}


@pytest.mark.parametrize("tuning", TUNED)
def test_each_rate_is_the_best_of_its_grid(tuning):
    chosen, measure = TUNED[tuning]
    assert {arm: best_rate(results(tuning), arm, measure) for arm in chosen} == chosen


def test_another_rate_would_be_noticed():
    assert best_rate(results("bars-tuning"), "isd", "nll") != 2 * rates.BARS["isd"]


NAME = "comparable: ISD - two-term"


def test_a_measure_with_arms_is_decided_as_their_values_are():
    found = results("mnist-estimators")
    arms = found["isd"], found["two-term"]
    decided = [
        judged({"comparable": Evidence("exp-mnist-comparable")}, {NAME: asked}, shorten="comparable: ")
        for asked in ((TEST_ERROR, *arms), map(TEST_ERROR, arms))
    ]
    by_measure, by_values = (of["ISD - two-term"].values["effect"] for of in decided)
    assert by_measure == by_values == np.mean(TEST_ERROR(arms[0])) - np.mean(TEST_ERROR(arms[1]))


RNG = np.random.default_rng(2)


def results_with(n_hidden, **finals):
    defined = replace(experiment("mnist-pictures"), settings={"hidden": n_hidden})
    return Results(defined, {"isd": ArmResults("isd", Seeds(0, 1), {}, {}, finals, [], 0.0)}, {})


def test_what_an_experiment_stores_is_the_network_it_ended_with():
    rbm = RBM(RNG.normal(size=(3, 7)), np.zeros(7), RNG.normal(size=3))
    found = stored_rbms(results_with(3, weights=_weights(Replicas.of([rbm, rbm]))))["isd"]
    np.testing.assert_allclose(found.flat, rbm.flat, rtol=1e-6)


def test_numbers_that_fit_no_network_of_that_size_are_refused():
    with pytest.raises(ValueError, match="24 numbers are not weights and biases of 5 hidden units"):
        stored_rbms(results_with(5, weights=[[0.0] * 24]))


def test_an_arm_without_weights_says_what_it_has():
    with pytest.raises(KeyError, match="no measure 'weights'"):
        stored_rbms(results_with(3))
