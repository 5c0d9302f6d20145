"""A claim, or all of them, on the screen, as data/claims.json has accepted them."""

from collections.abc import Mapping
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from cl_theory.proof.checks.outcome import LEVELS
from cl_theory.proof.ledger.registry import Claim, all_claims
from cl_theory.proof.ledger.verdict import MEANING
from cl_theory.proof.ledger.words import LEVEL_NAME, STATED, all_asked, result, seen

COLOURS = {
    "proved": "green", "certified": "green", "confirmed": "cyan",
    "reproduced": "blue", "not reproduced": "dark_orange3", "undecided": "default",
}  # fmt: skip
"""Of the verdicts that are sound whatever the claim."""
OPEN = "open"
"""In place of a verdict, for a claim that data/claims.json does not have yet."""
WIDTH = 150
"""Columns where there is no terminal to ask, such as in a pipe."""


def list_claims(ledger: Mapping[str, Any], console: Console | None = None) -> None:
    """A table of all registered claims."""
    console, table = console or wide_console(), plain_table("claim", "verdict", "source", "title")
    for entry in all_claims().values():
        table.add_row(entry.id, _verdict(entry, ledger), entry.source, escape(entry.title))
    console.print(table)


def show_claim(identifier: str, ledger: Mapping[str, Any], console: Console | None = None) -> None:
    """Statement, verdict, checks with their controls, witnesses, and what it rests on."""
    console = console or wide_console()
    entry, accepted = all_claims()[identifier], ledger["claims"].get(identifier)
    console.print(f"[bold]{entry.id}[/]  {escape(entry.title)}")
    console.print(f"{_verdict(entry, ledger)}: {_meaning(accepted)}")
    console.print(escape((accepted or {}).get("statement", entry.statement)), style="italic")
    source = f"{entry.source}, {entry.reference}" if entry.reference else entry.source
    console.print(f"source: {source}; kind: {entry.kind}; chapter: {entry.chapter}")
    if entry.is_experiment:
        console.print(f"{STATED}:")
    for line in all_asked(entry):
        console.print(f"    {escape(line)}")
    console.print(f"rests on: {_rests_on(entry, ledger)}")
    for number, assumption in enumerate(entry.assumptions, 1):
        console.print(f"({number}) {escape(assumption)}")
        for witness in (accepted or {}).get("witnesses", ()):
            if witness["assumption"] == number:
                mark = "as predicted" if witness["holds"] else "NOT as predicted"
                console.print(f"    without it: {escape(witness['name'])}, {mark}")
    if accepted:
        _checks(accepted, console)


def wide_console() -> Console:
    """The terminal, or a page of `WIDTH` columns."""
    console = Console(highlight=False)
    return console if console.is_terminal else Console(highlight=False, width=WIDTH)


def plain_table(*columns: str) -> Table:
    """A table without lines; only titles and names of arms may take more than one line."""
    table = Table(box=None, header_style="bold", padding=(0, 2, 0, 0))
    for name in columns:
        table.add_column(name, no_wrap=name not in ("title", "arm"))
    return table


def _checks(accepted: Mapping[str, Any], console: Console) -> None:
    for level in LEVELS:
        for check in accepted["evidence"][level]:
            console.print(f"[bold]{LEVEL_NAME[level]}[/] {result(level, check['passed'])}: {escape(check['scope'])}")
            told = "" if level == "experiment" else "smallest error seen: "
            console.print(f"    {told}{escape(seen(level, check))}")
            for control in check["controls"]:
                caught = "caught" if control["caught"] else "NOT caught"
                console.print(f"    planted: {escape(control['name'])}: {caught}")
            for name, value in {**check["values"], **check["details"]}.items():
                console.print(f"    {escape(name)}: {escape(_short(value))}", style="dim")
    for number in accepted["printed"]:
        console.print(f"printed {escape(number['name'])}: {number['value']:.6g} ± {number['standard_error']:.2g}")


def _verdict(entry: Claim, ledger: Mapping[str, Any]) -> str:
    accepted = ledger["claims"].get(entry.id)
    if accepted is None:
        return f"[yellow]{OPEN}[/]"
    verdict = accepted["verdict"]
    sound = verdict in COLOURS or (verdict == "refuted" and entry.kind == "refutation")
    return f"[{COLOURS.get(verdict, 'magenta') if sound else 'bold red'}]{verdict}[/]"


def _meaning(accepted: Mapping[str, Any] | None) -> str:
    return MEANING[accepted["verdict"]] if accepted else "run cl-theory accept --reason ... once its chapter is there"


def _rests_on(entry: Claim, ledger: Mapping[str, Any]) -> str:
    parents = [f"{name} ({_verdict(all_claims()[name], ledger)})" for name in entry.rests_on]
    return ", ".join(parents) or "nothing else in the book"


def _short(value: Any) -> str:
    text = str(value)
    return text if len(text) <= 100 else text[:97] + "..."
