"""What a page prints is the object that was checked, for every claim of the chapters that prove theorems."""

import json
import re
from functools import cache
from importlib import import_module
from pathlib import Path
from pkgutil import walk_packages
from typing import Any

import pytest

import cl_theory
from cl_theory.proof.ledger.registry import Claim, all_claims
from cl_theory.theory.algebra import latex_of
from cl_theory.theory.statement import _SIGN, Statement, statements

ROOT = Path(__file__).resolve().parents[2]
ACCEPTED = json.loads((ROOT / "data" / "claims.json").read_text())["claims"]
DISPLAY = re.compile(r"\$\$(.*?)\$\$", re.DOTALL)
PRINTED = re.compile(r"\{glue:math\} (\S+)")


THEOREM = re.compile(r"^`{3,}\{prf:\w+\}.*?^`{3,}$", re.DOTALL | re.MULTILINE)


def spaceless(latex: str) -> str:
    """`latex` without what only moves it."""
    return re.sub(r"\\[,;!]|\\big[lr]?|\\Big[lr]?|\\left|\\right|\s", "", latex)


@cache
def every_statement() -> dict[str, Statement]:
    """All statements of the package, by name."""
    for module in walk_packages(cl_theory.__path__, "cl_theory."):
        if module.name.endswith("_statements"):
            import_module(module.name)
    return {name: found for name, found in statements().items() if not name.startswith("test-")}


@cache
def page(chapter: str) -> str:
    """The text of a chapter, as it was written."""
    cells = json.loads((ROOT / "chapters" / f"{chapter}.ipynb").read_text())["cells"]
    return "\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "markdown")


def checks(claim: Claim) -> list[dict[str, Any]]:
    """What was accepted of a claim: its checks of statements."""
    evidence = ACCEPTED[claim.id]["evidence"]
    return [check["of"] for level in evidence.values() for check in level if check["of"]]


THEOREMS = [claim for claim in all_claims().values() if not "13" <= claim.chapter < "21"]


@pytest.mark.parametrize("claim", THEOREMS, ids=lambda claim: claim.id)
def test_the_page_prints_what_was_checked(claim: Claim) -> None:
    printed, known = set(PRINTED.findall(page(claim.chapter))), every_statement()
    latex = {stated["name"]: stated["latex"] for stated in ACCEPTED[claim.id]["statements"]}
    assert checks(claim), f"no check of {claim.id} is a check of a statement"
    for check in checks(claim):
        statement = known[check["statement"]]
        assert statement.name in printed, f"{claim.chapter} does not print {statement.name}"
        assert check["fingerprint"] == statement.fingerprint, f"{statement.name} has changed since it was checked"
        assert latex[statement.name] == statement.latex


@pytest.mark.parametrize("claim", THEOREMS, ids=lambda claim: claim.id)
def test_the_ledger_states_what_was_checked(claim: Claim) -> None:
    named, checked = set(re.findall(r"\[\[(.+?)\]\]", claim.statement)), {check["statement"] for check in checks(claim)}
    assert named, f"the text of {claim.id} names no statement"
    assert named <= checked, f"{claim.id} names {', '.join(named - checked)}, which was not checked"


@pytest.mark.parametrize("chapter", sorted({claim.chapter for claim in THEOREMS}))
def test_no_checked_formula_is_typed_a_second_time(chapter: str) -> None:
    text = page(chapter)
    typed = spaceless(" ".join(DISPLAY.findall(text)))
    stated = spaceless(" ".join(shown for box in THEOREM.findall(text) for shown in DISPLAY.findall(box)))
    for statement in every_statement().values():
        left, sign = (spaceless(part) for part in (latex_of(statement.left), _SIGN[statement.relation]))
        assert spaceless(statement.latex) not in typed, f"{statement.name} is typed on the page of {chapter}"
        assert f"{left}{sign}" not in stated, f"a theorem of {chapter} types what {statement.name} says"


@pytest.mark.parametrize("statement", every_statement().values(), ids=lambda statement: statement.name)
def test_a_changed_term_changes_the_page_and_the_proof(statement: Statement) -> None:
    latex, fingerprint, right = statement.latex, statement.fingerprint, statement.right
    for term in statement.terms:
        wrong = statement.off(term)
        assert wrong.latex != latex, f"{term} 1 % more is not seen on the page"
        assert wrong.fingerprint != fingerprint
        assert len(wrong.minus(right)), f"{term} 1 % more is not seen by a proof"
