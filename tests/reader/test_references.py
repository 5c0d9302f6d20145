"""References print as numbers and show what they refer to; symbols say what they mean."""

import json
import re

import pytest
from tiny_site import SECOND

from cl_theory.proof.ledger.ledger import load
from cl_theory.proof.ledger.registry import all_claims
from cl_theory.proof.reader.glossary import (
    explained,
    glossary_html,
    marked,
    odd_references,
    symbols_by_chapter,
    symbols_of_page,
    tokens,
)
from cl_theory.theory.algebra import glossary

NUMBERS = {
    "chapters/a": {"figure": {"fig-x": (6, 1)}, "theorem": {"thm-x": (6, 2)}},
    "chapters/b": {"exercise": {"exr-x": (2, 4)}},
}


def link(target, said):
    return f'<p><a class="reference internal" href="{target}"><span>{said}</span></a></p>'


@pytest.mark.parametrize(
    ("target", "said"),
    [
        ("#fig-x", "Figure 6.1"),
        ("#thm-x", "Theorem 6.2"),
        ("#thm-x", "Corollary 6.2"),
        ("b.html#exr-x", "Exercise 2.4"),
        ("#equation-eq-x", "(6.1)"),
        ("b.html", "the next chapter"),
        ("#a-section", "below"),
    ],
)
def test_a_reference_that_prints_as_name_and_number_is_right(target, said):
    assert odd_references(link(target, said), "chapters/a", NUMBERS) == []


@pytest.mark.parametrize(
    ("target", "said"),
    [
        ("#fig-x", "Fig. 6.1"),
        ("#fig-x", r"One state, G = \lambda\theta: where one phase leads on average"),
        ("#fig-x", "Figure 6.2"),
        ("#thm-x", "When the price is positive"),
        ("b.html#exr-x", "2.4"),
        ("#equation-eq-x", "6.1"),
    ],
)
def test_any_other_reference_to_something_numbered_is_named(target, said):
    assert len(odd_references(link(target, said), "chapters/a", NUMBERS)) == 1


def test_a_rendered_chapter_prints_its_references_as_numbers(page):
    body = page[page.index("Words, and below") : page.index("</article>")]
    assert re.findall(r'<a class="reference internal" [^>]*>(.*?)</a>', body)[:3] == [
        "(2.1)",
        '<span class="std std-numref">Figure 2.1</span>',
        "Lemma 2.1",
    ]


@pytest.mark.parametrize(
    ("latex", "out"),
    [
        ("b", "{@{b}}"),
        (r"\frac1b", r"\frac1{@{b}}"),
        ("b^2", "{@{b}}^2"),
        ("b^{n}", "{@{b}}^{n}"),
        ("(b)", "({@{b}})"),
        (r"\mu_+ - \mu", r"{@{\mu_+}} - {@{\mu}}"),
        (r"\mu _+", r"{@{\mu _+}}"),
    ],
)
def test_a_symbol_is_marked_and_the_longest_wins(latex, out):
    text, used = marked(latex, {tokens("b"): 7, tokens(r"\mu"): 7, tokens(r"\mu_+"): 7})
    assert text == out.replace("@", r"\class{symbol-7}")
    assert used == {7}


@pytest.mark.parametrize(
    "latex",
    [
        *("b^*", "b'", "b_0", "x_b", "x_{ab}", r"\bar b", r"\hat{b}", r"\beta", r"\mu_\pm"),
        *(r"\text{b}", r"\operatorname{b}", r"\mathit b"),
    ],
)
def test_what_is_part_of_another_symbol_is_left_alone(latex):
    assert marked(latex, {tokens("b"): 7, tokens(r"\mu"): 7}) == (latex, set())


def test_marking_keeps_every_formula_of_the_theory_balanced():
    chapters = symbols_by_chapter({})
    for chapter in chapters:
        numbers = {tokens(latex): n for n, latex in enumerate(symbols_of_page(chapter, chapters))}
        for latex in chapters[chapter]:
            text, _ = marked(latex, numbers)
            assert re.sub(r"\{\\class\{symbol-\d+\}|[{}]", "", text) == re.sub(r"[{}]", "", latex)
            assert text.count("{") == text.count("}")


def test_only_formulas_of_the_page_are_marked_and_only_their_symbols_are_explained():
    body = '<p>b &lt; 1</p><span class="math notranslate nohighlight">\\(b &lt; 1\\)</span>'
    text = explained(body, {"b": "chance <of> heads", "c": "a baseline"})
    assert text.startswith("<p>b &lt; 1</p>")
    assert r"\({\class{symbol-0}{b}} &lt; 1\)" in text
    said = json.loads(text[text.index('meanings">') + 10 : text.rindex("</script>")])
    assert said == {"symbol-0": ["b", "chance <of> heads"]}


def test_a_page_explains_the_symbols_that_its_own_claims_state(page):
    said = json.loads(re.search('id="symbol-meanings">(.*?)</script>', page)[1])
    words = {symbol.name: meaning for symbol, meaning in glossary().items()}
    assert dict(said.values())[r"\mu_+"] == words[r"\mu_+"]
    assert dict(said.values())["b"] == words["b"]
    assert "b^*" not in dict(said.values())  # chapter 4 states it


def test_a_letter_with_two_meanings_has_that_of_the_chapter_or_none():
    chapters = {
        "02_isd_unbiased": {"b": "chance", "h": "mixture", "C": "one"},
        "08_always_on_fixed_length": {"C": "two"},
    }
    chapters |= {name: {} for name in {entry.chapter for entry in all_claims().values()} - set(chapters)}
    assert symbols_of_page("chapters/08_always_on_fixed_length", chapters)["C"] == "two"
    assert "C" not in symbols_of_page("chapters/ledger", chapters)
    assert symbols_of_page("chapters/13_rbm_on_bars", chapters) == {"b": "chance"}


def test_the_notation_page_lists_every_declared_symbol_with_its_meaning(site):
    listed = glossary_html(symbols_by_chapter(load(site.parents[0] / "source0" / "data" / "claims.json")["claims"]))
    for meaning in glossary().values():
        assert meaning.replace("'", "&#x27;").replace(">", "&gt;").replace("<", "&lt;") in listed
    assert listed.count("<tr><td>") >= len({(symbol.name, meaning) for symbol, meaning in glossary().items()})


def preview(window, target):
    window.locator(target).first.hover()
    window.wait_for_selector(".preview", timeout=8000)
    return window.locator(".preview").inner_text()


def opened(window, address):
    window.goto(f"{address}/chapters/{SECOND}.html")
    window.wait_for_selector("mjx-container", state="attached")


def test_references_show_what_they_refer_to_here_and_on_other_pages(window, served):
    opened(window, served)
    assert "Theorem 1.1" in preview(window, ".opening a[href*='thm-slope']")
    window.keyboard.press("Escape")
    assert window.locator(".preview").count() == 0
    assert "Lemma 2.1" in preview(window, "a[href='#lem-line']")
    assert "A dot." in preview(window, "a[href='#fig-dot']")
    window.locator("a.reference[href='#equation-eq-mean']").focus()
    window.wait_for_selector(".preview mjx-container")


def test_a_symbol_says_what_it_means_and_a_formula_lists_its_symbols(window, served):
    opened(window, served)
    assert preview(window, "#equation-eq-mean [class*='symbol-'], div.math [class*='symbol-']")
    window.keyboard.press("Escape")
    window.locator("div.math mjx-container").first.focus()
    window.wait_for_selector(".preview dl")
    assert "mean gradient of the positive phase" in window.locator(".preview").inner_text()


def test_opened_from_disk_other_pages_stay_silent_and_nothing_breaks(window, site):
    errors = []
    window.on("pageerror", lambda error: errors.append(error))
    opened(window, site.as_uri())
    window.locator(".opening a[href*='thm-slope']").first.hover()
    window.wait_for_timeout(900)
    assert window.locator(".preview").count() == 0
    assert "Lemma 2.1" in preview(window, "a[href='#lem-line']")
    assert errors == []
