"""What must never be committed: large files, pickles, arrays of somebody else's data."""

import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LARGEST = 1_000_000


RUNS_CODE = {".pkl", ".pickle", ".joblib", ".pt", ".npy"}


def test_no_large_file_nothing_that_runs_code_when_read_and_no_data_set_is_committed():
    if shutil.which("git") is None or not (ROOT / ".git").exists():
        pytest.skip("not a git checkout: there is no list of committed files")
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True).stdout
    files = [path for name in listed.decode().split("\0") if name and (path := ROOT / name).is_file()]
    assert {path.name: path.stat().st_size for path in files if path.stat().st_size > LARGEST} == {}
    assert [path for path in files if path.suffix in RUNS_CODE] == []
    assert [path for path in files if path.suffix == ".gz" or "ubyte" in path.name] == []
