"""What became of each check when a term of a statement was wrong: for the page on which the formula is printed.

The data lies beside the evidence; a page that is rendered has its formulas marked, and ``broken_terms.js`` shows it.
"""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from cl_theory.proof.ledger.words import LEVEL_NAME

CANNOT_SEE = "cannot see so small an error of this term; other checks do"
NOTHING_SEEN = "turned red"
_DATA = re.compile(r'class="broken-terms">(.*?)</script>', re.DOTALL)
_NEVER = "p = 0.0e+00"
_UNDERFLOW = "p below 1e-300"


def broken_terms(record: Mapping[str, Any]) -> list[dict[str, Any]]:
    """One entry a statement of `record` that was checked: its LaTeX, plain and with marks, and the fate of each term.

    A term has its name, and for each check its level, its scope, how the term was wrong, whether it saw that, and how.
    """
    found = []
    for statement in record["statements"]:
        terms = [
            {"name": name, "checks": list(_became(record, statement["name"], name))} for name in statement["terms"]
        ]
        if any(term["checks"] for term in terms):
            found.append({"latex": statement["latex"], "marked": statement["marked"], "terms": terms})
    return found


def broken_terms_html(record: Mapping[str, Any]) -> str:
    """`broken_terms` as data beside the evidence, shown by ``broken_terms.js``; nothing if there are none."""
    found = broken_terms(record)
    if not found:
        return ""
    content = json.dumps(found, ensure_ascii=True, separators=(",", ":")).replace("<", "\\u003c")
    return f'<script type="application/json" class="broken-terms">{content}</script>'


def broken_terms_in(page: str) -> list[dict[str, Any]]:
    """The `broken_terms` that the HTML of a `page` holds, of all its claims, in their order."""
    return [stated for content in _DATA.findall(page) for stated in json.loads(content)]


def _became(record: Mapping[str, Any], statement: str, term: str) -> Iterator[dict[str, Any]]:
    for check in record["checks"]:
        of = check["of"] or {}
        if of.get("statement") != statement:
            continue
        words = {"level": LEVEL_NAME[check["level"]], "scope": check["scope"].removeprefix(f"{statement}: ")}
        for control in check["controls"]:
            name, _, error = control["name"].rpartition(": ")
            if name == term:
                yield words | {"error": error, "caught": control["caught"], "seen": _said(check, control["seen"])}
        if term in of["hidden"]:
            yield words | {"error": "", "caught": None, "seen": CANNOT_SEE}


def _said(check: Mapping[str, Any], seen: str) -> str:
    said = seen.replace(_NEVER, _UNDERFLOW) or NOTHING_SEEN
    power = check["details"].get("power")
    return f"{said}, power {100 * power:.6g} %" if power else said
