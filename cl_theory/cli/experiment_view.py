"""Experiments on the screen: the list, how one stands, what it asks and what it gave."""

import json
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from cl_theory.cli.experiment_progress import spoken
from cl_theory.experiments.archive import KEPT_ONCE
from cl_theory.experiments.definition import Experiment, ExperimentError
from cl_theory.experiments.registry import all_experiments
from cl_theory.experiments.results import ArmResults, Results
from cl_theory.experiments.standing import Standing, forecast_of, standing_of
from cl_theory.experiments.store import CellStore

WIDTH = 150
"""Columns where there is no terminal to ask, such as in a pipe."""
UNKNOWN = "unknown yet"


def list_experiments(store: CellStore, folder: Path, console: Console | None = None) -> None:
    """A table of all experiments, with the core time that they took or will take."""
    table = _table("experiment", "chapter", "arms x seeds", "cells", "computed", "results", "core time", "title")
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
    _console(console).print(table)


def show_standing(experiment: Experiment, store: CellStore, folder: Path, console: Console | None = None) -> None:
    """Cells by state, damaged ones by name, the archive, and the time that is left."""
    console, standing = _console(console), standing_of(experiment, store, folder)
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


def show_definition(experiment: Experiment, console: Console | None = None) -> None:
    """What is asked, and everything that the answer follows from."""
    console, seeds = _console(console), experiment.seeds
    console.print(f"[bold]{experiment.name}[/]  {escape(experiment.title)}")
    console.print(escape(experiment.question), style="italic")
    console.print(f"kind: {experiment.kind}; chapter: {experiment.chapter or 'none'}")
    console.print(f"seeds: {seeds.first} to {seeds.first + seeds.count - 1}, {experiment.seeds_per_cell} a cell")
    console.print(f"points: {len(experiment.points)}, from 0 to {experiment.points[-1]} phases")
    for name, value in experiment.settings.items():
        console.print(f"  {escape(name)}: {escape(_json(value))}")
    for name, own in experiment.arms.items():
        console.print(f"  arm {escape(name)}: {escape(_json(own))}", style="dim")


def show_results(found: Results, console: Console | None = None) -> None:
    """A row an arm: mean over seeds and its standard error of every measure at the last point; provenance."""
    console, first = _console(console), next(iter(found.arms.values()))
    curves = [name for name in first.curves if name not in KEPT_ONCE]
    finals = [name for name in first.finals if name not in KEPT_ONCE]
    table = _table("arm", "rate", "seeds", *curves, *(f"{name}, at the end" for name in finals), "core time")
    for name, arm in found.arms.items():
        rate = found.experiment.cell(name, found.experiment.seeds).settings.get("rate", "")
        values = [_mean(arm.last(measure)) for measure in curves] + [_mean(arm.final(measure)) for measure in finals]
        table.add_row(escape(name), f"{rate}", _seeds(arm), *values, spoken(arm.core_seconds))
    console.print(table)
    _show_provenance(found, console)


def show_curves(found: Results, arm: str, console: Console | None = None) -> None:
    """A row a point of one arm; ExperimentError without such an arm."""
    if arm not in found.arms:
        raise ExperimentError(f"{found.experiment.name} has no arm {arm!r}; there are {', '.join(found.arms)}")
    one, console = found[arm], _console(console)
    measures = [name for name in one.curves if name not in KEPT_ONCE]
    table = _table(*one.axes, *measures)
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


def _table(*columns: str) -> Table:
    table = Table(box=None, header_style="bold", padding=(0, 2, 0, 0))
    for name in columns:
        table.add_column(name, no_wrap=name not in ("title", "arm"))
    return table


def _console(console: Console | None) -> Console:
    if console is not None:
        return console
    found = Console(highlight=False)
    return found if found.is_terminal else Console(highlight=False, width=WIDTH)
