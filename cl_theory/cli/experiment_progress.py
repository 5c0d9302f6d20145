"""The progress of experiments on the screen: a bar on a terminal, a line a cell elsewhere, and the time left."""

from types import TracebackType

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, TaskID, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bars

from cl_theory.experiments.definition import Cell
from cl_theory.experiments.execution import Progress, Pulse
from cl_theory.experiments.forecast import Forecast

NEARLY = 0.95
"""No cell counts as done before it is, however long it takes."""


class ExperimentProgress:
    """Hears of cells and shows how many are done, how many are at work, and how long the rest will take."""

    def __init__(self, total: int, forecast: Forecast, console: Console | None = None) -> None:
        self.console = console or Console(highlight=False, soft_wrap=True)
        self.total, self.forecast, self.finished = total, forecast, 0
        self._left: list[Cell] = []
        self._cores, self._told = 0, ""
        columns = (
            BarColumn(),
            TextColumn("{task.fields[cells]}"),
            TimeElapsedColumn(),
            TextColumn("{task.fields[left]}"),
        )
        self._bar = Bars(*columns, console=self.console, disable=not self.console.is_terminal)
        self._task: TaskID = self._bar.add_task("", total=total, cells=f"0 of {total} cells", left="")

    def say(self, text: str) -> None:
        """A line for people."""
        self.console.print(escape(text))

    def expect(self, missing: list[Cell]) -> None:
        """Learn which cells are to be computed."""
        self._left = list(missing)

    def done(self, done: Progress) -> None:
        """Learn of a cell that is there, computed just now or before."""
        self.finished += 1
        self._left = [cell for cell in self._left if cell != done.cell]
        if done.seconds is not None:
            self.forecast.measure(done.cell, done.seconds)
        self._bar.update(self._task, completed=self.finished, cells=self._cells())
        if not self.console.is_terminal and done.seconds is not None:
            self.say(f"{self._cells()}: {done.cell.label}, {spoken(done.seconds)}; {self._time_left(()) or 'the last'}")

    def pulse(self, pulse: Pulse) -> None:
        """Learn how the run stands."""
        self._cores = pulse.cores
        running = pulse.flying[: pulse.cores]
        part = sum(self._share(cell, age) for cell, age in running)
        left = self._waiting(pulse) or self._time_left(running)
        self._bar.update(self._task, completed=self.finished + part, left=left)
        if not self.console.is_terminal and self._waiting(pulse) not in ("", self._told):
            self._told = self._waiting(pulse)
            self.say(self._told)

    def _waiting(self, pulse: Pulse) -> str:
        if pulse.cores == 0:
            return "waiting: the scheduler has no workers"
        return f"waiting: another run is at work at {_cells(pulse.others)}" if pulse.others else ""

    def _share(self, cell: Cell, age: float) -> float:
        expected = self.forecast.seconds([cell])
        return min(age / expected, NEARLY) if expected else 0.0

    def _time_left(self, running: tuple[tuple[Cell, float], ...]) -> str:
        """By the core seconds of what is left, less those already spent on it; never less than the longest cell at
        work still needs."""
        if not self._left:
            return ""
        total = self.forecast.seconds(self._left)
        if total is None:
            return "time left unknown yet"
        needed = [(self.forecast.seconds([cell]) or 0.0, age) for cell, age in running]
        spent = sum(min(expected, age) for expected, age in needed)
        longest = max((expected - age for expected, age in needed), default=0.0)
        return f"about {spoken(max((total - spent) / max(self._cores, 1), longest))} left"

    def _cells(self) -> str:
        return f"{self.finished} of {_cells(self.total)}"

    def __enter__(self) -> "ExperimentProgress":
        self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bar.stop()


def spoken(seconds: float) -> str:
    """A duration for people: "40 s", "25 min", "3 h 05 min"."""
    if seconds < 99.5:
        return f"{max(seconds, 0):.0f} s" if seconds >= 9.5 else f"{max(seconds, 0):.1f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 60 else f"{minutes // 60} h {minutes % 60:02d} min"


def _cells(count: int) -> str:
    return f"{count} cell" if count == 1 else f"{count} cells"
