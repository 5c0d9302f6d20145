"""Nothing is half written, and two runs at once wait for each other."""

import subprocess
import sys
import threading

import pytest

from cl_theory.proof.book.build_folder import alone, digest, read_json, swap_folder, write_json, write_whole


def test_a_file_is_written_whole_and_leaves_nothing_behind(tmp_path):
    target, scratch = tmp_path / "deep" / "a.json", tmp_path / "scratch"
    write_json(target, {"a": [1, 2]}, scratch)
    assert read_json(target) == {"a": [1, 2]}
    assert not list(scratch.iterdir())
    assert target.stat().st_mode & 0o777 == 0o644


def test_what_cannot_be_written_leaves_the_old_file(tmp_path):
    target, scratch = tmp_path / "a.json", tmp_path / "scratch"
    write_json(target, 1, scratch)
    with pytest.raises(ValueError, match="not JSON compliant"):
        write_json(target, float("nan"), scratch)
    with pytest.raises(UnicodeEncodeError):
        write_whole(target, "\ud800", scratch)
    assert read_json(target) == 1


@pytest.mark.parametrize("content", [None, "{", "\xff"])
def test_a_missing_or_damaged_file_reads_as_nothing(tmp_path, content):
    path = tmp_path / "a.json"
    if content is not None:
        path.write_bytes(content.encode("latin-1"))
    assert read_json(path) is None
    assert (digest(path) is None) == (content is None)


@pytest.mark.parametrize("existing", [True, False])
def test_a_folder_is_put_in_place_as_a_whole(tmp_path, existing):
    new, target, scratch = tmp_path / "new", tmp_path / "site", tmp_path / "scratch"
    scratch.mkdir()
    for folder, name in [(new, "fresh"), *([(target, "stale")] if existing else [])]:
        folder.mkdir()
        (folder / name).touch()
    swap_folder(new, target, scratch)
    assert [path.name for path in target.iterdir()] == ["fresh"]
    assert not new.exists()


def test_the_second_run_says_that_it_waits_and_then_goes_on(book):
    told, inside, free = threading.Event(), threading.Event(), threading.Event()

    def hold():
        with alone(book):
            inside.set()
            free.wait(20)

    holder = threading.Thread(target=hold)
    holder.start()
    assert inside.wait(20)
    threading.Thread(target=lambda: told.wait(20) and free.set()).start()
    with alone(book, told.set):
        assert told.is_set()
    holder.join(20)


def test_a_killed_run_holds_nothing_and_its_leavings_are_removed(book):
    program = (
        "import os, signal, sys\nfrom pathlib import Path\nfrom cl_theory.proof.book.checkout import Checkout\n"
        "from cl_theory.proof.book.build_folder import alone\ncheckout = Checkout(Path(sys.argv[1]))\n"
        "with alone(checkout):\n    (checkout.scratch / 'half').touch()\n    os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    subprocess.run([sys.executable, "-c", program, str(book.root)], check=False)
    assert (book.scratch / "half").exists()
    with alone(book, lambda: pytest.fail("the lock is still held")):
        assert not list(book.scratch.iterdir())
    assert not book.scratch.exists()
