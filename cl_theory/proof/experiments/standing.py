"""How experiments stand: cells by state, archives, progress of a run, and the time that is left.

Nothing here needs Dask. The forecast is our own: Rich expects all steps to take alike, and stored cells took from
1.3 to 332 seconds.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cl_theory.proof.experiments.definition import Cell, Experiment, ExperimentError
from cl_theory.proof.experiments.store import CellState, CellStore, archive_path, read_archive, stale_kinds


def default_store(root: Path) -> CellStore:
    """Where a checkout keeps finished cells; not committed."""
    return CellStore(root / "runs" / "experiments")


@dataclass(frozen=True)
class Progress:
    """A cell that is done: `seconds` it took, or None where its result was stored already."""

    cell: Cell
    seconds: float | None


@dataclass(frozen=True)
class Pulse:
    """How a run stands: `cores` at work, `flying` cells with the seconds since each was sent, oldest first, and how
    many cells are left to `others`, runs that work at them."""

    cores: int
    flying: tuple[tuple[Cell, float], ...]
    others: int


Arm = tuple[str, str]
"""An experiment and an arm of it."""


class Forecast:
    """Core seconds a cell will take, learned from stored archives first and from finished cells as they come.

    Archives may be of a faster machine: where both are known their ratio corrects the rest.
    """

    def __init__(self) -> None:
        self._recorded: dict[Arm, float] = {}
        self._measured: dict[Arm, tuple[float, int]] = {}

    def record(self, experiment: Experiment, content: Mapping[str, Any]) -> None:
        """Learn from the archive of an experiment."""
        for arm, entry in content["arms"].items():
            self._recorded[experiment.name, arm] = entry["core_seconds"] / len(experiment.seeds)

    def measure(self, cell: Cell, seconds: float) -> None:
        """Learn from a cell that was computed in `seconds`."""
        total, seeds = self._measured.get(_arm(cell), (0.0, 0))
        self._measured[_arm(cell)] = total + seconds, seeds + len(cell.seeds)

    def seconds(self, cells: Iterable[Cell]) -> float | None:
        """Core seconds that `cells` will take in all; None if nothing like one of them was ever finished."""
        slower, total = self._slower(), 0.0
        for cell in cells:
            a_seed = self._a_seed(cell, slower)
            if a_seed is None:
                return None
            total += a_seed * len(cell.seeds)
        return total

    def _a_seed(self, cell: Cell, slower: float) -> float | None:
        """By the arm itself, here or as recorded; else by the mean of the experiment's arms that are known."""
        arm = _arm(cell)
        if arm in self._measured:
            total, seeds = self._measured[arm]
            return total / seeds
        if arm in self._recorded:
            return self._recorded[arm] * slower
        others = [total / seeds for (name, _), (total, seeds) in self._measured.items() if name == cell.experiment]
        return sum(others) / len(others) if others else None

    def _slower(self) -> float:
        both = [arm for arm in self._measured if self._recorded.get(arm, 0.0) > 0.0]
        if not both:
            return 1.0
        here = sum(self._measured[arm][0] / self._measured[arm][1] for arm in both)
        return here / sum(self._recorded[arm] for arm in both)


def _arm(cell: Cell) -> Arm:
    return cell.experiment, cell.arm


@dataclass(frozen=True)
class Standing:
    """The state of every cell of an experiment, and what is the matter with its archive: None if nothing is."""

    experiment: Experiment
    cells: tuple[tuple[Cell, CellState], ...]
    trouble: str | None
    is_stored: bool

    @property
    def counts(self) -> Counter[str]:
        """Cells by state."""
        return Counter(state for _, state in self.cells)

    @property
    def left(self) -> list[Cell]:
        """Cells without a result."""
        return [cell for cell, state in self.cells if state != "stored"]

    @property
    def damaged(self) -> list[Cell]:
        """Cells whose file is not as it was written."""
        return [cell for cell, state in self.cells if state == "damaged"]


def standing_of(experiment: Experiment, store: CellStore, folder: Path) -> Standing:
    """How `experiment` stands in a store of cells and a folder of archives."""
    states = tuple((cell, store.state(cell)) for cell in experiment.cells)
    stored = archive_path(folder, experiment.name).exists()
    return Standing(experiment, states, archive_trouble(folder, experiment), stored)


def archive_trouble(folder: Path, experiment: Experiment) -> str | None:
    """Why the archive of `experiment` is not what a run would write now; None if it is."""
    try:
        stale = stale_kinds(read_archive(folder, experiment), experiment)
    except ExperimentError as error:
        return str(error)
    if not stale:
        return None
    return (
        f"the code behind the stored results of {experiment.name} changed since ({', '.join(stale)}); "
        f"to compute them anew run: cl-theory experiment run {experiment.name}"
    )


def forecast_of(experiments: Iterable[Experiment], store: CellStore, folder: Path) -> Forecast:
    """A forecast from what is stored of `experiments`: archives, and cells as computed here."""
    forecast = Forecast()
    for one in experiments:
        with suppress(ExperimentError):  # without an archive its length is not known beforehand, that is all
            forecast.record(one, read_archive(folder, one))
        for cell in one.cells:
            content = store.read(cell)
            if content is not None:
                forecast.measure(cell, content["provenance"]["seconds"])
    return forecast
