"""Where the source's wording is corrected, sharpened or refuted, as MyST Markdown."""

from collections.abc import Mapping

from cl_theory.book.ledger_page import OPEN
from cl_theory.book.shown import Shown
from cl_theory.claims.registry import Claim
from cl_theory.claims.words import chip

HEADINGS = {
    "refuted": "Wording that is refuted",
    "paper, corrected": "Statements that are true only as restated",
    "paper, sharpened": "Statements that hold in a sharper form",
}
NOT_REPRODUCED = "Experimental statements that were not reproduced"


def corrections_markdown(shown: Shown, claims: Mapping[str, Claim], titles: Mapping[str, str]) -> str:
    """One section a kind of correction and one for the experiments that went otherwise; one entry a claim.

    `titles` are those of the chapters that there are.
    """
    parts = []
    for source, heading in HEADINGS.items():
        found = [entry for entry in claims.values() if entry.source == source]
        if found:
            parts += [f"## {heading}", *(_entry(entry, shown, entry.chapter in titles) for entry in found)]
    missed = [entry for entry in claims.values() if _is_missed(entry, shown)]
    if missed:
        parts += [f"## {NOT_REPRODUCED}", *(_entry(entry, shown, entry.chapter in titles) for entry in missed)]
    return "\n\n".join(parts) + "\n"


def _is_missed(entry: Claim, shown: Shown) -> bool:
    return entry.is_experiment and entry.source == "paper" and _verdict(entry, shown) == "not reproduced"


def _verdict(entry: Claim, shown: Shown) -> str:
    return shown.claims.get(entry.id, {}).get("verdict", OPEN)


def _entry(entry: Claim, shown: Shown, linked: bool) -> str:
    what = "The criteria and the data" if entry.is_experiment else "The counterexample and the proof"
    where = f"{what} are in [](./{entry.chapter}.ipynb)." if linked else ""
    return (
        f"### {entry.title}\n\n"
        f"{chip(_verdict(entry, shown))} {_reference(entry)}[its entry in the ledger](#claim-{entry.id})\n\n"
        f":::{{div}} claim-statement\n{shown.statement_of(entry)}\n:::\n\n"
        f"{where}"
    )


def _reference(entry: Claim) -> str:
    return f"The paper's {entry.reference}; " if entry.reference else ""
