"""The runner of the benchmarks: what it computes from times, not the times."""

import json

import numpy as np
import pytest

from benchmarks import __main__ as entry
from benchmarks import runner
from benchmarks.rates import Floor


def test_ratios_are_taken_round_by_round():
    times = {"kernel": np.array([1.0, 2.0, 4.0]), "script": np.array([10.0, 30.0, 20.0])}
    line = runner.row("work", times, ours="kernel", floor=np.array([0.5, 0.5, 1.0]))
    assert line["ratio"]["script"] == {"median": 10.0, "quartiles": [7.5, 12.5]}
    assert line["nanoseconds"] == {"kernel": 2.0, "script": 20.0}
    assert line["over_floor"] == 4.0


def test_candidates_run_in_turns_and_are_warmed_first():
    order = []
    candidates = [runner.Candidate(name, lambda name=name: order.append(name)) for name in "ab"]
    times = runner.interleaved(candidates, rounds=3, seconds=0.0)
    assert order[-6:] == list("ababab")
    assert {name: len(values) for name, values in times.items()} == {"a": 3, "b": 3}


def test_a_floor_adds_what_is_needed_and_the_longest_of_the_alternatives():
    times = {"word": np.array([1.0, 2.0]), "multiply-add": np.array([1.0, 1.0]), "read 64": np.array([0.1, 3.0])}
    floor = Floor({"word": 10}, ({"multiply-add": 5}, {"read 64": 4}))
    np.testing.assert_allclose(floor.nanoseconds(times), [15.0, 32.0])
    assert [c.name for c in Floor({"word": 1}, ({"read 64": 1},)).probes] == ["word", "read 64"]


def test_results_are_written_with_the_machine_and_without_a_date(tmp_path, monkeypatch):
    monkeypatch.setattr(runner, "RESULTS", tmp_path)
    path = runner.write("test", {"rows": []})
    content = json.loads(path.read_text())
    assert set(content) == {"machine", "rows"}
    assert {"processor", "cores", "python", "versions"} <= set(content["machine"])
    assert list(tmp_path.iterdir()) == [path]


def test_an_unknown_benchmark_is_refused_by_name():
    with pytest.raises(SystemExit, match="unknown benchmark nonsense; there are minibatches"):
        entry.main(["nonsense"])
