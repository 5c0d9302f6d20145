"""What is taken out of executed notebooks, and what must not be in them."""

import json

import pytest
from tiny_book import code, notebook, text

from cl_theory.proof.book.execution import cell_seconds, first_error, oddities, tidied


def stream(words, name="stdout"):
    return {"output_type": "stream", "name": name, "text": words}


def papermill_note(cell, duration=1.25):
    cell["metadata"]["papermill"] = {"duration": duration, "start_time": "2026-01-01", "status": "completed"}
    cell["metadata"]["execution"] = {"iopub.execute_input": "2026-01-01"}
    return cell


def test_no_time_is_left_and_the_times_are_known():
    content = notebook(papermill_note(code("a", "1", stream("x"))), text("b", "words"))
    content["metadata"]["papermill"] = {"start_time": "2026-01-01"}
    assert cell_seconds(content) == {"a": 1.25}
    assert "2026" not in json.dumps(tidied(content))


def test_papermills_cell_gets_a_fixed_name_and_is_not_shown():
    cell = code("b1946ac9", "seed = 3", stream(""), tags=("injected-parameters",))
    tidy = tidied(notebook(cell))["cells"][0]
    assert tidy["id"] == "injected-parameters"
    assert "remove-input" in tidy["metadata"]["tags"]


SHOWN = {"output_type": "display_data", "data": {"text/plain": "x"}, "metadata": {}}
FONTS = stream("Matplotlib is building the font cache; this may take a moment.\n", "stderr")


@pytest.mark.parametrize(
    ("outputs", "tidy"),
    [
        (
            [stream("a"), stream(["b", "c"]), stream("!", "stderr"), stream("d")],
            [stream("abc"), stream("!", "stderr"), stream("d")],
        ),
        ([stream("a"), SHOWN, stream("b")], [stream("a"), SHOWN, stream("b")]),
        ([FONTS], []),
    ],
    ids=["pieces are put together", "what stands between them stays there", "a first font cache is not told"],
)
def test_text_that_arrived_in_pieces(outputs, tidy):
    assert tidied(notebook(code("a", "1", *outputs)))["cells"][0]["outputs"] == tidy


def test_markers_of_an_earlier_error_are_taken_out():
    marker = text("m", "An error")
    marker["metadata"]["tags"] = ["papermill-error-cell-tag"]
    assert tidied(notebook(marker))["cells"] == []


def test_the_first_error_is_told_with_its_cell_and_without_colours():
    raised = {"output_type": "error", "ename": "E", "evalue": "no", "traceback": ["\x1b[31mline 1", "E: no\x1b[0m"]}
    assert first_error(notebook(code("good", "1", stream("x")), code("bad", "2", raised))) == ("bad", "line 1\nE: no")
    assert first_error(notebook(code("good", "1", stream("x")))) is None


@pytest.mark.parametrize(
    ("cell", "words"),
    [
        (code("a", "1"), "was not executed"),
        (code("a", "1", stream("careful", "stderr")), "writes to stderr: careful"),
        (code("a", "1", stream("<Axes at 0x7f3a5c1b2d30>")), "memory address"),
        (
            code("a", "1", {"output_type": "execute_result", "data": {"text/plain": "<f at 0x7f3a5c1b2d30>"}}),
            "memory address",
        ),
    ],
)
def test_what_should_not_stand_in_a_book_is_named_with_its_cell(cell, words):
    found = list(oddities(notebook(cell)))
    assert [name for name, _ in found] == ["a"]
    assert words in found[0][1]


def test_an_empty_cell_and_a_quiet_one_are_fine():
    assert not list(oddities(notebook(code("a", "  "), code("b", "1", stream("0x12")), text("c", "at 0x7f3a5c1b2d30"))))
