"""The ledger says what the evidence says, and a reader can find a claim in it."""

import copy
import dataclasses
import json
import re
from html import unescape
from types import MappingProxyType

import pytest

from cl_theory.proof.ledger.registry import all_claims
from cl_theory.proof.ledger.verdict import MEANING
from cl_theory.proof.reader.ledger_page import claim_html, ledger_markdown, legend_html
from cl_theory.proof.reader.shown import ELSEWHERE, Contents, Shown, in_html

CLAIMS = all_claims()


@pytest.fixture(scope="module")
def page(accepted, book):
    return ledger_markdown(accepted, CLAIMS, book)


def fold(page, name):
    start = page.index(f'<details class="claim" id="claim-{name}"')
    return page[start : page.index("</div></details>", start)]


def text(html):
    return unescape(re.sub(r"<[^>]+>", " ", html))


def changed(accepted, name, change):
    claims = copy.deepcopy(dict(accepted.claims))
    change(claims[name])
    return dataclasses.replace(accepted, claims=claims)


def test_every_claim_has_a_fold_with_all_that_is_known_of_it(page, accepted):
    for name, entry in CLAIMS.items():
        own = fold(page, name)
        assert f'data-verdict="{accepted.verdict_of(name)}"' in own
        assert in_html(accepted.statement_of(entry)) in own
        for assumption in entry.assumptions:
            assert in_html(assumption) in own
        for other in entry.rests_on:
            assert f'href="#claim-{other}"' in own
        assert f"cl-theory check --chapter {entry.chapter}" in own


def test_every_planted_error_and_every_check_is_told(page, accepted):
    for name, recorded in accepted.claims.items():
        own = text(fold(page, name))
        for checks in recorded["evidence"].values():
            for check in checks:
                statement = (check.get("of") or {"statement": ""})["statement"]
                assert check["scope"].removeprefix(f"{statement}: ") in own
                for control in check["controls"]:
                    assert control["name"] in own
                    assert control.get("seen", "") in own


def test_formulas_are_those_of_the_statements_that_were_checked(page, accepted):
    for name, recorded in accepted.claims.items():
        for statement in recorded["statements"]:
            if any((c.get("of") or {}).get("statement") == statement["name"] for c in recorded["evidence"]["exact"]):
                assert f"\\({statement['latex']}\\)" in unescape(fold(page, name))
    assert "[[" not in text(page).replace("[[1", "")


def test_a_changed_verdict_or_an_unseen_error_shows(accepted, book):
    def spoil(recorded):
        recorded["verdict"] = "vacuous"
        recorded["evidence"]["exact"][0]["controls"][0]["caught"] = False
        recorded["evidence"]["exact"][0]["passed"] = False
        recorded["witnesses"][0]["holds"] = False

    own = claim_html(CLAIMS["isd-unbiased"], changed(accepted, "isd-unbiased", spoil), CLAIMS, book)
    assert 'data-verdict="vacuous"' in own
    assert "<strong>NOT caught</strong>" in own
    assert "47 of 48 planted errors caught" in own
    assert "fails: " in own
    assert "<strong>not as predicted</strong>" in own


def test_history_has_date_and_reason_and_names_only_changes_of_the_claim(accepted, book):
    change = {"claim": "cl-gradient", "what": "verdict", "old": "certified", "new": "proved"}
    history = [
        {"date": "2026-02-03", "reason": "a <sharper> check", "changes": [change, change]},
        {"reason": "of another", "changes": [change | {"claim": "isd-unbiased"}]},
    ]
    shown = dataclasses.replace(accepted, history=history)
    own = claim_html(CLAIMS["cl-gradient"], shown, CLAIMS, book)
    assert "2026-02-03: a &lt;sharper&gt; check (2 changes)" in own
    assert "of another" not in own
    assert "date not recorded: of another (1 change)" in claim_html(CLAIMS["isd-unbiased"], shown, CLAIMS, book)


def test_every_accepted_change_of_this_checkout_has_a_date(accepted):
    assert all(re.fullmatch(r"\d{4}-\d\d-\d\d", change["date"]) for change in accepted.history)


def test_the_smallest_error_is_told_in_words(page):
    own = text(fold(page, "isd-excess-variance"))
    assert re.search(r"symbolic: 3 \(each fails at any error, however small\)", own)
    assert re.search(
        r"Monte Carlo: 2 \(the sharpest from an error of|the sharpest fails from an error of [\d.]+ % on", own
    )
    assert "any to" not in text(page)


def test_the_counts_of_the_overview_add_up(page):
    tables = re.findall(r'<table class="ledger counts">.*?</table>', page)
    assert len(tables) == 2
    for table in tables:
        rows = [
            [
                int(cell) if cell.strip() not in ("–", "") else 0
                for cell in map(text, re.findall(r"<td>(.*?)</td>", row))
            ]
            for row in re.findall(r"<tr>(.*?)</tr>", table)[1:]
        ]
        *body, total = rows
        assert [sum(column) for column in zip(*body, strict=True)] == total
        assert all(sum(row[:-1]) == row[-1] for row in rows)
        assert total[-1] == len(CLAIMS)


def test_the_legend_explains_every_verdict():
    for verdict, meaning in MEANING.items():
        assert verdict in legend_html()
        assert meaning in legend_html()


def test_names_from_evidence_and_register_are_escaped(accepted, book):
    def spoil(recorded):
        recorded["evidence"]["exact"][0]["scope"] = "a <b> & c"
        recorded["witnesses"][0]["name"] = "5 < 6"

    entry = dataclasses.replace(CLAIMS["cl-gradient"], title="<i>", statement="1 < 2 <script> $a < b$")
    own = claim_html(entry, changed(accepted, "cl-gradient", spoil), CLAIMS, book)
    for part in ("a &lt;b&gt; &amp; c", "5 &lt; 6", "&lt;i&gt;", "&lt;script&gt;", r"\(a &lt; b\)"):
        assert part in own


def test_only_chapters_that_there_are_are_linked(accepted):
    some = Contents.read({}, {"01_contrastive_gradients": "A chapter"})
    page = ledger_markdown(accepted, CLAIMS, some)
    assert "01_contrastive_gradients.html#evidence-cl-gradient" in page
    assert "02_isd_unbiased.html" not in page
    assert f"## {ELSEWHERE}" in page


def test_without_evidence_the_page_says_what_is_missing(book):
    page = ledger_markdown(Shown(), CLAIMS, book)
    assert f"{len(CLAIMS)} of the claims without evidence, shown as open" in page
    assert page.count('data-verdict="open"') >= len(CLAIMS)
    assert "No evidence is recorded for this claim yet." in page
    assert "[[" not in page


def test_evidence_of_another_build_is_named(accepted, book):
    claims = dict(CLAIMS)
    del claims["cl-gradient"]
    claims["isd-unbiased"] = dataclasses.replace(claims["isd-unbiased"], statement="Other words.")
    page = ledger_markdown(accepted, MappingProxyType(claims), book)
    missing = re.findall(r'<p class="ledger-missing">(.*?)</p>', page)
    assert any("isd-unbiased" in line and "another wording" in line for line in missing)
    assert any("cl-gradient" in line and "no longer registered" in line for line in missing)
    assert "before the statement took the present wording" in fold(page, "isd-unbiased")
    assert accepted.differs_from(CLAIMS["isd-unbiased"]) == []


def test_this_checkout_has_evidence_for_every_claim_as_it_is_worded_now(accepted):
    assert [name for name, entry in CLAIMS.items() if accepted.differs_from(entry)] == []
    assert set(accepted.claims) == set(CLAIMS)


def test_an_experiment_shows_criteria_effects_and_margins(page):
    own = text(fold(page, "exp-bars-slower"))
    assert "Stated before the data were looked at" in own
    assert "must be above 0 log units" in own
    assert re.search(r"contradicted +effect -0\.\d+ log units \[.*?\] at 99\.94 %", own)


def shown_claims(page):
    return page.locator("details.claim:visible").count()


def test_a_reader_chooses_by_verdict_part_and_text_and_keeps_the_view(visit):
    page = visit("ledger.html")
    assert shown_claims(page) == len(CLAIMS)
    page.select_option("select[name=verdict]", "not reproduced")
    wanted = page.locator('details.claim[data-verdict="not reproduced"]').count()
    assert shown_claims(page) == wanted > 0
    assert page.inner_text("output") == f"{wanted} of {len(CLAIMS)} claims"
    assert not page.locator("article").get_by_role("heading", name="Part II: learning all the time").is_visible()
    page.fill("input[name=text]", "adam")
    assert 0 < shown_claims(page) < wanted
    address = page.url
    assert "#text=adam&verdict=not+reproduced" in address
    again = visit("ledger.html" + address[address.index("#") :])
    assert again.input_value("input[name=text]") == "adam"
    assert shown_claims(again) == shown_claims(page)
    again.fill("input[name=text]", "nothing has these words")
    assert again.is_visible("text=no claim fits")
    again.keyboard.press("Escape")
    assert shown_claims(again) == wanted
    again.click("text=Show all")
    assert shown_claims(again) == len(CLAIMS)
    assert again.url.endswith("ledger.html")


def test_the_whole_ledger_can_be_used_by_keyboard(visit):
    page = visit("ledger.html")
    page.focus("input[name=text]")
    page.keyboard.type("neyman allocation")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.name") == "verdict"
    page.focus("#claim-centred-isd-neyman > summary")
    page.keyboard.press("Enter")
    assert page.locator("#claim-centred-isd-neyman[open]").count() == 1
    assert page.is_visible("#claim-centred-isd-neyman .claim-statement mjx-container")


def test_a_count_of_the_overview_leads_to_what_it_counts(visit):
    page = visit("ledger.html")
    page.click('.count[data-part="Part III"][data-verdict="reproduced"] a')
    number = int(page.inner_text('.count[data-part="Part III"][data-verdict="reproduced"] a'))
    page.wait_for_function(f"document.querySelector('output').value.startsWith('{number} of')")
    assert shown_claims(page) == number
    page.go_back()
    page.wait_for_function(f"document.querySelector('output').value.startsWith('{len(CLAIMS)} of')")


def test_a_link_to_a_claim_opens_it_and_links_inside_lead_on(visit):
    page = visit("ledger.html#claim-isd-unbiased")
    assert page.locator("#claim-isd-unbiased[open]").count() == 1
    page.click('#claim-isd-unbiased .neighbours a[href="#claim-cl-gradient"]')
    page.wait_for_selector("#claim-cl-gradient[open]")
    page.click("#ledger-fold")
    assert page.locator("details.claim[open]").count() == len(CLAIMS)


def test_without_javascript_the_folds_open_and_no_dead_form_is_shown(visit):
    page = visit("ledger.html", script=False)
    assert not page.is_visible("#ledger-filter")
    assert shown_claims(page) == len(CLAIMS)
    page.click("#claim-cl-gradient > summary")
    assert page.is_visible("#claim-cl-gradient .claim-statement")


def test_on_paper_every_fold_is_open(visit):
    page = visit("ledger.html", script=False)
    page.emulate_media(media="print")
    assert page.is_visible("#claim-cl-gradient .claim-statement")
    assert page.is_visible("#claim-exp-scripts table")


@pytest.mark.parametrize("width", [1280, 390])
def test_nothing_is_cut_off(visit, width):
    page = visit("ledger.html#claim-isd-batch-design", width=width)
    page.click("#ledger-fold")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.eval_on_selector_all(
        "details.claim table",
        "all => all.every(one => one.closest('.ledger-box').clientWidth <= innerWidth)",
    )


def test_every_recorded_value_is_offered_for_download(visit, accepted):
    page = visit("ledger.html")
    with page.expect_download() as download:
        page.click("text=Every recorded value, as JSON")
    assert json.loads(download.value.path().read_text("utf-8"))["claims"] == accepted.claims


def test_the_page_is_small_enough(book_site):
    for name in ("map", "ledger", "paper"):
        assert (book_site / "chapters" / f"{name}.html").stat().st_size <= 400_000


@pytest.mark.parametrize(("scheme", "width"), [("light", 1280), ("dark", 390)])
def test_axe_finds_nothing(visit, faults, scheme, width):
    page = visit("ledger.html", scheme=scheme, width=width)
    for name in ("isd-unbiased", "exp-ff-slower", "isd-b-direction"):
        page.eval_on_selector(f"#claim-{name}", "fold => fold.open = true")
    assert faults(page) == []
