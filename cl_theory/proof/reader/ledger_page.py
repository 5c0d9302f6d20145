"""The ledger of claims: one screen of overview, filters, and one fold a claim."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from html import escape

from cl_theory.proof.ledger.registry import Claim
from cl_theory.proof.ledger.verdict import MEANING
from cl_theory.proof.ledger.words import chip
from cl_theory.proof.reader.claim_entry import claim_html
from cl_theory.proof.reader.markup import raw, small_chip, table
from cl_theory.proof.reader.shown import OPEN, Contents, Shown, short_part

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
            row.append(_count(sum(of[entry.id] == value for entry in entries), {"part": short, what: value}))
        row.append(_count(sum(found == value for found in of.values()), {what: value}))
    totals = [_count(len(entries), {"part": short}) for short, entries in zip(shorts, parts.values(), strict=True)]
    rows.append(["all", *totals, _count(len(of), {})])
    return table([what, *shorts, "all"], rows, named=f"Number of claims by {what} and part", look="ledger counts")


def _count(number: int, chosen: Mapping[str, str]) -> str:
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
