"""What explains itself: symbols, by their meaning in the theory; references, by their number and a preview.

A Sphinx extension. The notation page lists every declared symbol; on the other pages the same words appear at a symbol
that is pointed at. A reference that does not print as the number of its target is a warning, which fails the build.
"""

import json
import pkgutil
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from functools import cache
from html import escape, unescape
from html.parser import HTMLParser
from importlib import import_module
from pathlib import Path
from typing import Any

from sphinx.util import logging

import cl_theory.theory
from cl_theory.proof.ledger.broken_terms import broken_terms_in
from cl_theory.proof.ledger.registry import all_claims, ancestors
from cl_theory.proof.reader.pages import shown_in
from cl_theory.theory.algebra import glossary, symbols_of
from cl_theory.theory.statement import Statement, statements

NOTATION = "chapters/notation"
LIKE_EVERYWHERE = {"b", r"\mu", r"\eta", r"\tau", r"\varepsilon"}
"""Letters that mean the same on every page; all others only where a formula of the chapter itself has them."""

_STATED = re.compile(r"\[\[([\w-]+)\]\]")
_TOKEN = re.compile(r"\\[a-zA-Z]+|\\.|\s+|.", re.DOTALL)
_MATH = re.compile(
    r'(<(span|div) class="[^"]*\bmath notranslate[^"]*"[^>]*>\s*(?:<span class="eqno">.*?</span>\s*)?\\[(\[])'
    r"(.*?)(\\[)\]]\s*</\2>)",
    re.DOTALL,
)
_WORDS = ("operatorname", "text", "mathrm", "mathit", "mathbb", "rm", "begin", "end", "hspace", "tag")
_CHANGES = ("bar", "hat", "tilde", "dot", "ddot", "mathbf", "mathcal", "boldsymbol", "vec")
_KEEPS = {rf"\{name}" for name in (*_WORDS, *_CHANGES, "class")}
"""Commands for words, those that make another symbol of what follows, and the one for the marks of terms."""
_DECORATES = {"*", "+", "-", "'", r"\pm", r"\mp", r"\circ", r"\star", "("}
"""After a ``^``: another symbol, and no power."""


@cache
def all_statements() -> Mapping[str, Statement]:
    """Every statement of the theory by name, whether or not something else has imported it."""
    for module in pkgutil.walk_packages(cl_theory.theory.__path__, "cl_theory.theory."):
        import_module(module.name)
    return statements()


def symbols_by_chapter(accepted: Mapping[str, Mapping[str, Any]]) -> dict[str, dict[str, str]]:
    """Per chapter, in the order of declaration: the LaTeX and the meaning of each symbol of what it proves and checks.

    `accepted` claims are as in ``data/claims.json``; of others the formulas that are registered count.
    """
    used: dict[str, set[Any]] = {}
    for entry in all_claims().values():
        stated = [of["name"] for of in accepted.get(entry.id, {}).get("statements", ())]
        for name in (*stated, *_STATED.findall(entry.statement)):
            used.setdefault(entry.chapter, set()).update(_symbols(all_statements()[name]))
        used.setdefault(entry.chapter, set())
    return {chapter: _meanings(symbols) for chapter, symbols in used.items()}


def _symbols(statement: Statement) -> set[Any]:
    formulas = (statement.left, *statement.terms.values(), *statement.where, *statement.where.values())
    return set().union(*map(symbols_of, formulas))


def _meanings(symbols: set[Any]) -> dict[str, str]:
    return _unambiguous((symbol.name, meaning) for symbol, meaning in glossary().items() if symbol in symbols)


def _unambiguous(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    """LaTeX to meaning, without what has two meanings."""
    found: dict[str, set[str]] = defaultdict(set)
    for latex, meaning in pairs:
        found[latex].add(meaning)
    return {latex: next(iter(meanings)) for latex, meanings in found.items() if len(meanings) == 1}


def symbols_of_page(page: str, chapters: Mapping[str, Mapping[str, str]]) -> dict[str, str]:
    """What symbols mean on `page`: those of its own claims, then those of the claims that these rest on.

    A page without claims has the symbols of all chapters. What is inherited leaves single letters out.
    """
    own = [entry.id for entry in all_claims().values() if entry.chapter == Path(page).name]
    before = {all_claims()[parent].chapter for name in own for parent in ancestors(name)} if own else set(chapters)
    inherited = _unambiguous(pair for chapter in sorted(before) for pair in chapters[chapter].items())
    lasting = {latex: said for latex, said in inherited.items() if len(tokens(latex)) > 1 or latex in LIKE_EVERYWHERE}
    return lasting | dict(chapters.get(Path(page).name, {}))


def marked(latex: str, numbers: Mapping[tuple[str, ...], int]) -> tuple[str, set[int]]:
    r"""`latex` with each symbol in ``\class{symbol-N}{...}``, and which N occur; `numbers` are by `tokens`.

    The longest symbol wins. What is part of another symbol is left alone: below a hat, with an index or a star of its
    own, in an index, in words.
    """
    parts, out, used, place = _TOKEN.findall(latex), [], set(), 0
    while place < len(parts):
        found = _symbol_at(parts, place, numbers)
        end = found[0] if found else _verbatim_until(parts, place)
        text = "".join(parts[place:end])
        if found:
            text = rf"{{\class{{symbol-{found[1]}}}{{{text}}}}}"
            used.add(found[1])
        out.append(text)
        place = end
    return "".join(out), used


def tokens(latex: str) -> tuple[str, ...]:
    """Commands and characters of `latex`, without spaces."""
    return tuple(part for part in _TOKEN.findall(latex) if not part.isspace())


def _symbol_at(parts: list[str], place: int, numbers: Mapping[tuple[str, ...], int]) -> tuple[int, int] | None:
    if parts[place].isspace():
        return None
    for symbol, number in sorted(numbers.items(), key=lambda one: -len(one[0])):
        end = _end_of(parts, place, symbol)
        if end is not None and not _goes_on(parts[end:]):
            return end, number
    return None


def _end_of(parts: list[str], place: int, symbol: tuple[str, ...]) -> int | None:
    for token in symbol:
        while place < len(parts) and parts[place].isspace():
            place += 1
        if place == len(parts) or parts[place] != token:
            return None
        place += 1
    return place


def _goes_on(rest: list[str]) -> bool:
    following = [*[part for part in rest if not part.isspace()][:3], "", "", ""]
    raised = following[2] if following[1] == "{" else following[1]
    return following[0] in ("_", "'") or (following[0] == "^" and raised in _DECORATES)


def _verbatim_until(parts: list[str], place: int) -> int:
    """Where what begins at `place` ends: an index, what a command keeps as it is, else a token."""
    end = place + 1
    if parts[place] != "_" and parts[place] not in _KEEPS:
        return end
    while end < len(parts) and parts[end].isspace():
        end += 1
    depth = 0
    while end < len(parts):
        depth += (parts[end] == "{") - (parts[end] == "}")
        end += 1
        if depth == 0:
            break
    return end


def breakable(body: str) -> str:
    """The HTML `body` of a page with each displayed formula of its `broken_terms` marked, and numbered as they are."""
    statements = broken_terms_in(body)
    numbers = {stated["latex"]: number for number, stated in reversed(list(enumerate(statements)))}

    def mark(found: re.Match[str]) -> str:
        number = numbers.get(unescape(found[3]).strip())
        if number is None or found[2] != "div":
            return found[0]
        start = found[1].replace(">", f' data-breakable="{number}">', 1)
        return f"{start}\n{escape(statements[number]['marked'], quote=False)}\n{found[4]}"

    return _MATH.sub(mark, body)


def explained(body: str, symbols: Mapping[str, str]) -> str:
    """The HTML `body` with its formulas marked, and after it the meaning of each symbol that occurs, as JSON."""
    numbers = {tokens(latex): number for number, latex in enumerate(symbols)}
    occurring: set[int] = set()

    def mark(found: re.Match[str]) -> str:
        text, used = marked(unescape(found[3]), numbers)
        occurring.update(used)
        return found[1] + escape(text, quote=False) + found[4]

    body = _MATH.sub(mark, body)
    said = {f"symbol-{n}": [latex, meaning] for n, (latex, meaning) in enumerate(symbols.items()) if n in occurring}
    content = json.dumps(said, ensure_ascii=False).replace("<", "\\u003c")
    return body + f'<script type="application/json" id="symbol-meanings">{content}</script>'


def glossary_html(chapters: Mapping[str, Mapping[str, str]]) -> str:
    """Every declared symbol with its meaning, under the chapter that first states something with it."""
    rows, seen = [], set()
    for chapter, symbols in chapters.items():
        new = [(latex, meaning) for latex, meaning in symbols.items() if (latex, meaning) not in seen]
        seen.update(new)
        if new:
            link = f'<a href="{chapter}.html">Chapter {int(chapter.partition("_")[0])}</a>'
            rows.append(f'<tr class="ledger-chapter"><th colspan="2" scope="rowgroup">{link}</th></tr>')
            rows += [_row(latex, meaning) for latex, meaning in new]
    others = [(symbol.name, meaning) for symbol, meaning in glossary().items()]
    others = [pair for pair in others if pair not in seen]
    if others:
        rows.append('<tr class="ledger-chapter"><th colspan="2" scope="rowgroup">Elsewhere in the theory</th></tr>')
        rows += [_row(latex, meaning) for latex, meaning in others]
    return f'<div class="ledger-box"><table class="ledger symbols"><tbody>{"".join(rows)}</tbody></table></div>'


def _row(latex: str, meaning: str) -> str:
    return (
        f'<tr><td><span class="math notranslate nohighlight">\\({escape(latex)}\\)</span></td>'
        f"<td>{escape(meaning)}</td></tr>"
    )


class _References(HTMLParser):
    """Internal references of a page with what they print."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, str]] = []
        self._target: str | None = None
        self._said = ""

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        given = dict(attributes)
        if tag == "a" and "reference internal" in (given.get("class") or ""):
            self._target, self._said = given.get("href") or "", ""

    def handle_data(self, data: str) -> None:
        self._said += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "a" and self._target is not None:
            self.found.append((self._target, " ".join(self._said.split())))
            self._target = None


Numbers = Mapping[str, Mapping[str, tuple[int, ...]]]
"""Numbers on a page by kind and id."""
WORDS = {"figure": "Figure", "table": "Table", "exercise": "Exercise"}
"""How a kind is called; all others are counted together with theorems and have several names."""
STATED_AS = "Theorem|Lemma|Corollary|Proposition|Definition|Observation|Remark|Property|Axiom|Conjecture|Example"


def odd_references(body: str, page: str, numbers: Mapping[str, Numbers]) -> list[str]:
    """References in the HTML `body` of `page` that do not print as their target's name and number.

    `numbers` are by document, as in Sphinx's ``toc_fignumbers``. Equations print as ``(6.1)``.
    """
    look = _References()
    look.feed(body)
    wrong = []
    for target, said in look.found:
        place, _, identifier = target.partition("#")
        document = f"{Path(page).parent.as_posix()}/{Path(place).stem}" if place else page
        form = _form(identifier, numbers.get(document, {}))
        if form is not None and not re.fullmatch(form, said):
            wrong.append(f"the reference to {target} prints as {said[:60]!r}, and not as its name and number")
    return wrong


def _form(identifier: str, numbers: Numbers) -> str | None:
    if identifier.startswith("equation-"):
        return r"\(\d+\.\d+\)"
    for kind, ids in numbers.items():
        if identifier in ids:
            return rf"(?:{WORDS.get(kind, STATED_AS)}) {re.escape('.'.join(map(str, ids[identifier])))}"
    return None


@cache
def _chapters(source: Path, evidence: str | None) -> dict[str, dict[str, str]]:
    return symbols_by_chapter(shown_in(source, evidence).claims)


def _append_glossary(app: Any, name: str, source: list[str]) -> None:
    if name == NOTATION:
        listed = glossary_html(_chapters(Path(app.srcdir), app.config.cl_theory_evidence))
        source[0] += f"\n\n```{{raw}} html\n{listed}\n```\n"


def _explain(app: Any, page: str, template: str, context: dict[str, Any], document: Any) -> None:
    if document is None or app.builder.name != "html" or "body" not in context:
        return
    for problem in odd_references(context["body"], page, app.env.toc_fignumbers):
        logging.getLogger(__name__).warning(problem, location=page)
    context["body"] = breakable(context["body"])  # first: symbols are marked inside of the terms
    if page != NOTATION:
        chapters = _chapters(Path(app.srcdir), app.config.cl_theory_evidence)
        context["body"] = explained(context["body"], symbols_of_page(page, chapters))


def setup(app: Any) -> dict[str, Any]:
    """Connect the glossary, the previews and the look at references to Sphinx."""
    app.connect("source-read", _append_glossary)
    app.connect("html-page-context", _explain)
    app.add_css_file("preview.css")
    app.add_js_file("preview.js", loading_method="defer")
    return {"parallel_read_safe": True, "parallel_write_safe": True}
