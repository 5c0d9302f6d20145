"""The end of a run on the screen: chapters, claims by verdict, budget, and everything that went wrong."""

from collections import Counter
from typing import TYPE_CHECKING

from rich.markup import escape
from rich.table import Table

from cl_theory.book.checkout import Checkout
from cl_theory.checks.budget import BUDGET
from cl_theory.checks.comparisons import FAMILY
from cl_theory.claims.verdict import RANK
from cl_theory.cli.display import Display

if TYPE_CHECKING:
    from cl_theory.book.rendering import Rendered
    from cl_theory.book.run import Accepted, Report

SHOWN_DIFFERENCES = 40


def summarise(report: "Report", display: Display) -> None:
    """Print the summary table, after it every problem and difference."""
    table = Table(title="summary", title_justify="left", show_header=False, box=None, padding=(0, 2, 0, 0))
    for name, value in _rows(report):
        table.add_row(name, value)
    display.console.print()
    display.console.print(table)
    for chapter, problem in report.problems:
        first, *rest = problem.splitlines()
        display.console.print(f"[bold red]✗[/] [bold]{escape(chapter)}[/]: {escape(first)}")
        for line in rest:
            display.console.print(f"    {escape(line)}")
    _say_differences(report, display)


def say_rendered(rendered: "Rendered | None", checkout: Checkout, display: Display) -> None:
    """Print where the site is, or why there is none."""
    if rendered is None:
        kept = " (the last one is left as it was)" if checkout.site.exists() else ""
        display.console.print(f"[bold red]not rendered[/]{kept}: mend the above first")
        return
    for problem in rendered.problems:
        display.console.print(f"[bold red]✗[/] {escape(problem)}")
    if rendered.ok:
        display.console.print(f"the book: {checkout.site / 'index.html'}")


def say_accepted(accepted: "Accepted", checkout: Checkout, display: Display) -> None:
    """Print what was taken over into the ledger."""
    ledger = checkout.shown(checkout.ledger)
    for change in accepted.changes:
        display.console.print(f"  {escape(str(change))}")
    if not accepted.ok:
        display.console.print(f"[bold red]nothing accepted[/]: mend the above first; {ledger} is as it was")
    elif accepted.changes:
        display.console.print(f"{len(accepted.changes)} changes accepted into {ledger}; commit it")
    else:
        display.console.print(f"nothing to accept: {ledger} agrees with this run")


def _rows(report: "Report") -> list[tuple[str, str]]:
    states = Counter(went.state for went in report.executed.values())
    verdicts: Counter[str] = Counter(verdict.verdict for verdict in report.judged.values())
    ordered = [f"{verdicts[name]} {name}" for name in RANK if verdicts[name]]
    return [
        ("chapters", ", ".join(f"{count} {state}" for state, count in states.items())),
        (
            "time",
            f"{sum(went.seconds for went in report.executed.values() if went.state != 'kept'):.0f} s of execution",
        ),
        ("claims", f"{len(report.judged)}: {', '.join(ordered) or 'none'}"),
        ("false-alarm budget", f"{report.alpha:.2g} of {BUDGET:g} spent"),
        ("family-wise error", f"shared by {report.comparisons} of {FAMILY} comparisons"),
        ("problems", str(len(report.problems))),
        ("differences from data/claims.json", str(len(report.differences)) if report.compared else "not compared"),
    ]


def _say_differences(report: "Report", display: Display) -> None:
    for difference in report.differences[:SHOWN_DIFFERENCES]:
        display.console.print(f"[bold red]≠[/] {escape(str(difference))}")
    more = len(report.differences) - SHOWN_DIFFERENCES
    if more > 0:
        display.console.print(f"  ... and {more} more")
    if report.differences:
        ids = " ".join(dict.fromkeys(difference.claim for difference in report.differences))
        display.console.print(f'Find out why before you accept them: cl-theory accept --reason "..." {escape(ids)}')
