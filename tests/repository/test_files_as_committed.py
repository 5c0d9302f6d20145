"""What must never be committed: large files, pickles, arrays of somebody else's data."""

import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LARGEST = 1_000_000


def committed_files():
    if shutil.which("git") is None or not (ROOT / ".git").exists():
        pytest.skip("not a git checkout: there is no list of committed files")
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True).stdout
    return [ROOT / name for name in listed.decode().split("\0") if name]


def test_no_file_is_over_a_megabyte():
    sizes = {path: path.stat().st_size for path in committed_files() if path.is_file()}
    assert {path.name: size for path, size in sizes.items() if size > LARGEST} == {}


def test_nothing_committed_can_run_code_when_it_is_read():
    assert [path for path in committed_files() if path.suffix in {".pkl", ".pickle", ".joblib", ".pt", ".npy"}] == []


def test_no_data_set_is_committed():
    assert [path for path in committed_files() if path.suffix == ".gz" or "ubyte" in path.name] == []
