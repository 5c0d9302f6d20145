"""The pages that are made from evidence and from measurements, as MyST Markdown."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from html import escape
from pathlib import Path
from typing import Any

from cl_theory.proof.book.build_folder import read_json
from cl_theory.proof.book.graph import graph_svg
from cl_theory.proof.checks.outcome import LEVELS
from cl_theory.proof.ledger.ledger import LedgerError, load
from cl_theory.proof.ledger.registry import Claim
from cl_theory.proof.ledger.verdict import MEANING
from cl_theory.proof.ledger.words import (
    LEVEL_NAME,
    SEEN,
    STATED,
    asked,
    chip,
    effect_in_short,
    result,
    seen,
    smallest_error,
)


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
            parts += [f"## {heading}", *(_correction(entry, shown, entry.chapter in titles) for entry in found)]
    missed = [entry for entry in claims.values() if _is_missed(entry, shown)]
    if missed:
        parts += [f"## {NOT_REPRODUCED}", *(_correction(entry, shown, entry.chapter in titles) for entry in missed)]
    return "\n\n".join(parts) + "\n"


def _is_missed(entry: Claim, shown: Shown) -> bool:
    return entry.is_experiment and entry.source == "paper" and _verdict_of(entry, shown) == "not reproduced"


def _verdict_of(entry: Claim, shown: Shown) -> str:
    return shown.claims.get(entry.id, {}).get("verdict", OPEN)


def _correction(entry: Claim, shown: Shown, linked: bool) -> str:
    what = "The criteria and the data" if entry.is_experiment else "The counterexample and the proof"
    where = f"{what} are in [](./{entry.chapter}.ipynb)." if linked else ""
    return (
        f"### {entry.title}\n\n"
        f"{chip(_verdict_of(entry, shown))} {_reference(entry)}[its entry in the ledger](#claim-{entry.id})\n\n"
        f":::{{div}} claim-statement\n{shown.statement_of(entry)}\n:::\n\n"
        f"{where}"
    )


def _reference(entry: Claim) -> str:
    return f"The paper's {entry.reference}; " if entry.reference else ""


TITLES = {
    "minibatches": "Networks of useful size",
    "always_on": "Always-on learning",
    "kernels": "Contrastive learners",
    "growth": "How cost grows",
}


def speed_markdown(folder: Path) -> str:
    """One section a measurement; what was not measured has none."""
    parts = []
    for name, title in TITLES.items():
        path = folder / f"{name}.json"
        if path.exists():
            parts += [f"## {title}", _measurement(json.loads(path.read_text("utf-8")))]
    return "\n\n".join(parts) + "\n"


def _measurement(measured: Mapping[str, Any]) -> str:
    parts = [_machine(measured["machine"])]
    if "rows" in measured:
        parts.append(_speed_table(measured["rows"]))
    if measured.get("series"):
        parts.append(_growth(measured["series"]))
    if measured.get("threads"):
        parts.append(_threads(measured["threads"]))
    return "\n\n".join(parts)


def _growth(series: list[Mapping[str, Any]]) -> str:
    """Curves on logarithmic axes; dotted lines have slope one."""
    from cl_theory.proof.figures import style
    from cl_theory.proof.figures.always_on import growth_figure

    style.use()
    drawn = style.inline_svg(growth_figure(series))
    said = "One thread; dotted lines show what cost would be if it grew in proportion. Small work pays for its call."
    return f"```{{raw}} html\n{drawn}\n```\n\n{said}"


def _threads(gains: list[Mapping[str, Any]]) -> str:
    """How many times faster two threads are than one, by the number of replicas."""
    counts = sorted({n for gain in gains for n in gain["replicas"]})
    lines = ["| two threads against one, by replicas | " + " | ".join(map(str, counts)) + " |"]
    lines.append("|---|" + "---:|" * len(counts))
    for gain in gains:
        known = dict(zip(gain["replicas"], gain["gain"], strict=True))
        cells = [f"{known[n]:.2f}" if n in known else "" for n in counts]
        lines.append(f"| {gain['work']} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def _machine(machine: Mapping[str, Any]) -> str:
    versions = ", ".join(f"{name} {version}" for name, version in machine["versions"].items())
    return f"*{machine['processor']}; Python {machine['python']}, {versions}.*"


def _speed_table(rows: list[Mapping[str, Any]]) -> str:
    lines = ["| work | time | times faster than | floor | over the floor |", "|---|---:|---|---:|---:|"]
    for entry in rows:
        floor = _time(entry["floor"]) if "floor" in entry else ""
        over = f"{entry['over_floor']:.2g}" if "over_floor" in entry else ""
        time = _time(entry["nanoseconds"][entry["ours"]])
        lines.append(f"| {entry['work']} | {time} | {_ratios(entry['ratio'])} | {floor} | {over} |")
    return "\n".join(lines)


def _ratios(ratios: Mapping[str, Any]) -> str:
    return "<br>".join(f"{other}: {_spread(ratio)}" for other, ratio in ratios.items())


def _spread(ratio: Mapping[str, Any]) -> str:
    low, high = ratio["quartiles"]
    return f"**{_number(ratio['median'])}** ({_number(low)}–{_number(high)})"


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def _time(nanoseconds: float) -> str:
    for limit, factor, unit in ((1e3, 1.0, "ns"), (1e6, 1e3, "µs"), (1e9, 1e6, "ms")):
        if nanoseconds < limit:
            return f"{nanoseconds / factor:.3g} {unit}"
    return f"{nanoseconds / 1e9:.3g} s"
