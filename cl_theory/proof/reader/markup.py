"""Pieces of HTML that the pages share."""

import re
from collections.abc import Mapping, Sequence
from functools import cache
from html import escape
from typing import Any

from markdown_it import MarkdownIt
from mdit_py_plugins.dollarmath import dollarmath_plugin

from cl_theory.proof.ledger.words import verdict_class

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
    return "".join(
        f'<tr><th scope="row">{row[0]}</th>{"".join(f"<td>{cell}</td>" for cell in row[1:])}</tr>' for row in rows
    )


def small_chip(verdict: str) -> str:
    """A verdict as a label without its meaning, for places that have many."""
    return f'<span class="verdict verdict-{verdict_class(verdict)}">{verdict}</span>'
