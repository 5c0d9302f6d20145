"""A run of the book on the screen: wishes, progress, and the summary."""

import json
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from types import TracebackType
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.live import Live
from rich.markup import escape
from rich.spinner import Spinner
from rich.table import Table
from rich.text import Text

from cl_theory.proof.book.checkout import BookError, Checkout, gate_seed
from cl_theory.proof.book.execution import Listener, State
from cl_theory.proof.book.run import Report, Wish, run
from cl_theory.proof.checks.comparisons import FAMILY
from cl_theory.proof.checks.stages import BUDGET
from cl_theory.proof.ledger.verdict import RANK

if TYPE_CHECKING:
    from cl_theory.proof.book.run import Accepted, Report, Wish
    from cl_theory.proof.reader.rendering import Rendered


MARKS = {"waiting": ("·", "dim"), "executed": ("✓", "green"), "kept": ("=", "cyan"), "failed": ("✗", "bold red")}
KEPT = "nothing it depends on has changed"


class Display(Listener):
    """Progress of a run; safe to be told things from several threads."""

    def __init__(self, console: Console | None = None) -> None:
        self.console = console or Console(highlight=False, soft_wrap=True)
        self._live: Live | None = None
        self._lock = threading.Lock()
        self._states: dict[str, tuple[State, float]] = {}
        self._began: dict[str, float] = {}
        self._cells: dict[str, str] = {}
        self._spinner = Spinner("dots")

    def opening(self, asked: "Wish") -> None:
        """Say what is about to run."""
        self.console.print(f"profile {asked.profile}, seed {asked.seed.root} ({asked.seed.origin})")

    def waiting(self) -> None:
        """Say that another run holds the build folder."""
        self.console.print("another run is at work in this checkout; waiting for it to end ...")

    def prepared(self, names: list[str]) -> None:
        """Learn which chapters take part."""
        with self._lock:
            self._states = dict.fromkeys(names, ("waiting", 0.0))

    def told(self, name: str, state: State, seconds: float) -> None:
        """Learn how a chapter goes."""
        with self._lock:
            self._states[name] = (state, seconds)
            self._began.setdefault(name, time.monotonic())
            if self._live is None and state != "running":
                self.console.print(_line(name, state, seconds))

    def reached(self, name: str, cell: str, number: int, of: int) -> None:
        """Learn which cell a chapter has come to."""
        self._cells[name] = f"cell {number} of {of}: {cell}"

    @contextmanager
    def stage(self, what: str) -> Iterator[None]:
        """Show one long step with the time it took."""
        started = time.monotonic()
        with self.console.status(f"{what} ..."):
            yield
        self.console.print(f"[green]✓[/] {what:<34} {time.monotonic() - started:6.1f} s")

    def __enter__(self) -> "Display":
        if self.console.is_terminal:
            self._live = Live(get_renderable=self._table, console=self.console, refresh_per_second=8)
            self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._live is not None:
            self._live.stop()

    def _table(self) -> Table:
        table = Table.grid(padding=(0, 1))
        for name, (state, seconds) in list(self._states.items()):
            if state == "running":
                seconds = time.monotonic() - self._began[name]
                table.add_row(self._spinner, name, f"{seconds:6.1f} s", Text(self._cells.get(name, ""), "dim"))
            else:
                mark, colour = MARKS[state]
                time_text = "" if state == "waiting" else f"{seconds:6.1f} s"
                table.add_row(Text(mark, colour), name, time_text, KEPT if state == "kept" else "", style=None)
        return table


def _line(name: str, state: State, seconds: float) -> str:
    mark, colour = MARKS[state]
    return f"[{colour}]{mark}[/] {name:<34} {seconds:6.1f} s" + (f"  {KEPT}" if state == "kept" else "")


def wish(
    checkout: Checkout,
    *,
    profile: str,
    chapters: Sequence[str] | None,
    jobs: int | None,
    seed: int | None,
    fresh: bool,
    parameters: Sequence[str] | None = None,
) -> Wish:
    """A checked wish; BookError names the option that is wrong."""
    return Wish(
        seed=gate_seed(checkout.root, seed),
        profile=profile,
        chapters=tuple(chapters or ()),
        jobs=jobs,
        fresh=fresh,
        parameters=dict(_pair(text) for text in parameters or ()),
    )


def shown_run(checkout: Checkout, asked: Wish, display: Display, **how: Any) -> Report:
    """`run` with its progress on the screen."""
    display.opening(asked)
    with display:
        return run(checkout, asked, listener=display, **how)


def _pair(text: str) -> tuple[str, Any]:
    name, equals, value = text.partition("=")
    if not equals or not name.isidentifier():
        raise BookError(f"--parameter must be NAME=VALUE, got {text!r}")
    try:
        return name, json.loads(value)
    except ValueError:
        return name, value


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
