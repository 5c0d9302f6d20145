"""How experiments stand: their cells, their archives, and what is left to do."""

from collections import Counter
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from cl_theory.experiments.archive import archive_path, read_archive, stale_kinds
from cl_theory.experiments.definition import Cell, Experiment, ExperimentError
from cl_theory.experiments.forecast import Forecast
from cl_theory.experiments.store import CellState, CellStore


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
