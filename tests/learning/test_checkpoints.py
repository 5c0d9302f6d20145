"""Checkpoints: what was written is read back bit for bit, and nothing else is believed."""

import json
import os
import pickle
import subprocess
import sys
import textwrap

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cl_theory.learning.loop import CheckpointError, previous, read_checkpoint, write_checkpoint

ARRAYS = {
    "parameters": np.array([1.5, -0.0, np.pi, 1e-308]),
    "memory.count": np.asarray(7),
    "signs": np.array([[True, False]]),
    "empty": np.zeros((0, 3)),
}
HEADER = {"schedule": "ISD(p_positive=0.5)", "seed": 3}


@pytest.fixture
def path(tmp_path):
    write_checkpoint(tmp_path / "run.checkpoint", ARRAYS, HEADER)
    return tmp_path / "run.checkpoint"


def test_arrays_and_header_come_back_bit_for_bit(path) -> None:
    arrays, header = read_checkpoint(path)
    assert header == HEADER
    assert arrays.keys() == ARRAYS.keys()
    for name, array in ARRAYS.items():
        assert arrays[name].dtype == array.dtype
        assert arrays[name].shape == array.shape
        assert arrays[name].tobytes() == array.tobytes()


def test_the_same_state_is_the_same_file(path, tmp_path) -> None:
    write_checkpoint(tmp_path / "again", ARRAYS, HEADER)
    assert (tmp_path / "again").read_bytes() == path.read_bytes()


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_changed_byte_is_noticed(path, data) -> None:
    whole = path.read_bytes()
    place = data.draw(st.integers(0, len(whole) - 1))
    damaged = bytearray(whole)
    damaged[place] ^= data.draw(st.integers(1, 255))
    other = path.with_name("damaged")
    other.write_bytes(damaged)
    with pytest.raises(CheckpointError, match="damaged"):
        read_checkpoint(other)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_cut_is_noticed_and_the_remedy_is_named(path, data) -> None:
    whole = path.read_bytes()
    other = path.with_name("damaged")
    other.write_bytes(whole[: data.draw(st.integers(0, len(whole) - 1))])
    with pytest.raises(CheckpointError, match=r"damaged.*delete it to start afresh"):
        read_checkpoint(other)


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(content=st.binary(max_size=120), magic=st.booleans())
def test_any_other_file_is_refused(tmp_path, content, magic) -> None:
    path = tmp_path / "other"
    path.write_bytes((b"cl-theory checkpoint\n" if magic else b"") + content)
    with pytest.raises(CheckpointError):
        read_checkpoint(path)


def test_a_pickle_in_the_place_of_an_array_is_never_loaded(path, tmp_path) -> None:
    class Trap:
        def __reduce__(self):
            return os.mkdir, (str(tmp_path / "sprung"),)

    with pytest.raises(TypeError, match="plain numeric arrays"):
        write_checkpoint(path, {"trap": np.array([Trap()], dtype=object)}, {})
    (tmp_path / "trap").write_bytes(pickle.dumps(Trap()))
    with pytest.raises(CheckpointError):
        read_checkpoint(tmp_path / "trap")
    assert not (tmp_path / "sprung").exists()


def test_another_format_is_refused_by_its_number(path) -> None:
    magic, line, payload = path.read_bytes().split(b"\n", 2)
    facts = json.loads(line) | {"format": 99}
    path.write_bytes(b"\n".join([magic, json.dumps(facts).encode(), payload]))
    with pytest.raises(CheckpointError, match="format 99, this version reads 1"):
        read_checkpoint(path)


def test_the_checkpoint_before_the_last_is_kept(path) -> None:
    first = path.read_bytes()
    write_checkpoint(path, {"parameters": np.zeros(2)}, {})
    assert previous(path).read_bytes() == first
    assert sorted(p.name for p in path.parent.iterdir()) == ["run.checkpoint", "run.checkpoint.previous"]


def test_a_writer_killed_at_any_moment_leaves_a_whole_checkpoint(tmp_path) -> None:
    """A process that does nothing but write is killed again and again; what it leaves can always be read."""
    code = """
        import itertools, sys
        import numpy as np
        from cl_theory.learning.loop import write_checkpoint
        for k in itertools.count():
            write_checkpoint(sys.argv[1], {"values": np.full(50_000, float(k))}, {"k": k})
            print(k, flush=True)
    """
    path = tmp_path / "run.checkpoint"
    for delay in (0, 1, 3):
        writer = subprocess.Popen(
            [sys.executable, "-c", textwrap.dedent(code), str(path)], stdout=subprocess.PIPE, text=True
        )
        assert writer.stdout is not None
        for _ in range(delay + 1):
            writer.stdout.readline()
        writer.kill()
        writer.wait()
        writer.stdout.close()
        arrays, header = read_checkpoint(path if path.exists() else previous(path))
        np.testing.assert_array_equal(arrays["values"], np.full(50_000, float(header["k"])))
