"""Learning curves: named measures of the model, recorded against updates, phases and time steps."""

import csv
import io
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from cl_theory.learning.exact_likelihood import exact_log_likelihood
from cl_theory.learning.replicas import Replicas
from cl_theory.models.boltzmann import BoltzmannMachine
from cl_theory.models.exact_law import log_probability_v
from cl_theory.models.rbm import RBM, binary_states
from cl_theory.states import MAX_UNITS

Measure = Callable[[Any], float | np.ndarray]
Measures = Mapping[str, Measure]
AXES = ("iteration", "phases", "steps")


def exact_measures(data: np.ndarray) -> Measures:
    """Mean negative log-likelihood of `data` ("nll", nats a row) and total variation from it ("tv").

    They take an `RBM`, a `BoltzmannMachine`, or `Replicas` (then one value a replica), small enough to enumerate.
    """
    rows, count = np.unique(np.asarray(data, dtype=np.float64), axis=0, return_counts=True)
    share = count / count.sum()
    last: list[tuple[Any, np.ndarray]] = []  # both measures are asked of the same model, one after the other

    def log_probability(model: Any) -> np.ndarray:
        if not last or last[0][0] is not model:
            last[:] = [(model, log_likelihood(model, rows))]
        return last[0][1]

    def nll(model: Any) -> np.ndarray:
        return -log_probability(model) @ share

    def tv(model: Any) -> np.ndarray:
        return np.maximum(share - np.exp(log_probability(model)), 0).sum(axis=-1)

    return {"nll": nll, "tv": tv}


def usual_measures(data: np.ndarray, n_visible: int, n_hidden: int) -> Measures:
    """Exact measures where the smaller side can be enumerated, else none."""
    return exact_measures(data) if min(n_visible, n_hidden) <= MAX_UNITS else {}


def log_likelihood(model: RBM | BoltzmannMachine | Replicas, rows: np.ndarray) -> np.ndarray:
    """log p(v) of each row, in nats: (n_rows,), or (n_replicas, n_rows) for replicas."""
    if isinstance(model, BoltzmannMachine):
        return log_probability_v(model, rows)
    if isinstance(model, RBM):
        return exact_log_likelihood(_Stacked.of(model), binary_states(rows, model.n_visible, "rows"))[0]  # type: ignore[arg-type]
    return exact_log_likelihood(model, rows)


@dataclass(frozen=True, eq=False)
class _Stacked:
    """One RBM as a stack of one, without the rounding to float32 that replicas learn in."""

    weights: np.ndarray
    visible_bias: np.ndarray
    hidden_bias: np.ndarray

    @classmethod
    def of(cls, rbm: RBM) -> "_Stacked":
        return cls(rbm.weights[None], rbm.visible_bias[None], rbm.hidden_bias[None])

    def __len__(self) -> int:
        return 1

    @property
    def n_visible(self) -> int:
        return int(self.weights.shape[2])

    @property
    def n_hidden(self) -> int:
        return int(self.weights.shape[1])


class Curves:
    """One record a row: where the run stood, and what each measure said (one number, or one a replica)."""

    def __init__(self, names: tuple[str, ...], places: Any = (), values: Any = ()) -> None:
        self.names = names
        self._places, self._values = [tuple(place) for place in places], list(values)

    def record(self, place: tuple[float, float, float], values: Mapping[str, float | np.ndarray]) -> None:
        """Add a record: (iteration, phases, steps), then the measures."""
        self._places.append(place)
        self._values.append(np.array([np.asarray(values[name], dtype=np.float64) for name in self.names]))

    @property
    def places(self) -> np.ndarray:
        """Iteration, phases and steps of each record, float64 (n_records, 3)."""
        return np.array(self._places, dtype=np.float64).reshape(-1, len(AXES))

    @property
    def values(self) -> np.ndarray:
        """All measures, float64 (n_records, n_measures) or (n_records, n_measures, n_replicas)."""
        return np.array(self._values, dtype=np.float64) if self._values else np.empty((0, len(self.names)))

    def __len__(self) -> int:
        return len(self._places)

    def __getitem__(self, name: str) -> np.ndarray:
        """One column, by the name of an axis or of a measure: (n_records,) or (n_records, n_replicas)."""
        if name in AXES:
            return self.places[:, AXES.index(name)]
        if name in self.names:
            return self.values[:, self.names.index(name)]
        raise KeyError(f"no curve is named {name!r}; there are {', '.join((*AXES, *self.names))}")

    def csv(self) -> str:
        """All records as text, values to the last digit; one column a replica where there are several."""
        text, values = io.StringIO(), self.values
        heads = self.names if values.ndim == 2 else [f"{n} {r}" for n in self.names for r in range(values.shape[2])]
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow((*AXES, *heads))
        table = np.concatenate([self.places, values.reshape(len(values), -1)], axis=1)
        writer.writerows([repr(float(value)) for value in row] for row in table)
        return text.getvalue()
