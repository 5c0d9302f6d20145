"""Plain JSON with a checksum: written whole or not at all, and believed only as it was written."""

import errno
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cl_theory.proof.experiments import store as files
from cl_theory.proof.experiments.definition import ExperimentError

NUMBERS = st.integers(-(10**6), 10**6) | st.floats(allow_nan=False, allow_infinity=False) | st.none() | st.booleans()
CONTENT = st.recursive(
    NUMBERS | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner),
)


@settings(max_examples=60, deadline=None)
@given(st.dictionaries(st.text(max_size=5), CONTENT, max_size=4))
def test_rows_on_lines_hold_the_same_content(content):
    assert json.loads(files._rows_on_lines(json.dumps(content, indent=1))) == content


def test_innermost_lists_are_a_line_each(tmp_path):
    files.write_checked(tmp_path / "x.json", {"a": [[1, 2], [3]], "b": [], "c": [{"d": [4, 5]}]}, indent=1)
    lines = [line.strip() for line in (tmp_path / "x.json").read_text().splitlines()]
    assert {"[1, 2],", "[3]", '"b": [],', '"d": [4, 5]'} <= set(lines)


@pytest.mark.parametrize("indent", [None, 1])
def test_what_is_written_is_read_back(tmp_path, indent):
    content = {"a": [[1.5, None], ["[", "{"]], "b": {"c": True}}
    files.write_checked(tmp_path / "deep" / "x.json", content, indent=indent)
    found = files.read_checked(tmp_path / "deep" / "x.json")
    assert {name: found[name] for name in content} == content


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda text: text.replace("1.5", "1.6"), "was changed after it was written"),
        (lambda text: text[: len(text) // 2], "is damaged"),
        (lambda text: "", "is damaged"),
        (lambda text: "[1]", "is damaged"),
        (lambda text: '{"a": 1}', "is damaged"),
        (lambda text: "[" * 100_000, "is damaged"),
    ],
)
def test_a_file_that_is_not_as_it_was_written_is_refused(tmp_path, change, message):
    path = tmp_path / "x.json"
    files.write_checked(path, {"a": 1.5})
    path.write_text(change(path.read_text()))
    with pytest.raises(ExperimentError, match=message):
        files.read_checked(path)


def test_another_format_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(files, "FORMAT", 7)
    files.write_checked(tmp_path / "x.json", {})
    monkeypatch.undo()
    with pytest.raises(ExperimentError, match="has format 7, this version reads 1"):
        files.read_checked(tmp_path / "x.json")


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EDQUOT])
def test_a_full_disk_leaves_the_old_file_and_no_half_one(tmp_path, monkeypatch, code):
    path = tmp_path / "x.json"
    files.write_checked(path, {"a": 1})
    before = path.read_bytes()

    def full(descriptor):
        raise OSError(code, "full")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(ExperimentError, match=r"no room on the disk to write .*x\.json; free some"):
        files.write_checked(path, {"a": 2})
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_other_errors_of_the_disk_are_not_taken_for_a_full_one(tmp_path, monkeypatch):
    def broken(descriptor):
        raise OSError(errno.EIO, "broken")

    monkeypatch.setattr("os.fsync", broken)
    with pytest.raises(OSError, match="broken"):
        files.write_checked(tmp_path / "x.json", {})
