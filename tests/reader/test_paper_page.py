"""Every statement of the paper stands beside what became of it, and nothing on the page judges by itself."""

import dataclasses
import re
from html import unescape
from itertools import chain

import pytest

from cl_theory.proof.ledger.registry import all_claims
from cl_theory.proof.ledger.verdict import MEANING
from cl_theory.proof.reader.paper_page import MARKS, Row, paper_markdown, paper_rows
from cl_theory.proof.reader.shown import Contents, Shown

CLAIMS = all_claims()
ROWS = list(chain.from_iterable(paper_rows().values()))


@pytest.fixture(scope="module")
def page(accepted, book):
    return paper_markdown(accepted, CLAIMS, book)


def test_every_row_names_registered_claims_or_says_why_there_is_none(book):
    for row in ROWS:
        assert set(row.claims) <= set(CLAIMS), row.place
        assert row.claims or (row.none and row.chapter in book.chapters), row.place


def test_every_claim_that_is_the_papers_stands_in_some_row():
    named = {name for row in ROWS for name in row.claims}
    assert [name for name, entry in CLAIMS.items() if entry.source != "new" and name not in named] == []


@pytest.mark.parametrize("number", ["3.1", "3.2", "3.3", "3.4", "3.5"])
def test_a_theorem_is_answered_by_the_claims_that_refer_to_it(number):
    own = {name for row in ROWS if row.place == f"Theorem {number}" for name in row.claims}
    assert own == {name for name, entry in CLAIMS.items() if entry.reference == f"Theorem {number}"}


def test_numbered_statements_stand_in_their_order():
    places = [row.place for row in ROWS]
    theorems = [f"Theorem 3.{number}" for number in range(1, 6)]
    assert [place for place in places if re.match(r"Theorem \d", place)] == theorems
    assert places.index("Equations 1 and 2") < places.index("Equation 3") < places.index("Theorem 3.1")
    assert places.index("Theorem 3.3") < places.index("Equation 4") < places.index("Theorem 3.4")


def test_a_row_that_is_corrected_has_wording_counterexample_and_true_statement(page, accepted):
    for row in ROWS:
        corrected = any(CLAIMS[name].source in MARKS for name in row.claims)
        assert bool(row.wording) <= corrected, row.place
        if row.place.startswith("Theorem") or row.kind == "experiment":
            assert bool(row.wording) == corrected, row.place
    assert page.count("True statement:") == sum("," in entry.source for entry in CLAIMS.values())
    assert page.count('class="paper-mark">corrected') == sum(
        any(CLAIMS[name].source == "paper, corrected" for name in row.claims) for row in ROWS
    )


def test_no_verdict_is_written_in_the_rows():
    words = [verdict for verdict in MEANING if verdict not in ("proved", "confirmed")]
    for row in ROWS:
        told = " ".join((row.says, row.none, row.wording, row.counterexample))
        assert not [verdict for verdict in words if re.search(rf"\b{verdict}\b", told)], row.place


def test_verdicts_and_effects_are_those_of_the_evidence(page, accepted, book):
    for row in ROWS:
        for name in row.claims:
            assert f"verdict-{accepted.verdict_of(name).replace(' ', '-')}" in page
            assert f'<a href="ledger.html#claim-{name}">' in page
    claims = {**accepted.claims, "exp-b-robust": {**accepted.claims["exp-b-robust"], "verdict": "not reproduced"}}
    other = paper_markdown(dataclasses.replace(accepted, claims=claims), CLAIMS, book)
    assert other.count('"paper-mark">not reproduced') == page.count('"paper-mark">not reproduced') + 1
    low, high = accepted.claims["exp-bars-comparable"]["evidence"]["experiment"][0]["values"]["interval"]
    assert f"[{low:.1f}, {high:.1f}]; asked for: below 12.3 nats; met" in unescape(page)


def test_without_evidence_or_chapters_the_page_says_so():
    page = paper_markdown(Shown(), CLAIMS, Contents())
    assert "No data are recorded yet." in page
    assert "verdict-open" in page
    assert 'href="0' not in page


def test_a_claim_that_is_gone_is_named(accepted, book):
    without = {name: entry for name, entry in CLAIMS.items() if name != "exp-b-best"}
    assert "Not in the register any more: exp-b-best" in paper_markdown(accepted, without, book)


@pytest.mark.parametrize(
    "spoilt",
    [
        {"kind": "opinion", "claims": ("cl-gradient",)},
        {},
        {"none": "no reason to look"},
        {"claims": ("cl-gradient",), "wording": "wrong"},
        {"claims": ("cl-gradient",), "none": "and yet", "chapter": "01"},
    ],
)
def test_a_row_that_is_not_whole_is_refused(spoilt):
    with pytest.raises(ValueError, match=r"Theorem 9"):
        Row(**{"place": "Theorem 9", "kind": "statement", "says": "Something.", **spoilt})


def test_a_reader_goes_from_a_statement_to_its_evidence(visit):
    page = visit("paper.html")
    row = page.locator(".paper-row", has=page.get_by_role("heading", name="Theorem 3.2"))
    assert "corrected" in row.inner_text()
    assert row.locator("mjx-container").count() > 3
    row.get_by_role("link", name="When the price is strictly positive").focus()
    page.keyboard.press("Enter")
    page.wait_for_selector("#claim-isd-strictness[open]")


@pytest.mark.parametrize("script", [True, False])
def test_the_page_fits_a_telephone_with_and_without_javascript(visit, script):
    page = visit("paper.html", width=390, script=script)
    assert page.is_visible("text=Theorem 3.5")
    if script:
        assert page.evaluate("document.documentElement.scrollWidth") <= 390


@pytest.mark.parametrize(("scheme", "width"), [("light", 1280), ("dark", 390)])
def test_axe_finds_nothing(visit, faults, scheme, width):
    assert faults(visit("paper.html", scheme=scheme, width=width)) == []
