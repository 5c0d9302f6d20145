"""An executed chapter is used again only if nothing that it was made from has changed."""

import json

import pytest
from tiny_book import FIRST, chapter, text

from cl_theory.proof.book.build_folder import chapter_key, digest, folder_key, kept, versions, write_json, write_whole
from cl_theory.proof.book.checkout import read_chapters

BASE = {
    "source": b"{}",
    "package": "p",
    "data": "d",
    "installed": {"numpy": "2.0", "python": "3.11"},
    "parameters": {"seed": 1},
    "environment": {"HOME": "/h"},
}


def key(**changed):
    ingredients = {**BASE, **changed}
    return chapter_key(ingredients.pop("source"), **ingredients)


@pytest.mark.parametrize(
    "changed",
    [
        {"source": b"{ }"},
        {"package": "q"},
        {"data": "e"},
        {"installed": {"numpy": "2.1", "python": "3.11"}},
        {"installed": {"numpy": "2.0", "python": "3.12"}},
        {"installed": {**BASE["installed"], "more": "1"}},
        {"parameters": {"seed": 2}},
        {"parameters": {"seed": 1, "profile": "full"}},
        {"environment": {"CL_THEORY_DATA": "/d"}},
    ],
)
def test_a_change_of_any_ingredient_is_seen(changed):
    assert key(**changed) != key()


def test_a_change_of_prose_only_is_seen_and_what_a_chapter_does_not_depend_on_changes_nothing(write, book):
    keys = set()
    for words in ("one", "two"):
        write(FIRST, chapter(text("t", words)))
        keys.add(key(source=read_chapters(book.chapters)[FIRST].source))
    assert len(keys) == 2
    for environment in ({"HOME": "/other"}, {"HOME": "/h", "CL_THEORY_SEED": "3"}):
        assert key(environment=environment) == key()


def test_a_folders_key_sees_contents_names_and_new_files_but_no_caches(tmp_path):
    (tmp_path / "room").mkdir()
    (tmp_path / "room" / "a.py").write_text("1", "utf-8")
    seen = [folder_key(tmp_path)]
    (tmp_path / "room" / "a.py").write_text("2", "utf-8")
    seen.append(folder_key(tmp_path))
    (tmp_path / "room" / "b.toml").write_text("", "utf-8")
    seen.append(folder_key(tmp_path))
    (tmp_path / "room" / "b.toml").rename(tmp_path / "room" / "c.toml")
    seen.append(folder_key(tmp_path))
    assert len(set(seen)) == 4
    (tmp_path / "room" / "__pycache__").mkdir()
    (tmp_path / "room" / "__pycache__" / "a.pyc").write_bytes(b"x")
    assert folder_key(tmp_path) == seen[-1]
    assert folder_key(tmp_path, ("c.toml",)) == seen[1]
    assert folder_key(tmp_path / "none") == folder_key(tmp_path / "none")


def test_versions_name_the_interpreter_and_what_is_installed():
    assert {"python", "machine", "numpy"} <= set(versions())


@pytest.fixture
def executed(book):
    write_whole(book.executed / f"{FIRST}.ipynb", json.dumps(chapter()), book.scratch)
    note = {"key": "k", "sha256": digest(book.executed / f"{FIRST}.ipynb"), "seconds": 2.5}
    write_json(book.executed / f"{FIRST}.json", note, book.scratch)
    return book


def test_a_valid_copy_is_kept_and_one_of_something_else_is_not(executed):
    assert kept(executed, FIRST, "k") == (chapter(), 2.5)
    assert kept(executed, FIRST, "other") is None


@pytest.mark.parametrize(
    ("suffix", "damage"),
    [
        (".ipynb", lambda path: path.write_text(path.read_text("utf-8") + " ", "utf-8")),
        (".ipynb", lambda path: path.unlink()),
        (".json", lambda path: path.unlink()),
        (".json", lambda path: path.write_text("{", "utf-8")),
    ],
    ids=["touched", "half gone", "no note", "damaged note"],
)
def test_a_damaged_copy_is_not_kept(executed, suffix, damage):
    damage(executed.executed / f"{FIRST}{suffix}")
    assert kept(executed, FIRST, "k") is None
