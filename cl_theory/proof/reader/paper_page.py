"""The source paper beside the book: what stands where in it, in our words, and what became of it here."""

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from html import escape
from importlib import resources
from typing import Any

from cl_theory.proof.ledger.registry import Claim
from cl_theory.proof.ledger.words import chip, effect_in_short, result
from cl_theory.proof.reader.ledger_page import checks_of
from cl_theory.proof.reader.shown import Contents, Shown, in_html, raw

KINDS = ("statement", "equation", "figure", "experiment", "remark")
MARKS = {"paper, corrected": "corrected", "paper, sharpened": "sharpened", "refuted": "refuted"}
"""How the page marks a row, by the source of one of its claims."""


@dataclass(frozen=True)
class Row:
    """A statement of the paper: where it stands, what it `says` in our words, and the `claims` that answer it.

    Without a claim, `none` says why and `chapter` where it is met. A correction has `wording` and `counterexample`.
    """

    place: str
    kind: str
    says: str
    claims: tuple[str, ...] = ()
    none: str = ""
    chapter: str = ""
    wording: str = ""
    counterexample: str = ""

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"{self.place}: kind must be one of {KINDS}, got {self.kind!r}")
        if bool(self.claims) == bool(self.none and self.chapter):
            raise ValueError(f"{self.place}: name the claims that answer it, or say why there is none, and its chapter")
        if bool(self.wording) != bool(self.counterexample):
            raise ValueError(f"{self.place}: a correction needs both the wording and a counterexample")


@cache
def paper_rows() -> Mapping[str, tuple[Row, ...]]:
    """Every row of ``ledger/paper.toml`` by the title of its section, in the order of the paper."""
    text = resources.files("cl_theory.proof.ledger").joinpath("paper.toml").read_text("utf-8")
    return {section["title"]: tuple(map(_read, section["rows"])) for section in tomllib.loads(text)["sections"]}


def _read(row: Mapping[str, Any]) -> Row:
    return Row(**{**row, "claims": tuple(row.get("claims", ()))})


def paper_markdown(shown: Shown, claims: Mapping[str, Claim], contents: Contents) -> str:
    """One section a section of the paper. A formula is printed where its claim is met first."""
    told: set[str] = set()
    parts = [raw(f'<p class="ledger-origin">{shown.origin}</p>')]
    for title, rows in paper_rows().items():
        fragments = []
        for row in rows:
            fragments.append(_row(row, shown, claims, contents, told))
            told.update(row.claims)
        parts += [f"## {title}", raw(*fragments)]
    return "\n\n".join(parts) + "\n"


def _row(row: Row, shown: Shown, claims: Mapping[str, Claim], contents: Contents, told: set[str]) -> str:
    answers = [claims[name] for name in row.claims if name in claims]
    marks = "".join(f' <span class="paper-mark">{mark}</span>' for mark in _marks(answers, shown))
    book = [*_corrections(row), *(_answer(entry, shown, new=entry.id not in told) for entry in answers)]
    if not answers:
        book.append(_without(row, contents))
    return (
        f'<div class="paper-row"><h3>{in_html(row.place)}{marks} <span class="paper-kind">{row.kind}</span></h3>'
        f'<div class="paper-says"><p class="claim-sub">The paper</p><p>{in_html(row.says)}</p></div>'
        f'<div class="paper-found"><p class="claim-sub">The book</p>{"".join(book)}</div></div>'
    )


def _marks(answers: Sequence[Claim], shown: Shown) -> list[str]:
    marks = [MARKS[entry.source] for entry in answers if entry.source in MARKS]
    marks += ["not reproduced" for entry in answers if shown.verdict_of(entry.id) == "not reproduced"]
    return list(dict.fromkeys(marks))


def _corrections(row: Row) -> Iterator[str]:
    if row.wording:
        yield f'<p><span class="paper-what">Wording:</span> {in_html(row.wording)}</p>'
        yield f'<p><span class="paper-what">Against it:</span> {in_html(row.counterexample)}</p>'


def _without(row: Row, contents: Contents) -> str:
    if row.claims:
        return f'<p class="ledger-missing">Not in the register any more: {escape(", ".join(row.claims))}.</p>'
    chapter = contents.of(row.chapter)
    met = f'<a href="{escape(row.chapter)}.html">Chapter {escape(chapter.heading)}</a>'
    link = f" {met}." if row.chapter in contents.chapters else ""
    return f"<p>No claim. {in_html(row.none)}{link}</p>"


def _answer(entry: Claim, shown: Shown, *, new: bool) -> str:
    """Verdict and link; the statement that holds, or the effects that the data show, where the claim is met first."""
    head = (
        f'<p class="paper-answer">{chip(shown.verdict_of(entry.id))} '
        f'<a href="ledger.html#claim-{entry.id}">{escape(entry.title)}</a></p>'
    )
    if not new:
        return head
    if entry.is_experiment:
        return head + (_effects(entry, shown) or '<p class="ledger-missing">No data are recorded yet.</p>')
    true = "True statement" if entry.source in MARKS and entry.source != "refuted" else "Statement that was checked"
    return f'{head}<p><span class="paper-what">{true}:</span> {in_html(shown.statement_of(entry))}</p>'


def _effects(entry: Claim, shown: Shown) -> str:
    items = "".join(
        f"<li>{escape(check['scope'].partition(': ')[2] or check['scope'])}: "
        f"{escape(effect_in_short(check))}; asked for: {escape(check['values']['criterion'])}; "
        f"{result(level, check['passed'])}</li>"
        for level, check in checks_of(shown.claims.get(entry.id))
        if level == "experiment"
    )
    return f"<ul>{items}</ul>" if items else ""
