"""What the pages made from the register are given: recorded evidence, and where the chapters stand in the book."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from html import escape
from pathlib import PurePosixPath
from typing import Any

from markdown_it import MarkdownIt
from mdit_py_plugins.dollarmath import dollarmath_plugin

from cl_theory.proof.ledger.ledger import written_out
from cl_theory.proof.ledger.record import plain
from cl_theory.proof.ledger.registry import Claim
from cl_theory.proof.ledger.words import verdict_class

OPEN = "open"
"""In place of a verdict, for a registered claim without evidence."""
ELSEWHERE = "Not in the table of contents"
"""In place of a part, for chapters that the table of contents does not name."""


@dataclass(frozen=True)
class Shown:
    """`claims` and `history` as in ``data/claims.json``; `origin` says in one sentence where they come from.

    `cells` are the ids of the cells that hold the evidence, by claim, where a run has told them.
    """

    claims: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    origin: str = "No evidence has been accepted yet."
    cells: Mapping[str, str] = field(default_factory=dict)
    history: Sequence[Mapping[str, Any]] = ()

    def verdict_of(self, name: str) -> str:
        """The recorded verdict of the claim `name`, or OPEN."""
        return self.claims.get(name, {}).get("verdict", OPEN)

    def statement_of(self, entry: Claim) -> str:
        """What `entry` claims, as Markdown, with the formulas that were checked written out."""
        return written_out(entry.statement, {"statements": self.claims.get(entry.id, {}).get("statements", ())})

    def differs_from(self, entry: Claim) -> list[str]:
        """What of `entry` had other words when its evidence was recorded than are registered now."""
        recorded = self.claims.get(entry.id)
        if recorded is None:
            return []
        registered = {
            "statement": self.statement_of(entry),
            "assumptions": list(entry.assumptions),
            "criteria": [plain(vars(criterion)) for criterion in entry.criteria],
        }
        return [name for name, now in registered.items() if recorded.get(name) != now]


@dataclass(frozen=True)
class Chapter:
    """A chapter's stem, its title, its number in the book (empty outside numbered parts) and its part's caption."""

    name: str
    title: str
    number: str = ""
    part: str = ELSEWHERE

    @property
    def heading(self) -> str:
        """Number and title."""
        return f"{self.number}. {self.title}" if self.number else self.title


@dataclass(frozen=True)
class Contents:
    """The chapters that there are, by stem, in the order of the book."""

    chapters: Mapping[str, Chapter] = field(default_factory=dict)

    @classmethod
    def read(cls, toc: Mapping[str, Any], titles: Mapping[str, str]) -> "Contents":
        """From a parsed ``_toc.yml`` and the `titles` of the chapters that there are, by stem."""
        found: dict[str, Chapter] = {}
        numbered = 0
        for part in toc.get("parts", ()):
            for entry in part.get("chapters", ()):
                numbered += bool(part.get("numbered"))
                name = PurePosixPath(entry["file"]).stem
                if name in titles:
                    number = str(numbered) if part.get("numbered") else ""
                    found[name] = Chapter(name, titles[name], number, part.get("caption", ELSEWHERE))
        found |= {name: Chapter(name, title) for name, title in titles.items() if name not in found}
        return cls(found)

    def of(self, name: str) -> Chapter:
        """The chapter `name`; one that is not there is titled by its stem."""
        return self.chapters.get(name, Chapter(name, name))

    def by_part(self, claims: Mapping[str, Claim]) -> dict[str, list[Claim]]:
        """`claims` by the caption of their part, parts in the order of the book and claims in reading order."""
        captions = [chapter.part for chapter in self.chapters.values()]
        found: dict[str, list[Claim]] = {caption: [] for caption in [*captions, ELSEWHERE]}
        for entry in claims.values():
            found[self.of(entry.chapter).part].append(entry)
        return {caption: entries for caption, entries in found.items() if entries}


def short_part(caption: str) -> str:
    """The caption up to its colon: ``Part I``."""
    return caption.partition(":")[0]


def used_by(name: str, claims: Mapping[str, Claim]) -> list[str]:
    """The claims that rest on `name` directly, in reading order."""
    return [entry.id for entry in claims.values() if name in entry.rests_on]


_NOT_WRITTEN_OUT = re.compile(r"\[\[([a-z0-9-]+)\]\]")


def in_html(text: str) -> str:
    """One paragraph of Markdown, with formulas between dollar signs, as HTML that MathJax typesets."""
    return _markdown().renderInline(_NOT_WRITTEN_OUT.sub(r"*(formula \1: printed once there is evidence)*", text))


@cache
def _markdown() -> MarkdownIt:
    return MarkdownIt("commonmark", {"html": False}).use(dollarmath_plugin, renderer=_formula)


def _formula(content: str, options: dict[str, Any]) -> str:
    return f"\\({escape(content)}\\)"


def formula(latex: str) -> str:
    """A formula as HTML that MathJax typesets."""
    return f'<span class="math">\\({escape(latex)}\\)</span>'


def raw(*fragments: str) -> str:
    """HTML as a block of MyST Markdown."""
    return "```{raw} html\n" + "\n".join(fragments) + "\n```"


Rows = Sequence[Sequence[str]]


def table(heads: Sequence[str], rows: Rows | Mapping[str, Rows], *, named: str, look: str = "ledger") -> str:
    """A table of HTML cells, the first of a row its head, in a box that scrolls by itself and can be focused.

    `rows` may be groups by their heads. An empty head of a column is no head.
    """
    head = "".join(f'<th scope="col">{name}</th>' if name else "<td></td>" for name in heads)
    if isinstance(rows, Mapping):
        bodies = "".join(
            f'<tbody><tr><th colspan="{len(heads)}" scope="rowgroup">{name}</th></tr>{_body(own)}</tbody>'
            for name, own in rows.items()
        )
    else:
        bodies = f"<tbody>{_body(rows)}</tbody>"
    return (
        f'<div class="ledger-box" tabindex="0" role="group" aria-label="{escape(named)}">'
        f'<table class="{look}"><thead><tr>{head}</tr></thead>{bodies}</table></div>'
    )


def _body(rows: Rows) -> str:
    return "".join(f"<tr><th>{row[0]}</th>{''.join(f'<td>{cell}</td>' for cell in row[1:])}</tr>" for row in rows)


def small_chip(verdict: str) -> str:
    """A verdict as a label without its meaning, for places that have many."""
    return f'<span class="verdict verdict-{verdict_class(verdict)}">{verdict}</span>'
