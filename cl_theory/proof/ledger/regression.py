"""Comparison of a run's evidence with the accepted ledger, and the one way to change the latter."""

import math
from collections.abc import Collection, Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from cl_theory.proof.checks.outcome import LEVELS
from cl_theory.proof.ledger.ledger import FORMAT, REGISTERED, assemble, load, save
from cl_theory.proof.ledger.record import is_rational_text
from cl_theory.proof.ledger.registry import all_claims, claim

FLOAT_TOLERANCE = 1e-10
"""Of the recorded scale, for float64 values."""
PRINTED_STANDARD_ERRORS = 6.0
"""A fixed-seed printed number may differ between platforms by this many standard errors."""


@dataclass(frozen=True)
class Difference:
    """One thing in which a run departs from the accepted ledger."""

    claim: str
    what: str
    old: Any
    new: Any

    def __str__(self) -> str:
        return f"{self.claim}: {self.what}: accepted {_short(self.old)}, now {_short(self.new)}"


def differences(
    committed: Mapping[str, Any],
    records: Mapping[str, Mapping[str, Any]],
    *,
    identifiers: Collection[str],
    allow_new: bool = False,
) -> list[Difference]:
    """Every difference between the accepted ledger and this run, for the claims in `identifiers`.

    `allow_new` lets a fuller profile add checks; it never lets one go, and a claim unknown to the ledger
    is a difference all the same.
    """
    fresh = assemble(records)
    found: list[Difference] = []
    for identifier in identifiers:
        old, new = committed["claims"].get(identifier), fresh.get(identifier)
        if old is None and new is None:
            continue
        if old is None or new is None:
            found.append(Difference(identifier, "claim", old and old["verdict"], new and new["verdict"]))
            continue
        found.extend(Difference(identifier, *difference) for difference in _entry(old, new, allow_new))
    return found


def accept(
    path: Path, records: Mapping[str, Mapping[str, Any]], *, reason: str, identifiers: Collection[str] = ()
) -> list[Difference]:
    """Take this run's numbers over into the ledger at `path` and return what changed.

    Only the claims in `identifiers` change, or all of the run when it is empty. The date and the reason are kept with
    the old and the new values. ValueError without a reason or for a claim the run has no evidence of; LedgerError
    for a damaged ledger, which is never overwritten.
    """
    if not reason.strip():
        raise ValueError("a reason is needed to accept a changed number, got an empty one")
    for identifier in identifiers:
        claim(identifier)
        if identifier not in records:
            raise ValueError(f"this run has no evidence for {identifier!r}, so there is nothing to accept")
    empty: dict[str, Any] = {"format": FORMAT, "claims": {}, "history": []}
    committed = load(path) if Path(path).exists() else empty
    chosen = set(identifiers) or set(records)
    changes = differences(committed, records, identifiers=[i for i in records if i in chosen])
    if changes:
        fresh = assemble(records)
        taken = {identifier: fresh[identifier] for identifier in fresh if identifier in chosen}
        kept = _in_reading_order({**committed["claims"], **taken})
        today = datetime.now(UTC).date().isoformat()
        entry = {"date": today, "reason": reason.strip(), "changes": [asdict(change) for change in changes]}
        save(path, {"format": FORMAT, "claims": kept, "history": [*committed["history"], entry]})
    return changes


def _in_reading_order(entries: Mapping[str, Any]) -> dict[str, Any]:
    """As registered; a claim that is new may stand between old ones. Ids that nobody registers any more come last."""
    known = [identifier for identifier in all_claims() if identifier in entries]
    return {identifier: entries[identifier] for identifier in (*known, *(i for i in entries if i not in known))}


def _entry(old: Mapping[str, Any], new: Mapping[str, Any], allow_new: bool) -> Iterator[tuple[str, Any, Any]]:
    for name in (*REGISTERED, "verdict"):
        if old[name] != new[name]:
            yield name, old[name], new[name]
    before, after = ({s["name"]: s["latex"] for s in entry["statements"]} for entry in (old, new))
    if before != after:
        yield "statements", before, after
    for level in LEVELS:
        before, after = (_by("scope", entry["evidence"][level]) for entry in (old, new))
        yield from _checks(level, before, after, allow_new)
    yield from _witnesses(_by("name", old["witnesses"]), _by("name", new["witnesses"]), allow_new)
    yield from _printed(_by("name", old["printed"]), _by("name", new["printed"]), allow_new)


def _checks(level: str, old: Mapping, new: Mapping, allow_new: bool) -> Iterator[tuple[str, Any, Any]]:
    yield from _gone_or_new(f"{level} check", old, new, allow_new)
    for scope in old.keys() & new.keys():
        before, after = old[scope], new[scope]
        if before["passed"] != after["passed"]:
            yield f"{scope}: passed", before["passed"], after["passed"]
        yield from _weaker(scope, level, before, after)
        yield from _controls(scope, before, after)
        if level == "monte_carlo":
            # An estimate has an exact target, and is never compared with an earlier estimate.
            targets = before["details"]["target"], after["details"]["target"]
            yield from _values(f"{scope}: target", *targets, before["scale"])
        else:
            yield from _values(f"{scope}: values", before["values"], after["values"], before["scale"])


def _weaker(scope: str, level: str, before: Mapping, after: Mapping) -> Iterator[tuple[str, Any, Any]]:
    if after["smallest_error"] > before["smallest_error"] * (1 + 1e-6):
        yield f"{scope}: smallest error seen", before["smallest_error"], after["smallest_error"]
    if not math.isclose(before["scale"], after["scale"], rel_tol=FLOAT_TOLERANCE):
        yield f"{scope}: scale", before["scale"], after["scale"]
    if level != "monte_carlo":
        if after["cost"] < before["cost"]:
            yield f"{scope}: systems compared", before["cost"], after["cost"]
        return
    design_old, design_new = before["details"], after["details"]
    if design_new["n"] < design_old["n"] * (1 - 1e-6) - 1:  # n is planned in floats: one draw may differ
        yield f"{scope}: n", design_old["n"], design_new["n"]
    if design_new["alpha"] > design_old["alpha"] * (1 + 1e-9):
        yield f"{scope}: alpha", design_old["alpha"], design_new["alpha"]
    if design_new["power"] < design_old["power"] - 1e-9:
        yield f"{scope}: power", design_old["power"], design_new["power"]


def _controls(scope: str, before: Mapping, after: Mapping) -> Iterator[tuple[str, Any, Any]]:
    now = {control["name"]: control["caught"] for control in after["controls"]}
    for control in before["controls"]:
        caught = now.get(control["name"])
        if caught != control["caught"]:
            yield f"{scope}: planted error '{control['name']}' caught", control["caught"], caught


def _witnesses(old: Mapping, new: Mapping, allow_new: bool) -> Iterator[tuple[str, Any, Any]]:
    yield from _gone_or_new("witness", old, new, allow_new)
    for name in old.keys() & new.keys():
        if old[name]["holds"] != new[name]["holds"]:
            yield f"witness '{name}' holds", old[name]["holds"], new[name]["holds"]


def _printed(old: Mapping, new: Mapping, allow_new: bool) -> Iterator[tuple[str, Any, Any]]:
    yield from _gone_or_new("printed number", old, new, allow_new)
    for name in old.keys() & new.keys():
        slack = PRINTED_STANDARD_ERRORS * max(old[name]["standard_error"], new[name]["standard_error"])
        if abs(old[name]["value"] - new[name]["value"]) > slack:
            yield f"printed number '{name}'", old[name]["value"], new[name]["value"]


def _gone_or_new(what: str, old: Mapping, new: Mapping, allow_new: bool) -> Iterator[tuple[str, Any, Any]]:
    for name in old:
        if name not in new:
            yield f"{what} '{name}'", "present", "missing"
    for name in new:
        if name not in old and not allow_new:
            yield f"{what} '{name}'", "missing", "present"


def _values(what: str, old: Any, new: Any, scale: float) -> Iterator[tuple[str, Any, Any]]:
    if isinstance(old, Mapping) and isinstance(new, Mapping) and old.keys() == new.keys():
        for name in old:
            yield from _values(f"{what}.{name}", old[name], new[name], scale)
    elif isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        for index, pair in enumerate(zip(old, new, strict=True)):
            yield from _values(f"{what}[{index}]", *pair, scale)
    elif not _equal(old, new, scale):
        yield what, old, new


def _equal(old: Any, new: Any, scale: float) -> bool:
    if isinstance(old, bool) or isinstance(new, bool) or is_rational_text(old) or is_rational_text(new):
        return old == new
    if isinstance(old, int | float) and isinstance(new, int | float):
        exact = isinstance(old, int) and isinstance(new, int)
        return old == new if exact else abs(old - new) <= FLOAT_TOLERANCE * scale
    return old == new


def _by(field: str, entries: list) -> dict[str, Any]:
    return {entry[field]: entry for entry in entries}


def _short(value: Any) -> str:
    text = str(value)
    return text if len(text) <= 120 else text[:117] + "..."
