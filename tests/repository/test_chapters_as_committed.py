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


@pytest.fixture
def chapter(path):
    return json.loads(path.read_text("utf-8"))


@by_chapter
def test_a_chapter_is_a_valid_notebook_without_outputs_whose_first_cell_holds_the_parameters(chapter):
    import nbformat  # takes longer to import than all else here

    nbformat.validate(chapter)
    code = [cell for cell in chapter["cells"] if cell["cell_type"] == "code"]
    assert all(cell["outputs"] == [] and cell["execution_count"] is None for cell in code)
    assert {"parameters", "remove-input"} <= set(code[0]["metadata"]["tags"])
    assert "".join(code[0]["source"]).splitlines() == ['profile = "smoke"', "seed = 20230723"]


@by_chapter
def test_cells_have_readable_names_of_their_own_and_metadata_nothing_of_a_machine(chapter):
    names = [cell["id"] for cell in chapter["cells"]]
    assert len(set(names)) == len(names)
    assert all(re.fullmatch(r"[a-z][a-z0-9]*(-[a-z0-9]+)*", name) for name in names), names
    metadata = chapter["metadata"]
    assert metadata["kernelspec"]["name"] == "python3"
    assert set(metadata) <= {"kernelspec", "language_info"}
    assert set(metadata.get("language_info", {})) <= {"name"}


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
