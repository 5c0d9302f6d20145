"""The page of measured speeds says what the measurement says."""

import json

from cl_theory.proof.reader.pages import TITLES, speed_markdown

MACHINE = {"processor": "a processor", "cores": 2, "python": "3.11", "versions": {"numpy": "2.0"}}
ROW = {
    "work": "some steps",
    "ours": "kernel",
    "nanoseconds": {"kernel": 141.0, "script": 19_700.0},
    "ratio": {"script": {"median": 139.7, "quartiles": [120.0, 150.0]}},
    "floor": 26.1,
    "over_floor": 5.4,
}


def test_a_row_shows_time_ratio_with_its_quartiles_and_floor(tmp_path):
    (tmp_path / "kernels.json").write_text(json.dumps({"machine": MACHINE, "rows": [ROW]}))
    page = speed_markdown(tmp_path)
    assert f"## {TITLES['kernels']}" in page
    assert "| some steps | 141 ns | script: **140** (120–150) | 26.1 ns | 5.4 |" in page
    assert "a processor; Python 3.11, numpy 2.0" in page


def test_a_row_without_floor_and_times_of_every_size_are_shown(tmp_path):
    rows = [ROW | {"nanoseconds": {"kernel": t}, "ratio": {}} for t in (1.5e3, 2.5e6, 3.5e9)]
    bare = [{name: value for name, value in row.items() if "floor" not in name} for row in rows]
    (tmp_path / "always_on.json").write_text(json.dumps({"machine": MACHINE, "rows": bare}))
    page = speed_markdown(tmp_path)
    assert [text in page for text in ("1.5 µs", "2.5 ms", "3.5 s")] == [True] * 3


def test_what_was_not_measured_has_no_section(tmp_path):
    assert "##" not in speed_markdown(tmp_path)


def test_growth_is_drawn_and_the_gain_of_a_second_thread_listed(tmp_path):
    series = {
        "work": "phase",
        "along": "replicas",
        "values": [1, 4, 16],
        "microseconds": [2.0, 7.0, 27.0],
        "exponent": 0.97,
    }
    gains = {"work": "phase", "replicas": [2, 16], "gain": [1.5, 1.9], "quartiles": [[1.4, 1.6], [1.8, 2.0]]}
    (tmp_path / "growth.json").write_text(json.dumps({"machine": MACHINE, "series": [series], "threads": [gains]}))
    page = speed_markdown(tmp_path)
    assert "phase by replicas at the power 0.97" in page
    assert "<svg" in page
    assert "| phase | 1.50 | 1.90 |" in page
