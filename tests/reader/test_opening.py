"""Chapters open with their result, what it rests on and how long they take; nothing that is set up is shown."""

import json
import re
from pathlib import Path

import pytest
from tiny_site import FIRST, ROOT, SECOND, code, markdown, notebook

from cl_theory.proof.ledger.registry import all_claims
from cl_theory.proof.reader.opening import facts_html, reading_minutes
from cl_theory.proof.reader.pages import Shown

CHAPTERS = sorted((ROOT / "chapters").glob("*.ipynb"))
OPENING = re.compile(r"\A# [^\n]+\n\n```\{opening\}\n(.+?)\n```\n\n", re.DOTALL)


@pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: path.stem)
def test_each_chapter_opens_with_two_sentences_that_type_no_verdict(path):
    first = "".join(json.loads(path.read_text("utf-8"))["cells"][0]["source"])
    said = OPENING.match(first)
    assert said, first[:200]
    prose = re.sub(r"\{\w*\}`[^`]*`", "it", said[1])
    assert len(re.findall(r'[.?!]["”)]*(?= [A-Z"]|$)', prose)) == 2, prose
    assert not re.search(r"\b(proved|certified|confirmed|reproduced|undecided|inconclusive|vacuous)\b", prose)


@pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: path.stem)
def test_each_experiment_of_a_chapter_has_its_verdict_in_the_opening(path):
    first = "".join(json.loads(path.read_text("utf-8"))["cells"][0]["source"])
    own = [entry.id for entry in all_claims().values() if entry.chapter == path.stem and entry.is_experiment]
    for name in own:
        assert f"{{verdict}}`{name}`" in first


def test_the_box_shows_the_sentences_the_verdict_and_what_is_derived(page):
    box = page[page.index('class="opening docutils') : page.index("Words, and below")]
    assert "A coin picks the phase" in box
    assert box.count('class="verdict verdict-proved"') == 2  # in the sentence, and beside the claim
    assert '<dt>From the paper</dt><dd><a class="reference internal" href="#evidence-isd-unbiased">' in box
    assert f'href="{FIRST}.html#evidence-cl-gradient">Contrastive gradient</a> (chapter 1)' in box
    assert re.search(r"<dt>Reading</dt><dd>about \d+ minutes; <a ", box)


def test_what_is_new_comes_first_and_a_claim_without_evidence_is_open():
    facts = facts_html(ROOT / "chapters" / "03_excess_variance.ipynb", Shown(), all_claims())
    assert re.findall("<dt>(.*?)</dt>", facts) == ["New", "Corrected", "Rests on", "Reading"]
    assert facts.count("verdict-open") == 3


def test_a_chapter_that_rests_on_no_other_says_so():
    facts = facts_html(ROOT / "chapters" / f"{FIRST}.ipynb", Shown(), all_claims())
    assert "<dt>Rests on</dt><dd>nothing before it</dd>" in facts


def test_reading_time_counts_words_formulas_figures_and_visible_code():
    words = markdown("word " * 238 * 3)
    assert reading_minutes(notebook(words)) == 3
    formulas = markdown("```{glue:math} a\n```\n\n$$x$$\n\n```{glue:figure} f\n:name: f\n\nA caption.\n```\n")
    assert reading_minutes(notebook(words, formulas)) == 4
    visible, hidden = code("a", "x = 1\n" * 15), code("b", "x = 1\n" * 150, "hide-input")
    assert reading_minutes(notebook(words, visible)) == reading_minutes(notebook(words, visible, hidden)) == 4


def test_the_times_of_several_chapters_add_up(site, chapter):
    index = (site / "index.html").read_text("utf-8")
    assert re.search(rf"<p>{reading_minutes(chapter)} min</p>", index)


def test_the_rest_of_a_section_is_folded_under_its_sentence(page):
    assert re.search(r'<details class="fold"><summary>One step, in which .*? is halved\.', page)
    folded = page[page.index('<details class="fold">') : page.index("</details>")]
    assert "It is folded." in folded
    assert "print" in folded


def test_cells_that_only_set_up_leave_nothing_on_the_page(page):
    assert not re.search(r'<div class="cell[^"]*">\s*</div>', page)
    assert "seed" not in page[page.index("<article") :]
    assert "agrees" in page  # what a cell without input shows stays


def test_paths_through_the_book_name_chapters_that_there_are():
    intro = (ROOT / "chapters" / "intro.md").read_text("utf-8")
    assert "**An hour**" in intro
    assert "**The experiments only**" in intro
    for names in re.findall(r"\{minutes\}`([^`]+)`", intro):
        assert all((ROOT / "chapters" / f"{name}.ipynb").exists() for name in names.split()), names


def test_an_hour_is_an_hour():
    names = re.search(r"\*\*An hour\*\* \(\{minutes\}`([^`]+)`", (ROOT / "chapters" / "intro.md").read_text("utf-8"))[1]
    read = [json.loads(Path(ROOT / "chapters" / f"{name}.ipynb").read_text("utf-8")) for name in names.split()]
    assert 50 <= sum(map(reading_minutes, read)) <= 70


def test_what_is_folded_is_open_on_paper_and_folded_again_after_it(window, served):
    window.goto(f"{served}/chapters/{SECOND}.html")
    fold = window.locator("details.fold")
    for event, is_open in (("beforeprint", True), ("afterprint", False)):
        window.evaluate("name => window.dispatchEvent(new Event(name))", event)
        assert fold.evaluate("one => one.open") is is_open
