"""The corrections and the rendered pages say what the evidence says."""

import dataclasses
from importlib import resources

import pytest
from tiny_book import decided, record

from cl_theory.proof.book.checkout import page_title
from cl_theory.proof.ledger.ledger import LedgerError, assemble
from cl_theory.proof.ledger.registry import all_claims
from cl_theory.proof.ledger.verdict import MEANING
from cl_theory.proof.ledger.words import verdict_class
from cl_theory.proof.reader.pages import NOT_REPRODUCED, corrections_markdown, shown_evidence
from cl_theory.proof.reader.shown import Contents, Shown


def only(chapter):
    return Contents.read({}, {chapter: "A title"})


def test_corrections_list_what_is_corrected_and_nothing_else():
    shown = Shown(assemble({name: record(name) for name in ("cl-gradient", "isd-unbiased")}), "Made from a test.")
    page = corrections_markdown(shown, all_claims(), only("01_contrastive_gradients"))
    for name, claim in all_claims().items():
        assert (f"#claim-{name})" in page) == (claim.source not in ("paper", "new"))


@pytest.mark.parametrize(
    ("apart", "source", "listed"), [(1.0, "paper", True), (1.0, "new", False), (0.3, "paper", False)]
)
def test_what_the_paper_says_and_the_data_contradict_is_a_correction(experiment, apart, source, listed):
    claims = {"exp-tiny": dataclasses.replace(experiment, source=source)}
    shown = Shown(assemble({"exp-tiny": decided(experiment, apart)}), "Made from a test.")
    page = corrections_markdown(shown, claims, only("13_tiny"))
    assert (NOT_REPRODUCED in page) is listed
    assert ("The criteria and the data are in [](./13_tiny.ipynb)." in page) is listed


def test_each_verdict_has_a_look_of_its_own():
    css = resources.files("cl_theory.proof.reader").joinpath("assets/book.css").read_text("utf-8")
    for verdict in MEANING:
        assert f".verdict-{verdict_class(verdict)}::before" in css


def test_without_a_run_the_pages_show_the_accepted_ledger_or_say_that_there_is_none(tmp_path):
    assert "No evidence" in shown_evidence(None, tmp_path / "claims.json").origin
    with pytest.raises(LedgerError, match=r"evidence.json is missing or damaged"):
        shown_evidence(tmp_path / "evidence.json", tmp_path / "claims.json")


def test_a_page_is_titled_by_its_first_heading(tmp_path):
    page = tmp_path / "a.md"
    page.write_text("words\n\n# The title\n\n# Another\n", "utf-8")
    assert page_title(page) == "The title"
    page.write_text("words", "utf-8")
    assert page_title(page) == "a"
