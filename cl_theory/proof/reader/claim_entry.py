"""One claim of the ledger on a fold: what it says, what it rests on, how it was checked, broken and changed."""

from collections.abc import Iterator, Mapping, Sequence
from html import escape
from typing import Any

from cl_theory.proof.checks.outcome import LEVELS
from cl_theory.proof.ledger.registry import Claim
from cl_theory.proof.ledger.words import (
    LEVEL_NAME,
    STATED,
    asked,
    chip,
    effect_and_criterion,
    result,
    smallest_error,
)
from cl_theory.proof.reader.claim_map import neighbours_html
from cl_theory.proof.reader.markup import formula, in_html, table
from cl_theory.proof.reader.shown import Contents, Shown, short_part

Check = Mapping[str, Any]
NO_STATEMENT = ""
"""In place of a statement's name, for checks that are of no single formula."""


def claim_html(entry: Claim, shown: Shown, claims: Mapping[str, Claim], contents: Contents) -> str:
    """The fold of `entry`. Its attributes ``data-...`` are what the page's filters look at."""
    chapter, verdict = contents.of(entry.chapter), shown.verdict_of(entry.id)
    source = f"{entry.source}, {entry.reference}" if entry.reference else entry.source
    attributes = {
        "part": short_part(chapter.part),
        "verdict": verdict,
        "source": entry.source,
        "chapter": entry.chapter,
        "kind": entry.kind,
    }
    told = "".join(f' data-{name}="{escape(value)}"' for name, value in attributes.items())
    body = [
        f'<div class="claim-statement"><p>{in_html(shown.statement_of(entry))}</p></div>',
        _where(entry, shown, contents),
        _differences(entry, shown),
        _criteria(entry),
        _assumptions(entry, shown.claims.get(entry.id, {}).get("witnesses", ())),
        _neighbours(entry, shown, claims),
        _evidence(entry, shown),
        _history(entry, shown),
        _rerun(entry, claims),
    ]
    return (
        f'<details class="claim" id="claim-{entry.id}"{told}><summary><h4>{escape(entry.title)}</h4> {chip(verdict)} '
        f'<span class="claim-source">{escape(source)} · {entry.kind} · <code>{entry.id}</code></span></summary>'
        f'<div class="claim-body">{"".join(body)}</div></details>'
    )


def _sub(words: str) -> str:
    return f'<p class="claim-sub">{words}</p>'


def _where(entry: Claim, shown: Shown, contents: Contents) -> str:
    links = [f'<a href="#claim-{entry.id}">link to this claim</a>', f'<a href="map.html#map-{entry.id}">on the map</a>']
    if entry.chapter in contents.chapters:
        chapter = contents.of(entry.chapter)
        place = f"#evidence-{entry.id}" if entry.id in shown.claims else ""
        named = f"chapter {chapter.number}" if chapter.number else escape(chapter.title)
        cell = f" (cell <code>{escape(shown.cells[entry.id])}</code>)" if entry.id in shown.cells else ""
        links.append(f'in <a href="{escape(entry.chapter)}.html{place}">{named}</a>{cell}')
    return f'<p class="claim-where">{" · ".join(links)}</p>'


def _differences(entry: Claim, shown: Shown) -> str:
    changed = shown.differs_from(entry)
    if not changed:
        return ""
    return (
        f'<p class="ledger-missing">The evidence was recorded before the {" and the ".join(changed)} took the present '
        "wording: run the chapter again.</p>"
    )


def _criteria(entry: Claim) -> str:
    items = "".join(f"<li>{escape(asked(criterion))}</li>" for criterion in entry.criteria)
    return f"{_sub(STATED)}<ul>{items}</ul>" if items else ""


def _assumptions(entry: Claim, witnesses: Sequence[Mapping[str, Any]]) -> str:
    items = []
    for number, assumption in enumerate(entry.assumptions, 1):
        without = "".join(
            f"<li>without it: {escape(witness['name'])} "
            f"({'as predicted' if witness['holds'] else '<strong>not as predicted</strong>'})</li>"
            for witness in witnesses
            if witness["assumption"] == number
        )
        items.append(f"<li>{in_html(assumption)}{f'<ul>{without}</ul>' if without else ''}</li>")
    return f"{_sub('Assumptions, each with what happens without it')}<ol>{''.join(items)}</ol>" if items else ""


def _neighbours(entry: Claim, shown: Shown, claims: Mapping[str, Claim]) -> str:
    return neighbours_html(entry, claims, shown, linked={name: f"#claim-{name}" for name in claims if name != entry.id})


def checks_of(recorded: Mapping[str, Any] | None) -> Iterator[tuple[str, Check]]:
    """Every check of a claim with its level, strongest level first."""
    for level in LEVELS:
        for check in (recorded or {"evidence": {}})["evidence"].get(level, ()):
            yield level, check


def _evidence(entry: Claim, shown: Shown) -> str:
    recorded = shown.claims.get(entry.id)
    if recorded is None:
        return '<p class="ledger-missing">No evidence is recorded for this claim yet.</p>'
    checks = list(checks_of(recorded))
    planted = [control["caught"] for _, check in checks for control in check["controls"]]
    caught = f"{sum(planted)} of {_count(len(planted), 'planted error')} caught"
    return (
        _sub(f"Evidence: {_count(len(checks), 'check')}, {caught}")
        + f'<p class="claim-where">{"; ".join(_levels(checks))}.</p>'
        + _decisions(entry, [check for level, check in checks if level == "experiment"])
        + _comparisons(entry, [pair for pair in checks if pair[0] != "experiment"], recorded["statements"])
    )


def _count(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


def _levels(checks: Sequence[tuple[str, Check]]) -> Iterator[str]:
    """How many checks of each level there are, and from which error on they fail, in words."""
    for level in LEVELS:
        own = [check for own_level, check in checks if own_level == level]
        if own:
            yield f"{LEVEL_NAME[level]}: {len(own)}{_sight(level, own)}"


def _sight(level: str, checks: Sequence[Check]) -> str:
    if level == "experiment":
        return f" {'criterion' if len(checks) == 1 else 'criteria'} decided by data"
    sharpest, *_, bluntest = sorted((*checks, *checks), key=lambda check: check["smallest_error"])
    first, last = smallest_error(sharpest), smallest_error(bluntest)
    if first == last:
        return f" (fails {_size(last)})" if len(checks) == 1 else f" (each fails {_size(last)})"
    return f" (the sharpest fails {_size(first)}, the bluntest {_size(last)})"


def _size(error: str) -> str:
    return "at any error, however small" if error == "any" else f"from an error of {error} on"


def _decisions(entry: Claim, checks: Sequence[Check]) -> str:
    rows = [
        [
            escape(check["scope"]),
            result("experiment", check["passed"]),
            escape(effect_and_criterion(check)),
            "<br>".join(f"{escape(control['name'])}: {_noticed(control)}" for control in check["controls"]),
        ]
        for check in checks
    ]
    heads = ("criterion", "result", "effect, and what was asked for", "decided otherwise when")
    return table(heads, rows, named=f"Criteria of {entry.id}") if rows else ""


def _comparisons(entry: Claim, checks: Sequence[tuple[str, Check]], statements: Sequence[Mapping[str, Any]]) -> str:
    """A column a level. For each formula: what was compared, from which error on that fails, each planted error."""
    if not checks:
        return ""
    levels = list(dict.fromkeys(level for level, _ in checks))
    latex = {statement["name"]: statement["latex"] for statement in statements}
    grouped: dict[str, list[tuple[str, Check]]] = {}
    for level, check in sorted(checks, key=lambda pair: not pair[1].get("of")):
        grouped.setdefault((check.get("of") or {"statement": NO_STATEMENT})["statement"], []).append((level, check))
    groups = {
        _head(name, latex.get(name, ""), alone=len(grouped) == 1): _rows(name, own, levels)
        for name, own in grouped.items()
    }
    heads = ("", *(LEVEL_NAME[level] for level in levels))
    return table(heads, groups, named=f"Checks and planted errors of {entry.id}")


def _head(name: str, latex: str, *, alone: bool) -> str:
    if name == NO_STATEMENT:
        return "The checks" if alone else "Checks of no single formula"
    return f"<code>{escape(name)}</code> {formula(latex) if latex else ''}"


def _rows(name: str, own: Sequence[tuple[str, Check]], levels: Sequence[str]) -> list[list[str]]:
    compared: dict[str, list[str]] = {}
    planted: dict[str, dict[str, list[str]]] = {}
    for level, check in own:
        scope = check["scope"].removeprefix(f"{name}: ") if name else check["scope"]
        told = f"{result(level, check['passed'])}: {escape(scope)}; fails {_short_size(check)}"
        compared.setdefault(level, []).append(told)
        for control in check["controls"]:
            planted.setdefault(control["name"], {}).setdefault(level, []).append(_noticed(control))
    return [
        ["compared", *_cells(compared, levels)],
        *([f"planted: {escape(error)}", *_cells(by, levels)] for error, by in planted.items()),
    ]


def _short_size(check: Check) -> str:
    return "at any error" if check["smallest_error"] == 0.0 else f"from {smallest_error(check)}"


def _cells(by_level: Mapping[str, Sequence[str]], levels: Sequence[str]) -> list[str]:
    return ["<br>".join(dict.fromkeys(by_level.get(level, ()))) for level in levels]


def _noticed(control: Mapping[str, Any]) -> str:
    return escape(control.get("seen") or "caught") if control["caught"] else "<strong>NOT caught</strong>"


def _history(entry: Claim, shown: Shown) -> str:
    items = []
    for accepted in shown.history:
        changes = [change for change in accepted["changes"] if change["claim"] == entry.id]
        if changes:
            date = accepted.get("date", "date not recorded")
            items.append(f"<li>{escape(date)}: {escape(accepted['reason'])} ({_count(len(changes), 'change')})</li>")
    if not items:
        return _sub("History") + '<p class="claim-where">No accepted change is recorded.</p>'
    return f"{_sub('History: what was accepted, and why')}<ul>{''.join(items)}</ul>"


def _rerun(entry: Claim, claims: Mapping[str, Claim]) -> str:
    beside = sum(other.chapter == entry.chapter for other in claims.values()) - 1
    also = f" with {_count(beside, 'more claim')}" if beside else ""
    return (
        f"{_sub(f'Run its chapter{also} again, or see what is recorded')}"
        f'<pre class="claim-run" tabindex="0">.venv/bin/cl-theory check --chapter {escape(entry.chapter)}\n'
        f".venv/bin/cl-theory claims {entry.id}</pre>"
    )
