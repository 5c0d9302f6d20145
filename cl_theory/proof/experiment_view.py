"""Experiments on the screen: their progress, what they ask, and what they gave."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, TaskID, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bars

from cl_theory.proof.book.checkout import Checkout
from cl_theory.proof.checks.sequential import Question, answer, lawlike, planned
from cl_theory.proof.claim_view import plain_table, wide_console
from cl_theory.proof.experiments.definition import Cell, Experiment, ExperimentError, available_cores
from cl_theory.proof.experiments.measures import stages_needed, values_of
from cl_theory.proof.experiments.registered import all_experiments, experiment
from cl_theory.proof.experiments.registered.second import ALL, STAGED, require_as_stated
from cl_theory.proof.experiments.results import ArmResults, Results
from cl_theory.proof.experiments.standing import (
    Forecast,
    Progress,
    Pulse,
    Standing,
    archive_trouble,
    default_store,
    forecast_of,
    standing_of,
)
from cl_theory.proof.experiments.store import KEPT_ONCE, CellStore, write_archive
from cl_theory.proof.ledger.registry import all_claims
from cl_theory.proof.ledger.words import effect_in_short

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


UNKNOWN = "unknown yet"


def list_experiments(store: CellStore, folder: Path) -> None:
    """A table of all experiments, with the core time that they took or will take."""
    table = plain_table("experiment", "chapter", "arms x seeds", "cells", "computed", "results", "core time", "title")
    for entry in all_experiments().values():
        standing = standing_of(entry, store, folder)
        cost = forecast_of([entry], store, folder).seconds(entry.cells)
        table.add_row(
            entry.name,
            entry.chapter.partition("_")[0],
            f"{len(entry.arms)} x {len(entry.seeds)}",
            str(len(entry.cells)),
            str(standing.counts["stored"]),
            _stored(standing),
            UNKNOWN if cost is None else spoken(cost),
            escape(entry.title),
        )
    wide_console().print(table)


def show_standing(experiment: Experiment, store: CellStore, folder: Path) -> None:
    """Cells by state, damaged ones by name, the archive, and the time that is left."""
    console, standing = wide_console(), standing_of(experiment, store, folder)
    states = ", ".join(f"{count} {state}" for state, count in sorted(standing.counts.items()))
    console.print(f"[bold]{experiment.name}[/]  {escape(experiment.title)}")
    console.print(f"  cells: {states} of {len(experiment.cells)}")
    for cell in standing.damaged:
        console.print(f"  [red]damaged[/], a run computes it anew: {escape(cell.label)}")
    sound = "sound, of this definition and this code"
    console.print(f"  results: {escape(standing.trouble or sound)}")
    if standing.left:
        seconds = forecast_of([experiment], store, folder).seconds(standing.left)
        console.print(f"  core time left: {UNKNOWN if seconds is None else f'about {spoken(seconds)}'}")


def show_questions(checkout: Checkout) -> None:
    """A row a question of the second design: its answer, or the seeds and the hours that are still expected."""
    table = plain_table("claim", "question", "seeds", "effect", "answer, or what is expected")
    left: dict[str, float] = {}
    for entry in all_claims().values():
        for question in entry.again:
            row, seeds = _question_row(entry.id, question, checkout.experiments)
            table.add_row(entry.id, escape(question.name), *map(escape, row))
            left[question.experiment] = max(seeds, left.get(question.experiment, 0.0))
    wide_console().print(table)
    seconds = sum(seeds * STAGED[name].seconds for name, seeds in left.items())
    wide_console().print(f"core time expected for what is open: about {spoken(seconds)}")


def _question_row(claim: str, question: Question, folder: Path) -> tuple[tuple[str, str, str], float]:
    """(seeds, effect, answer) in words, and the seeds still expected."""
    values, over = values_of(claim, question, folder)
    effect = effect_in_short({"values": answer(question, values).values}) if len(values) else ""
    if over:
        outcome = answer(question, values)
        borne = {True: "bears the claim out", False: "does not bear it out", None: "undecided at the last look"}
        told = f"{' or '.join(outcome.details['answers'])}: {borne[outcome.passed]}"
        return (str(len(values)), effect, told), 0.0
    staged = STAGED[question.experiment]
    plan = planned(question, staged.looks, lawlike(question, values), done=len(values))
    more = plan.seeds - len(values)
    expected = f"about {more:.0f} seeds, {spoken(more * staged.seconds)}; {plan.ends.get('open', 0):.0%} open then"
    return (str(len(values)), effect, expected), more


def show_definition(experiment: Experiment) -> None:
    """What is asked, and everything that the answer follows from."""
    console, seeds = wide_console(), experiment.seeds
    console.print(f"[bold]{experiment.name}[/]  {escape(experiment.title)}")
    console.print(escape(experiment.question), style="italic")
    console.print(f"kind: {experiment.kind}; chapter: {experiment.chapter or 'none'}")
    console.print(f"seeds: {seeds.first} to {seeds.first + seeds.count - 1}, {experiment.seeds_per_cell} a cell")
    console.print(f"points: {len(experiment.points)}, from 0 to {experiment.points[-1]} phases")
    for name, value in experiment.settings.items():
        console.print(f"  {escape(name)}: {escape(_json(value))}")
    for name, own in experiment.arms.items():
        console.print(f"  arm {escape(name)}: {escape(_json(own))}", style="dim")


def show_results(found: Results) -> None:
    """A row an arm: mean over seeds and its standard error of every measure at the last point; provenance."""
    console, first = wide_console(), next(iter(found.arms.values()))
    curves = [name for name in first.curves if name not in KEPT_ONCE]
    finals = [name for name in first.finals if name not in KEPT_ONCE]
    table = plain_table("arm", "rate", "seeds", *curves, *(f"{name}, at the end" for name in finals), "core time")
    for name, arm in found.arms.items():
        rate = found.experiment.cell(name, found.experiment.seeds).settings.get("rate", "")
        values = [_mean(arm.last(measure)) for measure in curves] + [_mean(arm.final(measure)) for measure in finals]
        table.add_row(escape(name), f"{rate}", _seeds(arm), *values, spoken(arm.core_seconds))
    console.print(table)
    _show_provenance(found, console)


def show_curves(found: Results, arm: str) -> None:
    """A row a point of one arm; ExperimentError without such an arm."""
    if arm not in found.arms:
        raise ExperimentError(f"{found.experiment.name} has no arm {arm!r}; there are {', '.join(found.arms)}")
    one, console = found[arm], wide_console()
    measures = [name for name in one.curves if name not in KEPT_ONCE]
    table = plain_table(*one.axes, *measures)
    for place in range(len(one.axes["phases"])):
        costs = [f"{values[place]:.6g}" for values in one.axes.values()]
        points = (one.curves[name][place] for name in measures)
        table.add_row(*costs, *("" if point is None else _mean(np.array(point, dtype=float)) for point in points))
    console.print(f"[bold]{escape(arm)}[/]  {_seeds(one)} seeds")
    console.print(table)
    _show_provenance(found, console)


def _show_provenance(found: Results, console: Console) -> None:
    told = dict(found.provenance)
    for machine in told.pop("machines"):
        console.print(f"machine: {escape(_json(machine))}", style="dim")
    for name, value in told.items():
        console.print(f"{name}: {escape(value if isinstance(value, str) else _json(value))}", style="dim")


def _mean(values: np.ndarray) -> str:
    """Mean over the seeds that did not diverge, and its standard error."""
    sound = values[np.isfinite(values)]
    if len(sound) == 0:
        return "diverged"
    error = f" ± {sound.std(ddof=1) / np.sqrt(len(sound)):.2g}" if len(sound) > 1 else ""
    return f"{sound.mean():.6g}{error}"


def _seeds(arm: ArmResults) -> str:
    ended = int(arm.ended.sum())
    return f"{len(arm.seeds)}" + (f", {ended} diverged" if ended else "")


def _stored(standing: Standing) -> str:
    if standing.trouble is None:
        return "stored"
    return "[yellow]not current[/]" if standing.is_stored else "none"


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


@dataclass(frozen=True)
class Wish:
    """What to run, and where. Of `arms` only, and of the cells that hold the first `seeds`; all if not given."""

    names: tuple[str, ...] = ()
    everything: bool = False
    arms: tuple[str, ...] = ()
    seeds: int | None = None
    scheduler: str | None = None
    workers: int | None = None

    @property
    def is_whole(self) -> bool:
        """Whether whole experiments are asked for."""
        return not self.arms and self.seeds is None


def run_as_wished(checkout: Checkout, wish: Wish) -> None:
    """Compute the missing cells, and write the archive of each experiment once all of it is there."""
    from cl_theory.proof.experiments.execution import work_off  # here, so that what is stored is shown without Dask

    experiments, store = chosen(wish.names, wish.everything), default_store(checkout.root)
    if wish.everything:
        needed = stages_needed(checkout.experiments)
        experiments = [one for one in experiments if one not in ALL or one.name in needed]
    for one in experiments:
        if one in ALL:
            require_as_stated(one.name, one.definition)
    cells = [cell for each in experiments for cell in cells_of(each, wish)]
    _sensible(wish)
    forecast = forecast_of(experiments, store, checkout.experiments)
    with ExperimentProgress(len(cells), forecast) as progress:
        missing = [cell for cell in cells if store.read(cell) is None]
        progress.say(_announcement(cells, missing, forecast, wish))
        progress.expect(missing)
        writing = _Writing(checkout, store, experiments if wish.is_whole else (), progress)

        def report(done: Progress) -> None:
            progress.done(done)
            writing.done(done)

        work_off(cells, store, scheduler=wish.scheduler, workers=wish.workers, report=report, pulse=progress.pulse)


def chosen(names: tuple[str, ...], everything: bool) -> list[Experiment]:
    """The experiments of these names, or all; ExperimentError if that is not one of the two."""
    if everything == bool(names):
        raise ExperimentError(f"name experiments, or say --all; there are {', '.join(all_experiments())}")
    return list(all_experiments().values()) if everything else [experiment(name) for name in dict.fromkeys(names)]


def cells_of(experiment: Experiment, wish: Wish) -> list[Cell]:
    """The cells of an experiment that are wished for; ExperimentError for an arm it does not have."""
    for arm in wish.arms:
        experiment.cell(arm, experiment.seeds)
    if wish.seeds is not None and not 1 <= wish.seeds <= len(experiment.seeds):
        raise ExperimentError(f"--seeds must be from 1 to the {len(experiment.seeds)} that {experiment.name} has, "
                              f"got {wish.seeds}")  # fmt: skip
    end = experiment.seeds.first + (wish.seeds or len(experiment.seeds))
    return [c for c in experiment.cells if c.arm in (wish.arms or experiment.arms) and c.seeds.first < end]


def _sensible(wish: Wish) -> None:
    if wish.workers is not None and wish.workers < 1:
        raise ExperimentError(f"--workers must be at least 1, got {wish.workers}")
    if wish.workers is not None and wish.scheduler is not None:
        raise ExperimentError("--workers is for this machine; with --scheduler its workers do the work: leave one out")


def _announcement(cells: list[Cell], missing: list[Cell], forecast: Forecast, wish: Wish) -> str:
    if not missing:
        return f"all {len(cells)} cells are computed"
    seconds = forecast.seconds(missing)
    if seconds is None:
        expected = "how long they take is unknown yet"
    elif wish.scheduler is not None:
        expected = f"about {spoken(seconds)} of one core in all"
    else:
        cores = min(wish.workers or available_cores(), len(missing))
        expected = f"about {spoken(seconds / cores)} on {cores} core{'s' if cores > 1 else ''}"
    return f"{len(missing)} of {len(cells)} cells are missing: {expected}"


@dataclass
class _Writing:
    """Writes the archive of each experiment when its last cell is there, unless it stands and nothing was computed."""

    checkout: Checkout
    store: CellStore
    experiments: Sequence[Experiment]
    progress: ExperimentProgress
    left: dict[str, int] = field(init=False)
    computed: set[str] = field(init=False, default_factory=set)

    def __post_init__(self) -> None:
        self.left = {each.name: len(each.cells) for each in self.experiments}

    def done(self, done: Progress) -> None:
        """Learn of a cell that is there."""
        name = done.cell.experiment
        if name not in self.left:
            return
        self.left[name] -= 1
        if done.seconds is not None:
            self.computed.add(name)
        if self.left[name] == 0:
            self._write(next(each for each in self.experiments if each.name == name))

    def _write(self, experiment: Experiment) -> None:
        folder: Path = self.checkout.experiments
        if experiment.name not in self.computed and archive_trouble(folder, experiment) is None:
            self.progress.say(f"{experiment.name}: the stored results stand")
            return
        path = write_archive(folder, experiment, self.store, self.checkout.root)
        self.progress.say(f"{experiment.name}: stored in {self.checkout.shown(path)}; commit it")
