"""What is handed to Jupyter Book."""

import copy
from pathlib import Path

import pytest
import yaml
from tiny_book import FIRST, SECOND, chapter, record, shows

from cl_theory.proof.book.checkout import GateSeed
from cl_theory.proof.book.execution import Executed
from cl_theory.proof.book.run import Wish, weigh
from cl_theory.proof.reader.rendering import evidence_shown, render, rendering_configuration, with_final_verdicts
from cl_theory.proof.reader.shown import Shown

ROOT = Path(__file__).parents[2]


def weighed(claims, parent, child, **how):
    went = {FIRST: chapter(shows(parent)), SECOND: chapter(shows(child))}
    executed = {name: Executed(name, "executed", 1.0, content) for name, content in went.items()}
    return weigh(Wish(GateSeed(20230723, "test")), executed, claims, executed, None, **{"complete": True, **how})


def certified(identifier):
    content = record(identifier)
    content["checks"] = content["checks"][1:]  # no symbolic check
    return content


def test_a_page_shows_no_better_verdict_than_the_claims_it_rests_on_allow(claims):
    report = weighed(claims, certified("cl-gradient"), record("isd-unbiased"))
    own = report.executed[SECOND].notebook
    before = copy.deepcopy(own)
    page = with_final_verdicts(own, report.judged)["cells"][1]["outputs"][0]["data"]["text/html"]
    assert "verdict-certified" in page
    assert "own evidence proved, but rests on cl-gradient" in page
    assert own == before


def test_each_table_of_evidence_is_followed_by_the_claims_around_its_own_with_their_verdicts(claims):
    report = weighed(claims, certified("cl-gradient"), record("isd-unbiased"))
    shown = Shown(evidence_shown(report)["claims"])
    page = with_final_verdicts(report.executed[SECOND].notebook, report.judged, shown)
    around = page["cells"][1]["outputs"][0]["data"]["text/html"].partition('class="neighbours"')[2]
    assert f'<a href="{FIRST}.html#evidence-cl-gradient">Contrastive gradient</a>' in around
    assert "verdict-certified" in around
    assert 'href="ledger.html#claim-isd-unbiased"' in around
    assert "Covariance of ISD <span" in around  # it has no evidence to link to


def test_the_pages_made_from_evidence_learn_of_the_run(claims):
    shown = evidence_shown(weighed(claims, record("cl-gradient"), record("isd-unbiased")))
    assert "seed 20230723 (test)" in shown["origin"]
    assert set(shown["claims"]) == {"cl-gradient", "isd-unbiased"}
    assert shown["cells"]["isd-unbiased"] == "evidence"
    assert shown["history"] == []


@pytest.mark.parametrize("complete", [True, False])
def test_neither_an_unsound_nor_a_partial_run_is_rendered(book, claims, complete):
    report = weighed(claims, record("cl-gradient", passed=not complete), record("isd-unbiased"), complete=complete)
    with pytest.raises(ValueError, match="only a complete run without problems"):
        render(book, report)


def test_the_configuration_is_the_books_own_but_for_execution(tmp_path):
    own = yaml.safe_load((ROOT / "_config.yml").read_text("utf-8"))
    changed = yaml.safe_load(rendering_configuration(ROOT / "_config.yml", tmp_path / "evidence.json"))
    assert changed["execute"].pop("execute_notebooks") == "off"
    assert own["execute"].pop("execute_notebooks") == "force"
    assert changed["sphinx"]["config"].pop("cl_theory_evidence") == str(tmp_path / "evidence.json")
    assert changed == own
