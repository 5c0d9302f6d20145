"""The ledger, the graph and the list of corrections say what the evidence says."""

import dataclasses
import re
from importlib import resources
from xml.etree import ElementTree

import pytest
from tiny_book import decided, record

from cl_theory.proof.book.checkout import page_title
from cl_theory.proof.book.graph import NODES_IN_A_ROW, graph_svg
from cl_theory.proof.book.pages import (
    NOT_REPRODUCED,
    Shown,
    corrections_markdown,
    ledger_markdown,
    legend_html,
    shown_evidence,
)
from cl_theory.proof.ledger.ledger import LedgerError, assemble
from cl_theory.proof.ledger.registry import all_claims
from cl_theory.proof.ledger.verdict import MEANING


@pytest.fixture(scope="module")
def shown():
    entries = assemble({name: record(name) for name in ("cl-gradient", "isd-unbiased")})
    return Shown(entries, "Made from a test.", {"cl-gradient": "the-cell"})


TITLES = {"01_contrastive_gradients": "Contrastive gradients"}


@pytest.fixture(scope="module")
def page(shown):
    return ledger_markdown(shown, all_claims(), TITLES)


def test_every_claim_has_a_row_an_entry_and_a_node(page):
    for name in all_claims():
        assert f"(claim-{name})=" in page
        assert page.count(f'href="#claim-{name}"') >= 2


@pytest.mark.parametrize(("name", "verdict"), [("cl-gradient", "proved"), ("isd-strictness", "open")])
def test_a_claim_without_evidence_is_open_and_one_with_evidence_shows_its_verdict(page, name, verdict):
    row = page[page.index(f"<code>{name}</code>") :]
    assert f'class="verdict verdict-{verdict}"' in row[:400]


def test_an_entry_shows_statement_assumptions_witnesses_checks_and_values(page):
    entry = page[page.index("(claim-cl-gradient)=") : page.index("(claim-isd-unbiased)=")]
    claim = all_claims()["cl-gradient"]
    for part in (claim.statement, *claim.assumptions, "without 1", "1/b off by 1 %: caught", "1/3", "the-cell"):
        assert part in entry


def test_only_chapters_that_exist_are_linked(page):
    assert "[](./01_contrastive_gradients.ipynb)" in page
    assert "02_isd_unbiased.ipynb" not in page
    assert 'href="02_isd_unbiased.html' not in page


def test_names_from_evidence_are_escaped():
    content = record("cl-gradient")
    content["checks"][0]["scope"] = "a <b> & c"
    content["witnesses"][0]["name"] = "5 < 6 *and* so_on"
    page = ledger_markdown(Shown(assemble({"cl-gradient": content})), all_claims(), TITLES)
    assert "a &lt;b&gt; &amp; c" in page
    assert r"5 &lt; 6 \*and\* so\_on" in page


def test_the_graph_is_sound_svg_whose_nodes_do_not_overlap_and_whose_colours_are_the_pages():
    drawing = graph_svg(all_claims(), {"cl-gradient": "proved"})
    root = ElementTree.fromstring(drawing)
    boxes = [(float(box.get("x")), float(box.get("y"))) for box in root.iter("{http://www.w3.org/2000/svg}rect")]
    assert len(set(boxes)) == len(all_claims())
    assert len(list(root.iter("{http://www.w3.org/2000/svg}path"))) == sum(
        len(claim.rests_on) for claim in all_claims().values()
    )
    assert max(sum(y == row for _, y in boxes) for row in {y for _, y in boxes}) <= NODES_IN_A_ROW
    assert not re.search(r"#[0-9a-fA-F]{3,6}[\";]", drawing.replace('href="#', ""))
    assert "<rect" not in graph_svg({}, {})


def test_corrections_list_what_is_corrected_and_nothing_else(shown):
    page = corrections_markdown(shown, all_claims(), TITLES)
    for name, claim in all_claims().items():
        assert (f"#claim-{name})" in page) == (claim.source not in ("paper", "new"))


def experiment_shown(entry, apart=1.0):
    return Shown(assemble({"exp-tiny": decided(entry, apart)}), "Made from a test.")


def test_an_experiment_shows_criteria_verdict_and_effect_instead_of_a_smallest_error(experiment):
    page = ledger_markdown(experiment_shown(experiment), {"exp-tiny": experiment}, {"13_tiny": "Tiny"})
    assert page.count('class="verdict verdict-not-reproduced"') == 3  # legend, overview, entry
    worse = "- worse: loss of ISD less that of two terms; must be above 0 nats"
    close = "- close: the same; must be below 0.5 nats"
    assert f"Stated before the data were looked at:\n\n{worse}\n{close}\n\n" in page
    entry = page[page.index("(claim-exp-tiny)=") :]
    assert re.search(
        r"<td>met</td><td>effect 1\.\d+ nats \[.*\] at 99\.94 %, g = .*; criterion: above 0 nats</td>", entry
    )
    assert re.search(r"<td>contradicted</td><td>effect .*; criterion: below 0\.5 nats</td>", entry)
    assert re.search(r"<td class='whole'>2 experiment</td>|2 experiment</a></td>", page)
    assert " %</td><td>3 of 3</td>" not in page


def test_the_legend_explains_every_verdict_and_each_has_its_look(experiment):
    css = resources.files("cl_theory.proof.book").joinpath("assets/book.css").read_text("utf-8")
    for verdict, meaning in MEANING.items():
        assert verdict in legend_html()
        assert meaning in legend_html()
        assert f'class="verdict verdict-{verdict.replace(" ", "-")}"' in legend_html()
        assert f".verdict-{verdict.replace(' ', '-')}::before" in css
    drawing = graph_svg({"exp-tiny": experiment}, {"exp-tiny": "not reproduced"})
    assert 'class="node node-not-reproduced"' in drawing
    assert "not reproduced · paper" in drawing
    assert ".node-not-reproduced rect" in css


@pytest.mark.parametrize(
    ("apart", "source", "listed"), [(1.0, "paper", True), (1.0, "new", False), (0.3, "paper", False)]
)
def test_what_the_paper_says_and_the_data_contradict_is_a_correction(experiment, apart, source, listed):
    claims = {"exp-tiny": dataclasses.replace(experiment, source=source)}
    page = corrections_markdown(experiment_shown(experiment, apart), claims, {"13_tiny": "Tiny"})
    assert (NOT_REPRODUCED in page) is listed
    assert ("The criteria and the data are in [](./13_tiny.ipynb)." in page) is listed


def test_without_a_run_there_is_no_evidence_and_what_was_promised_and_is_missing_is_an_error(tmp_path):
    assert "No evidence" in shown_evidence(None, tmp_path / "claims.json").origin
    with pytest.raises(LedgerError, match=r"evidence.json is missing or damaged"):
        shown_evidence(tmp_path / "evidence.json", tmp_path / "claims.json")


def test_a_page_is_titled_by_its_first_heading(tmp_path):
    page = tmp_path / "a.md"
    page.write_text("words\n\n# The title\n\n# Another\n", "utf-8")
    assert page_title(page) == "The title"
    page.write_text("words", "utf-8")
    assert page_title(page) == "a"
