"""What a chapter opens with: its result in two sentences, what is new in it, what it rests on, how long it takes.

A Sphinx extension. A chapter has its two sentences in ``{opening}`` below its title; the rest of the box is derived.
``{verdict}`isd-unbiased``` is what a claim has earned, ``{minutes}`01_first 02_second``` the time that these chapters
take together. ``{fold}``, with a sentence that says what is folded, folds the rest of its section.
"""

import json
import re
from collections.abc import Mapping
from html import escape
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.util.docutils import SphinxDirective, SphinxRole

from cl_theory.proof.book.checkout import Checkout
from cl_theory.proof.ledger.registry import Claim, all_claims
from cl_theory.proof.ledger.words import chip
from cl_theory.proof.reader.pages import shown_in
from cl_theory.proof.reader.shown import Shown
from cl_theory.proof.reader.take_away import Offer, offers

WORDS_A_MINUTE = 238
"""Silent reading of English non-fiction: Brysbaert, Journal of Memory and Language 109 (2019), mean of 190 studies."""
SECONDS = {"formula": 20, "figure": 20, "line of code": 4}
"""What a displayed formula, a figure and a visible line of code take besides: a guess, the same for all chapters."""
ORIGINS = {
    "new": "New",
    "paper, corrected": "Corrected",
    "paper, sharpened": "Sharpened",
    "refuted": "Refuted wording",
    "paper": "From the paper",
}
"""Head of a row of claims, by their source."""
HIDDEN = {"hide-input", "hide-cell", "remove-input", "remove-cell"}
_FIGURE = re.compile(r"^`{3,}\{glue:figure\}", re.MULTILINE)
_FORMULA = re.compile(r"^\s*`{3,}\{glue:math\}|\$\$.+?\$\$", re.MULTILINE | re.DOTALL)
_MARKUP = re.compile(r"^\s*(?:`{3,}|:\w+:)[^\n]*|\$\$.+?\$\$|[*`{}#|]", re.MULTILINE | re.DOTALL)


def reading_minutes(notebook: Mapping[str, Any]) -> int:
    """Minutes that `notebook` takes to read, folded parts and solutions included, its code only where it is visible."""
    prose, code = "", 0
    for cell in notebook["cells"]:
        source = "".join(cell["source"])
        if cell["cell_type"] == "markdown":
            prose += source + "\n"
        elif cell["cell_type"] == "code" and not HIDDEN & set(cell["metadata"].get("tags", ())):
            code += sum(bool(line.strip()) for line in source.splitlines())
    counts = {"formula": len(_FORMULA.findall(prose)), "figure": len(_FIGURE.findall(prose)), "line of code": code}
    words = len(_MARKUP.sub(" ", prose).split())
    return round(words / WORDS_A_MINUTE + sum(SECONDS[what] * count for what, count in counts.items()) / 60)


def facts_html(path: Path, shown: Shown, claims: Mapping[str, Claim]) -> str:
    """What is new in the notebook at `path`, what it rests on, how long it takes, what it offers, in HTML."""
    own = [entry for entry in claims.values() if entry.chapter == path.stem]
    rows = {
        head: [f"{_link(entry, '')} {_verdict(entry.id, shown)}" for entry in own if entry.source == source]
        for source, head in ORIGINS.items()
    }
    parents = dict.fromkeys(parent for entry in own for parent in entry.rests_on)
    before = [claims[parent] for parent in parents if claims[parent].chapter != path.stem]
    rows["Rests on"] = [f"{_link(entry, f'{entry.chapter}.html')} ({_number(entry.chapter)})" for entry in before]
    rows["Rests on"] = rows["Rests on"] or ["nothing before it"]
    minutes = f"about {reading_minutes(json.loads(path.read_text('utf-8')))} minutes"
    rows["Reading"] = [minutes, *map(_offered, offers(path.stem, path.parent))]
    listed = "".join(f"<dt>{head}</dt><dd>{'; '.join(entries)}</dd>" for head, entries in rows.items() if entries)
    return f'<dl class="opening-facts">{listed}</dl>'


def _offered(offer: Offer) -> str:
    download = " download" if offer.is_file else ""
    return f'<a href="{escape(offer.url)}" title="{escape(offer.title)}"{download}>{offer.text}</a>'


def _link(entry: Claim, page: str) -> str:
    return f'<a class="reference internal" href="{page}#evidence-{entry.id}">{escape(entry.title)}</a>'


def _number(chapter: str) -> str:
    return f"chapter {int(chapter.partition('_')[0])}"


def _verdict(name: str, shown: Shown) -> str:
    return chip(shown.verdict_of(name))


def _shown(env: Any) -> Shown:
    ledger = Checkout(Path(env.srcdir)).ledger
    if ledger.exists():
        env.note_dependency(str(ledger))
    return shown_in(Path(env.srcdir), env.config.cl_theory_evidence)


class Opening(SphinxDirective):
    """The box that a chapter opens with."""

    has_content = True

    def run(self) -> list[nodes.Node]:
        said = nodes.container(classes=["opening-result"])
        self.state.nested_parse(self.content, self.content_offset, said)
        facts = facts_html(Path(self.env.doc2path(self.env.docname)), _shown(self.env), all_claims())
        return [nodes.container("", said, _raw(facts), classes=["opening"])]


class Verdict(SphinxRole):
    """What a claim has earned, as its label."""

    def run(self) -> tuple[list[nodes.Node], list[nodes.system_message]]:
        if self.text not in all_claims():
            message = f"unknown claim {self.text!r}; write one of the identifiers that 'cl-theory claims' lists"
            return [], [self.inliner.reporter.error(message, line=self.lineno)]
        return [_raw(_verdict(self.text, _shown(self.env)))], []


class Minutes(SphinxRole):
    """How long chapters take together."""

    def run(self) -> tuple[list[nodes.Node], list[nodes.system_message]]:
        total = 0
        for name in self.text.split():
            path = Path(self.env.srcdir) / "chapters" / f"{name}.ipynb"
            self.env.note_dependency(str(path))
            total += reading_minutes(json.loads(path.read_text("utf-8")))
        return [nodes.Text(f"{total} min")], []


class folded(nodes.Element):
    """Where a fold begins; its children are the sentence that stays visible."""


class Fold(SphinxDirective):
    """Folds what follows in its section, under a sentence."""

    has_content = True

    def run(self) -> list[nodes.Node]:
        sentence = nodes.Element()
        self.state.nested_parse(self.content, self.content_offset, sentence)
        return [folded("", *(part for paragraph in sentence.children for part in paragraph.children))]


def _fold_and_tidy(app: Any, document: nodes.document) -> None:
    for mark in list(document.findall(folded)):
        section, place = mark.parent, mark.parent.index(mark)
        opened = [_raw('<details class="fold"><summary>'), *mark.children, _raw("</summary>")]
        section[place : place + 1] = opened
        section.append(_raw("</details>"))
    for cell in list(document.findall(nodes.container)):
        if "cell" in cell["classes"] and not cell.children:
            cell.parent.remove(cell)


def _raw(fragment: str) -> nodes.raw:
    return nodes.raw("", fragment, format="html")


def setup(app: Any) -> dict[str, Any]:
    """Add the directives and the roles to Sphinx."""
    app.add_directive("opening", Opening)
    app.add_directive("fold", Fold)
    app.add_role("verdict", Verdict())
    app.add_role("minutes", Minutes())
    app.connect("doctree-read", _fold_and_tidy)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
