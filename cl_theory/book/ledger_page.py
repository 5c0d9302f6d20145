"""The ledger of claims, as MyST Markdown made from evidence."""

from collections.abc import Iterator, Mapping, Sequence
from html import escape
from typing import Any

from cl_theory.book.graph import graph_svg
from cl_theory.book.shown import Shown
from cl_theory.checks.outcome import LEVELS
from cl_theory.claims.registry import Claim
from cl_theory.claims.verdict import MEANING
from cl_theory.claims.words import LEVEL_NAME, SEEN, STATED, asked, chip, effect_in_short, result, seen, smallest_error

OPEN = "open"
"""In place of a verdict, for a registered claim without evidence."""


def ledger_markdown(shown: Shown, claims: Mapping[str, Claim], titles: Mapping[str, str]) -> str:
    """Legend, graph, overview and one entry a claim. `titles` are those of the chapters."""
    verdicts = {name: _verdict(name, shown) for name in claims}
    parts = [
        _html(f'<p class="ledger-origin">{shown.origin}</p>'),
        "## What the verdicts mean",
        _html(legend_html()),
        "## What rests on what",
        _html(f'<div class="claim-graph-box">{graph_svg(claims, verdicts)}</div>'),
        "## All claims",
        _html(_overview(shown, claims, titles)),
        "## One by one",
        *(_entry(entry, shown, entry.chapter in titles) for entry in claims.values()),
    ]
    return "\n\n".join(parts) + "\n"


def legend_html() -> str:
    """Each verdict with what it means."""
    rows = "".join(f"<dt>{chip(name)}</dt><dd>{escape(meaning)}</dd>" for name, meaning in MEANING.items())
    return f'<dl class="legend">{rows}</dl>'


def _overview(shown: Shown, claims: Mapping[str, Claim], titles: Mapping[str, str]) -> str:
    body, chapter = [], None
    for entry in claims.values():
        if entry.chapter != chapter:
            chapter = entry.chapter
            title = escape(titles.get(chapter, chapter))
            link = f'<a href="{escape(chapter)}.html">{title}</a>' if chapter in titles else title
            body.append(f'<tr class="ledger-chapter"><th colspan="6" scope="rowgroup">{link}</th></tr>')
        body.append(_row(entry, shown, chapter in titles))
    heads = ("claim", "verdict", "source", "evidence", SEEN, "planted errors caught")
    return _table(heads, "".join(body))


def _row(entry: Claim, shown: Shown, linked: bool) -> str:
    checks = list(_checks(shown.claims.get(entry.id)))
    levels = [(name, sum(level == key for level, _ in checks)) for key, name in LEVEL_NAME.items()]
    evidence = "<br>".join(f"{count} {name}" for name, count in levels if count)
    if linked and checks:
        evidence = f'<a href="{_cell(entry)}">{evidence}</a>'
    parents = ", ".join(f'<a href="#claim-{name}">{name}</a>' for name in entry.rests_on)
    rests_on = f'<span class="ledger-rests">rests on {parents}</span>' if parents else ""
    return (
        f'<tr><td><a href="#claim-{entry.id}">{escape(entry.title)}</a><br><code>{entry.id}</code>{rests_on}</td>'
        f"<td>{chip(_verdict(entry.id, shown))}</td><td>{escape(entry.source)}<br>{escape(entry.reference)}</td>"
        f"<td class='whole'>{evidence}</td><td class='whole'>{_seen(checks)}</td>"
        f"<td>{_caught(checks)}</td></tr>"
    )


def _entry(entry: Claim, shown: Shown, linked: bool) -> str:
    accepted = shown.claims.get(entry.id)
    source = f"{entry.source}, {entry.reference}" if entry.reference else entry.source
    parts = [
        f"(claim-{entry.id})=\n### {entry.title}",
        f'<span class="entry-head">{chip(_verdict(entry.id, shown))} <code>{entry.id}</code> · {escape(source)} · '
        f"{entry.kind}</span>",
        f":::{{div}} claim-statement\n{shown.statement_of(entry)}\n:::",
        _criteria(entry),
        _assumptions(entry, accepted),
        _rests_on(entry),
        f"Shown in [](./{entry.chapter}.ipynb){_cell_link(entry, shown)}." if linked else "",
    ]
    if accepted:
        parts.append(_html(_details(accepted)))
    return "\n\n".join(part for part in parts if part)


def _criteria(entry: Claim) -> str:
    lines = [f"- {_plain(asked(criterion))}" for criterion in entry.criteria]
    return "\n".join([f"{STATED}:", "", *lines]) if lines else ""


def _assumptions(entry: Claim, accepted: Mapping[str, Any] | None) -> str:
    lines = []
    for number, assumption in enumerate(entry.assumptions, 1):
        lines.append(f"{number}. {assumption}")
        for witness in (accepted or {}).get("witnesses", ()):
            if witness["assumption"] == number:
                mark = "as predicted" if witness["holds"] else "**not as predicted**"
                lines.append(f"   - *without it:* {_plain(witness['name'])} ({mark})")
    return "\n".join(["Assumptions, each with what happens without it:", "", *lines]) if lines else ""


def _rests_on(entry: Claim) -> str:
    if not entry.rests_on:
        return "Rests on no other claim."
    return "Rests on " + ", ".join(f"[{name}](#claim-{name})" for name in entry.rests_on) + "."


def _cell_link(entry: Claim, shown: Shown) -> str:
    if entry.id not in shown.claims:
        return ""
    cell = shown.cells.get(entry.id)
    named = f", cell <code>{escape(cell)}</code>" if cell else ""
    return f' (<a href="{_cell(entry)}">its evidence</a>{named})'


def _cell(entry: Claim) -> str:
    return f"{entry.chapter}.html#evidence-{entry.id}"


def _details(accepted: Mapping[str, Any]) -> str:
    checks = list(_checks(accepted))
    rows = "".join(_check_row(level, check) for level, check in checks)
    head = SEEN if any(level == "experiment" for level, _ in checks) else "smallest error seen"
    return (
        f'<details class="entry-checks"><summary>{len(checks)} checks, '
        f"{_caught(checks)} planted errors caught</summary>"
        f"{_table(('level', 'what was compared', 'result', head, 'planted errors'), rows)}</details>"
    )


def _table(heads: Sequence[str], body: str) -> str:
    head = "".join(f'<th scope="col">{name}</th>' for name in heads)
    return (
        f'<div class="ledger-box"><table class="ledger"><thead><tr>{head}</tr></thead>'
        f"<tbody>{body}</tbody></table></div>"
    )


def _check_row(level: str, check: Mapping[str, Any]) -> str:
    mark = {True: "caught", False: "NOT caught"}
    planted = "<br>".join(f"{escape(planted['name'])}: {mark[planted['caught']]}" for planted in check["controls"])
    numbers = "".join(f"<dt>{escape(name)}</dt><dd>{escape(_short(value))}</dd>" for name, value in _numbers(check))
    return (
        f"<tr><td>{LEVEL_NAME[level]}</td><td>{escape(check['scope'])}<details><summary>values</summary>"
        f"<dl class='values'>{numbers}</dl></details></td><td>{result(level, check['passed'])}</td>"
        f"<td>{escape(seen(level, check))}</td><td>{planted}</td></tr>"
    )


def _numbers(check: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    yield from check["values"].items()
    yield from check["details"].items()
    yield "cost", check["cost"]


def _checks(accepted: Mapping[str, Any] | None) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for level in LEVELS:
        for check in (accepted or {"evidence": {}})["evidence"].get(level, ()):
            yield level, check


def _seen(checks: list[tuple[str, Mapping[str, Any]]]) -> str:
    effects = [escape(effect_in_short(check)) for level, check in checks if level == "experiment"]
    if effects:
        return "<br>".join(effects)
    ordered = sorted((check for _, check in checks), key=lambda check: check["smallest_error"])
    return " to<br>".join(dict.fromkeys(smallest_error(check) for check in ordered[:1] + ordered[-1:]))


def _caught(checks: list[tuple[str, Mapping[str, Any]]]) -> str:
    controls = [control for _, check in checks for control in check["controls"]]
    return f"{sum(control['caught'] for control in controls)} of {len(controls)}"


def _verdict(name: str, shown: Shown) -> str:
    accepted = shown.claims.get(name)
    return accepted["verdict"] if accepted else OPEN


def _html(fragment: str) -> str:
    return f"```{{raw}} html\n{fragment}\n```"


def _plain(text: str) -> str:
    return escape(text).replace("*", "\\*").replace("_", "\\_").replace("`", "\\`")


def _short(value: Any) -> str:
    text = f"{value:.6g}" if isinstance(value, float) else str(value)
    return text if len(text) <= 160 else text[:157] + "..."
