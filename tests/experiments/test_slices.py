"""A slice run again agrees with what is stored, and a learning rate that is off by 1 % does not."""

import pytest

from cl_theory.proof.experiments import registered as registry
from cl_theory.proof.experiments.definition import Experiment, Seeds, Slice
from cl_theory.proof.experiments.execution import work_off
from cl_theory.proof.experiments.results import results, slice_check
from cl_theory.proof.experiments.store import write_archive

SMALL = Experiment(
    name="small",
    title="A small experiment",
    question="Does a slice repeat it?",
    kind="rbm",
    settings={"data": "bars-and-stripes", "hidden": 2, "chain": "persistent", "sweeps": 2,
              "measures": {"nll": 1, "tv": 2}},
    arms={
        "two-term": {"estimator": "two-term", "rate": 0.05},
        "isd": {"estimator": "isd", "schedule": {"b": 0.5}, "rate": 0.05},
        "centred": {"estimator": "centred-isd", "schedule": {"b": 0.5, "baseline_rate": 0.1}, "rate": 0.05},
    },
    points=(0, 40, 80, 160),
    seeds=Seeds(0, 4),
    seeds_per_cell=4,
    again=Slice(("two-term", "isd", "centred"), seeds=2, until=80),
)  # fmt: skip


@pytest.fixture
def small(checkout, here_and_now, monkeypatch):
    monkeypatch.setattr(registry, "ALL", (SMALL,))
    registry.all_experiments.cache_clear()
    work_off(SMALL.cells, checkout.store)
    write_archive(checkout.archives, SMALL, checkout.store, checkout.root)
    yield results("small")
    registry.all_experiments.cache_clear()


def test_a_slice_agrees_to_the_digits_that_are_stored(small):
    outcome, controls = slice_check(small, scope="small")
    assert outcome.passed
    assert outcome.details["tolerance"] == 1e-6
    # Per arm two seeds, two points of nll after the start and one of tv.
    assert outcome.values["count"] == 3 * 2 * (2 + 1)
    assert set(controls) == {"learning rate off by 1 %"}
    assert not controls["learning rate off by 1 %"].passed


def test_stored_results_of_other_seeds_are_seen(small):
    for name, curve in small["isd"].curves.items():
        small["isd"].curves[name][:] = [values and values[::-1] for values in curve]
    assert not slice_check(small, scope="small")[0].passed
