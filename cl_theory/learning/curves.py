"""Learning curves: named measures of the model, recorded against updates, phases and time steps."""

import csv
import io
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from cl_theory.models.exact_law import EnergyModel, total_variation

Measure = Callable[[Any], float]
Measures = Mapping[str, Measure]
AXES = ("iteration", "phases", "steps")


def exact_measures(data: np.ndarray) -> Measures:
    """Mean negative log-likelihood of `data` (nats a row) and total variation; the model must be enumerable."""

    def nll(model: EnergyModel) -> float:
        return model.negative_log_likelihood(data)

    def tv(model: EnergyModel) -> float:
        return total_variation(model, data)

    return {"nll": nll, "tv": tv}


class Curves:
    """One row a record: where the run stood, and what each measure said."""

    def __init__(self, names: tuple[str, ...], rows: np.ndarray | None = None) -> None:
        self.names = names
        self._rows = [tuple(row) for row in rows] if rows is not None else []

    def record(self, place: tuple[float, float, float], values: Mapping[str, float]) -> None:
        """Add a row: (iteration, phases, steps), then the measures."""
        self._rows.append((*place, *(float(values[name]) for name in self.names)))

    @property
    def table(self) -> np.ndarray:
        """All rows, float64 (n_records, 3 + n_measures)."""
        return np.array(self._rows, dtype=np.float64).reshape(-1, len(AXES) + len(self.names))

    def __getitem__(self, name: str) -> np.ndarray:
        """One column, by the name of an axis or of a measure."""
        columns = (*AXES, *self.names)
        if name not in columns:
            raise KeyError(f"no curve is named {name!r}; there are {', '.join(columns)}")
        return self.table[:, columns.index(name)]

    def csv(self) -> str:
        """All rows as text, values to the last digit."""
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow((*AXES, *self.names))
        writer.writerows([repr(float(value)) for value in row] for row in self.table)
        return text.getvalue()
