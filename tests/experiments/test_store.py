"""Results on disk: written whole or not at all, believed only as they were written, and no cell held by two runs."""

import errno
import json
import threading

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
    assert json.loads(files._rows_on_lines(content)) == content


def test_innermost_lists_are_a_line_each(tmp_path):
    files.write_checked(tmp_path / "x.json", {"a": [[1, 2], [3]], "b": [], "c": [{"d": [4, 5]}]}, in_lines=True)
    lines = [line.strip() for line in (tmp_path / "x.json").read_text().splitlines()]
    assert {"[1, 2],", "[3]", '"b": [],', '"d": [4, 5]'} <= set(lines)


@pytest.mark.parametrize("in_lines", [False, True])
def test_what_is_written_is_read_back(tmp_path, in_lines):
    content = {"a": [[1.5, None], ["[", "{"]], "b": {"c": True}}
    files.write_checked(tmp_path / "deep" / "x.json", content, in_lines=in_lines)
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


PROVENANCE = {"seconds": 1.0, "machine": {}}


@pytest.fixture
def cell(tiny):
    return tiny.cells[0]


def test_a_cell_is_read_as_it_was_written(checkout, cell):
    assert checkout.store.read(cell) is None
    assert checkout.store.state(cell) == "missing"
    checkout.store.write(cell, {"curves": [1.5]}, PROVENANCE)
    assert checkout.store.read(cell)["result"] == {"curves": [1.5]}
    assert checkout.store.state(cell) == "stored"


@pytest.mark.parametrize("damage", [lambda text: text[:40], lambda text: text.replace("1.5", "1.6")])
def test_a_damaged_cell_counts_as_missing_and_can_be_replaced(checkout, cell, damage):
    checkout.store.write(cell, {"curves": [1.5]}, PROVENANCE)
    path = checkout.store.path(cell)
    path.write_text(damage(path.read_text()))
    assert checkout.store.read(cell) is None
    assert checkout.store.state(cell) == "damaged"
    checkout.store.write(cell, {"curves": [1.5]}, PROVENANCE)
    assert checkout.store.state(cell) == "stored"


def test_a_file_of_another_cell_is_not_believed(checkout, tiny):
    one, other = tiny.cells[:2]
    checkout.store.write(one, {}, PROVENANCE)
    checkout.store.path(one).rename(checkout.store.path(other))
    assert checkout.store.read(other) is None


def test_only_one_holds_a_cell_and_the_next_once_it_is_given_back(checkout, cell):
    first = checkout.store.lease(cell)
    assert checkout.store.lease(cell) is None
    assert checkout.store.state(cell) == "in flight"
    first.release()
    assert checkout.store.state(cell) == "missing"
    second = checkout.store.lease(cell)
    assert second is not None
    second.release()


def test_a_lock_file_that_was_left_behind_does_no_harm(checkout, cell):
    path = checkout.store.path(cell).with_suffix(".lock")
    path.parent.mkdir(parents=True)
    path.touch()
    assert checkout.store.state(cell) == "missing"
    lock = checkout.store.lease(cell)
    assert lock is not None
    lock.release()


def test_however_leases_are_taken_and_given_back_one_at_a_time_is_held(checkout, cell):
    holders, most, taken = [], [], []

    def contend():
        for _ in range(60):
            lock = checkout.store.lease(cell)
            if lock is not None:
                holders.append(1)
                most.append(len(holders))
                holders.pop()
                lock.release()
                taken.append(1)

    threads = [threading.Thread(target=contend) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(taken) > 60
    assert max(most) == 1


def test_what_killed_writers_left_is_swept_away(checkout, cell):
    path = checkout.store.path(cell)
    path.parent.mkdir(parents=True)
    left = path.with_name(f".{path.name}.999999.part")
    left.write_text("half")
    checkout.store.write(cell, {}, PROVENANCE)
    assert not left.exists()
