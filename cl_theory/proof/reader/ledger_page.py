"""The ledger of claims: one screen of overview, filters, and one fold a claim."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from html import escape
from typing import Any

from cl_theory.proof.checks.outcome import LEVELS
from cl_theory.proof.ledger.registry import Claim
from cl_theory.proof.ledger.verdict import MEANING
from cl_theory.proof.ledger.words import (
    LEVEL_NAME,
    STATED,
    all_asked,
    chip,
    effect_and_criterion,
    result,
    smallest_error,
)
from cl_theory.proof.reader.claim_map import neighbours_html
from cl_theory.proof.reader.shown import OPEN, Contents, Shown, formula, in_html, raw, short_part, small_chip, table

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
    items = "".join(f"<li>{escape(line)}</li>" for line in all_asked(entry))
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
    linked = {name: f"#claim-{name}" for name in claims if name != entry.id}
    return neighbours_html(entry, claims, shown, linked=linked, between=False)


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
    caught = f"{sum(planted)} of {_counted(len(planted), 'planted error')} caught"
    compared = [pair for pair in checks if pair[0] != "experiment"]
    return (
        _sub(f"Evidence: {_counted(len(checks), 'check')}, {caught}")
        + f'<p class="claim-where">{"; ".join(_levels(checks))}.</p>'
        + _decisions(entry, [check for level, check in checks if level == "experiment"])
        + _comparisons(entry, compared, recorded["statements"], shown.statement_of(entry))
    )


def _counted(number: int, what: str) -> str:
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


def _comparisons(
    entry: Claim, checks: Sequence[tuple[str, Check]], statements: Sequence[Mapping[str, Any]], said: str
) -> str:
    """A column a level. For each formula: what was compared, from which error on that fails, each planted error.

    A formula that the claim's statement `said` already is named, and not printed again.
    """
    if not checks:
        return ""
    levels = list(dict.fromkeys(level for level, _ in checks))
    latex = {stated["name"]: stated["latex"] for stated in statements if f"${stated['latex']}$" not in said}
    grouped: dict[str, list[tuple[str, Check]]] = {}
    for level, check in sorted(checks, key=lambda pair: not pair[1].get("of")):
        grouped.setdefault((check.get("of") or {"statement": NO_STATEMENT})["statement"], []).append((level, check))
    groups = {
        _head(name, latex.get(name, ""), alone=len(grouped) == 1): _rows(name, own, levels)
        for name, own in grouped.items()
    }
    heads = ("compared, and planted errors", *(LEVEL_NAME[level] for level in levels))
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
        *([escape(error), *_cells(by, levels)] for error, by in planted.items()),
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
            items.append(f"<li>{escape(date)}: {escape(accepted['reason'])} ({_counted(len(changes), 'change')})</li>")
    if not items:
        return _sub("History") + '<p class="claim-where">No accepted change is recorded.</p>'
    return f"{_sub('History: what was accepted, and why')}<ul>{''.join(items)}</ul>"


def _rerun(entry: Claim, claims: Mapping[str, Claim]) -> str:
    beside = sum(other.chapter == entry.chapter for other in claims.values()) - 1
    also = f" with {_counted(beside, 'more claim')}" if beside else ""
    return (
        f"{_sub(f'Run its chapter{also} again, or see what is recorded')}"
        f'<pre class="claim-run" tabindex="0">.venv/bin/cl-theory check --chapter {escape(entry.chapter)}\n'
        f".venv/bin/cl-theory claims {entry.id}</pre>"
    )


EVIDENCE_FILE = "evidence.json"
"""Name under which the site offers all recorded evidence."""
FILTERS = ("part", "verdict", "source", "chapter", "kind")
"""What claims can be chosen by; each is an attribute ``data-...`` of a claim's fold."""

SIGHT = (
    "A check is worth as much as the smallest error that would have turned it red, relative to what was checked. "
    "A derivation in symbols and a comparison of rationals fail at any error, however small. A comparison of "
    "floating-point numbers fails from about 1e-10 on, one part in ten thousand million. A Monte Carlo check has to "
    "tell an error from noise: “from 0.63 %” says that its draws were enough to see, almost surely, an error of 0.63 % "
    "or more. A criterion of an experiment shows its effect with an interval instead; all intervals of the book hold "
    "at once with probability 95 %."
)
PLANTED = (
    "A planted error is a mistake made on purpose. Each term of each printed formula is made 1 % larger, or left out, "
    "and the same check runs again. It has to fail; the table of a claim says how it noticed. If it does not, the "
    "check could not have failed, and the claim is vacuous. A criterion of an experiment must be decided the other way "
    "on data moved to the other side of its margin."
)


def ledger_markdown(shown: Shown, claims: Mapping[str, Claim], contents: Contents) -> str:
    """Overview, legends, filters, and the claims by part and chapter."""
    parts = contents.by_part(claims)
    sections = [
        raw(
            f'<p class="ledger-origin">{shown.origin}{_offer(shown)}</p>',
            *_missing(shown, claims),
            _overview(shown, parts),
            _fold("What the verdicts mean", legend_html()),
            _fold("How small an error would have been seen", f"<p>{SIGHT}</p>"),
            _fold("What planted errors are", f"<p>{PLANTED}</p>"),
            _filters(shown, claims, contents),
        )
    ]
    for caption, entries in parts.items():
        sections.append(f"## {caption}")
        for chapter, own in _by_chapter(entries).items():
            folds = (claim_html(entry, shown, claims, contents) for entry in own)
            sections += [f"### {contents.of(chapter).heading}", raw(*folds)]
    sections.append(raw('<script defer src="../_static/ledger.js"></script>'))
    return "\n\n".join(sections) + "\n"


def _offer(shown: Shown) -> str:
    link = f'<a href="../_static/{EVIDENCE_FILE}" download>Every recorded value, as JSON</a>'
    return f" {link}." if shown.claims else ""


def _by_chapter(entries: Sequence[Claim]) -> dict[str, list[Claim]]:
    found: dict[str, list[Claim]] = {}
    for entry in entries:
        found.setdefault(entry.chapter, []).append(entry)
    return found


def _missing(shown: Shown, claims: Mapping[str, Claim]) -> Iterator[str]:
    """What a reader should know of evidence that does not fit the register."""
    without = [name for name in claims if name not in shown.claims]
    changed = [name for name, entry in claims.items() if shown.differs_from(entry)]
    unknown = [name for name in shown.claims if name not in claims]
    for names, what in (
        (without, "without evidence, shown as open"),
        (changed, "whose evidence was recorded for another wording than is registered now"),
        (unknown, "with evidence that are no longer registered, and not shown"),
    ):
        if names:
            listed = ", ".join(f"<code>{escape(name)}</code>" for name in names)
            yield f'<p class="ledger-missing">{len(names)} of the claims {what}: {listed}.</p>'


def legend_html() -> str:
    """Each verdict with what it means."""
    rows = "".join(f"<dt>{chip(name)}</dt><dd>{escape(meaning)}</dd>" for name, meaning in MEANING.items())
    return f'<dl class="legend">{rows}</dl>'


def _fold(head: str, body: str) -> str:
    return f'<details class="ledger-legend"><summary>{head}</summary>{body}</details>'


def _overview(shown: Shown, parts: Mapping[str, Sequence[Claim]]) -> str:
    """How many claims have which verdict and which source, by part."""
    verdicts = {entry.id: shown.verdict_of(entry.id) for entries in parts.values() for entry in entries}
    sources = {entry.id: entry.source for entries in parts.values() for entry in entries}
    order = [*(verdict for verdict in (*MEANING, OPEN) if verdict in verdicts.values())]
    by_verdict = _counts("verdict", order, verdicts, parts)
    by_source = _counts("source", list(dict.fromkeys(sources.values())), sources, parts)
    return f'<div class="ledger-counts">{by_verdict}{by_source}</div>'


def _counts(what: str, values: Sequence[str], of: Mapping[str, str], parts: Mapping[str, Sequence[Claim]]) -> str:
    shorts = [short_part(caption) for caption in parts]
    rows = [[small_chip(value) if what == "verdict" else escape(value)] for value in values]
    for row, value in zip(rows, values, strict=True):
        for short, entries in zip(shorts, parts.values(), strict=True):
            row.append(_total(sum(of[entry.id] == value for entry in entries), {"part": short, what: value}))
        row.append(_total(sum(found == value for found in of.values()), {what: value}))
    totals = [_total(len(entries), {"part": short}) for short, entries in zip(shorts, parts.values(), strict=True)]
    rows.append(["all", *totals, _total(len(of), {})])
    return table([what, *shorts, "all"], rows, named=f"Number of claims by {what} and part", look="ledger counts")


def _total(number: int, chosen: Mapping[str, str]) -> str:
    attributes = "".join(f' data-{name}="{escape(value)}"' for name, value in chosen.items())
    return f'<span class="count"{attributes}>{number}</span>' if number else "–"


def _filters(shown: Shown, claims: Mapping[str, Claim], contents: Contents) -> str:
    """The form is of use only with JavaScript, which shows it."""
    entries = claims.values()
    chapters = {entry.chapter: contents.of(entry.chapter) for entry in entries}
    options: dict[str, Mapping[str, str]] = {
        "part": {short_part(caption): caption for caption in contents.by_part(claims)},
        "verdict": {
            name: name for name in (*MEANING, OPEN) if name in {shown.verdict_of(entry.id) for entry in entries}
        },
        "source": {source: source for source in dict.fromkeys(entry.source for entry in entries)},
        "chapter": {name: chapter.heading for name, chapter in chapters.items()},
        "kind": {kind: kind for kind in sorted(Counter(entry.kind for entry in entries))},
    }
    selects = "".join(_select(name, options[name]) for name in FILTERS)
    return (
        '<form class="ledger-filter" id="ledger-filter" hidden>'
        '<label class="ledger-search">text <input type="search" name="text" autocomplete="off"></label>'
        f"{selects}"
        '<button type="reset">Show all</button>'
        '<button type="button" id="ledger-fold" aria-pressed="false">Open those shown</button>'
        f'<output name="count" aria-live="polite">{len(claims)} of {len(claims)} claims</output></form>'
    )


def _select(name: str, options: Mapping[str, str]) -> str:
    listed = "".join(f'<option value="{escape(value)}">{escape(label)}</option>' for value, label in options.items())
    return f'<label>{name} <select name="{name}"><option value="">any</option>{listed}</select></label>'
