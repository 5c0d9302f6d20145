"""Chapters are committed bare: no outputs, stable cell names, one kernel, and their parameters first."""

import json
import re
from pathlib import Path

import pytest
import yaml

from cl_theory.proof.ledger.registry import all_claims

ROOT = Path(__file__).resolve().parents[2]
CHAPTERS = sorted((ROOT / "chapters").glob("*.ipynb"))
by_chapter = pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: path.stem)


@by_chapter
def test_a_chapter_is_a_valid_notebook_without_outputs(path):
    import nbformat  # takes longer to import than all else here

    notebook = json.loads(path.read_text("utf-8"))
    nbformat.validate(notebook)
    code = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]
    assert all(cell["outputs"] == [] and cell["execution_count"] is None for cell in code)


@by_chapter
def test_cells_have_readable_names_of_their_own(path):
    names = [cell["id"] for cell in json.loads(path.read_text("utf-8"))["cells"]]
    assert len(set(names)) == len(names)
    assert all(re.fullmatch(r"[a-z][a-z0-9]*(-[a-z0-9]+)*", name) for name in names), names


@by_chapter
def test_metadata_names_the_kernel_and_nothing_of_a_machine(path):
    metadata = json.loads(path.read_text("utf-8"))["metadata"]
    assert metadata["kernelspec"]["name"] == "python3"
    assert set(metadata) <= {"kernelspec", "language_info"}
    assert set(metadata.get("language_info", {})) <= {"name"}


@by_chapter
def test_the_first_code_cell_holds_the_parameters(path):
    cells = json.loads(path.read_text("utf-8"))["cells"]
    first = next(cell for cell in cells if cell["cell_type"] == "code")
    assert {"parameters", "remove-input"} <= set(first["metadata"]["tags"])
    assert "".join(first["source"]).splitlines() == ['profile = "smoke"', "seed = 20230723"]


def pages_in_the_table_of_contents():
    toc = yaml.safe_load((ROOT / "_toc.yml").read_text("utf-8"))
    files = [entry["file"] for part in toc["parts"] for entry in part["chapters"]]
    return [toc["root"], *files]


def test_every_page_is_in_the_table_of_contents_and_there_is_a_file_for_each():
    listed = {Path(page).name for page in pages_in_the_table_of_contents()}
    pages = {path.stem for path in (ROOT / "chapters").iterdir() if path.suffix in {".md", ".ipynb"}}
    assert listed == pages


def test_every_claim_belongs_to_a_chapter_that_is_there():
    assert {entry.chapter for entry in all_claims().values()} == {path.stem for path in CHAPTERS}


def test_every_claim_is_accepted():
    accepted = json.loads((ROOT / "data" / "claims.json").read_text("utf-8"))["claims"]
    assert list(accepted) == list(all_claims())
