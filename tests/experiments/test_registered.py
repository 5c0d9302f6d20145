"""The experiments of the book: no two cells alike, tuned on seeds apart, stored results sound."""

from pathlib import Path

import pytest

from cl_theory.proof.experiments.definition import key_of, runner_of
from cl_theory.proof.experiments.registered import all_experiments
from cl_theory.proof.experiments.store import read_archive

ROOT = Path(__file__).resolve().parents[2]
STORED = sorted((ROOT / "data" / "experiments").glob("*.json"))
EXPERIMENTS = list(all_experiments().values())


def test_there_are_experiments():
    assert EXPERIMENTS


@pytest.mark.parametrize("experiment", EXPERIMENTS, ids=lambda experiment: experiment.name)
def test_no_two_cells_of_an_experiment_share_a_key(experiment):
    keys = [key_of(cell) for cell in experiment.cells]
    assert len(set(keys)) == len(keys)


@pytest.mark.parametrize("experiment", EXPERIMENTS, ids=lambda experiment: experiment.name)
def test_every_kind_has_a_module_that_runs_it(experiment):
    assert {runner_of(cell.kind) for cell in experiment.cells}


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
