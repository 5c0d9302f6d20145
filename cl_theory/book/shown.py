"""What the generated pages show: the evidence of a run, or, without a run, what the ledger has accepted."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cl_theory.book.files import read_json
from cl_theory.claims.ledger import LedgerError, load
from cl_theory.claims.registry import Claim


@dataclass(frozen=True)
class Shown:
    """`claims` as in ``data/claims.json``; `origin` says in one sentence where they come from."""

    claims: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    origin: str = "No evidence has been accepted yet."
    cells: Mapping[str, str] = field(default_factory=dict)

    def statement_of(self, entry: Claim) -> str:
        """What `entry` claims, with the formulas that were checked written out."""
        return self.claims.get(entry.id, {}).get("statement", entry.statement)


def shown_evidence(evidence: Path | None, ledger: Path) -> Shown:
    """What lies in `evidence`, written by the run that renders; else the accepted state in `ledger`."""
    if evidence is not None:
        content = read_json(evidence)
        if content is None:
            raise LedgerError(f"{evidence} is missing or damaged: run 'cl-theory build' again")
        return Shown(content["claims"], content["origin"], content["cells"])
    try:
        return Shown(load(ledger)["claims"], "This is the state that <code>data/claims.json</code> has accepted.")
    except LedgerError:
        return Shown()
