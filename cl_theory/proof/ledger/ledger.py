"""``data/claims.json``: the accepted state of every claim, read with care and written whole or not at all."""

import json
import os
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from cl_theory.proof.checks.outcome import LEVELS
from cl_theory.proof.ledger.record import plain
from cl_theory.proof.ledger.registry import claim
from cl_theory.proof.ledger.verdict import RANK, judge

FORMAT = 3
OLD_FORMAT = 2
"""Without statements: read, and written in the new format when something is accepted."""
REGISTERED = ("title", "statement", "source", "kind", "criteria", "assumptions", "rests_on")
_STATED = ("name", "latex", "fingerprint")
"""What the ledger keeps of a statement; the rest is how a page shows it."""

_ENTRY = {*REGISTERED, "verdict", "statements", "evidence", "witnesses", "printed"}


class LedgerError(ValueError):
    """``data/claims.json`` is missing, damaged, or of a format that this version does not read."""


def load(path: Path) -> dict[str, Any]:
    """The accepted ledger. LedgerError, with the remedy, if it is missing, cut short or of another shape."""
    try:
        text = Path(path).read_text("utf-8")
    except FileNotFoundError:
        remedy = "or write a first one with 'cl-theory accept --reason \"first acceptance\"'"
        raise LedgerError(f"{path} is missing: restore it with 'git checkout -- {path}', {remedy}") from None
    except UnicodeDecodeError as error:
        raise LedgerError(_damaged(path, str(error))) from error
    try:
        content = json.loads(text)
    except json.JSONDecodeError as error:
        raise LedgerError(_damaged(path, str(error))) from error
    content = _renewed(content)
    problem = _problem(content)
    if problem:
        raise LedgerError(_damaged(path, problem))
    return content


def assemble(records: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """The claims part of a ledger from collected `records`, by claim id in the order of registration."""
    judged = judge(records)
    return {
        identifier: _entry(identifier, record, judged[identifier].verdict) for identifier, record in records.items()
    }


def save(path: Path, content: Mapping[str, Any]) -> None:
    """Write `content` so that a reader finds the old ledger or the new one, never a part of either."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    text = json.dumps(content, indent=1, ensure_ascii=False, allow_nan=False) + "\n"
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=path.name, suffix=".tmp")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(temporary, 0o644)  # mkstemp makes it private, a committed file is not
        os.replace(temporary, path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def _entry(identifier: str, record: Mapping[str, Any], verdict: str) -> dict[str, Any]:
    registered = asdict(claim(identifier))
    return {
        **{name: plain(registered[name]) for name in REGISTERED},
        "statement": written_out(registered["statement"], record),
        "verdict": verdict,
        "statements": [{key: stated[key] for key in _STATED} for stated in record["statements"]],
        "evidence": {level: _of_level(record["checks"], level) for level in LEVELS},
        "witnesses": list(record["witnesses"]),
        "printed": list(record["printed"]),
    }


def written_out(text: str, record: Mapping[str, Any]) -> str:
    """`text` of a registered claim with each ``[[name]]`` replaced by the formula of the statement of this name."""
    for statement in record["statements"]:
        text = text.replace(f"[[{statement['name']}]]", f"${statement['latex']}$")
    return text


def _renewed(content: Any) -> Any:
    # A ledger of the old format differs in what it does not have: statements, and what each planted error did.
    if not isinstance(content, dict) or content.get("format") != OLD_FORMAT:
        return content
    claims = content.get("claims")
    if not isinstance(claims, dict) or not all(isinstance(entry, dict) for entry in claims.values()):
        return content
    return content | {"format": FORMAT, "claims": {name: {"statements": []} | old for name, old in claims.items()}}


def _of_level(checks: Iterable[Mapping[str, Any]], level: str) -> list[dict[str, Any]]:
    return [{k: v for k, v in check.items() if k != "level"} for check in checks if check["level"] == level]


def _problem(content: Any) -> str | None:
    if not isinstance(content, dict) or set(content) != {"format", "claims", "history"}:
        return "it must hold exactly format, claims and history"
    if content["format"] != FORMAT:
        return f"it has format {content['format']!r}, this version reads {FORMAT}"
    if not isinstance(content["claims"], dict) or not isinstance(content["history"], list):
        return "claims must be an object and history a list"
    for identifier, entry in content["claims"].items():
        if not isinstance(entry, dict) or set(entry) != _ENTRY:
            return f"the entry of {identifier!r} has missing or unknown fields"
        if entry["verdict"] not in RANK:
            return f"the entry of {identifier!r} has the unknown verdict {entry['verdict']!r}"
        if set(entry["evidence"]) != set(LEVELS):
            return f"the evidence of {identifier!r} must be sorted by {', '.join(LEVELS)}"
    return None


def _damaged(path: Path, what: str) -> str:
    return f"{path} is damaged ({what}): restore it with 'git checkout -- {path}'"
