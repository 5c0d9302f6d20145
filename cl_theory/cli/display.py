"""What the commands show while they run: chapters with their times, on a terminal live, elsewhere line by line."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import TYPE_CHECKING

from rich.console import Console
from rich.live import Live
from rich.spinner import Spinner
from rich.table import Table
from rich.text import Text

from cl_theory.book.execution import Listener, State

if TYPE_CHECKING:
    from cl_theory.book.run import Wish

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
