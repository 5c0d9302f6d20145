"""Accepting a run's numbers: only sound claims, only from a run that went well, only with a reason."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from cl_theory.book.checkout import BookError, Checkout
from cl_theory.book.run import Report
from cl_theory.claims.ledger import load
from cl_theory.claims.registry import Claim, all_claims, ancestors
from cl_theory.claims.regression import Difference, accept


@dataclass
class Accepted:
    """What was taken over into the ledger, and what stood in the way (then nothing was)."""

    changes: list[Difference] = field(default_factory=list)
    obstacles: list[tuple[str, str]] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        return not self.obstacles


def known(identifiers: Sequence[str], claims: Mapping[str, Claim] | None = None) -> None:
    """BookError at the first of `identifiers` that is not registered."""
    claims = all_claims() if claims is None else claims
    for name in identifiers:
        if name not in claims:
            raise BookError(f"unknown claim {name!r}; the claims are: {', '.join(claims)}")


def chapters_of(checkout: Checkout, identifiers: Sequence[str], reason: str) -> list[str]:
    """Chapters to execute for `identifiers` (none: all): theirs, and those of the claims that they rest on.

    BookError at an empty reason or an unknown claim, LedgerError at a damaged ledger, before anything is executed.
    """
    if not reason.strip():
        raise BookError(f"--reason must say why the numbers changed, got {reason!r}")
    known(identifiers)
    if checkout.ledger.exists():
        load(checkout.ledger)
    whole = {name for identifier in identifiers for name in (identifier, *ancestors(identifier))}
    return sorted({all_claims()[name].chapter for name in whole})


def take_over(checkout: Checkout, report: Report, *, reason: str, identifiers: Sequence[str] = ()) -> Accepted:
    """Write the claims of `report` (those in `identifiers`, or all) into the ledger, or name the obstacles.

    LedgerError for a damaged ledger, which is never overwritten; a missing one is begun.
    """
    if report.problems:
        return Accepted(obstacles=report.problems)
    return Accepted(changes=accept(checkout.ledger, report.collection.records, reason=reason, identifiers=identifiers))
