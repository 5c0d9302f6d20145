"""What the pages made from the register are given: recorded evidence, and where the chapters stand in the book."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any

from cl_theory.proof.ledger.ledger import written_out
from cl_theory.proof.ledger.record import plain
from cl_theory.proof.ledger.registry import Claim

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
