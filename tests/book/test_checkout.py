"""Finding the book, its chapters and their parameters."""

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


def test_the_checkout_is_found_from_a_folder_inside_it_and_outside_the_remedy_is_named(book, tmp_path_factory):
    assert find_checkout(book.chapters).root == book.root.resolve()
    outside = tmp_path_factory.mktemp("outside")
    with pytest.raises(BookError, match=f"neither {outside}.*inside a checkout"):
        find_checkout(outside)
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


ANNOTATED = 'profile: str = "smoke"\nseed = 1  # root'


@pytest.mark.parametrize("source", [ANNOTATED, ANNOTATED.splitlines(keepends=True)], ids=["text", "lines"])
def test_parameters_are_read_from_plain_and_annotated_assignments(write, book, source):
    write(FIRST, notebook(code("p", source, tags=("parameters",))))
    assert parameter_names(read_chapters(book.chapters)[FIRST]) == {"profile", "seed"}


def test_a_parameter_that_papermill_would_ignore_is_refused(write, book):
    write(FIRST, chapter())
    entry = read_chapters(book.chapters)[FIRST]
    require_parameters(entry, {"profile": "full", "seed": 3})
    with pytest.raises(BookError, match=rf"unknown parameter 'speed' for {FIRST}.*sets profile, seed"):
        require_parameters(entry, {"seed": 3, "speed": 1})


@pytest.mark.parametrize(
    ("sources", "message"),
    [
        ([], "exactly one cell tagged 'parameters'"),
        (["", ""], "exactly one cell tagged 'parameters'"),
        (["profile = "], "parameters cell does not parse"),
    ],
)
def test_a_chapter_has_exactly_one_parameters_cell_that_parses(write, book, sources, message):
    write(FIRST, notebook(*(code(f"p{n}", source, tags=("parameters",)) for n, source in enumerate(sources))))
    with pytest.raises(BookError, match=message):
        parameter_names(read_chapters(book.chapters)[FIRST])
