"""One run of ``cl-theory train``: put together, shown while it runs, written down at the end."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from cl_theory.cli import train_choices as choices
from cl_theory.cli.train_measures import measures
from cl_theory.cli.train_results import write_results, write_settings
from cl_theory.learning.loop import TrainingRun
from cl_theory.learning.train import train, train_forward_forward
from cl_theory.seeds import stream


def train_as_asked(folder: Path, settings: Mapping[str, Any], *, resume: bool) -> TrainingRun:
    """Train as the options say, with a progress bar, and fill `folder`; ValueError if an option cannot be."""
    if (folder / "settings.json").exists() and not resume:
        raise ValueError(f"{folder} already holds a run; go on with --resume, or choose another --folder")
    console = Console(stderr=True, highlight=False, soft_wrap=True)
    prepared = _prepared(settings)
    write_settings(folder, settings)
    with _bar(console) as report:
        run = prepared(folder=folder, resume=resume, report=report)
    title = f"{settings['model']}, {settings['data']}, {settings['estimator']}"
    paths = write_results(folder, run, title)
    for name in run.curves.names:
        first, last = run.curves[name][[0, -1]]
        console.print(f"{name.replace('_', ' '):<14} {first:10.4f} -> {last:.4f}")
    console.print("written: " + ", ".join(str(path) for path in paths))
    return run


def _prepared(asked: Mapping[str, Any]) -> Callable[..., TrainingRun]:
    """The training call with all its parts, checked before anything is written."""
    data = choices.rows(asked["data"], asked["model"], asked["size"])
    rng = stream(asked["seed"], "train", "start")
    model = choices.starting_model(asked["model"], data.train.shape[1], asked["hidden"], rng)
    schedule = choices.schedule(
        asked["estimator"], asked["b"], asked["order"], asked["length"], asked["length_law"], asked["baseline_rate"]
    )
    common = {
        "n_phases": asked["phases"],
        "batch_size": asked["batch_size"],
        "optimiser": choices.chosen(choices.OPTIMISERS, asked["optimiser"], "--optimiser")(asked["learning_rate"]),
        "weight_decay": asked["weight_decay"],
        "seed": asked["seed"],
        "measures": measures(model, data, asked["seed"]),
    }
    chain = choices.chosen(choices.CHAINS, asked["chain"], "--chain")(asked["steps"])
    if asked["model"] == "forward-forward":
        labels = np.asarray(data.train_labels)
        return lambda **more: train_forward_forward(model, data.train, labels, schedule, **common, **more)
    biases = not asked["no_visible_biases"]
    return lambda **more: train(model, data.train, schedule, chain=chain, visible_biases=biases, **common, **more)


@contextmanager
def _bar(console: Console) -> Iterator[Callable[[int, int], None]]:
    """A progress bar that is told of every iteration and redrawn for one in two hundred."""
    columns = (TextColumn("training"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console) as progress:
        task = progress.add_task("training", total=None)

        def report(done: int, total: int) -> None:
            if done % max(1, total // 200) == 0 or done == total:
                progress.update(task, completed=done, total=total)

        yield report
