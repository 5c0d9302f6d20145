"""Where the source's wording is corrected, sharpened or refuted, as MyST Markdown."""

from collections.abc import Mapping

from cl_theory.book.ledger_page import OPEN, chip
from cl_theory.book.shown import Shown
from cl_theory.claims.registry import Claim

HEADINGS = {
    "refuted": "Wording that is refuted",
    "paper, corrected": "Statements that are true only as restated",
    "paper, sharpened": "Statements that hold in a sharper form",
}


def corrections_markdown(shown: Shown, claims: Mapping[str, Claim], titles: Mapping[str, str]) -> str:
    """One section a kind of correction, one entry a claim. `titles` are those of the chapters that there are."""
    parts = []
    for source, heading in HEADINGS.items():
        found = [entry for entry in claims.values() if entry.source == source]
        if found:
            parts += [f"## {heading}", *(_entry(entry, shown, entry.chapter in titles) for entry in found)]
    return "\n\n".join(parts) + "\n"


def _entry(entry: Claim, shown: Shown, linked: bool) -> str:
    verdict = shown.claims.get(entry.id, {}).get("verdict", OPEN)
    where = f"The counterexample and the proof are in [](./{entry.chapter}.ipynb)." if linked else ""
    return (
        f"### {entry.title}\n\n"
        f"{chip(verdict)} {_reference(entry)}[its entry in the ledger](#claim-{entry.id})\n\n"
        f":::{{div}} claim-statement\n{entry.statement}\n:::\n\n"
        f"{where}"
    )


def _reference(entry: Claim) -> str:
    return f"The paper's {entry.reference}; " if entry.reference else ""
