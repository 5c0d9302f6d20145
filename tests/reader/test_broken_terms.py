"""Formulas that a reader can break: the data beside the evidence, and what the page makes of it in a browser."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from cl_theory.proof.ledger.broken_terms import CANNOT_SEE, broken_terms, broken_terms_html
from cl_theory.proof.ledger.evidence import Evidence
from cl_theory.proof.reader.glossary import breakable
from cl_theory.proof.reader.rendering import ASSETS, mathjax_folder
from cl_theory.theory.estimators.isd_statements import COVARIANCE

NAME = "isd-covariance"


def check(level: str, controls: list[tuple[str, bool, str]], hidden: tuple[str, ...] = (), **details: Any) -> dict:
    return {
        "level": level,
        "scope": f"{NAME}: two systems",
        "details": details,
        "controls": [{"name": name, "caught": caught, "seen": seen} for name, caught, seen in controls],
        "of": {"statement": NAME, "fingerprint": "0", "terms": list(COVARIANCE.terms), "hidden": list(hidden)},
    }


@pytest.fixture
def record() -> dict[str, Any]:
    first, second, third = COVARIANCE.terms
    stated = Evidence(NAME, COVARIANCE).record
    checks = [
        check("symbolic", [(f"{first}: 1 % more", True, "remainder -1/100"), ("another b", True, "")]),
        check("exact", [(f"{first}: 1 % more", False, "")]),
        check("monte_carlo", [(f"{second}: left out", True, "p = 0.0e+00")], hidden=(third,), power=0.999999),
    ]
    return stated | {"checks": checks}


def test_each_term_has_what_each_check_saw(record):
    (statement,) = broken_terms(record)
    first, second, third = statement["terms"]
    assert [seen["level"] for seen in first["checks"]] == ["symbolic", "exact"]
    assert first["checks"][0] | {"error": "1 % more", "caught": True, "seen": "remainder -1/100"} == first["checks"][0]
    assert first["checks"][1]["caught"] is False
    assert second["checks"][0]["error"] == "left out"
    assert second["checks"][0]["seen"] == "p below 1e-300, power 99.9999 %"
    assert third["checks"] == [
        {"level": "Monte Carlo", "scope": "two systems", "error": "", "caught": None, "seen": CANNOT_SEE}
    ]


def test_the_marks_are_all_that_sets_the_marked_formula_apart():
    bare = re.sub(r"\\class\{term-\d\}\{((?:[^{}]|\{(?:[^{}]|\{[^{}]*\})*\})*)\}", r"\1", COVARIANCE.marked_latex)
    assert bare == COVARIANCE.latex
    assert COVARIANCE.marked_latex.count(r"\class") == len(COVARIANCE.terms)


def test_a_page_without_checks_of_its_statements_gets_no_data(record):
    assert broken_terms_html(record | {"checks": []}) == ""
    content = re.search(r">(.*)</script>", broken_terms_html(record)).group(1)
    assert "<" not in content
    assert json.loads(content) == broken_terms(record)


def written(folder: Path, record: dict[str, Any] | None) -> str:
    (folder / "mathjax").symlink_to(mathjax_folder())
    data = broken_terms_html(record) if record else ""
    shown = f'<span class="eqno">(2.1)</span>\\[\n{COVARIANCE.latex}\n\\]'
    body = f'<main><div class="math notranslate" id="here">{shown}</div>{data}</main>'
    (folder / "page.html").write_text(
        f"""<!doctype html><html lang="en"><title>A formula</title>
        <link rel="stylesheet" href="file://{ASSETS}/broken_terms.css">
        <script defer src="file://{ASSETS}/broken_terms.js"></script>
        <script defer src="mathjax/tex-mml-chtml.js"></script>
        {breakable(body)}</html>"""
    )
    return f"file://{folder}/page.html"


def test_formulas_are_marked_where_their_statement_is_broken_and_nowhere_else(record):
    other = '<div class="math">\\[\nx &lt; 1\n\\]</div>'
    body = f'<div class="math notranslate">\n\\[\n{COVARIANCE.latex}\n\\]</div>{other}{broken_terms_html(record)}'
    assert breakable(body) == body.replace(COVARIANCE.latex, COVARIANCE.marked_latex, 1).replace(
        '<div class="math notranslate"', '<div class="math notranslate" data-breakable="0"'
    )
    assert breakable(other) == other


def test_a_reader_breaks_a_term_by_mouse_and_by_keyboard(blank, record, tmp_path):
    blank.goto(written(tmp_path, record))
    blank.locator("mjx-math .term-0").first.click()
    assert "remainder \u22121/100" in blank.locator(".broken-became").inner_text()
    blank.locator(".broken-formula mjx-math .is-wrong").wait_for()
    assert "STAYS GREEN" in blank.locator(".broken-became .missed").inner_text()
    blank.keyboard.press("Escape")
    assert blank.locator(".broken-panel").is_hidden()
    opener = blank.get_by_role("button", name="break it")
    opener.focus()
    blank.keyboard.press("Enter")
    blank.get_by_role("button", name=list(COVARIANCE.terms)[1]).press("Enter")
    assert "p below 1e\u2212300" in blank.locator(".broken-became").inner_text()
    assert blank.locator("mjx-math .term-1.pointed-at").count()
    blank.keyboard.press("Escape")
    assert blank.locator(".broken-panel").is_hidden()
    assert opener.evaluate("e => e === document.activeElement")


def test_without_evidence_the_formula_stands_as_it_is(blank, tmp_path):
    blank.goto(written(tmp_path, None))
    blank.locator("mjx-container").wait_for()
    assert blank.get_by_role("button").count() == 0
