"""One run of ``cl-theory train``: put together, shown while it runs, written down at the end."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from cl_theory.arguments import positive_integer
from cl_theory.cli import train_choices as choices
from cl_theory.cli.train_measures import measures
from cl_theory.cli.train_results import write_results, write_settings
from cl_theory.learning.loop import Learner, Randomness, TrainingRun, run_learner
from cl_theory.learning.parts import CHAINS, OPTIMISERS, chosen
from cl_theory.learning.train import learner_of, net_learner_of
from cl_theory.seeds import stream


def train_as_asked(folder: Path, settings: Mapping[str, Any], *, resume: bool) -> TrainingRun:
    """Train as the options say, with a progress bar, and fill `folder`; ValueError if an option cannot be."""
    if (folder / "settings.json").exists() and not resume:
        raise ValueError(f"{folder} already holds a run; go on with --resume, or choose another --folder")
    console = Console(stderr=True, highlight=False, soft_wrap=True)
    data = choices.rows(settings["data"], settings["model"], settings["size"])
    learner, seed = _learner(settings, data), settings["seed"]
    n_phases = positive_integer(settings["phases"], "n_phases")
    measured = measures(learner.model(learner.start(Randomness(seed)).parameters), data, seed)
    write_settings(folder, settings)
    with _bar(console) as report:
        run = run_learner(learner, n_phases, seed=seed, measures=measured, folder=folder, resume=resume, report=report)
    paths = write_results(folder, run, f"{settings['model']}, {settings['data']}, {settings['estimator']}")
    for name in run.curves.names:
        first, last = run.curves[name][[0, -1]]
        console.print(f"{name.replace('_', ' '):<14} {first:10.4f} -> {last:.4f}")
    console.print("written: " + ", ".join(str(path) for path in paths))
    return run


def _learner(asked: Mapping[str, Any], data: choices.Rows) -> Learner:
    """All parts of the run, checked before anything is written."""
    rng = stream(asked["seed"], "train", "start")
    model = choices.starting_model(asked["model"], data.train.shape[1], asked["hidden"], rng)
    schedule = choices.schedule(
        asked["estimator"], asked["b"], asked["order"], asked["length"], asked["length_law"], asked["baseline_rate"]
    )
    optimiser = chosen(OPTIMISERS, asked["optimiser"], "--optimiser")(asked["learning_rate"])
    chain = chosen(CHAINS, asked["chain"], "--chain")(asked["steps"])
    common = asked["batch_size"], asked["weight_decay"]
    if asked["model"] == "forward-forward":
        labels = np.asarray(data.train_labels)
        return net_learner_of(model, data.train, labels, schedule, optimiser, *common)
    return learner_of(model, data.train, schedule, chain, optimiser, *common, not asked["no_visible_biases"])


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
