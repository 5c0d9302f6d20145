"""Finding the book, its chapters and their parameters."""

import json

import pytest
from tiny_book import FIRST, SECOND, chapter, code, notebook

from cl_theory.proof.book.checkout import (
    BookError,
    chosen,
    find_checkout,
    parameter_names,
    read_chapters,
    require_parameters,
)


def test_the_checkout_is_found_from_a_folder_inside_it(book):
    assert find_checkout(book.chapters).root == book.root.resolve()


def test_outside_a_checkout_the_folder_and_the_remedy_are_named(tmp_path):
    with pytest.raises(BookError, match=f"neither {tmp_path}.*inside a checkout"):
        find_checkout(tmp_path)


def test_a_book_without_notebooks_is_refused(book):
    with pytest.raises(BookError, match="holds no notebook"):
        read_chapters(book.chapters)


@pytest.mark.parametrize("content", ["", "{", '{"cells": 3}', '{"cells": [{"source": 1}]}', "[]"])
def test_a_damaged_notebook_is_named(book, content):
    (book.chapters / "01_x.ipynb").write_text(content, "utf-8")
    with pytest.raises(BookError, match=r"01_x.ipynb is not a notebook: restore it"):
        read_chapters(book.chapters)


def test_chapters_come_in_book_order_whatever_order_they_are_asked_for(write, book):
    for name in (SECOND, FIRST):
        write(name, chapter())
    chapters = read_chapters(book.chapters)
    assert list(chapters) == [FIRST, SECOND]
    assert chosen(chapters, ["02", f"chapters/{FIRST}.ipynb"]) == [FIRST, SECOND]
    assert chosen(chapters, []) == [FIRST, SECOND]


@pytest.mark.parametrize(("name", "message"), [("99", "unknown chapter '99'"), ("0", "'0' fits"), ("", "unknown")])
def test_an_unknown_or_ambiguous_chapter_is_answered_with_the_list(write, book, name, message):
    for known in (FIRST, SECOND):
        write(known, chapter())
    with pytest.raises(BookError, match=rf"{message}.*the chapters are: {FIRST}, {SECOND}"):
        chosen(read_chapters(book.chapters), [name])


def test_parameters_are_read_from_plain_and_annotated_assignments(write, book):
    write(FIRST, notebook(code("p", 'profile: str = "smoke"\nseed = 1  # root', tags=("parameters",))))
    assert parameter_names(read_chapters(book.chapters)[FIRST]) == {"profile", "seed"}


def test_a_parameter_that_papermill_would_ignore_is_refused(write, book):
    write(FIRST, chapter())
    entry = read_chapters(book.chapters)[FIRST]
    require_parameters(entry, {"profile": "full", "seed": 3})
    with pytest.raises(BookError, match=rf"unknown parameter 'speed' for {FIRST}.*sets profile, seed"):
        require_parameters(entry, {"seed": 3, "speed": 1})


@pytest.mark.parametrize("cells", [[], [code("a", "", tags=("parameters",)), code("b", "", tags=("parameters",))]])
def test_a_chapter_has_exactly_one_parameters_cell(write, book, cells):
    write(FIRST, notebook(*cells))
    with pytest.raises(BookError, match="exactly one cell tagged 'parameters'"):
        parameter_names(read_chapters(book.chapters)[FIRST])


def test_a_parameters_cell_that_does_not_parse_is_named(write, book):
    write(FIRST, notebook(code("p", "profile = ", tags=("parameters",))))
    with pytest.raises(BookError, match="parameters cell does not parse"):
        parameter_names(read_chapters(book.chapters)[FIRST])


def test_a_notebook_whose_source_is_a_list_of_lines_is_read_alike(write, book):
    content = json.loads(json.dumps(chapter()))
    content["cells"][0]["source"] = content["cells"][0]["source"].splitlines(keepends=True)
    write(FIRST, content)
    assert parameter_names(read_chapters(book.chapters)[FIRST]) == {"profile", "seed"}
