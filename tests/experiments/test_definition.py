"""What an experiment is: frozen, cut into cells, each found under a key of its own."""

from dataclasses import FrozenInstanceError, replace

import pytest

from cl_theory.proof.experiments.definition import ExperimentError, Seeds, Slice, code_of, computed, key_of


def test_a_definition_is_frozen(tiny):
    with pytest.raises(FrozenInstanceError):
        tiny.points = (0, 1)


def test_cells_cover_every_seed_of_every_arm_once(tiny):
    pairs = [(cell.arm, seed) for cell in replace(tiny, seeds_per_cell=3).cells for seed in cell.seeds]
    assert sorted(pairs) == sorted((arm, seed) for arm in tiny.arms for seed in range(5, 13))
    assert [len(cell.seeds) for cell in replace(tiny, seeds_per_cell=3).cells[:3]] == [3, 3, 2]


def test_what_an_arm_has_of_its_own_overrides_what_is_shared(tiny):
    arms = {"short": {"rate": 1.0, "until": 10, "final": []}, "other": {"rate": 1.0, "kind": "rbm"}}
    changed = replace(tiny, arms=arms, again=Slice(("short",), until=10))
    short, other = changed.cell("short", Seeds(5, 1)), changed.cell("other", Seeds(5, 1))
    assert (short.kind, short.points, short.settings) == ("tiny", (0, 10), {"rate": 1.0, "final": []})
    assert (other.kind, other.points, other.settings) == ("rbm", (0, 10, 20), {"rate": 1.0, "final": ["end"]})
    assert changed.cell("other", Seeds(5, 1), until=10).points == (0, 10)


@pytest.mark.parametrize(
    "changes", [{"points": (10, 20)}, {"points": (0, 20, 10)}, {"again": Slice(("none",), until=10)},
                {"again": Slice(("one",), until=11)}]
)  # fmt: skip
def test_a_definition_that_cannot_be_run_is_refused(tiny, changes):
    with pytest.raises(ValueError, match="tiny: "):
        replace(tiny, **changes)


@pytest.mark.parametrize("changes", [{"settings": {"rate": 1.5}}, {"points": (0, 10)}, {"seeds": Seeds(6, 2)}])
def test_the_key_changes_with_what_the_result_follows_from(tiny, changes):
    cell = tiny.cells[0]
    assert key_of(replace(cell, **changes)) != key_of(cell)


def test_the_key_changes_with_the_code_and_not_with_words(tiny, monkeypatch):
    cell = tiny.cells[0]
    before = key_of(cell)
    assert key_of(replace(cell, experiment="renamed", arm="renamed")) == before
    monkeypatch.setattr("cl_theory.proof.experiments.definition.code_of", lambda kind: "other")
    assert key_of(cell) != before


def test_a_kind_is_run_by_its_module(tiny):
    result = computed(tiny.cell("two", Seeds(5, 2)))
    assert result["curves"]["nll"] == [[10.0, 12.0], [20.0, 22.0], [30.0, 32.0]]


def test_an_unknown_kind_is_refused_with_what_there_is():
    with pytest.raises(ExperimentError, match=r"kind must be one of rbm, .*, got 'nonsense'"):
        code_of("nonsense")
