"""The idx reader gives back what was written, and refuses everything else with a ValueError."""

import gzip
import struct
from collections.abc import Callable
from functools import partial

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cl_theory.learning.models.mnist import parse_idx, read_idx

CODES = {"u1": 0x08, "i1": 0x09, "i2": 0x0B, "i4": 0x0C, "f4": 0x0D, "f8": 0x0E}


def written(values: np.ndarray) -> bytes:
    """An idx file, by the format's description rather than by the reader."""
    kind = values.dtype.str[1:]
    header = bytes([0, 0, CODES[kind], values.ndim]) + struct.pack(f">{values.ndim}I", *values.shape)
    return header + values.astype(">" + kind).tobytes()


def array_or_reason(read: Callable[[], np.ndarray]) -> np.ndarray | str:
    try:
        return read()
    except ValueError as error:
        return str(error)


@settings(max_examples=60, deadline=None)
@given(
    kind=st.sampled_from(sorted(CODES)),
    shape=st.lists(st.integers(0, 5), min_size=1, max_size=4),
    seed=st.integers(0, 2**32 - 1),
)
def test_what_was_written_is_read_back(kind: str, shape: list[int], seed: int) -> None:
    values = np.random.default_rng(seed).integers(0, 120, size=shape).astype(kind)
    read = parse_idx(written(values))
    assert read.dtype == values.dtype
    np.testing.assert_array_equal(read, values)


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=200))
def test_any_bytes_are_an_array_or_a_value_error(content: bytes) -> None:
    result = array_or_reason(partial(parse_idx, content))
    assert isinstance(result, np.ndarray) or "idx data" in result


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_a_damaged_header_never_gives_another_array_unnoticed(data: st.DataObject) -> None:
    values = np.arange(24, dtype="u1").reshape(2, 3, 4)
    whole = bytearray(written(values))
    place = data.draw(st.integers(0, 15))
    whole[place] = data.draw(st.integers(0, 255).filter(lambda byte: byte != whole[place]))
    try:
        read = parse_idx(bytes(whole))
    except ValueError:
        return
    assert read.dtype.itemsize == 1  # only the type byte u1 <-> i1 leaves a consistent file
    assert place == 2


@settings(max_examples=100, deadline=None)
@given(data=st.data())
def test_a_damaged_gzip_is_refused_or_unchanged(data: st.DataObject, tmp_path_factory: pytest.TempPathFactory) -> None:
    values = np.arange(60, dtype="i4").reshape(3, 20)
    packed = bytearray(gzip.compress(written(values), mtime=0))
    cut = data.draw(st.booleans())
    place = data.draw(st.integers(1, len(packed) - 1))
    if cut:
        packed = packed[:place]
    else:
        packed[place] ^= data.draw(st.integers(1, 255))
    path = tmp_path_factory.mktemp("idx") / "a.gz"
    path.write_bytes(packed)
    result = array_or_reason(partial(read_idx, path))
    assert np.array_equal(result, values) if isinstance(result, np.ndarray) else str(path) in result


@pytest.mark.parametrize("change", [-1, 1])
def test_a_file_of_the_wrong_length_names_both_lengths(change: int) -> None:
    whole = written(np.zeros((2, 2), dtype="u1"))
    content = whole[:change] if change < 0 else whole + b"\0"
    with pytest.raises(ValueError, match=f"asks for {len(whole)} bytes, got {len(whole) + change}"):
        parse_idx(content)


def test_a_forged_size_is_refused_before_memory_is_taken() -> None:
    with pytest.raises(ValueError, match="over the limit"):
        parse_idx(bytes([0, 0, 8, 2]) + struct.pack(">2I", 2**32 - 1, 2**32 - 1))


def test_plain_and_gzipped_files_read_the_same(tmp_path) -> None:
    values = np.arange(6, dtype="i2").reshape(2, 3)
    (tmp_path / "a").write_bytes(written(values))
    (tmp_path / "a.gz").write_bytes(gzip.compress(written(values)))
    np.testing.assert_array_equal(read_idx(tmp_path / "a"), read_idx(tmp_path / "a.gz"))


def test_a_missing_file_is_a_file_not_found_error(tmp_path) -> None:
    with pytest.raises(FileNotFoundError):
        read_idx(tmp_path / "none.gz")
