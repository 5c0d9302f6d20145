"""The evidence table that closes a chapter's claim, as HTML and as text."""

from collections.abc import Mapping
from html import escape
from typing import Any

from cl_theory.proof.ledger.broken_terms import broken_terms_html
from cl_theory.proof.ledger.registry import Claim
from cl_theory.proof.ledger.verdict import Judgement, judge_alone
from cl_theory.proof.ledger.words import LEVEL_NAME, SEEN, STATED, all_asked, chip, result, seen


def evidence_html(claim: Claim, record: Mapping[str, Any], judgement: Judgement | None = None) -> str:
    """A quiet table: level, what was compared, result, smallest error seen or effect, planted errors caught.

    `judgement` takes the place of the verdict of this evidence alone, once what the claim rests on is known too.
    """
    judgement = judgement or judge_alone(claim, record)
    rows = "".join(_row(check) for check in record["checks"])
    witnesses = "".join(_witness(claim, witness) for witness in record["witnesses"])
    return (
        f'<div class="evidence" id="evidence-{escape(claim.id)}">'
        f'<p class="evidence-head"><code>{escape(claim.id)}</code> '
        f"{chip(judgement.verdict)} <span class='evidence-reason'>{escape(judgement.reason)}</span></p>"
        f"{_criteria(claim)}"
        "<table><thead><tr><th>level</th><th>what was compared</th><th>result</th>"
        f"<th>{_seen_head(claim)}</th><th>planted errors caught</th></tr></thead>"
        f"<tbody>{rows}</tbody></table>"
        + (f'<p class="evidence-sub">Without an assumption</p><ul>{witnesses}</ul>' if witnesses else "")
        + broken_terms_html(record)
        + "</div>"
    )


def evidence_text(claim: Claim, record: Mapping[str, Any]) -> str:
    """The same table as plain text, for a terminal."""
    judgement = judge_alone(claim, record)
    lines = [f"{claim.id}: {judgement.verdict} ({judgement.reason})"]
    lines += [f"  {'asked':<11} {line}" for line in all_asked(claim)]
    for check in record["checks"]:
        level = check["level"]
        told = seen(level, check) if level == "experiment" else f"sees {seen(level, check)}"
        lines.append(
            f"  {LEVEL_NAME[level]:<11} {result(level, check['passed']):<12} {check['scope']}"
            f"  [{told}; {_caught(check)} planted errors caught]"
        )
    for witness in record["witnesses"]:
        mark = "as predicted" if witness["holds"] else "NOT as predicted"
        lines.append(f"  without {witness['assumption']}   {mark}: {witness['name']}")
    return "\n".join(lines)


def _criteria(claim: Claim) -> str:
    items = "".join(f"<li>{escape(line)}</li>" for line in all_asked(claim))
    return f'<p class="evidence-sub">{STATED}</p><ul>{items}</ul>' if items else ""


def _seen_head(claim: Claim) -> str:
    return SEEN if claim.is_experiment else "smallest error seen"


def _caught(check: Mapping[str, Any]) -> str:
    return f"{sum(control['caught'] for control in check['controls'])}/{len(check['controls'])}"


def _row(check: Mapping[str, Any]) -> str:
    names = "; ".join(f"{c['name']}{'' if c['caught'] else ' (NOT caught)'}" for c in check["controls"])
    return (
        f'<tr><td class="level">{LEVEL_NAME[check["level"]]}</td><td>{escape(check["scope"])}</td>'
        f"<td>{result(check['level'], check['passed'])}</td><td>{escape(seen(check['level'], check))}</td>"
        f"<td>{_caught(check)} <span class='planted'>{escape(names)}</span></td></tr>"
    )


def _witness(claim: Claim, witness: Mapping[str, Any]) -> str:
    mark = "as predicted" if witness["holds"] else "NOT as predicted"
    return f"<li>({witness['assumption']}) dropped: {escape(witness['name'])} — {mark}</li>"
