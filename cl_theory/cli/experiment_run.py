"""A run of experiments as asked for on the command line: which cells, for how long, and what is written at the end."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from cl_theory.book.checkout import Checkout
from cl_theory.cli.experiment_progress import ExperimentProgress, spoken
from cl_theory.experiments.archive import write_archive
from cl_theory.experiments.cluster import available_cores
from cl_theory.experiments.definition import Cell, Experiment, ExperimentError
from cl_theory.experiments.execution import Progress, default_store, work_off
from cl_theory.experiments.forecast import Forecast
from cl_theory.experiments.registry import all_experiments, experiment
from cl_theory.experiments.standing import archive_trouble, forecast_of
from cl_theory.experiments.store import CellStore


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
    experiments, store = chosen(wish.names, wish.everything), default_store(checkout.root)
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
